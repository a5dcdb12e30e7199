"""Slices of global operands and of buffers: what they cut, and whether they can leave it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from xdsl.dialects import affine, memref
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    AffineMapAttr,
    MemRefType,
    StridedLayoutAttr,
)
from xdsl.ir import SSAValue
from xdsl.ir.affine import AffineExpr, AffineMap

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.buffer_types import global_type
from hawk_xdsl.dialects.kernel_text.context import KernelContext
from hawk_xdsl.dialects.kernel_text.extents import is_static, spelled
from hawk_xdsl.dialects.kernel_text.index import Linear, bounds
from hawk_xdsl.dialects.kernel_text.scope import Buffer, Extent, Global, Ragged
from hawk_xdsl.dialects.npu import Role


@dataclass(frozen=True)
class Cut:
    """One dimension of a slice.

    Attributes:
        start: its first element.
        length: elements as written, 1 for a point.
        stride: distance between them.
        point: whether the dimension is dropped.
        extent: how many of the elements exist.
        leaves: whether the start itself can be outside.
    """

    start: Linear
    length: int
    stride: int
    point: bool
    extent: Extent
    leaves: bool = False


@dataclass(frozen=True)
class LocalTile:
    """A buffer on the core, or a part of it, as an operand.

    Attributes:
        value: the memref.
        buffer: the buffer it is of.
        shape: lengths, points dropped.
        extents: what of it is valid.
        whole: whether it is all of the buffer.
    """

    value: SSAValue
    buffer: Buffer
    shape: tuple[int, ...]
    extents: tuple[Extent, ...]
    whole: bool


def _written(part: ast.Slice) -> tuple[int, int, int]:
    """Length, stride and span (elements from first to last) of a slice."""
    if part.length is None:
        return 1, 1, 1
    return part.length, part.stride, (part.length - 1) * part.stride + 1


def _expect_rank(context: KernelContext, name: str, given: int, rank: int) -> None:
    if given != rank:
        context.fail(f"{given} slices for the {rank} dimensions of `{name}`")


def flattened(context: KernelContext, entry: Global, rank: int) -> Global:
    """The operand as it is cut by fewer slices than it has dimensions: the last ones as one."""
    name, shape = entry.operand.name, entry.operand.shape
    if not 0 < rank < len(shape):
        return entry
    merged = (*shape[: rank - 1], prod(shape[rank - 1 :]))
    sizes = (*entry.sizes[: rank - 1], _product(context, name, entry.sizes[rank - 1 :]))
    strides = [_product(context, name, sizes[axis + 1 :]) for axis in range(rank)]

    def make() -> SSAValue:
        op = memref.ReinterpretCastOp.from_dynamic(
            entry.argument,
            [0],
            [context.index_or_int(size) for size in sizes],
            [context.index_or_int(stride) for stride in strides],
            _merged_type(entry.operand.dtype, sizes, strides),
        )
        return context.emit(op, name).result

    value = context.remembered(("flattened", name, rank), make)
    operand = entry.operand._replace(shape=merged)
    return replace(entry, operand=operand, argument=value, sizes=sizes)


def _product(context: KernelContext, name: str, sizes: Sequence[Linear]) -> Linear:
    """The product of dimensions, of which one may depend on extents."""
    dynamic = [size for size in sizes if not is_static(size)]
    if len(dynamic) > 1:
        parts = " and ".join(f"({spelled(size)})" for size in dynamic)
        context.fail(f"the dimensions {parts} of `{name}` cannot be one; cut each by a slice")
    number = prod(size.constant for size in sizes if is_static(size))
    return dynamic[0].times(number) if dynamic else Linear(constant=number)


def _merged_type(dtype: str, sizes: Sequence[Linear], strides: Sequence[Linear]) -> MemRefType:
    """The type of a flattened operand, contiguous; with dynamic strides these are spelled out."""
    shape = [size.constant if is_static(size) else DYNAMIC_INDEX for size in sizes]
    type_ = global_type(dtype, shape)
    if all(map(is_static, strides)):
        return type_
    layout = StridedLayoutAttr([s.constant if is_static(s) else None for s in strides])
    return MemRefType(type_.element_type, shape, layout, type_.memory_space)


def cut_global(
    context: KernelContext, entry: Global, slices: Sequence[ast.Slice], *, padded: bool = False
) -> tuple[Cut, ...]:
    """The slices of a global operand, one a dimension.

    Raises:
        KernelTextError: for a wrong rank, a slice longer than its dimension or one that starts
            outside (allowed if ``padded``).
    """
    operand = entry.operand
    _expect_rank(context, operand.name, len(slices), len(operand.shape))
    return tuple(_cut(context, entry, axis, part, padded) for axis, part in enumerate(slices))


def _cut(context: KernelContext, entry: Global, axis: int, part: ast.Slice, padded: bool) -> Cut:
    size, most = entry.sizes[axis], entry.operand.shape[axis]
    length, stride, span = _written(part)
    where = f"dimension {axis} of `{entry.operand.name}` has {spelled(size)} elements"
    if length < 1 or stride < 1:
        context.fail("lengths and strides of slices are at least 1")
    if span > most and not padded:
        at_most = "" if is_static(size) else f", at most {most}"
        context.fail(f"{where}{at_most}, but the slice spans {span}")
    start = context.linear(part.start)
    point = part.length is None
    cut = Cut(start, length, stride, point, length)
    limit = size.plus(start, -1)
    limits, rest = bounds(start), bounds(limit)
    if limits is None or rest is None:
        return cut
    low, least = limits[0], rest[0]
    if low < 0 and not context.guarded:
        context.fail(f"{where}, but the slice can start at {low}")
    leaves = least < 1 and not context.guarded
    if leaves and (point or not padded):
        context.fail(f"{where}, but the slice can start at {spelled(size.plus(_number(-least)))}")
    if span <= least or point:
        return cut
    if limit.terms:
        return Cut(start, length, stride, point, Ragged(length, limit, stride), leaves)
    if not padded:
        context.fail(f"{where}, but the slice ends at {start.constant + span}")
    valid = max(0, -(-limit.constant // stride))
    return Cut(start, length, stride, point, min(length, valid), leaves)


def global_view(context: KernelContext, entry: Global, cuts: Sequence[Cut]) -> SSAValue:
    """The part of a global operand that exists, points dropped."""
    offsets: list[SSAValue | int] = []
    sizes: list[SSAValue | int] = []
    for cut, extent in zip(cuts, entry.sizes, strict=True):
        if cut.leaves:
            offset, size = _clamped(context, cut, extent)
        else:
            offset, size = context.index_or_int(cut.start), context.extent_value(cut.extent)
        offsets.append(offset)
        sizes.append(size)
    return context.subview(
        entry.argument, offsets, sizes, [cut.stride for cut in cuts], [cut.point for cut in cuts]
    )


def _clamped(
    context: KernelContext, cut: Cut, extent: Linear
) -> tuple[SSAValue | int, SSAValue | int]:
    """Start and valid length where the start can be outside: the start moves to the end."""
    if not cut.start.terms and not extent.terms:
        return min(cut.start.constant, extent.constant), context.extent_value(cut.extent)
    offset = context.minimum(extent, cut.start)
    dimensions = extent.variables
    first = AffineExpr.dimension(len(dimensions))
    rest = extent.affine(dimensions) - first
    expression = rest if cut.stride == 1 else rest.ceil_div(cut.stride)
    map_ = AffineMap(len(dimensions) + 1, 0, (AffineExpr.constant(cut.length), expression))
    operands = [*map(context.variable_value, dimensions), offset]
    return offset, context.emit(affine.MinOp(operands, AffineMapAttr(map_))).result


def _number(value: int) -> Linear:
    return Linear(constant=value)


def kept(cuts: Sequence[Cut]) -> tuple[tuple[int, ...], tuple[Extent, ...]]:
    """Lengths and valid extents of the dimensions that are not points."""
    rest = [cut for cut in cuts if not cut.point]
    return tuple(cut.length for cut in rest), tuple(cut.extent for cut in rest)


def local_tile(context: KernelContext, tile: ast.Tile, *, expect: Role) -> LocalTile:
    """A buffer on the core or a part of it.

    Raises:
        KernelTextError: for an unknown buffer, one in another scope, or a slice that leaves it.
    """
    buffer = context.buffer(tile.name)
    if not buffer.scope.has(expect):
        needed = context.space_of(expect)
        context.fail(f"`{tile.name}` is in {buffer.scope}, but {needed} is needed")
    if tile.slices is None:
        value = context.valid_view(buffer)
        return LocalTile(value, buffer, buffer.shape, buffer.extents, True)
    _expect_rank(context, tile.name, len(tile.slices), len(buffer.shape))
    cuts = [
        _local_cut(context, tile.name, axis, part, buffer) for axis, part in enumerate(tile.slices)
    ]
    whole = all(
        not cut.point and cut.length == n for cut, n in zip(cuts, buffer.shape, strict=True)
    )
    if whole:
        return local_tile(context, ast.Tile(tile.name), expect=expect)
    value = context.subview(
        buffer.base,
        [context.index_or_int(cut.start) for cut in cuts],
        [context.extent_value(cut.extent) for cut in cuts],
        [cut.stride for cut in cuts],
        [cut.point for cut in cuts],
    )
    shape, extents = kept(cuts)
    if not shape:
        context.fail("a slice of a buffer needs a length; use read for a single element")
    return LocalTile(value, buffer, shape, extents, False)


def _local_cut(
    context: KernelContext, name: str, axis: int, part: ast.Slice, buffer: Buffer
) -> Cut:
    length, stride, span = _written(part)
    start = context.linear(part.start)
    allocated, extent = buffer.shape[axis], buffer.extents[axis]
    where = f"dimension {axis} of `{name}` has {allocated} elements"
    if length < 1 or stride < 1:
        context.fail("lengths and strides of slices are at least 1")
    if span > allocated:
        context.fail(f"{where}, but the slice spans {span}")
    limits = None if context.guarded and start.terms else bounds(start)
    if limits is not None and limits[0] < 0:
        context.fail(f"{where}, but the slice can start at {limits[0]}")
    if limits is not None and limits[1] + span > allocated:
        context.fail(f"{where}, but the slice can end at {limits[1] + span}")
    if isinstance(extent, int):
        return Cut(start, length, stride, part.length is None, length)
    if length != allocated or part.length is None:
        context.fail(
            f"dimension {axis} of `{name}` is cut at the edge; take it whole, or load it with pad"
        )
    return Cut(start, length, stride, False, extent)
