"""Cycles of a tiled contraction before it is written: what its pipes do, and what they wait for."""

from hawk_xdsl.codegen.cube.tile_sizes import Problem, TileSizes, fits, sum_piece, up
from hawk_xdsl.dialects.npu import Role
from hawk_xdsl.npu_target.cost import mmad_cycles
from hawk_xdsl.npu_target.dtypes import NUMPY_DTYPES
from hawk_xdsl.npu_target.target import PathSpec, Target
from hawk_xdsl.schedule.candidate import waves

STEP_OVERHEAD = 16.0
"""Cycles of flags and barriers of one step, estimated."""


def estimate(problem: Problem, tile: TileSizes, target: Target) -> float:
    """Cycles of the cube stage: the busiest pipe of the busiest core, and what none overlaps.

    Factors' tiles that fit twice are loaded while the cube works on the others; an accumulator
    that fits twice is stored while the next one is summed.
    """
    cores = target.cores[target.matrix_core]
    tiles = problem.outer * -(-problem.m // tile.m) * -(-problem.n // tile.n) * tile.split
    per_byte = min(tiles, cores) / target.global_bandwidth
    load = target.path(Role.GLOBAL, Role.MATRIX)
    store = target.path(Role.ACCUMULATOR, Role.GLOBAL)
    m, n, k = min(tile.m, problem.m), min(tile.n, problem.n), min(tile.k, problem.k)
    width = problem.width
    lhs = (m, k) if problem.lhs_rows_along_k else (k, m)
    rhs = (n, k) if problem.rhs_rows_along_k else (k, n)
    loads = sum(
        move_cycles_of(load, rows, columns * width, per_byte) for rows, columns in (lhs, rhs)
    )
    product = mmad_cycles(m, k, n, problem.dtype, width, target) + target.sync.flag * 2
    steps = problem.reduction_points * -(-problem.k // tile.k) / tile.split
    filled = problem.k / (-(-problem.k // tile.k) * k)
    latency = 2 * load.cost.latency
    moved = steps * (latency + (loads - latency) * filled + STEP_OVERHEAD)
    worked = steps * product * filled
    out_width = 4 if tile.split > 1 else NUMPY_DTYPES[problem.out_dtype].itemsize
    drained = move_cycles_of(store, m, n * out_width, per_byte)
    shared = m * n * out_width * per_byte
    if not _accumulates_twice(m, n, target):
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
    return total if tile.split == 1 else total + sum_estimate(problem, tile.split, target)


def _accumulates_twice(m: int, n: int, target: Target) -> bool:
    """Whether l0c holds two accumulators, so that one is stored while the other is summed."""
    elements = up(m, target.cube.rows) * up(n, target.cube.columns)
    size = elements * target.cube.accumulator_bytes()
    return 2 * size <= target.capacity(Role.ACCUMULATOR)


def move_cycles_of(path: PathSpec, rows: int, row_bytes: int, per_byte: float) -> float:
    """Cycles of a copy of rows, with its part of the shared bandwidth."""
    size = rows * up(row_bytes, path.granule)
    alone = max(path.cost.cycles(size), path.cost.latency + rows * path.burst_cycles)
    return max(alone, path.cost.latency + rows * row_bytes * per_byte)


def sum_estimate(problem: Problem, parts: int, target: Target) -> float:
    """Cycles of the vector stage that sums the parts."""
    piece = sum_piece(problem, parts, target)
    count = -(-problem.outer * problem.m * problem.n // piece)
    rounds = waves(count, target.cores[target.vector_core])
    per_byte = min(count, target.cores[target.vector_core]) / target.global_bandwidth
    load = move_cycles_of(target.path(Role.GLOBAL, Role.VECTOR), parts, piece * 4, per_byte)
    store = move_cycles_of(target.path(Role.VECTOR, Role.GLOBAL), 1, piece * 4, per_byte)
    added = 3.0 * parts * piece * 4 / target.vector.repeat_bytes
    return rounds * max(load, added) + load + added + store


def stationary_cycles(
    problem: Problem, tile: TileSizes, target: Target, *, is_lhs: bool, whole: bool
) -> float:
    """Cycles of the cube stage where one operand stays in l1 and tiles of the other stream.

    ``is_lhs``: it is the left one. ``whole``: each core loads all of it once; else a panel of it
    for each iteration.
    """
    own, other = (tile.m, tile.n) if is_lhs else (tile.n, tile.m)
    held, streamed = (problem.m, problem.n) if is_lhs else (problem.n, problem.m)
    cores, width = target.cores[target.matrix_core], problem.width
    count = -(-streamed // other)
    if whole:
        iterations, inner = problem.outer * count, 1
    else:
        iterations = problem.outer * -(-held // own) * tile.split
        inner = count // tile.split
    per_byte = min(iterations, cores) / target.global_bandwidth
    load = target.path(Role.GLOBAL, Role.MATRIX)
    store = target.path(Role.ACCUMULATOR, Role.GLOBAL)
    depth = problem.k * problem.reduction_points
    along = (problem.lhs_rows_along_k, problem.rhs_rows_along_k)
    held_along, other_along = along if is_lhs else along[::-1]
    rows, columns = (own, depth) if held_along else (depth, own)
    panel = move_cycles_of(load, rows, columns * width, per_byte)
    rows, columns = (other, tile.k) if other_along else (tile.k, other)
    step = move_cycles_of(load, rows, columns * width, per_byte) + STEP_OVERHEAD
    product = mmad_cycles(tile.m, tile.k, tile.n, problem.dtype, width, target)
    product += 2 * target.sync.flag
    steps = problem.reduction_points * problem.k // tile.k
    size = tile.m * tile.n * NUMPY_DTYPES[problem.out_dtype].itemsize
    drained = move_cycles_of(store, tile.m, size // tile.m, per_byte)
    worked = steps * product
    if not _accumulates_twice(tile.m, tile.n, target):
        worked += drained
    moved = steps * step + size * per_byte
    rounds = waves(iterations, cores)
    if whole:
        return panel + max(rounds * moved + product, step + rounds * worked) + drained
    each = panel + max(inner * moved + product, step + inner * worked)
    return rounds * each + drained
