"""Cycles of instructions, from the target's tables and the shapes at hand."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from xdsl.dialects.builtin import MemRefType

from hawk_xdsl.dialects.dtype import NARROW_FLOATS, WIDE_FLOAT, element_name
from hawk_xdsl.dialects.npu import (
    INSTRUCTIONS,
    ROWS,
    BinaryOp,
    OpForm,
    Reduction,
    Role,
    VcastOp,
    VcmpOp,
    VcumulateOp,
    VectorOp,
    VreduceOp,
    VselOp,
)
from hawk_xdsl.npu_target import library
from hawk_xdsl.npu_target.cost_lines import Cost
from hawk_xdsl.npu_target.cube_spec import CubeSpec
from hawk_xdsl.npu_target.masks import stays_bits
from hawk_xdsl.npu_target.target import PathSpec, Target, VectorSpec

SELECTED_TILES = 4
"""Tiles of a selection without numbers: the mask, two sources, the destination."""


class TileShape(NamedTuple):
    """What the cost of an instruction depends on: extents, and strides and elements in bytes."""

    extents: tuple[int, ...]
    strides: tuple[int, ...]
    itemsize: int


class VectorWork(NamedTuple):
    """Which row of ``target.vector.ops`` a vector instruction uses, and the dtype in it.

    ``axes`` are those of a reduction, or the one of a scan; others have none. ``bits``: the truth
    values that it writes or reads stay bits.
    """

    row: str
    dtype: str
    axes: tuple[int, ...] = ()
    bits: bool = False


def work_of(op: VectorOp) -> VectorWork:
    """The work of an instruction of the IR."""
    out = element_name(op.destination.type)
    match op:
        case VreduceOp():
            axes = tuple(op.axes.get_values())
            return VectorWork(op.ROW.cost_row(op.kind.data), element_name(op.input.type), axes)
        case VcumulateOp():
            return VectorWork(op.ROW.cost_row(op.kind.data), out, (op.axis.value.data,))
        case VcastOp():
            return VectorWork(op.ROW.cost_row(), f"{element_name(op.input.type)}-{out}")
        case VcmpOp():
            dtype = element_name(op.lhs.type)
            return VectorWork(_scalar_row(op), dtype, bits=stays_bits(op.destination))
        case VselOp():
            return VectorWork(op.ROW.cost_row(), out, bits=stays_bits(op.condition))
        case BinaryOp():
            return VectorWork(_scalar_row(op), out)
        case _:
            return VectorWork(op.ROW.cost_row(), out)


def cost_row(op: VectorOp) -> tuple[str, str]:
    """The row of ``target.vector.ops`` that an instruction uses, and the dtype in it."""
    work = work_of(op)
    return work.row, work.dtype


def known_rows() -> frozenset[str]:
    """The rows that ``target.vector.ops`` can have: one of them is the cost of each instruction."""
    return frozenset(name for row in INSTRUCTIONS for name in row.cost_rows)


def _scalar_row(op: BinaryOp | VcmpOp) -> str:
    return op.ROW.cost_row(scalar=not isinstance(op.rhs.type, MemRefType))


def vector_cost(work: VectorWork, tiles: Sequence[TileShape], target: Target) -> tuple[float, int]:
    """Cycles and number of instructions of a vector op on its tiles, the destination last."""
    spec = target.vector
    cost = spec.ops[work.row][work.dtype]
    out = tiles[-1]
    mnemonic, _, kind = work.row.partition("_")
    form = ROWS[mnemonic].form
    by_library = mnemonic in spec.library
    if by_library:
        made = _by_library(form, kind, work, tiles, target)
        if made is not None:
            return made
    match form:
        case OpForm.REDUCE:
            repeats = _reduction_repeats(tiles[0], work.axes, spec)
        case OpForm.CUMULATE:
            doublings = max(1, math.ceil(math.log2(out.extents[work.axes[0]])))
            repeats = _repeats(out, spec) * doublings
        case OpForm.CAST:
            repeats = max(_repeats(tile, spec) for tile in tiles)
        case OpForm.COMPARE:
            repeats = _repeats(tiles[0], spec)
        case OpForm.TRANSPOSE | OpForm.GATHER:
            repeats = max(_repeats(tile, spec) for tile in tiles if tile.extents == out.extents)
        case _:
            repeats = _elementwise_repeats(tiles, spec)
    cycles = cost.cycles(repeats)
    if form is OpForm.COMPARE and not work.bits:
        cycles += spec.mask_write.cycles(repeats)
    elif form is OpForm.SELECT and not work.bits:
        cycles += spec.mask_read.cycles(repeats)
    if form is OpForm.SELECT and by_library:
        numbers = SELECTED_TILES - len(tiles)
        cycles += library.mask_address(target) + numbers * spec.ops["vbrc"]["f32"].cycles(1)
    for tile in tiles[:-1]:
        if _repeats_along_rows(tile, out):
            cycles += _row_broadcast(tile, spec) + (library.wait(target) if spec.library else 0)
    return cycles, max(1, math.ceil(repeats / spec.max_repeats))


def _elementwise_repeats(tiles: Sequence[TileShape], spec: VectorSpec) -> int:
    """Repeats of an instruction on the elements of its tiles; run by run if one is broadcast.

    A run is what lies side by side and is broadcast alike. Example: [16, 64, 16] and [1, 64, 16] of
    f32 are 16 runs of 4 KiB, or 256 repeats; [16, 64] and [16, 1] of f16 are 16 runs of 128 bytes,
    half a repeat each, or 16.
    """
    out = tiles[-1]
    alike = [tile for tile in tiles if tile.extents == out.extents]
    spread = [tile for tile in tiles[:-1] if _is_broadcast(tile, out)]
    if not spread:
        return max(_repeats(tile, spec) for tile in alike)
    axis, run = len(out.extents) - 1, out.itemsize
    kind = [_spread_axis(tile, out, axis) for tile in spread]
    while axis >= 0 and kind == [_spread_axis(tile, out, axis) for tile in spread]:
        if any(tile.strides[axis] != run * tile.itemsize // out.itemsize for tile in alike):
            break
        run *= out.extents[axis]
        axis -= 1
    return math.prod(out.extents[: axis + 1]) * math.ceil(run / spec.repeat_bytes)


def _is_broadcast(tile: TileShape, out: TileShape) -> bool:
    """Whether a tile is repeated along rows or as rows; a tile of one element is a number."""
    return tile.extents != out.extents and math.prod(tile.extents) > 1


def _spread_axis(tile: TileShape, out: TileShape, axis: int) -> bool:
    """Whether an axis of the result repeats a tile, whose axes are the result's last ones."""
    own = axis - len(out.extents) + len(tile.extents)
    return own < 0 or tile.extents[own] != out.extents[axis]


