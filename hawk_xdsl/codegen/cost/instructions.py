"""What single instructions cost on tiles, from the target's tables."""

from collections.abc import Sequence
from math import ceil

from hawk_xdsl.codegen.cost.program import CostedInstruction
from hawk_xdsl.codegen.cost.tiles import TileRef, up
from hawk_xdsl.dialects.npu import Pipe, Scope
from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target.cost import (
    VectorWork,
    bias_cycles,
    fill_cycles,
    mmad_cycles,
    move_cycles,
    unpadded_bytes,
    vector_cost,
)
from hawk_xdsl.npu_target.moves import bursts_of
from hawk_xdsl.npu_target.target import PathSpec, Target


def vector(
    work: VectorWork, sources: Sequence[TileRef], out: TileRef, target: Target
) -> CostedInstruction:
    """A vector instruction. Raises ``HawkError`` if the target has none such."""
    if work.dtype not in target.vector.ops.get(work.row, {}):
        raise HawkError(f"{target.name} has no {work.row} of {work.dtype}")
    shapes = [tile.shaped() for tile in (*sources, out)]
    cycles, count = vector_cost(work, shapes, target)
    reads = tuple(tile.number for tile in sources)
    pipe = target.pipe_numbers[target.vector.pipe]
    return CostedInstruction(pipe, cycles, count, 0, reads, (out.number,))


def call(sources: Sequence[TileRef], out: TileRef, target: Target) -> CostedInstruction:
    """What is no instruction (a hole of a skeleton, a composite) takes an unknown time: 0."""
    reads = tuple(tile.number for tile in sources)
    return CostedInstruction(
        target.pipe_numbers[target.vector.pipe], 0.0, 0, 0, reads, (out.number,)
    )


def product(
    lhs: TileRef,
    rhs: TileRef,
    acc: TileRef,
    bias: TileRef | None,
    *,
    transposed: bool,
    target: Target,
) -> CostedInstruction:
    """A matrix product, its staging included; ``transposed`` is whether lhs is k × m."""
    m, n = acc.valid
    k = lhs.valid[0 if transposed else 1]
    cycles = mmad_cycles(m, k, n, lhs.dtype, lhs.itemsize, target)
    if bias is not None:
        cycles += bias_cycles(n, acc.itemsize, target)
    # The unit writes bands of columns next to each other: fewer rows take one instruction a band.
    rows = acc.scope.rows
    whole = not acc.scope.by_fractals or up(m, rows) == up(acc.shape[0], rows)
    count = 1 if whole else ceil(n / acc.fractal_columns)
    cycles += (count - 1) * target.cube.fixed
    pipe = target.pipe_numbers[target.cube.pipe]
    reads = [tile.number for tile in (lhs, rhs, bias, acc) if tile is not None]
    return CostedInstruction(pipe, cycles, count, 0, tuple(reads), (acc.number,))


def load(
    source: TileRef, dest: TileRef, target: Target, per_byte: float, *, padded: bool
) -> CostedInstruction:
    """A copy from global memory; ``padded`` fills what does not exist of the source.

    ``per_byte`` are the cycles that a byte costs all cores together, as of ``store``.
    """
    path = _path(target, Scope.GLOBAL, dest.scope)
    cycles, count, size = _move(source, dest, path)
    if padded and dest.scope.by_fractals:
        cycles += 0.0 if source.valid == dest.valid else dest.bytes * path.cost.slope
    elif padded:
        unpadded = unpadded_bytes(source.valid, dest.valid, dest.itemsize, dest.scope.block)
        cycles += fill_cycles(unpadded, dest.dtype, target) if unpadded else 0.0
    return _transfer(
        path, cycles, count, size, source, dest, target, stores=False, per_byte=per_byte
    )


def store(source: TileRef, dest: TileRef, target: Target, per_byte: float) -> CostedInstruction:
    """A copy to global memory, of a tile of the vector unit or of an accumulator."""
    path = _path(target, source.scope, Scope.GLOBAL)
    cycles, count, size = _move(dest, source, path)
    return _transfer(
        path, cycles, count, size, source, dest, target, stores=True, per_byte=per_byte
    )


def copy(source: TileRef, dest: TileRef, target: Target) -> CostedInstruction:
    """A copy between tiles of the vector unit."""
    path = _path(target, source.scope, dest.scope)
    cycles, count, _ = _move(source, dest, path)
    pipe = target.pipe_numbers[path.pipe]
    return CostedInstruction(pipe, cycles, count, 0, (source.number,), (dest.number,))


def read(source: TileRef, target: Target) -> CostedInstruction:
    """One element for the scalar unit, which waits for it."""
    pipe = target.pipe_numbers[Pipe.SCALAR]
    return CostedInstruction(pipe, target.scalar.read[source.scope], 1, 0, (source.number,))


def _path(target: Target, source: Scope, dest: Scope) -> PathSpec:
    path = target.paths.get((source, dest))
    if path is None:
        raise HawkError(f"{target.name} has no path from {source} to {dest}")
    return path


def _transfer(
    path: PathSpec,
    cycles: float,
    count: int,
    size: int,
    source: TileRef,
    dest: TileRef,
    target: Target,
    *,
    stores: bool,
    per_byte: float,
) -> CostedInstruction:
    return CostedInstruction(
        target.pipe_numbers[path.pipe],
        cycles,
        count,
        0,
        (source.number,),
        (dest.number,),
        size,
        path.cost.latency,
        stores,
        per_byte,
    )


def _move(far: TileRef, near: TileRef, path: PathSpec) -> tuple[float, int, int]:
    """Cycles, instructions and bytes of a copy of what exists of ``far``."""
    itemsize = far.itemsize
    if near.scope.by_fractals:
        rows, columns = _matrix(far, near)
        size = columns * itemsize
        return move_cycles(path, rows, size), 1, rows * size
    dims = [
        (extent, stride * itemsize) for extent, stride in _kept(far.valid, far.strides, far.shape)
    ]
    near_dims = _kept(near.valid, near.strides, near.shape)
    cut = [
        (extent, stride, near_stride * itemsize)
        for (extent, stride), (_, near_stride) in zip(dims, near_dims, strict=False)
    ]
    bursts = bursts_of(cut, itemsize, Scope.GLOBAL)
    cycles = bursts.instructions * move_cycles(path, bursts.count, bursts.size)
    return cycles, bursts.instructions, bursts.instructions * bursts.count * bursts.size


def _kept(
    valid: Sequence[int], strides: Sequence[int], shape: Sequence[int]
) -> list[tuple[int, int]]:
    """Extents and strides of the dimensions that are not 1."""
    return [(v, s) for v, s, n in zip(valid, strides, shape, strict=True) if n != 1]


def _matrix(far: TileRef, near: TileRef) -> tuple[int, int]:
    """Rows and columns that exist on both sides of a copy to or from fractals."""
    if len(far.valid) == 2:
        return far.valid[0], far.valid[1]
    found = [v for v, n in zip(far.valid, far.shape, strict=True) if n != 1]
    for axis, extent in enumerate(near.shape):
        if extent == 1:
            found.insert(axis, 1)
    return found[0], found[1]
