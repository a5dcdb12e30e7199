"""Conditions on positions that hold up to a diagonal: tables of them, and what a term says."""

import numpy as np
import pytest
import torch
from lowering import lowered

from hawk_xdsl.frontend.band_tables import BandTable, band_table_of
from hawk_xdsl.frontend.constant_folding import folded
from hawk_xdsl.semantics.bands import band_of
from hawk_xdsl.semantics.terms import Affine, Terms

LOW = np.tril(np.ones((48, 64), bool), 3)


def test_a_table_with_a_step_along_a_diagonal_has_a_formula() -> None:
    assert band_table_of(LOW) == BandTable(3, True, False)
    assert band_table_of(np.broadcast_to(~LOW, (2, 48, 64)).copy()) == BandTable(3, False, True)
    masked = np.where(LOW, 0.0, -np.inf).astype(np.float32)
    assert band_table_of(masked) == BandTable(3, 0.0, -np.inf)


def changed(at: tuple[int, int]) -> np.ndarray:
    """The table with one element exchanged."""
    table = LOW.copy()
    table[at] = not table[at]
    return table


@pytest.mark.parametrize("at", [(0, 0), (0, 3), (0, 4), (47, 50), (47, 51), (20, 5), (47, 63)])
def test_a_table_with_one_other_element_has_none(at: tuple[int, int]) -> None:
    assert band_table_of(changed(at)) is None


def test_tables_that_differ_from_head_to_head_have_none() -> None:
    tables = np.stack([LOW, np.tril(np.ones((48, 64), bool), 4)])
    assert band_table_of(tables) is None


def test_a_causal_mask_is_no_parameter_of_a_program() -> None:
    def masked(x: torch.Tensor) -> torch.Tensor:
        mask = torch.ones(x.shape[-2:], dtype=torch.bool).tril()
        return torch.where(mask, x, float("-inf")).softmax(-1)

    assert not folded(lowered(masked, torch.randn(2, 32, 64))).parameters


TERMS = Terms()
ROW, COLUMN = (TERMS.index(Affine.axis(axis), "i32") for axis in ("m", "n"))
SCORES = TERMS.read("x", (Affine.axis("m"), Affine.axis("n")), "f32")
LEAST = TERMS.const(float("-inf"), "f32")


@pytest.mark.parametrize(
    ("relation", "sides", "constant", "last", "within"),
    [
        ("le", (COLUMN, ROW), 0, 0, True),
        ("lt", (COLUMN, ROW), 5, 4, True),
        ("gt", (COLUMN, ROW), 2, 2, False),
        ("ge", (ROW, COLUMN), -1, 1, True),
        ("lt", (ROW, COLUMN), 0, 0, False),
    ],
)
def test_a_comparison_of_positions_says_how_far_a_row_goes(
    relation: str, sides: tuple, constant: int, last: int, within: bool
) -> None:
    difference = TERMS.apply("sub", sides, "i32")
    condition = TERMS.apply(relation, (difference, TERMS.const(constant, "i32")), "i1")
    choices = (SCORES, LEAST) if within else (LEAST, SCORES)
    root = TERMS.apply("select", (condition, *choices), "f32")
    band = band_of(root, "m", "n")
    assert band is not None
    assert (band.last, band.within, band.empty) == (last, within, True)
    for m in range(8):  # by the comparison itself
        for n in range(8):
            place = {COLUMN: n, ROW: m}
            left = place[sides[0]] - place[sides[1]]
            holds = {
                "le": left <= constant,
                "lt": left < constant,
                "gt": left > constant,
                "ge": left >= constant,
            }[relation]
            assert holds == (within == (n - m <= last))


def test_what_is_added_to_minus_infinity_may_be_no_number_so_that_nothing_is_left_out() -> None:
    difference = TERMS.apply("sub", (COLUMN, ROW), "i32")
    condition = TERMS.apply("le", (difference, TERMS.const(0, "i32")), "i1")
    mask = TERMS.apply("select", (condition, TERMS.const(0.0, "f32"), LEAST), "f32")
    band = band_of(TERMS.apply("add", (SCORES, mask), "f32"), "m", "n")
    assert band is not None and not band.empty


def test_two_conditions_are_no_band() -> None:
    difference = TERMS.apply("sub", (COLUMN, ROW), "i32")
    first, second = (
        TERMS.apply("le", (difference, TERMS.const(last, "i32")), "i1") for last in (0, 3)
    )
    inner = TERMS.apply("select", (first, SCORES, LEAST), "f32")
    assert band_of(TERMS.apply("select", (second, inner, LEAST), "f32"), "m", "n") is None
