"""Time in the NPU simulator: what must be true of cycles, whatever the target's numbers are."""

from dataclasses import replace

import numpy as np
import pytest
from npu_model_kernels import (
    TARGET,
    alloc,
    flag,
    gm,
    kernel,
    load,
    memref_type,
    randoms,
    run,
    set_flag,
    store,
    ub,
    unary,
    view,
    wait_flag,
)  # fmt: skip

from hawk_xdsl.dialects.npu import Core, KernelOp, Pipe, Scope
from hawk_xdsl.npu_target import bound_cycles, simulate
from hawk_xdsl.npu_target.cost import mmad_cycles, move_cycles
from hawk_xdsl.npu_target.roofline import Limit

U, G = ub(8, 64), gm(8, 64)
X = randoms(8, 64)


def chain(*instructions: str) -> KernelOp:
    body = alloc("a", U, 0) + load("x", "a", G, U) + flag("mte2", "vector")
    body += "npu.barrier <vector>\n".join(instructions)
    return kernel(body + flag("vector", "mte3") + store("a", "y", U, G), {"x": G}, {"y": G})


EXP = unary("vexp", "a", "a", U)


def test_dependent_instructions_take_their_times_one_after_the_other() -> None:
    """2048 bytes are 8 repeats; vexp takes 2 a repeat, then the tail and the barrier."""
    one, two = run(chain(EXP), X), run(chain(EXP, EXP), X)
    assert two.cycles - one.cycles == 8 * 2 + TARGET.sync.tail[Pipe.VECTOR] + TARGET.sync.barrier
    assert two.busy[Pipe.VECTOR] == 2 * one.busy[Pipe.VECTOR] == 32


def test_a_load_takes_what_its_path_takes() -> None:
    path = TARGET.paths[Scope.GLOBAL, Scope.UB]
    assert run(chain(EXP), X).busy[Pipe.MTE2] == pytest.approx(path.cost.cycles(2048))


def rows(count: int, blocks: int, *, buffers: int = 1) -> KernelOp:
    """Copies rows of 16 KiB through ub, with one buffer or with two in turn."""
    tile, wide = ub(4, 1024), gm(4 * count, 1024)
    part = memref_type((4, 1024), "f32", "global", "strided<[1024, 1], offset: ?>")
    prime = "".join(set_flag("mte3", "mte2", b) for b in range(buffers))
    drain = "".join(wait_flag("mte3", "mte2", b) for b in range(buffers))
    step = ""
    for b in range(buffers):
        step += (
            f"%r{b} = affine.apply affine_map<(d0) -> (d0 * 4 + {4 * b})> (%t)\n"
            + alloc(f"a{b}", tile, 16384 * b)
            + view("x", f"s{b}", wide, f"%r{b}, 0", "4, 1024", part)
            + view("y", f"d{b}", wide, f"%r{b}, 0", "4, 1024", part)
            + wait_flag("mte3", "mte2", b) + load(f"s{b}", f"a{b}", part, tile)
            + flag("mte2", "mte3", b) + store(f"a{b}", f"d{b}", tile, part)
            + set_flag("mte3", "mte2", b)
        )  # fmt: skip
    return kernel(
        f"%b = npu.block_idx : index\n%n = arith.constant {blocks * buffers} : index\n"
        f"%e = arith.constant {count} : index\n"
        f"%first = affine.apply affine_map<(d0) -> (d0 * {buffers})> (%b)\n"
        + prime + "scf.for %t = %first to %e step %n {\n" + step + "}\n" + drain,
        {"x": wide}, {"y": wide}, blocks=blocks,
    )  # fmt: skip


def test_two_buffers_overlap_loads_with_stores() -> None:
    x = randoms(4 * 16, 1024)
    one, two = run(rows(16, 1), x), run(rows(16, 1, buffers=2), x)
    np.testing.assert_array_equal(one.outputs[0], x)
    np.testing.assert_array_equal(two.outputs[0], x)
    assert two.busy[Pipe.MTE2] == pytest.approx(one.busy[Pipe.MTE2])
    assert one.cycles > one.busy[Pipe.MTE2] + one.busy[Pipe.MTE3]
    assert two.cycles < 0.75 * one.cycles


def test_cores_share_global_memory() -> None:
    """Four times the cores on four times the data: no faster once the memory is the limit."""
    narrow = replace(TARGET, global_bandwidth=40.0, l2=None)
    few = simulate(rows(16, 2), [randoms(64, 1024)], narrow)
    many = simulate(rows(64, 8), [randoms(256, 1024)], narrow)
    moved = sum(many.bytes_moved.values())
    assert moved == 2 * 256 * 1024 * 4
    assert many.cycles > 3 * few.cycles
    assert many.cycles >= moved / 40


def test_blocks_beyond_the_cores_wait_for_a_core() -> None:
    """Six blocks on two cores take three rounds."""
    two = replace(TARGET, cores={**TARGET.cores, Core.VECTOR: 2})
    x = randoms(4 * 6, 1024)
    assert simulate(rows(6, 6), [x], two).cycles == pytest.approx(
        3 * simulate(rows(2, 2), [x[:8]], two).cycles
    )


