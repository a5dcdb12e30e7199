"""The canonical specification: what is the same must read the same."""

import pytest
from undecided import HEADS, SOFTMAX, elementwise, undecided

from hawk_xdsl.semantics.reading import UnreadableError
from hawk_xdsl.semantics.specification import specify
from hawk_xdsl.semantics.structure import Structure, contraction_of, structures, unfolded_axes


def test_unit_dimensions_vanish_and_neighbours_merge() -> None:
    assert specify(undecided(SOFTMAX)).text == (
        "x0: f32[256, 32]\n"
        "y0: f32[256, 32] out\n"
        "for i0 < 256, i1 < 32\n"
        "t0[i0] = max(i1) x0[i0, i1]\n"
        "t1[i0, i1] = exp(x0[i0, i1] - t0[i0])\n"
        "t2[i0] = sum(i1) t1[i0, i1]\n"
        "y0[i0, i1] = t1[i0, i1] / t2[i0]"
    )


def test_a_rank_that_does_not_matter_does_not_change_the_hash() -> None:
    flat = SOFTMAX.replace("1x4x64x", "4x64x1x").replace("#column4", "#column4")
    assert specify(undecided(SOFTMAX)).digest == specify(undecided(flat)).digest


def test_slices_and_reshapes_become_indices() -> None:
    specification = specify(undecided(HEADS))
    assert specification.text.splitlines()[-1] == (
        "y0[i0, i1, i2] = sum(i3) (x0[0, i1, 32 * i0 + i3] * x0[1, i2, 32 * i0 + i3])"
    )
    contraction = contraction_of(specification)
    assert contraction is not None
    assert (contraction.batch, contraction.m, contraction.n, contraction.k) == (
        ("i0",),
        ("i1",),
        ("i2",),
        ("i3",),
    )
    assert structures(specification)[0] is Structure.CONTRACTION


def test_elementwise_work_is_one_dimensional() -> None:
    specification = specify(undecided(elementwise("8x16", "%1 = math.exp %in : f32")))
    assert specification.axes == {"i0": 128}
    assert unfolded_axes(specification) == ("i0",)


def test_different_functions_have_different_hashes() -> None:
    exp = specify(undecided(elementwise("8x16", "%1 = math.exp %in : f32")))
    sqrt = specify(undecided(elementwise("8x16", "%1 = math.sqrt %in : f32")))
    assert exp.digest != sqrt.digest


def test_double_precision_inside_reads_as_single() -> None:
    scalar = (
        "%w = arith.extf %in : f32 to f64\n%s = arith.addf %w, %w : f64\n"
        "%1 = arith.truncf %s : f64 to f32"
    )
    text = specify(undecided(elementwise("8x16", scalar))).text
    assert text.endswith("y0[i0] = x0[i0] + x0[i0]")


def test_double_precision_arguments_are_unreadable() -> None:
    op = undecided(elementwise("8x16", "%1 = math.exp %in : f64", dtype="f64"))
    with pytest.raises(UnreadableError, match="f64"):
        specify(op)
