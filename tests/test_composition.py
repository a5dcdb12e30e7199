"""Statements by knowledge alone: rewrites, one instruction a term, tilings and templates."""

from dataclasses import replace

import pytest
from undecided import HEADS, SOFTMAX, elementwise, undecided

from hawk_xdsl.codegen.cast_steps import NoInstructionError
from hawk_xdsl.codegen.select_instructions import Composer, Composition
from hawk_xdsl.codegen.strategies import candidate_at, candidates
from hawk_xdsl.codegen.strategy import Request
from hawk_xdsl.codegen.vector.buffers import syntax_of
from hawk_xdsl.codegen.vector.tile_body import TileBody, write_tile
from hawk_xdsl.dialects.kernel_text.unparse import lines_of, tile_text
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import (
    Artifact,
    Entry,
    EntryKind,
    TileHole,
    Trigger,
    load_seed_entries,
)
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.schedule.enumerate import tiling_at
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.schedule.tiling import Tiling, UntileableError
from hawk_xdsl.semantics.specification import Specification, specify
from hawk_xdsl.semantics.terms import Affine

TARGET = load_target("ascend910b1")


def nothing(mnemonic: str, dtype: str) -> bool:
    return False


def everything(mnemonic: str, dtype: str) -> bool:
    return True


def compose(specification: Specification) -> Composition:
    return Composer.of(load_seed_entries(), everything).compose(specification)


def body_of(specification: Specification, sizes: dict[str, int]) -> TileBody:
    return write_tile(compose(specification), tiling_at(specification, sizes), TARGET)


def written(body: TileBody) -> list[str]:
    """The statements before the loop over tiles, and those of a tile."""
    return list(lines_of(syntax_of([*body.invariant.items, *body.tile.items])))


LONG_ROWS = """
npu.undecided "rows" ins(%x : tensor<8x65536xf32>) -> (tensor<8xf32>) {
^bb0(%a: tensor<8x65536xf32>):
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  %s = linalg.reduce ins(%a : tensor<8x65536xf32>) outs(%f : tensor<8xf32>) dimensions = [1]
    (%in: f32, %acc: f32) {
      %1 = arith.addf %in, %acc : f32
      linalg.yield %1 : f32
    }
  npu.yield %s : tensor<8xf32>
}
"""

CUBE_TEMPLATES = [e.name for e in load_seed_entries() if e.trigger.structure == "contraction"]


def template(name: str) -> Entry:
    return next(e for e in load_seed_entries() if e.name == name)


def request(name: str, specification: Specification) -> Request:
    return Request(template(name), specification, compose(specification), TARGET)


def test_softmax_is_one_instruction_a_step() -> None:
    specification = specify(undecided(SOFTMAX))
    assert written(body_of(specification, {"i0": 8})) == [
        "b0 = fill 1.0 f32[1] in ub",
        "b1 = load x0[i0:8, 0:32] into ub",
        "b2 = vreduce max b1 axis 1",
        "b1 = vsub b1, b2",
        "b1 = vexp b1",
        "b3 = vreduce sum b1 axis 1",
        "b3 = vdiv b0, b3",
        "b1 = vmul b1, b3",
        "store b1 into y0[i0:8, 0:32]",
    ]


def test_ub_bytes_count_rows_in_whole_blocks() -> None:
    specification = specify(undecided(SOFTMAX))
    body = body_of(specification, {"i0": 8})
    tile, column, literal, spread = 8 * 32 * 4, 8 * 32, 32, 8 * 32
    assert body.bytes(TARGET.vector) == tile + column + literal + spread


def test_a_function_without_knowledge_is_named() -> None:
    scalar = "%1 = math.ctpop %in : i32"
    specification = specify(undecided(elementwise("8x16", scalar, dtype="i32")))
    with pytest.raises(NoInstructionError, match="ctpop"):
        compose(specification)


def test_a_dtype_the_target_lacks_is_computed_in_f32() -> None:
    op = undecided(elementwise("8x16", "%1 = math.exp %in : bf16", dtype="bf16"))
    specification = specify(op)
    composer = Composer.of(load_seed_entries(), lambda m, dtype: m == "vcast" or dtype == "f32")
    body = write_tile(composer.compose(specification), tiling_at(specification, {"i0": 64}), TARGET)
    assert written(body)[1:-1] == [
        "b1 = vcast b0 to f32 round rint",
        "b1 = vexp b1",
        "b2 = vcast b1 to bf16 round rint",
    ]


def test_slices_follow_the_index() -> None:
    tiling = Tiling({"i": 64, "j": 32, "k": 8}, {"i": 16, "k": 1})
    index = (Affine(3), Affine(5, (("i", 1), ("k", 4))), Affine.axis("j"))
    tile, axes = tiling.slice_of("x", index, (9, 99, 32))
    assert tile_text(tile) == "x[3, i+4*k+5:16, 0:32]"
    assert axes == ("i", "j")


def test_an_index_over_two_axes_of_a_tile_has_no_slice() -> None:
    tiling = Tiling({"i": 64, "k": 8}, {"i": 16})
    with pytest.raises(UntileableError):
        tiling.slice_of("x", (Affine(0, (("i", 1), ("k", 1))),), (71,))


