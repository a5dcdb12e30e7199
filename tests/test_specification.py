"""The canonical specification: what is the same must read the same."""

import pytest
from undecided import HEADS, SOFTMAX, elementwise, undecided

from hawk_xdsl.semantics.canonical import canonical
from hawk_xdsl.semantics.reading import UnreadableError
from hawk_xdsl.semantics.specification import Operand, ResultRegion, Specification, specify
from hawk_xdsl.semantics.spelling import formula, spell
from hawk_xdsl.semantics.structure import Structure, contraction_of, structures
from hawk_xdsl.semantics.terms import Affine, Terms


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


def test_a_formula_has_neither_indices_nor_long_fractions() -> None:
    terms = Terms()
    i0, i1 = Affine.axis("i0"), Affine.axis("i1")
    row = terms.read("x1", (i0.scaled(2) + Affine(1),), "i32")
    taken = terms.gather("x0", (Affine.axis("@0"), i1), (row,), "f32")
    scaled = terms.apply("mul", (taken, terms.const(1 / 3, "f32")), "f32")
    total = terms.apply("add", (terms.const(2097152.0, "f32"), scaled), "f32")
    assert formula(total) == "x0 * 0.3333 + 2097152.0"


def test_terms_that_are_used_twice_have_names() -> None:
    assert specify(undecided(SOFTMAX)).shares and not specify(undecided(HEADS)).shares


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


def test_terms_that_gather_scan_and_point_are_spelled() -> None:
    terms = Terms()
    i0, i1 = Affine.axis("i0"), Affine.axis("i1")
    row = terms.read("x1", (i0,), "i32")
    taken = terms.gather("x0", (Affine.axis("@0"), i1), (row,), "f32")
    running = terms.scan("sum", taken, "i1")
    best = terms.reduce("argmax", running, frozenset({"i1"}))
    assert (best.dtype, best.axes, running.axes) == ("i32", {"i0"}, {"i0", "i1"})
    assert spell([("y0", (i0,), best)]) == [
        "t0[i0, i1] = scan_sum(i1) x0[x1[i0], i1]",
        "y0[i0] = argmax(i1) t0[i0, i1]",
    ]


def test_a_gather_at_a_known_place_is_a_read() -> None:
    terms = Terms()
    known = (terms.const(3, "i32"), terms.index(Affine.axis("i0"), "i32"))
    index = (Affine.axis("@1"), Affine.axis("@0"))
    assert terms.gather("x0", index, known, "f32") is terms.read(
        "x0", (Affine.axis("i0"), Affine(3)), "f32"
    )


def test_result_regions_are_one_argument_and_have_axes_of_their_own() -> None:
    terms = Terms()
    i, j = Affine.axis("i"), Affine.axis("j")
    inside = ResultRegion("y0", "f32", (8,), (i + Affine(2),), terms.read("x0", (i,), "f32"))
    before = ResultRegion("y0", "f32", (8,), (j,), terms.const(0.0, "f32"))
    operands = (Operand("x0", "f32", (6,), 0),)
    whole = canonical(Specification(operands, (before, inside), {"i": 6, "j": 2}))
    assert [result.name for result in whole.outputs] == ["y0"]
    assert whole.text.splitlines() == [
        "x0: f32[6]",
        "y0: f32[8] out",
        "for i0 < 2, i1 < 6",
        "y0[i0] = 0.0",
        "y0[i1 + 2] = x0[i1]",
    ]
