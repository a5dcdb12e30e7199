"""Instructions as they are on the Ascend chips: what they lack, and what their library composes."""

from pathlib import Path

import pytest

from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.dialects.npu import Role
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import load_seed_entries
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.npu_target.cost import TileShape, VectorWork, vector_cost
from hawk_xdsl.npu_target.legality import supports
from hawk_xdsl.npu_target.target import Target

ASCEND = load_target("ascend910b1")
CHIPS = ("ascend910b1", "ascend950", "ascend310b")


def tile(*extents: int) -> TileShape:
    """A dense tile of f32."""
    strides = [4]
    for extent in extents[:0:-1]:
        strides.insert(0, strides[0] * extent)
    return TileShape(extents, tuple(strides), 4)


def cycles(row: str, axis: int, *tiles: TileShape, target: Target = ASCEND) -> float:
    return vector_cost(VectorWork(row, "f32", (axis,)), tiles, target)[0]


@pytest.mark.parametrize("name", CHIPS)
def test_an_ascend_chip_negates_by_a_product_and_compares_integers_for_equality(name: str) -> None:
    target = load_target(name)
    assert not any(supports(target, "vneg", dtype) for dtype in target.dtypes)
    lacking = ["vcmp_ne", "vcmp_lt", "vcmp_le", "vcmp_gt", "vcmp_ge"]
    assert not any(supports(target, row, "i32") for row in lacking)
    assert all(supports(target, row, "f32") for row in ("vcmp_eq", *lacking))
    assert supports(target, "vcmp_eq", "i32") and not supports(target, "vcast", "i32-f16")
    assert supports(target, "vcumulate_max", "f32") is (name == "ascend950")


def test_a_rewrite_for_what_is_lacking_is_for_targets_that_lack_it() -> None:
    entries = [e for e in load_seed_entries() if e.trigger.lacking]
    names = {entry.name for entry in entries}
    assert {"negation-by-product", "integer-below", "integers-unequal"} <= names
    assert {rule.name for rule in Composer.for_target(entries, ASCEND).rules} == names
    assert not Composer.for_target(entries, load_target("scratchpad")).rules
    floats_only = Composer.of(entries, lambda row, dtype: dtype == "f32").rules
    assert {rule.name for rule in floats_only} == names - {"negation-by-product"}


def test_a_sum_of_rows_is_additions_of_halves_with_a_barrier_between() -> None:
    one = ASCEND.vector.ops["vadd"]["f32"]
    wait = ASCEND.sync.tail[ASCEND.vector.pipe] + ASCEND.sync.barrier
    of_rows = cycles("vreduce_sum", 0, tile(8, 1024), tile(1, 1024))
    assert of_rows == pytest.approx(7 * 16 * one.slope + 3 * one.latency + 2 * wait)
    assert of_rows < 0.75 * 128 * ASCEND.vector.ops["vreduce_sum"]["f32"].slope


def test_a_scan_of_rows_is_serial_and_one_along_rows_is_a_loop_over_elements() -> None:
    rows, row = (cycles("vcumulate_sum", axis, tile(64, 64), tile(64, 64)) for axis in (0, 1))
    assert rows > 63 * (ASCEND.sync.tail[ASCEND.vector.pipe] + ASCEND.sync.barrier)
    assert row > 64 * 64 * ASCEND.scalar.read[ASCEND.space(Role.VECTOR)]
    wide = cycles("vcumulate_sum", 0, tile(64, 640), tile(64, 640))
    assert wide < 3 * rows, "the wait between rows does not grow with them"


def test_indices_double_from_a_block_with_a_barrier_each() -> None:
    wait = ASCEND.sync.tail[ASCEND.vector.pipe] + ASCEND.sync.barrier
    few, many = (cycles("varange", 0, tile(n)) for n in (512, 1024))
    assert many - few == pytest.approx(wait + ASCEND.vector.ops["varange"]["f32"].cycles(8))


def test_a_target_of_another_family_keeps_its_own_way() -> None:
    scratchpad = load_target("scratchpad")
    assert not scratchpad.vector.library
    along = [
        cycles("vcumulate_sum", n, tile(64, 64), tile(64, 64), target=scratchpad) for n in (0, 1)
    ]
    assert along[0] == along[1]


def test_only_what_a_library_can_make_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('base = "ascend910b1"\nname = "mine"\n[vector]\nlibrary = ["vexp"]\n')
    with pytest.raises(HawkError, match=r"library: 'vexp' is none of vsel, vreduce"):
        load_target(file)


def test_a_row_is_halved_before_a_repeat_is_reduced() -> None:
    wait = ASCEND.sync.tail[ASCEND.vector.pipe] + ASCEND.sync.barrier
    combine, last = (ASCEND.vector.ops[row]["f32"] for row in ("vmax", "vreduce_max"))
    halves = sum(combine.cycles(8 * n) for n in (8, 4, 2, 1))
    along = cycles("vreduce_max", 1, tile(8, 1024), tile(8, 1))
    assert along == pytest.approx(halves + 4 * wait + last.cycles(8))
    assert cycles("vreduce_max", 1, tile(64, 64), tile(64, 1)) == last.cycles(64)


def test_positions_of_short_rows_are_two_instructions_and_longer_rows_cost_a_round_trip() -> None:
    last = ASCEND.vector.ops["vreduce_argmax"]["f32"]
    assert cycles("vreduce_argmax", 1, tile(64, 64), tile(64, 1)) == 2 * last.cycles(64)
    one, two = (cycles("vreduce_argmax", 1, tile(n, 1024), tile(n, 1)) for n in (1, 2))
    assert two == 2 * one > 2 * (last.cycles(16) + ASCEND.sync.tail[ASCEND.vector.pipe])


def test_a_broadcast_operand_is_read_run_by_run() -> None:
    one = ASCEND.vector.ops["vadd"]["f32"]
    middle = cycles("vadd", 0, tile(16, 64, 16), tile(1, 64, 16), tile(16, 64, 16))
    assert middle == one.cycles(256), "64 × 16 elements lie side by side"
    short = cycles("vadd", 0, tile(64, 16), tile(1, 16), tile(64, 16))
    assert short == one.cycles(64), "a row of a quarter of a repeat takes a repeat"