def _by_library(
    form: OpForm, kind: str, work: VectorWork, tiles: Sequence[TileShape], target: Target
) -> library.Cycles | None:
    """What the library makes of several instructions; ``None`` if it is one after all."""
    step, tile = target.vector.ops[work.row][work.dtype], tiles[0]
    match form:
        case OpForm.ARANGE:
            elements = math.prod(tile.extents)
            if elements > max(tile.extents):
                return library.counting_in_rows(elements, target)
            return library.counting(step, elements, tile.itemsize, target)
        case OpForm.GATHER:
            ops, (indices, out) = target.vector.ops, tiles[-2:]
            repeats = _repeats(out, target.vector), _repeats(indices, target.vector)
            multiply, add = ops["vmul_scalar"]["i32"], ops["vadd_scalar"]["i32"]
            return library.gather(step, multiply, add, repeats, target)
        case OpForm.CUMULATE:
            if len(tile.extents) - 1 in work.axes:
                return library.scan_along_row(math.prod(tile.extents), target)
            rows = tile.extents[work.axes[0]]
            repeats = _repeats(_row_of(tile, work.axes), target.vector)
            return library.scan_of_rows(step, rows, repeats, target)
        case OpForm.REDUCE if len(tile.extents) - 1 in work.axes:
            return _reduction_along_rows(kind, work, tile, target)
        case OpForm.REDUCE:
            return _reduction_of_rows(kind, work, tile, target)
        case _:
            return None


