"""The time of a whole network: launches, its bound, what lies between launches, what L2 has."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from kernel_files import read_module
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

from hawk_xdsl.compiled import Compiled
from hawk_xdsl.dialects.npu import Join, KernelOp, LaunchOp
from hawk_xdsl.network import bytes_between, gaps_of, network_bound
from hawk_xdsl.npu_target import Gap, Limit, Units, bound_cycles, load_target, simulate
from hawk_xdsl.npu_target.l2.cache import cache_of, traffic_of
from hawk_xdsl.pipeline import compile_mlir, load_compiled
from hawk_xdsl.propose.settings import Settings, Sources
from hawk_xdsl.transforms.npu_merge_launches import merge_launches
from hawk_xdsl.universe import context

TARGET = load_target("ascend910b1")

_BUFFERS = (
    "ins(%x: memref<8x8xf32, #npu.scope<global>>) outs(%y: memref<8x8xf32, #npu.scope<global>>)"
)
ON_BOTH = f"""
npu.kernel @v {_BUFFERS} on <vector> blocks 1 target "ascend910b1" {{ }}
npu.kernel @c {_BUFFERS} on <cube> blocks 1 target "ascend910b1" {{ }}
func.func @main(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {{
  %0 = npu.launch @v(%x) : (tensor<8x8xf32>) -> tensor<8x8xf32>
  %1 = npu.launch @c(%0) joins <barrier> : (tensor<8x8xf32>) -> tensor<8x8xf32>
  func.return %1 : tensor<8x8xf32>
}}
"""
"""A kernel of each kind of core in one launch."""


def read(text: str) -> ModuleOp:
    return Parser(context(), text).parse_module()


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    place = tmp_path_factory.mktemp("network")
    (place / "sums.mlir").write_text(read_module("programs/two_sums"), encoding="utf-8")
    settings = Settings(sources=Sources.COMPOSITION, merge_launches=False)
    return compile_mlir(place / "sums.mlir", settings=settings, store=place / "store.sqlite")


def test_a_run_says_kernels_launches_and_the_bound(compiled: Compiled) -> None:
    run = compiled.run(compiled.program.example_inputs)
    assert run.time.launches == 2 and len(run.launches) == 2
    assert run.time.kernels == sum(simulation.cycles for _, simulation in run.launches)
    assert run.time.launching == 2 * TARGET.launch.chain
    assert run.time.bound is not None and run.time.bound < run.time.kernels
    for said in ("2 launches", "between launches", "L2 hit rate", "µs"):
        assert said in run.time.line(TARGET)


def test_stages_of_one_launch_compute_the_same_in_less_time(compiled: Compiled) -> None:
    apart = compiled.run(compiled.program.example_inputs)
    module = compiled.module.clone()
    merge_launches(module, TARGET)
    joined = replace(compiled, module=module).run(compiled.program.example_inputs)
    assert joined.time.launches == 1 and len(joined.launches) == 2
    assert joined.time.launching < apart.time.launching
    assert joined.time.kernels == apart.time.kernels
    assert all(map(np.array_equal, joined.outputs, apart.outputs))
    assert "1 launch of 2 stages" in joined.time.line(TARGET)


def test_a_launch_on_both_kinds_of_core_costs_more_and_so_does_a_barrier() -> None:
    module = read(ON_BOTH)
    assert TARGET.launch.mixed is not None and TARGET.launch.barrier is not None
    first, second = gaps_of(module, TARGET)
    assert first == Gap(None, TARGET.launch.chain + TARGET.launch.mixed)
    assert second == Gap(Join.BARRIER, TARGET.launch.barrier)


def test_a_target_without_barriers_merges_nothing() -> None:
    module = read(ON_BOTH)
    next(op for op in module.walk() if isinstance(op, LaunchOp) and op.joins).joins = None
    none = replace(TARGET, launch=replace(TARGET.launch, barrier=None))
    merge_launches(module, none)
    assert [gap.what for gap in gaps_of(module, none)] == [None, None]
    cubes = replace(TARGET, launch=replace(TARGET.launch, mixed=None))
    merge_launches(module, cubes)
    assert [gap.what for gap in gaps_of(module, cubes)] == [None, None]


def test_the_second_launch_finds_what_the_first_one_read(compiled: Compiled) -> None:
    first, second = (run for _, run in compiled.run(compiled.program.example_inputs).launches)
    assert first.traffic is not None and second.traffic is not None
    assert first.traffic.misses == 256 * 512 * 4
    assert second.traffic.misses == 0


def test_what_one_launch_leaves_for_another_is_counted(compiled: Compiled) -> None:
    assert bytes_between(compiled.module) == 2 * 256 * 4


def test_the_bound_is_of_the_whole_network(compiled: Compiled) -> None:
    assert compiled.units is not None
    cycles, limit = network_bound(compiled.module, compiled.units, TARGET)
    assert limit is Limit.MEMORY
    assert cycles == pytest.approx(256 * 512 * 4 / 850 + 512 * 4 / 2944)
    busy = [Units(0.0, 400.0), Units(0.0, 500.0), Units(800.0, 0.0)]
    assert network_bound(compiled.module, busy, TARGET) == (900.0, Limit.VECTOR)


def test_a_model_read_back_has_the_same_bound(compiled: Compiled, tmp_path: Path) -> None:
    compiled.save(tmp_path / "out")
    again, _ = load_compiled(tmp_path / "out")
    assert again.units == compiled.units


def test_no_kernel_beats_its_bound(compiled: Compiled) -> None:
    """Cold: all is read from memory. Warm: the bound has what is there at L2's best rate."""
    [(_, cold), *_] = compiled.run(compiled.program.example_inputs).launches
    size = 256 * 512 * 4
    assert cold.cycles > bound_cycles(TARGET, bytes_read=size, bytes_written=1024).cycles
    kernel = next(op for op in compiled.module.walk() if op.name == "npu.kernel")
    l2 = cache_of(TARGET)
    arrays = list(compiled.program.example_inputs)
    assert isinstance(kernel, KernelOp)
    traffic_of(kernel, TARGET, l2)
    warm = simulate(kernel, arrays, traffic=traffic_of(kernel, TARGET, l2))
    bound = bound_cycles(TARGET, bytes_read=size, bytes_written=1024, resident=size).cycles
    assert bound < warm.cycles < cold.cycles
