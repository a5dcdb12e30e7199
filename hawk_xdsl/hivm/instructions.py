"""The vector instructions in HIVM."""

from collections.abc import Sequence

from xdsl.dialects.builtin import AnyFloat, MemRefType
from xdsl.ir import Operation, SSAValue

from hawk_xdsl.dialects.hivm import (
    ELEMENTWISE,
    HivmCopyOp,
    HivmRoundModeAttr,
    HivmVarangeOp,
    HivmVbrcOp,
    HivmVcastOp,
    HivmVcmpOp,
    HivmVcumprodOp,
    HivmVcumsumOp,
    HivmVgatherOp,
    HivmVreduceOp,
    HivmVselOp,
    HivmVtransposeOp,
)
from hawk_xdsl.dialects.npu import (
    Accumulation,
    BarrierOp,
    BinaryOp,
    Reduction,
    SetFlagOp,
    UnaryOp,
    VarangeOp,
    VbrcOp,
    VcastOp,
    VcmpOp,
    VcumulateOp,
    VectorOp,
    VgatherOp,
    VreduceOp,
    VselOp,
    VtransposeOp,
    WaitFlagOp,
)
from hawk_xdsl.hivm.emission import HivmEmission, memref_type

WITH_INDEX = {
    Reduction.ARGMAX: (Reduction.MAX, "max_with_index_left"),
    Reduction.ARGMIN: (Reduction.MIN, "min_with_index_left"),
}
"""The reductions that find a place: what gives the value, and HIVM's name for both at once."""


_ORDER = (SetFlagOp, WaitFlagOp, BarrierOp)


def emit_elementwise(at: HivmEmission, op: UnaryOp | BinaryOp | VselOp | VcastOp | VcmpOp) -> None:
    """The instruction of the same name, its sources of the destination's rank."""
    dest = at.of(op.destination)
    sources, repeated = _aligned(at, op.inputs, dest)
    match op:
        case VcmpOp():
            at.emit(HivmVcmpOp(str(op.predicate.data), sources, dest, repeated))
        case VselOp():
            at.emit(HivmVselOp(sources, dest, repeated))
        case VcastOp():
            # Nothing is rounded where floats become wider, and there the tools know one mode only.
            mode = HivmRoundModeAttr("rint" if _widens(op) else str(op.rounding.data))
            at.emit(HivmVcastOp(sources, dest, repeated, round_mode=mode))
        case _:
            kind = ELEMENTWISE.get(op.ROW.mnemonic)
            if kind is None:
                raise at.fail(op, "no instruction")
            at.emit(kind(sources, dest, repeated))


def _widens(op: VcastOp) -> bool:
    source, dest = (memref_type(value).element_type for value in (op.input, op.out))
    if not (isinstance(source, AnyFloat) and isinstance(dest, AnyFloat)):
        return False
    return source.bitwidth < dest.bitwidth


def _aligned(
    at: HivmEmission, inputs: Sequence[SSAValue], dest: SSAValue
) -> tuple[list[SSAValue], list[int]]:
    """Sources of the destination's rank, and the dimensions along which some are repeated."""
    shape = memref_type(dest).get_shape()
    sources: list[SSAValue] = []
    repeated: set[int] = set()
    for value in inputs:
        source = at.of(value)
        if isinstance(source.type, MemRefType):
            source = at.raised(source, len(shape))
            pairs = zip(memref_type(source).get_shape(), shape, strict=True)
            repeated |= {axis for axis, (have, want) in enumerate(pairs) if have == 1 != want}
        sources.append(source)
    return sources, sorted(repeated)


def emit_vbrc(at: HivmEmission, op: VbrcOp) -> None:
    """A fill, a repetition, or a copy where nothing is repeated."""
    source, dest = at.of(op.input), at.of(op.out)
    if not isinstance(source.type, MemRefType):
        at.emit(HivmVbrcOp(source, dest))
        return
    (source,), repeated = _aligned(at, [op.input], dest)
    at.emit(HivmVbrcOp(source, dest, repeated) if repeated else HivmCopyOp(source, dest))