def _reduction_along_rows(
    kind: str, work: VectorWork, tile: TileShape, target: Target
) -> library.Cycles:
    """A reduction of the last axis; a tile of which nothing is left is one row."""
    ops = target.vector.ops
    last = ops[work.row][work.dtype]
    combine = ops.get(library.COMBINES[kind], {}).get(work.dtype, last)
    left = [n for axis, n in enumerate(tile.extents) if axis not in work.axes]
    rows = library.Rows(math.prod(tile.extents[:-1]), tile.extents[-1], tile.itemsize)
    if math.prod(left) == 1:
        rows = library.Rows(1, math.prod(tile.extents), tile.itemsize)
    if kind in (Reduction.ARGMAX, Reduction.ARGMIN):
        return library.positions_along_rows(last, rows, target)
    if kind == Reduction.PROD:
        return library.product_along_rows(combine, rows, target)
    if rows.count == 1 and kind != Reduction.SUM and rows.repeats(target) > 1:
        return library.extreme_of_one_row(combine, last, rows, target)
    return library.reduction_along_rows(combine, last, rows, target)


def _reduction_of_rows(
    kind: str, work: VectorWork, tile: TileShape, target: Target
) -> library.Cycles:
    """A reduction of other axes than the last."""
    ops = target.vector.ops
    combine = ops.get(library.COMBINES[kind], {}).get(work.dtype, ops[work.row][work.dtype])
    count = math.prod(tile.extents[axis] for axis in work.axes)
    row = _row_of(tile, work.axes)
    if kind in (Reduction.ARGMAX, Reduction.ARGMIN):
        steps = library.PositionSteps(
            ops["vcmp"][work.dtype], combine, ops["vbrc"]["i32"], ops["vsel"]["i32"]
        )
        length = math.prod(row.extents)
        return library.positions_of_rows(steps, library.Rows(count, length, tile.itemsize), target)
    return library.reduction_of_rows(combine, count, _repeats(row, target.vector), target)


def _row_of(tile: TileShape, axes: Sequence[int]) -> TileShape:
    """What of a tile one step of a scan or reduction along other axes than the last works on."""
    extents = tuple(1 if axis in axes else n for axis, n in enumerate(tile.extents))
    return TileShape(extents, tile.strides, tile.itemsize)


def _repeats_along_rows(tile: TileShape, out: TileShape) -> bool:
    """Whether each element of a column is used for a whole row: it is spread over a block first."""
    return bool(tile.extents) and tile.extents[-1] == 1 and out.extents[-1] > 1


BROADCAST_DTYPES = (NARROW_FLOATS[0], WIDE_FLOAT)
"""The dtypes whose costs a broadcast along a row has: of elements below 4 bytes, and of 4 bytes."""


def _row_broadcast(tile: TileShape, spec: VectorSpec) -> float:
    rows = math.prod(tile.extents)
    row = spec.ops["vbrc"]
    cost: Cost = row[BROADCAST_DTYPES[tile.itemsize == WIDE_FLOAT.bytes]]
    return cost.cycles(math.ceil(rows * spec.block_bytes / spec.repeat_bytes))


def _repeats(tile: TileShape, spec: VectorSpec) -> int:
    """Repeats that cover a tile: dense, or row by row; eight rows of a block fit into one."""
    run, dims = tile.itemsize, list(zip(tile.extents, tile.strides, strict=True))
    while dims and (dims[-1][1] == run or dims[-1][0] == 1):
        run *= dims.pop()[0]
    rows = math.prod(extent for extent, _ in dims)
    if rows > 1 and run <= spec.block_bytes:
        return math.ceil(rows * spec.block_bytes / spec.repeat_bytes)
    return rows * math.ceil(run / spec.repeat_bytes)