def test_tilings_fit_ub_and_come_best_first() -> None:
    specification = specify(undecided(SOFTMAX))
    found = candidates(request("whole-tiles", specification))
    assert found and [c.estimate for c in found] == sorted(c.estimate for c in found)
    assert len({c.schedule for c in found}) == len(found)


@pytest.mark.parametrize(
    ("name", "op"),
    [
        ("whole-tiles", SOFTMAX),
        ("two-pass-reduction", SOFTMAX),
        ("streamed-tiles", LONG_ROWS),
        *((name, HEADS) for name in CUBE_TEMPLATES),
    ],
)
def test_a_template_at_a_schedule_is_the_candidate_of_that_schedule(name: str, op: str) -> None:
    asked = request(name, specify(undecided(op)))
    found = candidates(asked)
    # The loops of the one are not over batches, and the other is for windows.
    assert found or name in ("cube-stationary-operand", "cube-image-slab")
    for candidate in found[:3]:
        written = str(candidate.schedule)
        again = candidate_at(replace(asked), Schedule.parse(written))
        assert again is not None
        assert (again.text, again.estimate) == (candidate.text, candidate.estimate)


def test_a_tile_larger_than_ub_is_no_candidate() -> None:
    specification = specify(undecided(elementwise("1024x1024", "%1 = math.exp %in : f32")))
    schedule = Schedule.of("whole-tiles", specification.axes)
    assert candidate_at(request("whole-tiles", specification), schedule) is None


def test_a_contraction_goes_to_the_cube() -> None:
    specification = specify(undecided(HEADS))
    first = candidates(Request(template("cube-output-stationary"), specification, None, TARGET))[0]
    assert "on cube {" in first.text
    assert "acc = mmad a, b.T, acc" in first.text


def test_a_strategy_that_nobody_has_is_an_error() -> None:
    entry = replace(template("whole-tiles"), artifact=Artifact(strategy="nonsense"))
    with pytest.raises(HawkError, match=r"whole-tiles: there is no strategy 'nonsense'; known are"):
        candidates(Request(entry, specify(undecided(SOFTMAX)), None, TARGET))


@pytest.mark.parametrize(
    ("trigger", "applies"),
    [
        (Trigger(), True),
        (Trigger(ops=("exp",), dtypes=("f32",), results=("f32", "f16")), True),
        (Trigger(ops=("exp", "tanh")), False),
        (Trigger(dtypes=("f16",)), False),
        (Trigger(results=("f16",)), False),
    ],
)
def test_a_template_is_for_the_ops_and_dtypes_it_names(trigger: Trigger, applies: bool) -> None:
    asked = request("whole-tiles", specify(undecided(SOFTMAX)))
    entry = replace(asked.entry, trigger=trigger)
    assert bool(candidates(replace(asked, entry=entry))) == applies


def test_a_trigger_that_no_template_obeys_is_refused() -> None:
    asked = request("whole-tiles", specify(undecided(SOFTMAX)))
    entry = replace(asked.entry, trigger=Trigger(operands=("f32",)))
    with pytest.raises(HawkError, match=r"whole-tiles: trigger\.operands is for rewrites"):
        candidates(replace(asked, entry=entry))


def test_a_strategy_is_for_its_structure() -> None:
    entry = replace(template("whole-tiles"), trigger=Trigger(structure="contraction"))
    with pytest.raises(HawkError, match="whole-tiles works for the structure tiles, not for"):
        candidates(Request(entry, specify(undecided(SOFTMAX)), None, TARGET))


@pytest.mark.parametrize(
    ("name", "op", "axis", "tile"),
    [("whole-tiles", SOFTMAX, "i0", "i0"), ("cube-output-stationary", HEADS, "i2", "n")],
)
def test_tile_sizes_of_an_entry_take_the_place_of_those_enumerated(
    name: str, op: str, axis: str, tile: str
) -> None:
    specification = specify(undecided(op))
    entry = replace(template(name), tiles=(TileHole(tile, (3, 5)),))
    found = candidates(replace(request(name, specification), entry=entry))
    assert {each.schedule.sizes[axis] for each in found} == {3, 5}


@pytest.mark.parametrize("name", ["cube-output-stationary", "two-pass-reduction", "whole-tiles"])
def test_tile_sizes_that_a_strategy_does_not_know_are_refused(name: str) -> None:
    entry = replace(template(name), tiles=(TileHole("rows", (3,)),))
    asked = request(name, specify(undecided(HEADS)))
    with pytest.raises(HawkError, match=f"template {name}: "):
        candidates(replace(asked, entry=entry))


def test_every_seed_pattern_parses() -> None:
    composer = Composer.of(load_seed_entries(), nothing)  # which needs those for what is lacking
    kinds = [e.kind for e in load_seed_entries()]
    assert len(composer.rules) == kinds.count(EntryKind.REWRITE)
    assert len(composer.instructions) == kinds.count(EntryKind.INSTRUCTION)
