"""The kernels of the simulator benchmark in Triton, for its interpreter (TRITON_INTERPRET=1)."""

import torch
import triton
import triton.language as tl


@triton.jit
def _softmax(x, y, columns: tl.constexpr, rows_a_tile: tl.constexpr):
    rows = tl.program_id(0) * rows_a_tile + tl.arange(0, rows_a_tile)
    at = rows[:, None] * columns + tl.arange(0, columns)[None, :]
    tile = tl.load(x + at)
    tile = tl.exp(tile - tl.max(tile, axis=1)[:, None])
    tl.store(y + at, tile / tl.sum(tile, axis=1)[:, None])


@triton.jit
def _layer_norm(x, y, columns: tl.constexpr, rows_a_tile: tl.constexpr):
    rows = tl.program_id(0) * rows_a_tile + tl.arange(0, rows_a_tile)
    at = rows[:, None] * columns + tl.arange(0, columns)[None, :]
    tile = tl.load(x + at)
    tile = tile - (tl.sum(tile, axis=1) / columns)[:, None]
    variance = tl.sum(tile * tile, axis=1) / columns
    tl.store(y + at, tile * (1 / tl.sqrt(variance + 1e-5))[:, None])


@triton.jit
def _matmul(
    a, b, c, n: tl.constexpr, k: tl.constexpr,
    tile_m: tl.constexpr, tile_n: tl.constexpr, tile_k: tl.constexpr,
):  # fmt: skip
    rows = tl.program_id(0) * tile_m + tl.arange(0, tile_m)
    columns = tl.program_id(1) * tile_n + tl.arange(0, tile_n)
    accumulator = tl.zeros((tile_m, tile_n), dtype=tl.float32)
    for start in range(0, k, tile_k):
        depth = start + tl.arange(0, tile_k)
        left = tl.load(a + rows[:, None] * k + depth[None, :])
        right = tl.load(b + depth[:, None] * n + columns[None, :])
        accumulator += tl.dot(left, right)
    tl.store(c + rows[:, None] * n + columns[None, :], accumulator)


def rowwise(name: str, x: torch.Tensor, rows_a_tile: int) -> torch.Tensor:
    """``softmax`` or ``layer norm`` of each row of x [rows, columns]."""
    y = torch.empty_like(x)
    kernel = {"softmax": _softmax, "layer norm": _layer_norm}[name]
    kernel[(x.shape[0] // rows_a_tile,)](x, y, x.shape[1], rows_a_tile)
    return y


def matmul(a: torch.Tensor, b: torch.Tensor, tile: tuple[int, int, int]) -> torch.Tensor:
    """a [m, k] times b [k, n] in tiles of (m, n, k)."""
    c = torch.empty(a.shape[0], b.shape[1])
    grid = (a.shape[0] // tile[0], b.shape[1] // tile[1])
    _matmul[grid](a, b, c, b.shape[1], a.shape[1], *tile)
    return c
