"""Buffers, views, flags and control flow of an npu kernel in HIVM."""

from collections.abc import Mapping

from xdsl.builder import Builder
from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import IndexType, IntegerAttr, MemRefType, i64
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.rewriter import InsertPoint

from hawk_xdsl.dialects.hivm import (
    FRACTAL,
    HivmPipeBarrierOp,
    HivmPointerCastOp,
    HivmSetFlagOp,
    HivmWaitFlagOp,
)
from hawk_xdsl.dialects.npu import (
    AllocOp,
    BarrierOp,
    BlockCountOp,
    Pipe,
    ReadOp,
    SetFlagOp,
    Subview,
    WaitFlagOp,
    scope_of,
)
from hawk_xdsl.hivm.divisor import divisor_of
from hawk_xdsl.hivm.emission import Extent, HivmEmission, address_of, memref_type
from hawk_xdsl.hivm.spaces import in_hivm, physical_type, row_type
from hawk_xdsl.transforms.buffers import root_of

PIPES: Mapping[str, str] = {
    Pipe.SCALAR: "PIPE_S",
    Pipe.VECTOR: "PIPE_V",
    Pipe.CUBE: "PIPE_M",
    Pipe.MTE1: "PIPE_MTE1",
    Pipe.MTE2: "PIPE_MTE2",
    Pipe.MTE3: "PIPE_MTE3",
    Pipe.FIXPIPE: "PIPE_FIX",
    Pipe.ALL: "PIPE_ALL",
}
"""HIVM's name of each pipe of the Ascend family."""


def emit_block_idx(at: HivmEmission, op: Operation) -> None:
    """The number of the core, over all blocks."""
    at.values[op.results[0]] = at.core_number()


def emit_block_count(at: HivmEmission, op: BlockCountOp) -> None:
    """How many cores of its kind work on the kernel: known when it is compiled."""
    at.values[op.value] = at.index(at.kernel.blocks.value.data * at.part.cores)


def emit_alloc(at: HivmEmission, op: AllocOp) -> None:
    """A contiguous buffer, at an address if it is planned, and the view of what counts of it."""
    type_ = memref_type(op.buffer)
    truth = op.buffer in at.truth
    row = op.buffer in at.rows
    physical = row_type(type_) if row else physical_type(type_, truth=truth)
    if at.planned:
        address = at.emit(arith.ConstantOp(IntegerAttr(address_of(op), i64))).result
        buffer: SSAValue = at.emit(HivmPointerCastOp([address], physical)).result
    else:
        buffer = at.emit(memref.AllocOp([], [], physical)).memref
    shape = type_.get_shape()
    if row:
        buffer = at.subview(buffer, [0], [shape[1]], [1], [False])
    if not scope_of(type_).by_fractals and physical.get_shape() != shape:
        rank = len(shape)
        buffer = at.subview(buffer, [0] * rank, shape, [1] * rank, [False] * rank)
    at.values[op.buffer] = buffer


def emit_subview(at: HivmEmission, op: memref.SubviewOp) -> None:
    """The same part; of a matrix in fractals whole fractals."""
    view = Subview.of(op)
    source = at.of(op.source)

    def mapped(values: tuple[SSAValue | int, ...]) -> list[Extent]:
        return [at.of(v) if isinstance(v, SSAValue) else v for v in values]

    offsets, sizes, steps = mapped(view.offsets), mapped(view.sizes), mapped(view.strides)
    if root_of(op.source) in at.rows:
        at.values[op.result] = at.subview(source, offsets[1:], sizes[1:], steps[1:], [False])
    elif scope_of(op.source).by_fractals:
        at.values[op.result] = _fractal_view(at, op, source, offsets, sizes)
    else:
        at.values[op.result] = at.subview(source, offsets, sizes, steps, view.dropped)


def _fractal_view(
    at: HivmEmission,
    op: memref.SubviewOp,
    source: SSAValue,
    offsets: list[Extent],
    sizes: list[Extent],
) -> SSAValue:
    width = memref_type(source).get_shape()[3]
    units = (FRACTAL, width)
    if divisor_of(Subview.of(op).offsets[0]) % FRACTAL:
        return _from_any_row(at, op, source, offsets, sizes)
    first = [_divided(at, op, offset, unit) for offset, unit in zip(offsets, units, strict=True)]
    count = [_rounded_up(at, size, unit) for size, unit in zip(sizes, units, strict=True)]
    return at.subview(
        source,
        [first[1], first[0], 0, 0],
        [count[1], count[0], FRACTAL, width],
        [1] * 4,
        [False] * 4,
    )