def test_program_order_takes_the_sum_of_all() -> None:
    found = run(chain(EXP, EXP), X, mode="program-order")
    tail = TARGET.sync.tail[Pipe.VECTOR]
    assert found.cycles >= sum(found.busy.values()) + 2 * tail


def test_the_timeline_has_every_instruction_on_its_pipe() -> None:
    found = simulate(chain(EXP, EXP), [X], TARGET, trace=True)
    assert [(event.pipe, event.name) for event in found.timeline] == [
        (Pipe.MTE2, "npu.load"), (Pipe.VECTOR, "npu.vexp"), (Pipe.VECTOR, "npu.vexp"),
        (Pipe.MTE3, "npu.store"),
    ]  # fmt: skip
    assert all(event.start < event.end <= found.cycles for event in found.timeline)


def test_small_and_misaligned_copies_are_warned_of() -> None:
    small = run(chain(EXP), X).warnings
    assert {warning.code for warning in small} == {"small-move"}
    part = memref_type((8, 60), "f32", "global", "strided<[64, 1], offset: 4>")
    tile = ub(8, 60)
    found = kernel(
        alloc("a", tile, 0) + view("x", "s", G, "0, 4", "8, 60", part)
        + load("s", "a", part, tile) + flag("mte2", "mte3") + store("a", "y", tile, gm(8, 60)),
        {"x": G}, {"y": gm(8, 60)},
    )  # fmt: skip
    codes = [warning.code for warning in run(found, X).warnings]
    assert sorted(codes) == ["misaligned-global", "small-move", "small-move"]
    large = {warning.code for warning in run(rows(2, 1), randoms(8, 1024)).warnings}
    assert large == {"sync-stall"}


def test_bytes_by_path() -> None:
    assert run(chain(EXP), X).bytes_moved == {"global->ub": 2048, "ub->global": 2048}


def test_short_bursts_cost_more_than_the_same_bytes_in_one() -> None:
    path = TARGET.paths[Scope.GLOBAL, Scope.UB]
    whole, pieces, ragged = (
        move_cycles(path, 1, 32768), move_cycles(path, 1024, 32), move_cycles(path, 1024, 20),
    )  # fmt: skip
    assert pieces > 3 * whole and ragged == pieces


def test_the_cube_counts_fractals_and_f32_is_slower() -> None:
    def cycles(m: int, k: int, n: int, dtype: str, size: int) -> float:
        return mmad_cycles(m, k, n, dtype, size, TARGET)

    assert cycles(17, 16, 16, "f16", 2) == cycles(32, 16, 16, "f16", 2)
    assert cycles(128, 256, 256, "f32", 4) > 3 * cycles(128, 256, 256, "f16", 2)
    assert cycles(512, 64, 512, "f16", 2) >= 32 * 4 * 32


def test_the_bound_is_never_above_a_simulation() -> None:
    found = run(rows(96, 48, buffers=2), randoms(4 * 96, 1024))
    size = 4 * 96 * 1024 * 4
    bound = bound_cycles(TARGET, bytes_read=size, bytes_written=size)
    assert bound.limiting is Limit.MEMORY and bound.cycles <= found.cycles


def test_the_bound_counts_products_and_elements() -> None:
    cube = bound_cycles(TARGET, bytes_read=0, bytes_written=0, macs={"f16": 24 * 4096 * 1000})
    assert cube.limiting is Limit.CUBE and cube.cycles == pytest.approx(1000, abs=300)
    elements = {"f32": 48 * 64 * 5000}
    vector = bound_cycles(TARGET, bytes_read=0, bytes_written=0, vector_elements=elements)
    assert vector.limiting is Limit.VECTOR and vector.cycles == pytest.approx(5000, abs=400)


def test_the_cost_follows_a_stride_that_changes() -> None:
    """Rows 8 apart are bursts of their own; rows one after the other are a single one."""
    part = memref_type((8, 64), "f32", "global", "strided<[?, 1]>")

    def busy(step: int) -> float:
        wide = gm(64, 64)
        found = kernel(
            f"%s1 = arith.constant 1 : index\n%s = arith.constant {step} : index\n"
            + alloc("a", U, 0) + alloc("b", U, 2048)
            + f"%v = memref.subview %x[0, 0] [8, 64] [%s1, 1] : {wide} to {part}\n"
            + f"%w = memref.subview %x[0, 0] [8, 64] [%s, 1] : {wide} to {part}\n"
            + "%n = arith.constant 2 : index\n%z = arith.constant 0 : index\n"
            + "scf.for %i = %z to %n step %s1 {\n%f = arith.cmpi eq, %i, %z : index\n"
            + f"%p = arith.select %f, %v, %w : {part}\n" + load("p", "a", part, U)
            + "npu.barrier <mte2>\n}\n" + flag("mte2", "mte3") + store("a", "y", U, G),
            {"x": wide}, {"y": G},
        )  # fmt: skip
        narrow = replace(TARGET.paths[Scope.GLOBAL, Scope.UB], burst_cycles=100.0)
        slow = replace(TARGET, paths={**TARGET.paths, (Scope.GLOBAL, Scope.UB): narrow})
        return simulate(found, [randoms(64, 64)], slow).busy[Pipe.MTE2]

    assert busy(8) == pytest.approx(busy(1) + 700)
