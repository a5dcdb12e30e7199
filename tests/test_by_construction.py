"""What cannot go wrong by construction: no op has such a field, legalisation fills it in."""

import numpy as np
import pytest
from npu_model_kernels import (
    TARGET,
    alloc,
    flag,
    gm,
    kernel,
    l0c,
    l1,
    load,
    memref_type,
    randoms,
    run,
    store,
    ub,
    unary,
    view,
)
from row_kernels import EXP, LOADED, STORED, G, U, X, vector

from hawk_xdsl.dialects.npu import Pipe, Role, Scope, VectorOp
from hawk_xdsl.npu_target import available_targets, load_target
from hawk_xdsl.npu_target.cost import TileShape, vector_cost, work_of


@pytest.mark.parametrize("repeats, instructions", [(255, 1), (256, 2), (511, 3)])
def test_repeats_beyond_one_instruction_are_several(repeats: int, instructions: int) -> None:
    [op] = (op for op in vector(LOADED + EXP + STORED).walk() if isinstance(op, VectorOp))
    tile = TileShape((repeats, 64), (256, 4), 4)
    cycles, count = vector_cost(work_of(op), [tile, tile], TARGET)
    assert count == instructions
    one = TARGET.vector.ops["vexp"]["f32"]
    assert cycles >= one.cycles(repeats)


@pytest.mark.parametrize("width", [1, 7, 20, 63])
def test_masks_of_ragged_tiles_leave_the_neighbours(width: int) -> None:
    """Each instruction sets its own mask: none is stale, and none is wider than the tile."""
    part = memref_type((8, width), "f32", "ub", "strided<[64, 1], offset: ?>")
    body = LOADED + view("a", "s", U, "0, 0", f"8, {width}", part)
    y = run(vector(body + unary("vexp", "s", "s", part) + STORED), X).outputs[0]
    np.testing.assert_array_equal(y[:, :width], np.exp(X[:, :width]))
    np.testing.assert_array_equal(y[:, width:], X[:, width:])


def test_strides_of_an_instruction_follow_the_tile() -> None:
    """Every other row: the repeat stride is two rows."""
    part = memref_type((4, 64), "f32", "ub", "strided<[128, 1]>")
    body = LOADED + f"%s = memref.subview %a[0, 0] [4, 64] [2, 1] : {U} to {part}\n"
    y = run(vector(body + unary("vexp", "s", "s", part) + STORED), X).outputs[0]
    np.testing.assert_array_equal(y[::2], np.exp(X[::2]))
    np.testing.assert_array_equal(y[1::2], X[1::2])


def test_factors_larger_than_l0a_and_l0b_are_staged_in_pieces() -> None:
    """128 KiB of each factor, of which l0a and l0b hold 64."""
    a, b, c = l1(128, 512, dtype="f16"), l1(512, 128, dtype="f16"), l0c(128, 128)
    gx, gw = gm(128, 512, dtype="f16"), gm(512, 128, dtype="f16")
    found = kernel(
        alloc("a", a, 0) + alloc("b", b, 131072) + alloc("c", c, 0) + load("x", "a", gx, a)
        + load("w", "b", gw, b) + "npu.barrier <all>\n%t = arith.constant true\n"
        + f"npu.mmad ins(%a, %b : {a}, {b}) outs(%c : {c}) init %t : i1\nnpu.barrier <all>\n"
        + f"npu.fixpipe %c into %y : {c} into {gm(128, 128)}",
        {"x": gx, "w": gw}, {"y": gm(128, 128)}, core="cube",
    )  # fmt: skip
    x, w = randoms(128, 512, dtype="f16"), randoms(512, 128, dtype="f16", seed=1)
    done = run(found, x, w)
    np.testing.assert_allclose(
        done.outputs[0], x.astype(np.float64) @ w.astype(np.float64), rtol=1e-4, atol=1e-3
    )
    staging = TARGET.cube.l0a.cycles(131072)  # pyright: ignore[reportOptionalMemberAccess]
    assert done.busy[Pipe.CUBE] > staging