def emit_vreduce(at: HivmEmission, op: VreduceOp) -> None:
    """The reduction; one that finds a place also gives the value, which the op before it keeps."""
    axes = [int(axis) for axis in op.axes.get_values()]
    source, dest = at.of(op.input), at.of(op.out)
    if op.kind.data in WITH_INDEX:
        value = value_before(op)
        if value is None:
            raise at.fail(op, "it also gives the value: run npu-legalize-hivm first")
        kind = WITH_INDEX[op.kind.data][1]
        dests = [at.of(value.out), dest]
        at.emit(HivmVreduceOp(kind, source, dests, axes, unsigned_src=at.unsigned_src))
    elif not _gives_value(op):
        kind = str(op.kind.data)
        at.emit(HivmVreduceOp(kind, source, [dest], axes, unsigned_src=at.unsigned_src))


def value_before(op: VreduceOp) -> VreduceOp | None:
    """The reduction right before one that finds a place, which gives the value at that place."""
    before = op.prev_op
    while isinstance(before, _ORDER):
        before = before.prev_op
    if (
        isinstance(before, VreduceOp)
        and op.kind.data in WITH_INDEX
        and WITH_INDEX[op.kind.data][0] == before.kind.data
        and (before.input, before.axes) == (op.input, op.axes)
    ):
        return before
    return None


def _gives_value(op: VreduceOp) -> bool:
    """Whether the next reduction finds the place of this one's value."""
    after = op.next_op
    while isinstance(after, _ORDER):
        after = after.next_op
    return isinstance(after, VreduceOp) and value_before(after) is op


def emit_vcumulate(at: HivmEmission, op: VcumulateOp) -> None:
    """A running sum or product."""
    kinds = {Accumulation.SUM: HivmVcumsumOp, Accumulation.PROD: HivmVcumprodOp}
    kind = kinds.get(op.kind.data)
    if kind is None:
        raise at.fail(op, f"no running {op.kind.data}")
    at.emit(kind(at.of(op.input), at.of(op.out), op.axis.value.data))


def emit_vtranspose(at: HivmEmission, op: VtransposeOp) -> None:
    """The permutation."""
    order = [int(axis) for axis in op.permutation.get_values()]
    at.emit(HivmVtransposeOp(at.of(op.input), at.of(op.out), order))


def emit_varange(at: HivmEmission, op: VarangeOp) -> None:
    """From 0, one a step along the axis."""
    dest = at.of(op.out)
    axis, rank = op.axis.value.data, memref_type(dest).get_num_dims()
    offset = at.index(0)
    at.emit(HivmVarangeOp(dest, offset, [at.index(int(i == axis)) for i in range(rank)]))


def emit_vgather(at: HivmEmission, op: VgatherOp) -> None:
    """By the indices of one row; several rows of them without padding are one."""
    indices, dest = at.flat(at.of(op.indices), op), at.flat(at.of(op.out), op)
    at.emit(HivmVgatherOp(at.of(op.input), indices, dest))


def emit_vector(at: HivmEmission, op: Operation) -> None:
    """Any instruction of the vector unit."""
    assert isinstance(op, VectorOp)
    match op:
        case VbrcOp():
            emit_vbrc(at, op)
        case VreduceOp():
            emit_vreduce(at, op)
        case VcumulateOp():
            emit_vcumulate(at, op)
        case VtransposeOp():
            emit_vtranspose(at, op)
        case VarangeOp():
            emit_varange(at, op)
        case VgatherOp():
            emit_vgather(at, op)
        case UnaryOp() | BinaryOp() | VselOp() | VcastOp() | VcmpOp():
            emit_elementwise(at, op)
        case _:
            raise at.fail(op, "no instruction")
