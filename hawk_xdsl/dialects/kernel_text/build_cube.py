"""Building the matrix instruction and the condition under which it starts an accumulation."""

from dataclasses import replace

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.context import KernelContext
from hawk_xdsl.dialects.kernel_text.scope import AccumulatorFill, Buffer, Extent, Ragged
from hawk_xdsl.dialects.kernel_text.slices import LocalTile, local_tile
from hawk_xdsl.dialects.npu import MmadOp, Role


def build_mmad(context: KernelContext, name: str, node: ast.Mmad) -> None:
    """``c = mmad a[.T], b[.T], c``: the first after ``c = fill 0.0 …`` starts, others add.

    With a bias, ``c = mmad a, b, c, r``, the first starts from its row, and others pass it over.
    """
    if name != node.accumulator:
        context.fail(f"mmad adds to its third operand: write `{node.accumulator} = mmad …`")
    lhs = local_tile(context, node.lhs.tile, expect=Role.MATRIX)
    rhs = local_tile(context, node.rhs.tile, expect=Role.MATRIX)
    buffer = context.buffer(name)
    accumulation = buffer.accumulation
    if accumulation is None:
        context.fail(
            f"`{name}` is in {buffer.scope}, but mmad adds in {context.space_of(Role.ACCUMULATOR)}"
        )
    extents = _extents(context, node, lhs, rhs, buffer)
    bias = None if node.bias is None else _bias(context, node.bias, buffer, extents[1])
    if accumulation.started:
        if bias is not None:
            context.fail(f"a bias is what `{name}` starts from: give it to the first mmad")
        if extents != buffer.extents:
            context.fail(f"the factors are cut at other edges than what `{name}` has accumulated")
        init = context.truth(False)
    else:
        buffer = _start(context, name, buffer, extents, accumulation)
        init = _init(context, accumulation.depth)
    context.emit(
        MmadOp(
            lhs.value,
            rhs.value,
            context.valid_view(buffer),
            init,
            bias,
            transpose_lhs=node.lhs.transposed,
            transpose_rhs=node.rhs.transposed,
        )
    )


def _extents(
    context: KernelContext, node: ast.Mmad, lhs: LocalTile, rhs: LocalTile, buffer: Buffer
) -> tuple[Extent, ...]:
    """The valid m and n, after checking the shapes of all three."""
    if len(lhs.shape) != 2 or len(rhs.shape) != 2 or len(buffer.shape) != 2:
        context.fail("mmad takes matrices; drop a dimension with a point slice")
    m, k = _ordered(lhs, node.lhs.transposed)
    rhs_k, n = _ordered(rhs, node.rhs.transposed)
    (m_length, m_extent), (n_length, n_extent) = m, n
    if k[0] != rhs_k[0] or (m_length, n_length) != buffer.shape:
        context.fail(
            f"mmad of [{m_length}, {k[0]}] and [{rhs_k[0]}, {n_length}] into {list(buffer.shape)}"
        )
    if k[1] != rhs_k[1]:
        context.fail("k is cut at the edge in one factor and not, or elsewhere, in the other")
    return m_extent, n_extent


def _bias(context: KernelContext, tile: ast.Tile, buffer: Buffer, n: Extent) -> SSAValue:
    """The row that an accumulation starts from, as long as the columns that it covers."""
    row = local_tile(context, tile, expect=Role.MATRIX)
    if row.shape != (1, buffer.shape[1]):
        context.fail(f"a bias of {list(row.shape)} for {list(buffer.shape)}: it is one row")
    if row.extents[1] != n:
        context.fail(f"the bias `{tile.name}` is cut at another edge than the columns")
    return row.value


def _ordered(tile: LocalTile, transposed: bool) -> tuple[tuple[int, Extent], tuple[int, Extent]]:
    first, second = zip(tile.shape, tile.extents, strict=True)
    return (second, first) if transposed else (first, second)


def _start(
    context: KernelContext,
    name: str,
    buffer: Buffer,
    extents: tuple[Extent, ...],
    accumulation: AccumulatorFill,
) -> Buffer:
    for extent in extents:
        if isinstance(extent, Ragged) and any(
            variable.depth > accumulation.depth for variable in extent.limit.variables
        ):
            context.fail(f"`{name}` is filled outside the loop that moves its edge; fill it inside")
    around = tuple(context.frames[accumulation.depth :])
    started = replace(
        buffer, extents=extents, accumulation=replace(accumulation, started=True, around=around)
    )
    context.redefine(name, started)
    return started


def _init(context: KernelContext, depth: int) -> SSAValue:
    """True where every loop between the fill and here is in its first iteration."""
    condition: SSAValue | None = None
    for frame in context.frames[depth:]:
        if frame.kind != "for" or frame.variable is None:
            context.fail(f"mmad inside `{frame.kind}` needs its fill inside as well")
        assert frame.variable.start is not None
        start = context.index(frame.variable.start)
        first = context.emit(arith.CmpiOp(frame.variable.value, start, "eq")).result
        if condition is None:
            condition = first
        else:
            condition = context.emit(arith.AndIOp(condition, first)).result
    return context.truth(True) if condition is None else condition
