"""Trials: what an op is tried on is drawn from the op itself."""

from collections.abc import Sequence

import numpy as np
import pytest
from ml_dtypes import finfo
from undecided import NORM, SOFTMAX, elementwise, undecided

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.gate.op_features import Features
from hawk_xdsl.gate.trial_drawn import Drawn
from hawk_xdsl.gate.trial_purposes import purposes_of
from hawk_xdsl.gate.trial_rows import Purpose
from hawk_xdsl.gate.trials import Trials

CLAMP = """%low = arith.constant -1000.0 : f32
    %high = arith.constant 1000.0 : f32
    %0 = arith.maximumf %in, %low : f32
    %1 = arith.minimumf %0, %high : f32"""


def all_inputs(op: UndecidedOp) -> dict[str, Sequence[Array]]:
    return {str(p): Drawn(op, p, [7, n]).inputs for n, p in enumerate(purposes_of(op))}


def reduction(combiner: str, shape: str, kept: str, dtype: str, start: str) -> UndecidedOp:
    """The reduction of the last axis by one scalar op."""
    full, rows = f"tensor<{shape}x{dtype}>", f"tensor<{kept}x{dtype}>"
    return undecided(f"""
npu.undecided "rows" ins(%x : {full}) -> ({rows}) {{
^bb0(%a: {full}):
  %c = arith.constant {start} : {dtype}
  %e = tensor.empty() : {rows}
  %f = linalg.fill ins(%c : {dtype}) outs(%e : {rows}) -> {rows}
  %d = linalg.generic {{indexing_maps = [#id2, #head2], iterator_types = ["parallel", "reduction"]}} ins(%a : {full}) outs(%f : {rows}) {{
  ^bb1(%in: {dtype}, %out: {dtype}):
    %1 = {combiner} %in, %out : {dtype}
    linalg.yield %1 : {dtype}
  }} -> {rows}
  npu.yield %d : {rows}
}}
""")  # noqa: E501


@pytest.mark.parametrize("shape", ["4x4", "64x16"])
def test_literals_are_tried_with_their_neighbours_and_beyond(shape: str) -> None:
    op = undecided(elementwise(shape, CLAMP))
    tried = np.concatenate([arrays[0].ravel() for arrays in all_inputs(op).values()])
    for literal in (np.float32(-1000), np.float32(1000)):
        for near in (literal, np.nextafter(literal, np.float32(9e9))):
            assert near in tried
        assert np.nextafter(literal, np.float32(-9e9)) in tried
    assert tried[np.isfinite(tried)].max() > 1000 and tried[np.isfinite(tried)].min() < -1000


@pytest.mark.parametrize("dtype", ["f32", "f16", "bf16"])
def test_specials_ends_and_denormals_are_tried(dtype: str) -> None:
    op = undecided(elementwise("64x16", f"%1 = math.absf %in : {dtype}", dtype=dtype))
    tried = np.concatenate([arrays[0].ravel() for arrays in all_inputs(op).values()])
    wide = tried.astype(np.float64)
    assert np.isnan(wide).any() and np.inf in wide and -np.inf in wide
    assert (np.signbit(wide) & (wide == 0)).any()
    assert float(finfo(tried.dtype).max) in wide
    assert float(finfo(tried.dtype).smallest_subnormal) in wide


def test_a_nan_spoils_no_row_but_its_own() -> None:
    op = undecided(NORM)
    [x] = Drawn(op, Purpose("edges"), [3]).inputs
    bad = ~np.isfinite(x).all(axis=1)
    assert np.isnan(x).any() and 0.2 < bad.mean() < 0.8


@pytest.mark.parametrize(("rows", "length"), [(64, 60), (2, 8192), (1, 50)])
def test_the_last_element_of_a_row_is_marked(rows: int, length: int) -> None:
    op = reduction("arith.maximumf", f"{rows}x{length}", f"{rows}", "f32", "0xFF800000")
    marks = [a for name, (a,) in all_inputs(op).items() if name.startswith("marks")]
    largest = {int(np.argmax(np.abs(row))) for x in marks for row in x}
    assert length - 1 in largest
    if rows > 8:
        assert {0, 31, 32, length - 2} <= largest


def test_all_axes_of_a_softmax_but_the_reduced_one_make_rows() -> None:
    op = undecided(SOFTMAX)
    assert Features(op).mixed == (frozenset({3}),)


@pytest.mark.parametrize("dtype", ["i8", "i16", "i32"])
def test_integers_are_drawn_over_their_full_width(dtype: str) -> None:
    op = undecided(elementwise("64x64", f"%1 = arith.addi %in, %in : {dtype}", dtype=dtype))
    inputs = all_inputs(op)
    limits = np.iinfo(f"int{dtype[1:]}")
    [ordinary] = inputs["ordinary"]
    assert ordinary.min() < limits.min * 0.9 and ordinary.max() > limits.max * 0.9
    [edges] = inputs["edges"]
    assert {limits.min, limits.max, -1, 0, 1} <= set(edges.ravel().tolist())
    if dtype == "i32":
        assert {2**24 - 1, 2**24, 2**24 + 1} <= set(edges.ravel().tolist())


def test_rows_of_integers_are_masks_too() -> None:
    """What is computed of 0 and 1 may be finite where it is of no other numbers."""
    op = reduction("arith.addi", "4x16", "4", "i32", "0")
    [rows] = Drawn(op, Purpose("small", 0), [7, 0]).inputs
    assert all(set(row) == {0, 1} for row in rows[::2])
    assert not any(set(row) <= {0, 1} for row in rows[1::2])


def test_rows_of_booleans_are_all_true_all_false_and_all_but_one() -> None:
    op = reduction("arith.ori", "16x64", "16", "i1", "0")
    counts = {int(row.sum()) for name, (x,) in all_inputs(op).items() for row in x}
    assert {0, 1, 63, 64} <= counts


def test_trials_are_the_same_for_the_same_seed_and_others_for_another() -> None:
    op = undecided(SOFTMAX)
    first, again, other = (Trials(op, "digest", seed) for seed in (0, 0, 1))
    for a, b, c in zip(first, again, other, strict=True):
        assert a.name == b.name and a.inputs[0].tobytes() == b.inputs[0].tobytes()
        assert a.inputs[0].tobytes() != c.inputs[0].tobytes()


def test_a_result_that_never_changes_proves_nothing() -> None:
    scalar = "%0 = arith.cmpf uno, %in, %in : f32\n%c = arith.constant 1.0 : f32\n"
    constant = scalar + "%1 = arith.select %0, %c, %c : f32"
    assert Trials(undecided(elementwise("8x16", constant)), "", 0).doubt() is not None
    telling = scalar + "%1 = arith.select %0, %in, %c : f32"
    assert Trials(undecided(elementwise("8x16", telling)), "", 0).doubt() is None
