"""Cycles of a tiled contraction before it is written: what its pipes do, and what they wait for."""

from collections.abc import Iterator
from dataclasses import dataclass

from hawk_xdsl.dialects.npu import Core, Scope
from hawk_xdsl.npu_target.cost import mmad_cycles
from hawk_xdsl.npu_target.dtypes import NUMPY_DTYPES
from hawk_xdsl.npu_target.target import PathSpec, Target
from hawk_xdsl.schedule.candidate import waves

STEP_OVERHEAD = 16.0
"""Cycles of flags and barriers of one step, estimated."""

SPLITS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64)
"""Into how many equal tiles a side may be split, up to what the scopes hold."""


_DEPTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 48)
"""Into how many steps k may be cut, up to what the scopes hold."""


@dataclass(frozen=True)
class Problem:
    """A product as the cube sees it: ``outer`` products of m × k by k × n, each in ``folds`` steps.

    ``rows`` is whether the rows of a factor's tile lie along k, for the burst lengths.
    """

    outer: int
    folds: int
    m: int
    n: int
    k: int
    dtype: str
    out_dtype: str
    lhs_rows_along_k: bool
    rhs_rows_along_k: bool

    @property
    def width(self) -> int:
        """Bytes of an element of a factor."""
        return NUMPY_DTYPES[self.dtype].itemsize


@dataclass(frozen=True)
class TileSizes:
    """A tile of the result, the part of k of a step, and in how many parts k is summed apart."""

    m: int
    n: int
    k: int
    parts: int = 1


def fits(problem: Problem, tile: TileSizes, target: Target, times: int = 1) -> bool:
    """Whether the scopes hold the accumulator, and the factors' tiles so many times."""
    depth = target.cube.depth_bytes // problem.width
    m, n, k = up(tile.m, 16), up(tile.n, 16), up(tile.k, max(16, depth))
    largest = target.cube.max_extent
    return (
        m * n * 4 <= target.scopes[Scope.L0C].bytes
        and times * (m + n) * k * problem.width <= target.scopes[Scope.L1].bytes
        and max(tile.m, tile.n, tile.k) <= largest
    )


def tile_sizes(problem: Problem, target: Target, *, split: bool) -> Iterator[TileSizes]:
    """Tiles that fit: equal parts of each side in whole fractals, k in a few steps.

    With ``split`` k is summed in parts, of which there are no more than idle cores.
    """
    for m in side_parts(problem.m, 16):
        for n in side_parts(problem.n, 16):
            for k in step_depths(problem, target):
                tile = TileSizes(m, n, k)
                if not fits(problem, tile, target):
                    continue
                if split:
                    yield from _split(problem, tile, target)
                else:
                    yield tile


