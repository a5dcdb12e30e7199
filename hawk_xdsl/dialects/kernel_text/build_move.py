"""Building the statements that place and move tiles: load, store, read, fill, view."""

from collections.abc import Sequence
from dataclasses import replace

from xdsl.dialects import memref
from xdsl.dialects.builtin import MemRefType, StridedLayoutAttr
from xdsl.ir import SSAValue

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.buffer_types import literal
from hawk_xdsl.dialects.kernel_text.context import KernelContext
from hawk_xdsl.dialects.kernel_text.extents import spelled
from hawk_xdsl.dialects.kernel_text.index import IndexVariable, Linear, bounds
from hawk_xdsl.dialects.kernel_text.scope import AccumulatorFill, Buffer, Extent, Ragged, Scalar
from hawk_xdsl.dialects.kernel_text.slices import (
    LocalTile,
    cut_global,
    flattened,
    global_view,
    kept,
    local_tile,
)
from hawk_xdsl.dialects.npu import (
    FixpipeOp,
    LoadOp,
    ReadOp,
    Role,
    StoreOp,
    VbrcOp,
    strides_of,
)


def build_load(context: KernelContext, name: str, node: ast.Load) -> None:
    """``name = load x[…] into ub|l1 [pad n]``; where fractals are, a vector is a row of one."""
    entry = context.global_operand(node.source.name)
    slices = node.source.slices or ()
    viewed = flattened(context, entry, len(slices))
    cuts = cut_global(context, viewed, slices, padded=node.pad is not None)
    shape, extents = kept(cuts)
    source = global_view(context, viewed, cuts)
    scope = context.named_space(node.scope, Role.VECTOR, Role.MATRIX)
    if scope.by_fractals and len(shape) == 1:
        shape, extents = (1, *shape), (1, *extents)
    pad = None
    if node.pad is not None:
        pad = context.constant(literal(node.pad.value, entry.operand.dtype, context.line))
        extents = shape
    buffer = context.destination(name, entry.operand.dtype, shape, extents, scope)
    context.emit(LoadOp(source, context.valid_view(buffer), pad))
    entry.read = True


def build_store(context: KernelContext, node: ast.Store) -> None:
    """``store [relu] a into y[…]``."""
    entry = context.global_operand(node.dest.name)
    if entry.is_input:
        context.fail(f"`{node.dest.name}` is an input and cannot be stored into")
    scope = context.buffer(node.source.name).scope
    drains = scope.has(Role.ACCUMULATOR)
    if not drains and not scope.has(Role.VECTOR):
        known = f"{context.space_of(Role.VECTOR)} and {context.space_of(Role.ACCUMULATOR)}"
        context.fail(f"`{node.source.name}` is in {scope}; only {known} can be stored")
    tile = local_tile(context, node.source, expect=Role.ACCUMULATOR if drains else Role.VECTOR)
    accumulation = tile.buffer.accumulation
    if accumulation is not None and not accumulation.started:
        context.fail(f"nothing was accumulated in `{node.source.name}` since it was filled")
    slices = node.dest.slices or ()
    viewed = flattened(context, entry, len(slices))
    cuts = cut_global(context, viewed, slices)
    value = _fitted(context, node.source.name, tile, *kept(cuts))
    dest = global_view(context, viewed, cuts)
    if drains:
        context.emit(FixpipeOp(value, dest, relu=node.relu))
    elif node.relu:
        context.fail(
            f"store relu needs a buffer in {context.space_of(Role.ACCUMULATOR)}; use vrelu"
        )
    else:
        context.emit(StoreOp(value, dest))
    entry.written = True


def _fitted(
    context: KernelContext,
    name: str,
    tile: LocalTile,
    lengths: tuple[int, ...],
    extents: tuple[Extent, ...],
) -> SSAValue:
    """The tile cut to what exists of the destination; unit dimensions may differ."""
    source = [axis for axis, length in enumerate(tile.shape) if length != 1]
    dest = [axis for axis, length in enumerate(lengths) if length != 1]
    if [tile.shape[axis] for axis in source] != [lengths[axis] for axis in dest]:
        context.fail(f"`{name}` is {list(tile.shape)}, but the destination {list(lengths)}")
    wanted = list(tile.extents)
    for mine, theirs in zip(source, dest, strict=True):
        extent = tile.extents[mine]
        if extent == extents[theirs]:
            continue
        if isinstance(extent, Ragged):
            context.fail(
                f"dimension {mine} of `{name}` is cut at another edge than the destination"
            )
        wanted[mine] = extents[theirs]
    if tuple(wanted) == tile.extents:
        return tile.value
    if not tile.whole:
        context.fail(f"the destination is cut at an edge; store all of `{name}` there")
    return context.cut(tile.buffer.base, wanted)


