"""Building the vector instructions: shape and valid extents of the result, then the operation."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from xdsl.ir import SSAValue

from hawk_xdsl.dialects.dtype import INDEX, TRUTH
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.context import KernelContext
from hawk_xdsl.dialects.kernel_text.scope import Extent, Ragged, Scalar
from hawk_xdsl.dialects.kernel_text.slices import LocalTile, local_tile
from hawk_xdsl.dialects.npu import (
    BINARY_OPS,
    UNARY_OPS,
    CopyOp,
    Reduction,
    Role,
    TileOp,
    VarangeOp,
    VbrcOp,
    VcastOp,
    VcmpOp,
    VcumulateOp,
    VgatherOp,
    VreduceOp,
    VselOp,
    VtransposeOp,
)

_Shape = tuple[int, ...]
_Extents = tuple[Extent, ...]


def _ub(context: KernelContext, tile: ast.Operand) -> LocalTile:
    if isinstance(tile, ast.Number):
        context.fail("a number stands where a buffer is needed")
    return local_tile(context, tile, expect=Role.VECTOR)


def _is_scalar(context: KernelContext, operand: ast.Operand) -> bool:
    if isinstance(operand, ast.Number):
        return True
    return operand.slices is None and isinstance(context.lookup(operand.name), Scalar)


def _cut_alike(context: KernelContext, tiles: Sequence[LocalTile]) -> list[LocalTile]:
    """The tiles, whole dimensions cut where another tile's same one is cut at an extent.

    Example: a row of ``n0`` elements at most 64, and the first 64 of a longer row; of these the
    first ``n0`` count.
    """
    edges: dict[int, Ragged] = {}  # by axis from the last one, -1, on
    for tile in tiles:
        for axis, extent in enumerate(tile.extents, start=-len(tile.extents)):
            if isinstance(extent, Ragged) and extent.limit.has_extents:
                edges.setdefault(axis, extent)
    found: list[LocalTile] = []
    for tile in tiles:
        extents = list(tile.extents)
        for axis, length in enumerate(tile.shape, start=-len(tile.shape)):
            edge = edges.get(axis)
            if edge is not None and extents[axis] == length == edge.length:
                extents[axis] = edge
        if tile.whole and tuple(extents) != tile.extents:
            value = context.cut(tile.buffer.base, extents)
            tile = replace(tile, value=value, extents=tuple(extents))
        found.append(tile)
    return found


def _broadcast(context: KernelContext, tiles: Sequence[LocalTile]) -> tuple[_Shape, _Extents]:
    """The shape that tiles broadcast to, as in numpy, and its valid extents."""
    rank = max(len(tile.shape) for tile in tiles)
    shape, extents = [1] * rank, list[Extent]([1] * rank)
    for tile in tiles:
        first = rank - len(tile.shape)
        for axis, (length, extent) in enumerate(
            zip(tile.shape, tile.extents, strict=True), start=first
        ):
            if length == 1:
                continue
            if shape[axis] not in (1, length):
                shapes = " and ".join(str(list(tile.shape)) for tile in tiles)
                context.fail(f"shapes {shapes} do not broadcast")
            if shape[axis] == length and extents[axis] != extent:
                _fail_extents(context, axis, extents[axis], extent)
            shape[axis], extents[axis] = length, extent
    return tuple(shape), tuple(extents)


def _fail_extents(context: KernelContext, axis: int, first: Extent, second: Extent) -> None:
    if isinstance(first, Ragged) and isinstance(second, Ragged):
        context.fail(f"dimension {axis} of the operands is cut at different edges")
    context.fail(
        f"dimension {axis} of one operand is cut at the edge and of the other is not; load with pad"
    )


def _write(
    context: KernelContext,
    name: str,
    dtype: str,
    shape: _Shape,
    extents: _Extents,
    tiles: Sequence[LocalTile],
    make: Callable[[SSAValue], TileOp],
) -> None:
    """Emit an instruction into the buffer of a name.

    Raises:
        KernelTextError: if it would overwrite what it still reads.
    """
    buffer = context.destination(name, dtype, shape, extents)
    op = make(context.valid_view(buffer))
    for tile in tiles:
        if tile.buffer.root is not buffer.root:
            continue
        if not op.IN_PLACE:
            mnemonic = op.name.removeprefix("npu.")
            context.reject(op, f"{mnemonic} cannot overwrite `{name}`, which it reads")
        if not tile.whole or tile.buffer.base is not buffer.base:
            context.reject(op, f"the operand and the result overlap in part of `{name}`")
    context.emit(op)


def build_elementwise(context: KernelContext, name: str, node: ast.Elementwise) -> None:
    """Unary and binary instructions, ``copy``, ``vsel`` and ``vgather``."""
    mnemonic = node.mnemonic
    if mnemonic == "vsel":
        _build_select(context, name, node.operands)
    elif mnemonic == "vgather":
        _build_gather(context, name, node.operands)
    elif mnemonic in BINARY_OPS:
        lhs, right, tiles = _pair(context, *node.operands)
        shape, extents = _broadcast(context, tiles)
        op_type = BINARY_OPS[mnemonic]
        _write(
            context, name, lhs.buffer.dtype, shape, extents, tiles,
            lambda out: op_type(lhs.value, right, out),
        )  # fmt: skip
    else:
        tile = _ub(context, node.operands[0])
        make = CopyOp if mnemonic == "copy" else UNARY_OPS[mnemonic]
        _write(
            context, name, tile.buffer.dtype, tile.shape, tile.extents, [tile],
            lambda out: make(tile.value, out),
        )  # fmt: skip


def _pair(
    context: KernelContext, first: ast.Operand, second: ast.Operand
) -> tuple[LocalTile, SSAValue, list[LocalTile]]:
    """A tile, a tile or scalar of its dtype as a value, and those of them that are tiles."""
    lhs = _ub(context, first)
    if _is_scalar(context, second):
        return lhs, context.scalar(second, lhs.buffer.dtype), [lhs]
    tiles = _cut_alike(context, [lhs, _ub(context, second)])
    return tiles[0], tiles[1].value, tiles


def _build_select(context: KernelContext, name: str, operands: Sequence[ast.Operand]) -> None:
    condition = _ub(context, operands[0])
    tiles = [None if _is_scalar(context, value) else _ub(context, value) for value in operands[1:]]
    known = [tile for tile in tiles if tile is not None]
    if not known:
        context.fail("vsel needs a buffer among its two values, to know their dtype")
    condition, *known = _cut_alike(context, [condition, *known])
    alike = iter(known)
    tiles = [None if tile is None else next(alike) for tile in tiles]
    dtype = known[0].buffer.dtype
    values = [
        context.scalar(operand, dtype) if tile is None else tile.value
        for operand, tile in zip(operands[1:], tiles, strict=True)
    ]
    shape, extents = _broadcast(context, [condition, *known])
    _write(
        context, name, dtype, shape, extents, [condition, *known],
        lambda out: VselOp(condition.value, values[0], values[1], out),
    )  # fmt: skip


def _build_gather(context: KernelContext, name: str, operands: Sequence[ast.Operand]) -> None:
    source, indices = (_ub(context, operand) for operand in operands)
    _write(
        context, name, source.buffer.dtype, indices.shape, indices.extents, [source, indices],
        lambda out: VgatherOp(source.value, indices.value, out),
    )  # fmt: skip


def build_compare(context: KernelContext, name: str, node: ast.Compare) -> None:
    """``name = vcmp gt a, b``, as i8."""
    lhs, right, tiles = _pair(context, node.lhs, node.rhs)
    shape, extents = _broadcast(context, tiles)
    _write(
        context, name, TRUTH, shape, extents, tiles,
        lambda out: VcmpOp(node.predicate, lhs.value, right, out),
    )  # fmt: skip


def build_cast(context: KernelContext, name: str, node: ast.Cast) -> None:
    """``name = vcast a to f16 round rint``."""
    tile = _ub(context, node.source)
    _write(
        context, name, node.dtype, tile.shape, tile.extents, [tile],
        lambda out: VcastOp(tile.value, out, node.rounding),
    )  # fmt: skip


def build_reduce(context: KernelContext, name: str, node: ast.Reduce) -> None:
    """``name = vreduce sum a axis 0, 1``: the axes keep an extent of 1."""
    tile = _ub(context, node.source)
    shape = tuple(1 if axis in node.axes else n for axis, n in enumerate(tile.shape))
    extents = tuple(1 if axis in node.axes else n for axis, n in enumerate(tile.extents))
    index = node.kind in (Reduction.ARGMAX, Reduction.ARGMIN)
    _write(
        context, name, INDEX if index else tile.buffer.dtype, shape, extents, [tile],
        lambda out: VreduceOp(node.kind, tile.value, out, node.axes),
    )  # fmt: skip


def build_cumulate(context: KernelContext, name: str, node: ast.Cumulate) -> None:
    """``name = vcumulate sum a axis 1``."""
    tile = _ub(context, node.source)
    _write(
        context, name, tile.buffer.dtype, tile.shape, tile.extents, [tile],
        lambda out: VcumulateOp(node.kind, tile.value, out, node.axis),
    )  # fmt: skip


def build_transpose(context: KernelContext, name: str, node: ast.Transpose) -> None:
    """``name = vtranspose a perm [1, 0]``."""
    tile = _ub(context, node.source)
    if sorted(node.permutation) != list(range(len(tile.shape))):
        context.fail(f"{list(node.permutation)} does not permute {len(tile.shape)} dimensions")
    shape = tuple(tile.shape[axis] for axis in node.permutation)
    extents = tuple(tile.extents[axis] for axis in node.permutation)
    _write(
        context, name, tile.buffer.dtype, shape, extents, [tile],
        lambda out: VtransposeOp(tile.value, out, node.permutation),
    )  # fmt: skip


def build_arange(context: KernelContext, name: str, node: ast.Arange) -> None:
    """``name = varange i32[8, 64] axis 1``."""
    if min(node.shape) < 1:
        context.fail(f"shape {list(node.shape)} has an empty dimension")
    _write(
        context, name, node.dtype, node.shape, node.shape, [],
        lambda out: VarangeOp(out, node.axis),
    )  # fmt: skip


def build_broadcast(context: KernelContext, name: str, node: ast.Broadcast) -> None:
    """``name = vbrc a to [8, 64]``, of a tile or of a scalar that was read."""
    if min(node.shape) < 1:
        context.fail(f"shape {list(node.shape)} has an empty dimension")
    binding = context.lookup(node.source.name)
    if _is_scalar(context, node.source) and isinstance(binding, Scalar):
        dtype = binding.dtype or INDEX
        value = context.scalar(node.source, dtype)
        _write(context, name, dtype, node.shape, node.shape, [], lambda out: VbrcOp(value, out))
        return
    tile = _ub(context, node.source)
    first = len(node.shape) - len(tile.shape)
    if first < 0 or any(
        length not in (1, wanted)
        for length, wanted in zip(tile.shape, node.shape[first:], strict=True)
    ):
        context.fail(f"{list(tile.shape)} does not broadcast to {list(node.shape)}")
    extents: list[Extent] = list(node.shape)
    for axis, (length, extent) in enumerate(zip(tile.shape, tile.extents, strict=True), first):
        if length != 1:
            extents[axis] = extent
    _write(
        context, name, tile.buffer.dtype, node.shape, tuple(extents), [tile],
        lambda out: VbrcOp(tile.value, out),
    )  # fmt: skip