def _split(problem: Problem, tile: TileSizes, target: Target) -> Iterator[TileSizes]:
    tiles = problem.outer * -(-problem.m // tile.m) * -(-problem.n // tile.n)
    steps = -(-problem.k // tile.k)
    for parts in range(2, min(target.cores[Core.CUBE] // tiles, steps) + 1):
        if steps % parts == 0:
            yield TileSizes(tile.m, tile.n, tile.k, parts)


def side_parts(extent: int, grain: int) -> list[int]:
    """Tile sizes along a side: equal parts in whole grains, and usual sizes."""
    sizes: dict[int, None] = {}
    for count in SPLITS:
        size = min(up(-(-extent // count), grain), extent)
        sizes.setdefault(size)
        if extent % count == 0:
            sizes.setdefault(extent // count)
        if size <= grain:
            break
    for size in (512, 256, 192, 176, 160, 128, 96, 64, 48, 32, 16):
        if size < extent:
            sizes.setdefault(size)
    return list(sizes)


def step_depths(problem: Problem, target: Target) -> list[int]:
    """Parts of k that a step may multiply."""
    grain = max(16, target.cube.depth_bytes // problem.width)
    sizes = [min(up(-(-problem.k // count), grain), problem.k) for count in _DEPTHS]
    sizes += [size for size in (1024, 512, 384, 256, 192, 128, 64, 32) if size < problem.k]
    return list(dict.fromkeys(sizes))


def estimate(problem: Problem, tile: TileSizes, target: Target) -> float:
    """Cycles of the cube stage: the busiest pipe of the busiest core, and what none overlaps.

    Factors' tiles that fit twice are loaded while the cube works on the others; an accumulator
    that fits twice is stored while the next one is summed.
    """
    cores = target.cores[Core.CUBE]
    tiles = problem.outer * -(-problem.m // tile.m) * -(-problem.n // tile.n) * tile.parts
    per_byte = min(tiles, cores) / target.global_bandwidth
    load = target.paths[Scope.GLOBAL, Scope.L1]
    store = target.paths[Scope.L0C, Scope.GLOBAL]
    m, n, k = min(tile.m, problem.m), min(tile.n, problem.n), min(tile.k, problem.k)
    width = problem.width
    lhs = (m, k) if problem.lhs_rows_along_k else (k, m)
    rhs = (n, k) if problem.rhs_rows_along_k else (k, n)
    loads = sum(
        move_cycles_of(load, rows, columns * width, per_byte) for rows, columns in (lhs, rhs)
    )
    product = mmad_cycles(m, k, n, problem.dtype, width, target) + target.sync.flag * 2
    steps = problem.folds * -(-problem.k // tile.k) / tile.parts
    filled = problem.k / (-(-problem.k // tile.k) * k)
    latency = 2 * load.cost.latency
    moved = steps * (latency + (loads - latency) * filled + STEP_OVERHEAD)
    worked = steps * product * filled
    out_width = 4 if tile.parts > 1 else NUMPY_DTYPES[problem.out_dtype].itemsize
    drained = move_cycles_of(store, m, n * out_width, per_byte)
    shared = m * n * out_width * per_byte
    if up(m, 16) * up(n, 16) * 8 > target.scopes[Scope.L0C].bytes:
        worked += drained
    rounds = waves(tiles, cores)
    ragged = (problem.m / (-(-problem.m // tile.m) * m)) * (
        problem.n / (-(-problem.n // tile.n) * n)
    )
    rounds = rounds - 1 + ragged if rounds > 1 else 1
    if fits(problem, tile, target, times=2):
        total = max(rounds * (moved + shared) + product, loads + rounds * worked) + drained
    else:
        total = rounds * (moved + worked) + drained
    return total if tile.parts == 1 else total + sum_estimate(problem, tile.parts, target)


def move_cycles_of(path: PathSpec, rows: int, row_bytes: int, per_byte: float) -> float:
    """Cycles of a copy of rows, with its part of the shared bandwidth."""
    size = rows * up(row_bytes, path.granule)
    alone = max(path.cost.cycles(size), path.cost.latency + rows * path.burst_cycles)
    return max(alone, path.cost.latency + rows * row_bytes * per_byte)


def up(value: int, multiple: int) -> int:
    """The next multiple from a value on."""
    return -(-value // multiple) * multiple


def sum_piece(problem: Problem, parts: int, target: Target) -> int:
    """Elements of the result that a vector core sums at a time: all parts of them are in ub."""
    count = problem.outer * problem.m * problem.n
    share = up(-(-count // target.cores[Core.VECTOR]), 64)
    room = target.scopes[Scope.UB].bytes // 4 // (4 * (parts + 1)) // 64 * 64
    return min(count, max(64, min(share, room)))


def sum_estimate(problem: Problem, parts: int, target: Target) -> float:
    """Cycles of the vector stage that sums the parts."""
    piece = sum_piece(problem, parts, target)
    count = -(-problem.outer * problem.m * problem.n // piece)
    rounds = waves(count, target.cores[Core.VECTOR])
    per_byte = min(count, target.cores[Core.VECTOR]) / target.global_bandwidth
    load = move_cycles_of(target.paths[Scope.GLOBAL, Scope.UB], parts, piece * 4, per_byte)
    store = move_cycles_of(target.paths[Scope.UB, Scope.GLOBAL], 1, piece * 4, per_byte)
    added = 3.0 * parts * piece * 4 / target.vector.repeat_bytes
    return rounds * max(load, added) + load + added + store
