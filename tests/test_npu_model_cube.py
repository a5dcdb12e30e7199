"""The cube path of the NPU simulator: matrices in fractals, products, and the way out of l0c."""

import ml_dtypes
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
    trap_of,
    view,
)  # fmt: skip

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.npu import AllocOp, KernelOp, Scope
from hawk_xdsl.npu_target import TrapCode
from hawk_xdsl.npu_target.layout import fractal_layout
from hawk_xdsl.npu_target.matrix_product import product

ACCUMULATORS = {"f16": "f32", "bf16": "f32", "f32": "f32", "i8": "i32"}


def matmul(m: int, k: int, n: int, dtype: str, out: str, *, blocks: int = 3) -> KernelOp:
    """y = x · w.T in ragged tiles of 32 × 48 × 16, planned, with barriers of all pipes."""
    acc = ACCUMULATORS[dtype]
    tm, tk, tn = 32, 48, 16
    columns = -(-n // tn)
    to_a, to_b, to_c = l1(tm, tk, dtype=dtype), l1(tn, tk, dtype=dtype), l0c(tm, tn, dtype=acc)

    def ragged(dtype: str, scope: str, stride: int, offset: str = "") -> str:
        layout = f"strided<[{stride}, 1]{offset}>"
        return memref_type((-1, -1), dtype, scope, layout).replace("-1x", "?x")

    part_x, part_w, part_y = (
        ragged(d, "global", stride, ", offset: ?")
        for d, stride in ((dtype, k), (dtype, k), (out, n))
    )
    part_a, part_b, part_c = (
        ragged(dtype, "l1", tk),
        ragged(dtype, "l1", tk),
        ragged(acc, "l0c", tn),
    )
    body = f"""
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %ks = arith.constant {-(-k // tk)} : index
  %tiles = arith.constant {-(-m // tm) * columns} : index
  %b = npu.block_idx : index
  %count = npu.block_count : index
  scf.for %t = %b to %tiles step %count {{
    %i = affine.apply affine_map<(d0) -> ((d0 floordiv {columns}) * {tm})> (%t)
    %j = affine.apply affine_map<(d0) -> ((d0 mod {columns}) * {tn})> (%t)
    %mi = affine.min affine_map<(d0) -> ({tm}, {m} - d0)> (%i)
    %nj = affine.min affine_map<(d0) -> ({tn}, {n} - d0)> (%j)
    {alloc("c", to_c, 0)}
    {view("c", "cv", to_c, "0, 0", "%mi, %nj", part_c)}
    scf.for %s = %c0 to %ks step %c1 {{
      %p = affine.apply affine_map<(d0) -> (d0 * {tk})> (%s)
      %kp = affine.min affine_map<(d0) -> ({tk}, {k} - d0)> (%p)
      {alloc("a", to_a, 0)}
      {alloc("w1", to_b, 8192)}
      {view("a", "av", to_a, "0, 0", "%mi, %kp", part_a)}
      {view("w1", "bv", to_b, "0, 0", "%nj, %kp", part_b)}
      {view("x", "xv", gm(m, k, dtype=dtype), "%i, %p", "%mi, %kp", part_x)}
      {view("w", "wv", gm(n, k, dtype=dtype), "%j, %p", "%nj, %kp", part_w)}
      npu.barrier <all>
      {load("xv", "av", part_x, part_a)}
      {load("wv", "bv", part_w, part_b)}
      npu.barrier <all>
      %first = arith.cmpi eq, %s, %c0 : index
      npu.mmad ins(%av, transposed %bv : {part_a}, {part_b}) outs(%cv : {part_c}) init %first : i1
    }}
    {view("y", "yv", gm(m, n, dtype=out), "%i, %j", "%mi, %nj", part_y)}
    npu.barrier <all>
    npu.fixpipe %cv into %yv : {part_c} into {part_y}
  }}"""
    ins = {"x": gm(m, k, dtype=dtype), "w": gm(n, k, dtype=dtype)}
    return kernel(body, ins, {"y": gm(m, n, dtype=out)}, core="cube", blocks=blocks)


@pytest.mark.parametrize("dtype, out", [
    ("f32", "f32"), ("f16", "f32"), ("f16", "f16"), ("bf16", "bf16"), ("i8", "i32"),
])  # fmt: skip
@pytest.mark.parametrize("m, k, n", [(32, 48, 16), (50, 70, 37), (1, 3, 5)])
def test_a_tiled_product_with_ragged_edges(dtype: str, out: str, m: int, k: int, n: int) -> None:
    x, w = randoms(m, k, dtype=dtype), randoms(n, k, dtype=dtype, seed=1)
    found = run(matmul(m, k, n, dtype, out), x, w).outputs[0]
    exact = x.astype(np.float64) @ w.astype(np.float64).T
    if out == "i32":
        np.testing.assert_array_equal(found, exact)
        return
    eps = float(ml_dtypes.finfo(DType(out).numpy).eps)
    magnitude = np.abs(x.astype(np.float64)) @ np.abs(w.astype(np.float64)).T
    bound = eps * np.abs(exact) + k * 2.0**-23 * magnitude
    assert (np.abs(found.astype(np.float64) - exact) <= bound).all()


def test_both_factors_can_be_transposed_and_the_result_clipped() -> None:
    a, b, c = l1(24, 20), l1(12, 24), l0c(20, 12)
    found = kernel(
        alloc("a", a, 0) + alloc("b", b, 8192) + alloc("c", c, 0) + load("x", "a", gm(24, 20), a)
        + load("w", "b", gm(12, 24), b) + flag("mte2", "cube") + "%t = arith.constant true\n"
        + f"npu.mmad ins(transposed %a, transposed %b : {a}, {b}) outs(%c : {c}) init %t : i1\n"
        + flag("cube", "fixpipe") + f"npu.fixpipe relu %c into %y : {c} into {gm(20, 12)}",
        {"x": gm(24, 20), "w": gm(12, 24)}, {"y": gm(20, 12)}, core="cube",
    )  # fmt: skip
    x, w = randoms(24, 20), randoms(12, 24, seed=1)
    y = run(found, x, w).outputs[0]
    np.testing.assert_allclose(y, np.maximum(x.T @ w.T, 0), rtol=1e-5, atol=1e-5)


def test_a_product_that_accumulates_needs_a_barrier() -> None:
    a, c = l1(16, 16), l0c(16, 16)
    mmad = f"npu.mmad ins(%a, %a : {a}, {a}) outs(%c : {c}) init %{{}} : i1\n"

    def found(between: str) -> KernelOp:
        return kernel(
            alloc("a", a, 0) + alloc("c", c, 0) + load("x", "a", gm(16, 16), a)
            + flag("mte2", "cube") + "%t = arith.constant true\n%f = arith.constant false\n"
            + mmad.format("t") + between + mmad.format("f") + flag("cube", "fixpipe")
            + f"npu.fixpipe %c into %y : {c} into {gm(16, 16)}",
            {"x": gm(16, 16)}, {"y": gm(16, 16)}, core="cube",
        )  # fmt: skip

    x = randoms(16, 16)
    trap = trap_of(found(""), x)
    assert trap is not None and trap.code is TrapCode.RACE
    y = run(found("npu.barrier <cube>\n"), x).outputs[0]
    np.testing.assert_allclose(y, 2 * (x @ x), rtol=1e-5, atol=1e-4)


def test_l0c_to_l1_feeds_the_next_product() -> None:
    a, c, d = l1(16, 16), l0c(16, 16), l1(16, 16)
    found = kernel(
        alloc("a", a, 0) + alloc("c", c, 0) + alloc("d", d, 4096) + load("x", "a", gm(16, 16), a)
        + "npu.barrier <all>\n%t = arith.constant true\n"
        + f"npu.mmad ins(%a, %a : {a}, {a}) outs(%c : {c}) init %t : i1\nnpu.barrier <all>\n"
        + f"npu.fixpipe %c into %d : {c} into {d}\nnpu.barrier <all>\n"
        + f"npu.mmad ins(%d, %a : {d}, {a}) outs(%c : {c}) init %t : i1\nnpu.barrier <all>\n"
        + f"npu.fixpipe %c into %y : {c} into {gm(16, 16)}",
        {"x": gm(16, 16)}, {"y": gm(16, 16)}, core="cube",
    )  # fmt: skip
    x = randoms(16, 16)
    np.testing.assert_allclose(run(found, x).outputs[0], x @ x @ x, rtol=1e-4, atol=1e-4)


def test_matrices_in_l1_are_stored_in_fractals() -> None:
    """The element [r, c] of f32 is in band c / 8, row r, column c % 8: [columns/8][rows][8]."""
    from hawk_xdsl.npu_target.scopes import Scopes

    found = kernel(alloc("a", l1(20, 12), 64), {"x": gm(8)}, {"y": gm(8)}, core="cube")
    op = found.body.block.first_op
    assert isinstance(op, AllocOp)
    tile = Scopes(TARGET, planned=True).allocate(op)
    values = randoms(20, 12)
    tile.write(values)
    stored = tile.buffer.raw.view(np.float32).reshape(2, 32, 8)
    assert stored[1, 17, 3] == values[17, 11] and stored[0, 5, 7] == values[5, 7]
    np.testing.assert_array_equal(tile.read(), values)
    layout = fractal_layout(op.results[0].type)  # pyright: ignore[reportArgumentType]
    assert (layout.rows, layout.columns, layout.width) == (32, 16, 8)
    assert tile.buffer.scope == Scope.L1


@pytest.mark.parametrize("m, k, n", [(3, 5, 7), (64, 64, 64), (65, 130, 200), (128, 64, 256)])
def test_products_by_blocks(m: int, k: int, n: int) -> None:
    a, b = randoms(m, k).astype(np.float64), randoms(k, n, seed=1).astype(np.float64)
    np.testing.assert_allclose(product(a, b), a @ b, rtol=1e-12, atol=1e-12)