def _from_any_row(
    at: HivmEmission,
    op: memref.SubviewOp,
    source: SSAValue,
    offsets: list[Extent],
    sizes: list[Extent],
) -> SSAValue:
    """Fractals that start at any row: below each other, the rows of a band are one after the other.

    From row 18 on, 32 rows of 16 columns of ``<2x6x16x8>`` (two bands of six fractals) are
    ``[0:2, 18:50, :]`` of ``<2x96x8>``, which is ``<2x2x16x8>`` again.
    """
    bands, fractals, _, width = memref_type(source).get_shape()
    count = _rounded_up(at, sizes[0], FRACTAL), _rounded_up(at, sizes[1], width)
    if isinstance(count[0], SSAValue) or isinstance(count[1], SSAValue):
        raise at.fail(op, "a view that starts inside a fractal and whose extent is not known")
    column = _divided(at, op, offsets[1], width)
    rows = at.grouped(source, [[0], [1, 2], [3]], (bands, fractals * FRACTAL, width))
    part = at.subview(
        rows,
        [column, offsets[0], 0],
        [count[1], count[0] * FRACTAL, width],
        [1] * 3,
        [False] * 3,
    )
    return at.ungrouped(part, [[0], [1, 2], [3]], (count[1], count[0], FRACTAL, width))


def _divided(at: HivmEmission, op: Operation, extent: Extent, unit: int) -> Extent:
    if isinstance(extent, SSAValue):
        return at.emit(arith.DivUIOp(extent, at.index(unit))).result
    if extent % unit:
        raise at.fail(op, f"a view that starts {extent % unit} elements inside a fractal")
    return extent // unit


def _rounded_up(at: HivmEmission, extent: Extent, unit: int) -> Extent:
    if isinstance(extent, SSAValue):
        return at.emit(arith.CeilDivUIOp(extent, at.index(unit))).result
    return -(-extent // unit)


def emit_reinterpret(at: HivmEmission, op: memref.ReinterpretCastOp) -> None:
    """The same buffer in other rows; of truth values there is no such view."""
    if root_of(op.source) in at.truth:
        raise at.fail(op, "truth values are bits, which cannot be viewed in other rows")
    result = in_hivm(memref_type(op.result))
    new = memref.ReinterpretCastOp(
        at.of(op.source),
        [at.of(v) for v in op.offsets],
        [at.of(v) for v in op.sizes],
        [at.of(v) for v in op.strides],
        op.static_offsets,
        op.static_sizes,
        op.static_strides,
        result,
    )
    at.values[op.result] = at.emit(new).result


def emit_read(at: HivmEmission, op: ReadOp) -> None:
    """One element, loaded by the scalar unit."""
    new = memref.LoadOp.get(at.of(op.source), [at.of(index) for index in op.indices])
    at.values[op.value] = at.emit(new).res


def emit_flag(at: HivmEmission, op: SetFlagOp | WaitFlagOp) -> None:
    """A flag of the plan.

    The matrix instruction reads L1 through MTE1 and writes L0C on the pipe M, so what joins it with
    the loads is a flag of MTE1.
    """
    if not at.planned:
        return
    ends = [op.source.data, op.target.data]
    if set(ends) == {Pipe.CUBE, Pipe.MTE2}:
        ends = [Pipe.MTE1 if pipe == Pipe.CUBE else pipe for pipe in ends]
    source, target = (PIPES[pipe] for pipe in ends)
    kind = HivmSetFlagOp if isinstance(op, SetFlagOp) else HivmWaitFlagOp
    at.emit(kind(source, target, op.event.value.data))


def emit_barrier(at: HivmEmission, op: BarrierOp) -> None:
    """A barrier of the plan."""
    if at.planned:
        at.emit(HivmPipeBarrierOp(PIPES[op.pipe.data]))


def emit_for(at: HivmEmission, op: scf.ForOp) -> None:
    """The same loop."""
    if op.iter_args:
        raise at.fail(op, "a loop that carries values")
    block = Block(arg_types=[IndexType()])
    at.values[op.body.block.args[0]] = block.args[0]
    _fill(at, block, op.body.block)
    at.emit(scf.ForOp(at.of(op.lb), at.of(op.ub), at.of(op.step), [], Region(block)))


def emit_if(at: HivmEmission, op: scf.IfOp) -> None:
    """The same branch."""
    if op.results:
        raise at.fail(op, "a branch with results")
    regions: list[Region] = []
    for region in (op.true_region, op.false_region):
        if region.blocks:
            block = Block()
            _fill(at, block, region.block)
            regions.append(Region(block))
        else:
            regions.append(Region())
    at.emit(scf.IfOp(at.of(op.cond), [], regions[0], regions[1]))


def _fill(at: HivmEmission, block: Block, source: Block) -> None:
    from hawk_xdsl.hivm.translate import translate_block

    outer = at.builder
    at.builder = Builder(InsertPoint.at_end(block))
    translate_block(at, source)
    at.emit(scf.YieldOp())
    at.builder = outer


def emit_scalar(at: HivmEmission, op: Operation) -> None:
    """Arithmetic on scalars and indices, as it is."""
    if any(isinstance(result.type, MemRefType) for result in op.results) or op.regions:
        raise at.fail(op, "unknown")
    new = at.emit(op.clone({value: at.of(value) for value in op.operands}))
    at.values.update(zip(op.results, new.results, strict=True))