def _reduction_repeats(tile: TileShape, axes: Sequence[int], spec: VectorSpec) -> int:
    """Repeats of a reduction: whole repeats to a block each along the rows, then the blocks.

    Other axes are reduced tile by tile, which costs what an elementwise pass does.
    """
    if len(tile.extents) - 1 not in axes:
        return _repeats(tile, spec)
    rows = math.prod(tile.extents[:-1])
    first = math.ceil(tile.extents[-1] * tile.itemsize / spec.repeat_bytes)
    second = math.ceil(first * spec.block_bytes / spec.repeat_bytes) if first > 1 else 0
    return rows * (first + second)


def move_cycles(path: PathSpec, bursts: int, burst_bytes: int) -> float:
    """Cycles of a copy alone on the memory: whole granules, and no burst below its least time."""
    granules = math.ceil(burst_bytes / path.granule) * path.granule
    return max(path.cost.cycles(bursts * granules), path.cost.latency + bursts * path.burst_cycles)


def unpadded_bytes(source: Sequence[int], dest: Sequence[int], itemsize: int, block: int) -> int:
    """Bytes that a padded copy's destination has to be filled with before the copy.

    The copy itself pads up to ``block`` bytes a row, which is what rows are rounded to.
    """
    same_rows = tuple(source[:-1]) == tuple(dest[:-1])
    if same_rows and (dest[-1] - source[-1]) * itemsize <= block:
        return 0
    row = dest[-1] * itemsize
    return math.prod(dest[:-1]) * (row + -row % block)


def fill_cycles(size: int, dtype: str, target: Target) -> float:
    """Cycles of a fill of so many bytes by the vector unit, which a copy waits for."""
    fill = target.vector.ops["vbrc"][dtype].cycles(math.ceil(size / target.vector.repeat_bytes))
    return fill + target.sync.tail[target.vector.pipe] + 2 * target.sync.flag


def product_cycles(cube: CubeSpec, dtype: str, fractals: int) -> float:
    """Cycles of the cube alone, its factors being in l0a and l0b."""
    return cube.fixed + fractals * cube.dtypes[dtype].cycles


def bias_cycles(n: int, itemsize: int, target: Target) -> float:
    """Cycles of staging a row that an accumulation starts from: charged with every product.

    Nothing is published of the way into the bias table: taken for that into l0b.
    """
    return 0.0 if target.cube.l0b is None else target.cube.l0b.cycles(n * itemsize)


def mmad_cycles(m: int, k: int, n: int, dtype: str, itemsize: int, target: Target) -> float:
    """Cycles of ``npu.mmad`` with the staging of its factors, where the machine has that.

    The factors are staged in as many chunks as halves of l0a and l0b need; the matrix unit works
    on one chunk while the next one is staged. One chunk alone cannot overlap.
    """
    cube: CubeSpec = target.cube
    depth = cube.depth_bytes // itemsize
    m_tiles, n_tiles = math.ceil(m / cube.rows), math.ceil(n / cube.columns)
    k_tiles = math.ceil(k / depth)
    compute = product_cycles(cube, dtype, m_tiles * k_tiles * n_tiles)
    a_bytes = m_tiles * cube.rows * k_tiles * cube.depth_bytes
    b_bytes = n_tiles * cube.columns * k_tiles * cube.depth_bytes
    if cube.l0a is None or cube.l0b is None:
        return compute
    staging = cube.l0a.cycles(a_bytes) + cube.l0b.cycles(b_bytes)
    halves = [target.capacity(role) / 2 for role in (Role.LEFT, Role.RIGHT)]
    chunks = max(math.ceil(a_bytes / halves[0]), math.ceil(b_bytes / halves[1]))
    return (staging + compute + (chunks - 1) * max(staging, compute)) / chunks
