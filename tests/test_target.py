"""Targets: what the TOML files say, and what is refused, with file and key."""

from dataclasses import replace
from pathlib import Path

import pytest

import hawk_xdsl.npu_target
from hawk_xdsl.dialects.npu import Core, Pipe, Role, Scope
from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target import available_targets, load_target
from hawk_xdsl.npu_target.cost_lines import Cost
from hawk_xdsl.npu_target.target import LaunchSpec

FOLDER = Path(hawk_xdsl.npu_target.__file__).parent / "targets"
SOURCE = (FOLDER / "ascend910b1.toml").read_text()
GLOBAL_UB = SOURCE.split("global-ub = {", 1)[1].split("cost = ", 1)[1].split("]]")[0] + "]]"


def test_the_packaged_targets_load() -> None:
    assert "ascend910b1" in available_targets()
    for name in available_targets():
        target = load_target(name)
        assert target.name == name
        assert not target.calibrated or target.global_bandwidth > 0


def test_ascend910b1_has_the_published_sizes() -> None:
    target = load_target("ascend910b1")
    assert (target.cores[Core.CUBE], target.cores[Core.VECTOR]) == (24, 48)
    kib = {scope: spec.bytes // 1024 for scope, spec in target.scopes.items()}
    assert kib == {Scope.UB: 192, Scope.L1: 512, Scope.L0A: 64, Scope.L0B: 64, Scope.L0C: 128}
    assert target.sync.events == 8 and target.vector.max_repeats == 255
    assert target.paths[Scope.UB, Scope.GLOBAL].pipe == Pipe.MTE3
    assert target.microseconds(1800) == 1.0


@pytest.mark.parametrize("kib, cycles", [(3, 276.5), (31, 698.5), (199, 4368.9)])
def test_loads_take_what_was_measured(kib: int, cycles: float) -> None:
    """Three of the published points of GM to UB, in cycles at 1.8 GHz."""
    cost = load_target("ascend910b1").paths[Scope.GLOBAL, Scope.UB].cost
    assert cost.cycles(kib * 1024) == pytest.approx(cycles, rel=0.05)


def test_a_cost_is_the_largest_of_its_lines() -> None:
    cost = Cost(((10.0, 0.0), (2.0, 1.5)))
    assert [cost.cycles(work) for work in (0, 5, 6, 8)] == [10, 10, 11, 14]
    assert (cost.latency, cost.slope) == (10, 1.5)


def test_a_users_own_target_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(SOURCE.replace('name = "ascend910b1"', 'name = "mine"'))
    assert load_target(file).name == "mine"


def test_a_target_can_say_only_what_differs_from_another(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('base = "ascend910b1"\nname = "mine"\nscopes.ub.bytes = 1024\n')
    found, base = load_target(file), load_target("ascend910b1")
    assert (found.name, found.scopes[Scope.UB].bytes) == ("mine", 1024)
    assert found.scopes[Scope.UB].alignment == 32 and found.vector == base.vector
    file.write_text('base = "ascend999"')
    with pytest.raises(HawkError, match="base: 'ascend999' is none of"):
        load_target(file)


def test_the_targets_differ_where_the_sizes_do() -> None:
    sizes = {name: load_target(name).capacity(Role.VECTOR) for name in available_targets()}
    assert sizes == {
        "ascend310b": 262144,
        "ascend910b1": 196608,
        "ascend950": 253952,
        "scratchpad": 1048576,
    }


def changed(old: str, new: str) -> str:
    assert old in SOURCE
    return SOURCE.replace(old, new, 1)


@pytest.mark.parametrize("text, message", [
    ("name = ", "not a TOML file"),
    (changed("clock_ghz = 1.8", ""), "clock_ghz: missing"),
    (changed("clock_ghz = 1.8", 'clock_ghz = "fast"'), "clock_ghz: expected a number"),
    (changed("clock_ghz = 1.8", "clock_ghz = 1.8\ncolour = 3"), "colour: unknown key"),
    (changed("calibrated = true", "calibrated = 1"), "calibrated: expected true or false"),
    (changed("cube = 24", "cube = 2.5"), "cores.cube: expected a whole number"),
    (changed("cube = 24", "cubes = 24"), "pipes.cubes: missing"),
    (changed("ub = { core", "ob = { core"), "paths.global-ub: 'ub' is none of global, ob, l1"),
    (changed("alignment = 32 }", "alignment = 0 }"), "scopes.ub.alignment: expected a whole"),
    (changed("granule = 32", "granule = 32, grain = 1"), "paths.global-ub.grain: unknown key"),
    (changed("global-ub = {", "global = {"), "paths.global: expected a name like global-ub"),
    (changed('pipe = "mte2"', 'pipe = "dma"'), "paths.global-ub.pipe: 'dma' is none of"),
    (changed(GLOBAL_UB, "[[235.3]]"), "paths.global-ub.cost: expected"),
    (changed(GLOBAL_UB, "[[1, -2]]"), "paths.global-ub.cost: a cost"),
    (changed("vexp = { f16 = [4, 0.1, 3.89]", "vexp = { f16 = [4, 3.89]"), "vector.ops.vexp.f16"),
    (changed('casts = { f32 = ["f32"', "casts = { f32 = [1"), "cube.casts.f32: expected a list"),
    (changed("tail = { scalar = 0, ", "tail = { "), "sync.tail.scalar: missing"),
    (changed("read = { global = 150, ", "read = { "), "scalar.read.global: missing"),
])  # fmt: skip
def test_what_is_wrong_is_named_with_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "broken.toml"
    file.write_text(text)
    with pytest.raises(HawkError) as caught:
        load_target(file)
    assert caught.value.file == str(file) and message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_targets_and_missing_files(tmp_path: Path) -> None:
    with pytest.raises(HawkError, match="unknown target 'ascend999'; known: ascend"):
        load_target("ascend999")
    with pytest.raises(HawkError, match="cannot read the target"):
        load_target(tmp_path / "none.toml")


def test_stages_wait_for_all_cores_where_that_is_faster_than_another_launch() -> None:
    launch = LaunchSpec(floor=0, chain=100, mixed=30, barrier=40)
    vector, cube = Core.VECTOR, Core.CUBE
    assert launch.between([vector]) == 0
    assert launch.between([vector, vector, vector]) == 80
    assert launch.between([vector, cube]) == 70
    assert replace(launch, mixed=70).between([vector, cube]) == 100
    assert replace(launch, mixed=None).between([vector, cube]) == 100
    assert replace(launch, barrier=None).between([vector, vector]) == 100