def test_bands_of_a_part_of_l0c_are_an_instruction_each() -> None:
    """The cube writes bands next to each other; a part of a taller buffer has gaps."""
    a = l1(32, 16)
    w, gw = l1(16, 64), gm(16, 64)
    part_a = memref_type((16, 16), "f32", "l1", "strided<[16, 1], offset: ?>")
    part_c = memref_type((16, 64), "f32", "l0c", "strided<[64, 1], offset: ?>")

    def cube_cycles(height: int) -> float:
        tall = l0c(height, 64)
        found = kernel(
            alloc("a", a, 0) + alloc("w1", w, 4096) + alloc("c", tall, 0)
            + load("x", "a", gm(32, 16), a) + load("w", "w1", gw, w)
            + "npu.barrier <all>\n%t = arith.constant true\n"
            + view("a", "s", a, "0, 0", "16, 16", part_a)
            + view("c", "d", tall, "0, 0", "16, 64", part_c)
            + f"npu.mmad ins(%s, %w1 : {part_a}, {w}) outs(%d : {part_c}) init %t : i1\n"
            + f"npu.barrier <all>\nnpu.fixpipe %d into %y : {part_c} into {gm(16, 64)}",
            {"x": gm(32, 16), "w": gw}, {"y": gm(16, 64)}, core="cube",
        )  # fmt: skip
        done = run(found, randoms(32, 16), randoms(16, 64))
        return done.busy[Pipe.CUBE]

    assert cube_cycles(32) - cube_cycles(16) == pytest.approx(3 * TARGET.cube.fixed)


@pytest.mark.parametrize("width, filled", [(64, False), (72, False), (80, True)])
def test_a_wide_padding_is_a_fill_that_costs_its_time(width: int, filled: bool) -> None:
    """The copy itself pads a row by 32 bytes at most."""
    wide, y = ub(8, width), gm(8, width)
    body = alloc("a", wide, 0) + "%p = arith.constant -1.0 : f32\n"
    body += f"npu.load %x into %a pad %p : f32 in : {G} into {wide}\n"
    done = run(vector(body + flag("mte2", "mte3") + store("a", "y", wide, y), y=y), X)
    np.testing.assert_array_equal(done.outputs[0][:, 64:], -1.0)
    np.testing.assert_array_equal(done.outputs[0][:, :64], X)
    alone = TARGET.paths[Scope.GLOBAL, Scope.UB].cost.cycles(X.nbytes)
    extra = done.busy[Pipe.MTE2] - alone
    assert (extra > TARGET.vector.ops["vbrc"]["f32"].cycles(8)) is filled


def test_padding_rows_is_a_fill_in_l1_too() -> None:
    def loading(rows: int) -> float:
        a = l1(rows, 16)
        found = kernel(
            alloc("a", a, 0) + alloc("c", l0c(rows, rows), 0) + "%p = arith.constant 0.0 : f32\n"
            + f"npu.load %x into %a pad %p : f32 in : {gm(16, 16)} into {a}\nnpu.barrier <all>\n"
            + f"%t = arith.constant true\nnpu.mmad ins(%a, transposed %a : {a}, {a}) "
            + f"outs(%c : {l0c(rows, rows)}) init %t : i1\nnpu.barrier <all>\n"
            + f"npu.fixpipe %c into %y : {l0c(rows, rows)} into {gm(rows, rows)}",
            {"x": gm(16, 16)}, {"y": gm(rows, rows)}, core="cube",
        )  # fmt: skip
        return run(found, randoms(16, 16)).busy[Pipe.MTE2]

    assert loading(32) > loading(16)


@pytest.mark.parametrize("name", available_targets())
def test_no_buffer_is_large_enough_for_a_gap_or_burst_out_of_range(name: str) -> None:
    """UB gaps are counted in blocks in 16 bits, bursts in bytes."""
    target = load_target(name)
    assert target.capacity(Role.VECTOR) // 32 < 2**16
    for (source, dest), path in target.paths.items():
        ends = [target.scopes[scope].bytes for scope in (source, dest) if scope in target.scopes]
        assert min(ends) <= path.max_burst_bytes