def build_read(context: KernelContext, name: str, node: ast.Read) -> None:
    """``name = read x[i, j]``, of global memory or of a buffer."""
    if node.source in context.globals:
        entry = context.global_operand(node.source)
        source, shape, dtype = entry.argument, entry.sizes, entry.operand.dtype
        entry.read = True
    else:
        buffer = context.buffer(node.source)
        source, dtype = buffer.base, buffer.dtype
        shape = tuple(Linear(constant=length) for length in buffer.shape)
    if len(node.indices) != len(shape):
        context.fail(
            f"{len(node.indices)} indices for the {len(shape)} dimensions of `{node.source}`"
        )
    indices: list[SSAValue] = []
    for axis, (index, extent) in enumerate(zip(node.indices, shape, strict=True)):
        position = context.linear(index)
        limits = None if context.guarded and position.terms else bounds(position)
        rest = bounds(extent.plus(position, -1))
        if limits is not None and rest is not None and (limits[0] < 0 or rest[0] < 1):
            context.fail(
                f"dimension {axis} of `{node.source}` has {spelled(extent)} elements, but the "
                f"index goes from {limits[0]} to {limits[1]}"
            )
        indices.append(context.index(position))
    value = context.emit(ReadOp(source, indices), name).value
    context.variables += 1
    variable = IndexVariable(name, context.variables, len(context.frames), value)
    context.define(name, Scalar(variable, dtype))


def build_fill(context: KernelContext, name: str, node: ast.Fill) -> None:
    """``name = fill n dtype[…] in ub|l0c``: in l0c the first mmad does it."""
    if min(node.shape) < 1:
        context.fail(f"shape {list(node.shape)} has an empty dimension")
    value = literal(node.value.value, node.dtype, context.line)
    scope = context.named_space(node.scope, Role.VECTOR, Role.ACCUMULATOR)
    buffer = context.destination(name, node.dtype, node.shape, node.shape, scope)
    if scope.has(Role.VECTOR):
        context.emit(VbrcOp(context.constant(value), context.valid_view(buffer)))
        return
    if node.value.value != 0:
        context.fail(f"a buffer in {scope} can only be filled with 0")
    if buffer.accumulation is not None and buffer.accumulation != AccumulatorFill(
        len(context.frames)
    ):
        context.restart(name, buffer)


def build_view(context: KernelContext, name: str, node: ast.View) -> None:
    """``name = view a as […]``: a new name for the same bytes."""
    buffer = context.buffer(node.source)
    if not buffer.scope.has(Role.VECTOR):
        known = context.space_of(Role.VECTOR)
        context.fail(
            f"`{node.source}` is in {buffer.scope}; only a buffer in {known} can be viewed"
        )
    if context.lookup(name) is not None:
        context.fail(f"`{name}` is already defined; a view needs a new name")
    if min(node.shape) < 1:
        context.fail(f"shape {list(node.shape)} has an empty dimension")
    type_ = buffer.base.type
    assert isinstance(type_, MemRefType)
    strides = reshaped_strides(buffer.shape, strides_of(type_), node.shape)
    if strides is None:
        context.fail(
            f"`{node.source}`, {list(buffer.shape)} with strides {list(strides_of(type_))}, cannot "
            f"be viewed as {list(node.shape)} without moving elements"
        )
    extents = _viewed_extents(context, node, buffer)
    layout = StridedLayoutAttr(strides)
    result = MemRefType(type_.element_type, node.shape, layout, type_.memory_space)
    op = memref.ReinterpretCastOp(buffer.base, [], [], [], [0], list(node.shape), strides, result)
    base = context.emit(op, name).result
    depth = len(context.frames)
    view = replace(buffer, base=base, shape=node.shape, extents=extents, depth=depth)
    context.define(name, view)


def _viewed_extents(context: KernelContext, node: ast.View, buffer: Buffer) -> tuple[Extent, ...]:
    if all(isinstance(extent, int) for extent in buffer.extents):
        return node.shape
    lengths = [n for n in buffer.shape if n != 1]
    if lengths != [n for n in node.shape if n != 1]:
        context.fail(
            f"`{node.source}` is cut at the edge; a view can only add or drop dimensions of 1"
        )
    valid = iter([e for n, e in zip(buffer.shape, buffer.extents, strict=True) if n != 1])
    return tuple(1 if n == 1 else next(valid) for n in node.shape)


def reshaped_strides(
    shape: Sequence[int], strides: Sequence[int | None], wanted: Sequence[int]
) -> list[int] | None:
    """Strides that give the same elements in another shape, or None if there are none.

    Unit dimensions get the stride that a contiguous buffer would have there.
    """
    old = [(n, s) for n, s in zip(shape, strides, strict=True) if n != 1 and s is not None]
    result: list[int] = []
    length, stride = 1, 1
    for extent in reversed(wanted):
        if length == 1 and extent != 1:
            if not old:
                return None
            length, stride = old.pop()
        while length % extent and old and old[-1][1] == length * stride:
            length *= old.pop()[0]
        if length % extent:
            return None
        result.append(stride)
        length, stride = length // extent, stride * extent
    return None if length != 1 or old else list(reversed(result))
