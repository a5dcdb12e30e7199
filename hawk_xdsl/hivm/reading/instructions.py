"""The vendor's instructions as ours: a table for those that only differ in name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from xdsl.dialects.builtin import DenseArrayBase, IntegerAttr, i64
from xdsl.ir import Attribute, Operation, SSAValue

from hawk_xdsl.dialects.npu import (
    BINARY_OPS,
    UNARY_OPS,
    Accumulation,
    AccumulationAttr,
    BarrierOp,
    Comparison,
    ComparisonAttr,
    CopyOp,
    FixpipeOp,
    LoadOp,
    MmadOp,
    Pipe,
    Reduction,
    ReductionAttr,
    Rounding,
    RoundingAttr,
    SetFlagOp,
    StoreOp,
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
from hawk_xdsl.hivm.reading.buffers import Fractals, Pointer, Room
from hawk_xdsl.hivm.reading.errors import HivmImportError
from hawk_xdsl.hivm.reading.events import PIPES, Event, Renamed, pipes_of
from hawk_xdsl.hivm.reading.linear import IndexForm
from hawk_xdsl.hivm.reading.scalars import Scalar, Scalars
from hawk_xdsl.hivm.reading.tiles import VendorTile, same_axes
from hawk_xdsl.hivm.reading.vendor_ops import attribute, flag, groups, numbers, word
from hawk_xdsl.hivm.reading.writing import Writer
from hawk_xdsl.npu_target import Target
from hawk_xdsl.npu_target.temporaries import temporary_bytes

IGNORED = frozenset({"set_mask_norm", "set_ffts_base_addr", "set_ctrl"})
"""Ops that set up the core."""

MOVES: Mapping[str, Callable[[SSAValue, SSAValue], Operation]] = {
    "load": LoadOp,
    "store": StoreOp,
    "copy": CopyOp,
}

COMMUTATIVE = frozenset({"vadd", "vmul", "vmax", "vmin", "vand", "vor"})
"""Instructions whose operands may change places."""

NONE = -1
"""The event of a ``mmadL1`` that is not set or waited for."""


@dataclass
class Instructions:
    """Writes the instructions of one kernel.

    Attributes:
        writer: where they go.
        scalars: evaluates numbers.
        room: bytes behind the vendor's buffers.
        target: tells what instructions need for themselves.
        events: the events of this copy of a loop's body in the place of the vendor's.
    """

    writer: Writer
    scalars: Scalars
    room: Room
    target: Target
    events: Renamed = field(default_factory=dict[Event, Event])

    def write(self, name: str, op: Operation, values: "Sequence[Operand]") -> None:
        """One of the vendor's ops. Raises ``HivmImportError`` for one that we lack."""
        found = iter(values)
        parts = [[next(found) for _ in group] for group in groups(op)]
        match name:
            case _ if name in IGNORED:
                pass
            case "set_flag" | "wait_flag":
                self._flag(name, op, parts)
            case "pipe_barrier":
                self.writer.put(BarrierOp(PIPES[word(attribute(op, "pipe"))]))
            case _ if name in MOVES:
                self._move(name, op, parts)
            case "nd2nz":
                self._to_fractals(parts)
            case "mmadL1":
                self._matrix(op, parts)
            case "fixpipe":
                self._fixpipe(op, parts)
            case _:
                self._vector(name, op, parts)

    def _flag(self, name: str, op: Operation, parts: "Sequence[Sequence[Operand]]") -> None:
        given = [value for part in parts for value in part]
        event = word(attribute(op, "static_event_id")).removeprefix("EVENT_ID")
        if given:
            number = given[0].number if isinstance(given[0], IndexForm) else None
            if number is None:
                raise HivmImportError(f"hivm.hir.{name}: no number of iterations tells its event")
            event = str(number)
        self._event(
            SetFlagOp if name == "set_flag" else WaitFlagOp, Event(*pipes_of(op), int(event))
        )

    def _event(self, made: type[SetFlagOp | WaitFlagOp], event: Event) -> None:
        event = self.events.get(event, event)
        self.writer.put(made(event.source, event.target, event.number))

    def _move(self, name: str, op: Operation, parts: "Sequence[Sequence[Operand]]") -> None:
        (source,), (dest,), *others = parts
        if any(others) or word(attribute(op, "pad_mode")) not in ("", "PadNull"):
            raise HivmImportError(f"hivm.hir.{name}: padding")
        if word(attribute(op, "atomic_kind")) not in ("", "none"):
            kind = word(attribute(op, "atomic_kind"))
            raise HivmImportError(f"hivm.hir.{name}: it combines with what is there ({kind})")
        apart = [tile(source), tile(dest)]
        if len(apart[0].dims) == len(apart[1].dims):
            apart = same_axes(apart)
        self.writer.put(MOVES[name](*[each.write(self.writer) for each in apart]))

    def _to_fractals(self, parts: "Sequence[Sequence[Operand]]") -> None:
        (source,), (dest,), *others = parts
        if any(others):
            raise HivmImportError("hivm.hir.nd2nz: padding")
        matrix = tile(source)
        if len(matrix.dims) != 2 or not isinstance(dest, Fractals):
            raise HivmImportError("hivm.hir.nd2nz: not a matrix into fractals")
        rows, columns = matrix.sizes
        into = dest.part(self.writer, rows, columns)
        self.writer.put(LoadOp(matrix.write(self.writer), into))

    def _matrix(self, op: Operation, parts: "Sequence[Sequence[Operand]]") -> None:
        (lhs,), (rhs,), (init,), *extents, (acc,), events, flags, bias = parts
        if flags or bias:
            raise HivmImportError("hivm.hir.mmadL1: a bias or a unit flag")
        sizes = [value for (value,) in extents]
        m, k, n = (size for size in sizes if isinstance(size, IndexForm))
        assert isinstance(lhs, Fractals) and isinstance(rhs, Fractals)
        assert isinstance(acc, Fractals) and isinstance(init, IndexForm | SSAValue)
        turned = flag(op, "a_transpose"), flag(op, "b_transpose")
        left = lhs.part(self.writer, *((k, m) if turned[0] else (m, k)))
        right = rhs.part(self.writer, *((n, k) if turned[1] else (k, n)))
        into = acc.part(self.writer, m, n)
        numbers_ = [event.number if isinstance(event, IndexForm) else None for event in events[:4]]
        # Within the vendor's op: waiting for both loads, order on the accumulator, freeing both.
        for event in numbers_[:2]:
            if event is not None and event != NONE:
                self._event(WaitFlagOp, Event(Pipe.MTE2, Pipe.CUBE, event))
        condition = self.scalars.truth(init)
        self.writer.put(BarrierOp(Pipe.CUBE))
        self.writer.put(
            MmadOp(left, right, into, condition, transpose_lhs=turned[0], transpose_rhs=turned[1])
        )
        for event in numbers_[2:]:
            if event is not None and event != NONE:
                self._event(SetFlagOp, Event(Pipe.CUBE, Pipe.MTE2, event))

    def _fixpipe(self, op: Operation, parts: "Sequence[Sequence[Operand]]") -> None:
        (source,), (dest,), *others = parts
        relu = word(attribute(op, "pre_relu"))
        if any(others) or relu not in ("", "NO_RELU", "NORMAL_RELU"):
            raise HivmImportError(f"hivm.hir.fixpipe: a scale, a unit flag or {relu}")
        matrix = tile(dest)
        if len(matrix.dims) != 2 or not isinstance(source, Fractals):
            raise HivmImportError("hivm.hir.fixpipe: not fractals into a matrix")
        rows, columns = matrix.sizes
        part = source.part(self.writer, rows, columns)
        made = FixpipeOp(part, matrix.write(self.writer), relu=relu == "NORMAL_RELU")
        self.writer.put(made)

    def _vector(self, name: str, op: Operation, parts: "Sequence[Sequence[Operand]]") -> None:
        form = _form(name, op, parts)
        values = [self._operand(value) for value in same_axes_of(form.operands)]
        made = form.op.create(operands=values, properties=dict(form.properties))
        self.writer.put(made)
        size = temporary_bytes(made, self.target.vector)
        if not size:
            return
        given = next((each for each in form.spare if isinstance(each, Pointer)), None)
        if given is not None and given.bytes >= size:
            address = given.address
        else:
            address = self.room.take(size, f"hivm.hir.{name}")
        made.properties["temporary"] = IntegerAttr(address, i64)

    def _operand(self, value: "Operand") -> SSAValue:
        if isinstance(value, VendorTile):
            return value.write(self.writer)
        if isinstance(value, SSAValue):
            return value
        raise HivmImportError("a vector instruction with an integer that is counted")


Operand = Scalar | VendorTile | Pointer | Fractals
"""What a value of the vendor's stands for."""


@dataclass(frozen=True)
class VectorForm:
    """A vector instruction: its class, operands with the destination last, properties.

    ``spare`` are the buffers that the vendor gives it for itself.
    """

    op: type[VectorOp]
    operands: Sequence[Operand]
    spare: Sequence[Operand] = ()
    properties: Mapping[str, Attribute] = field(default_factory=dict[str, Attribute])


def tile(value: Operand) -> VendorTile:
    """A value as a tile."""
    if isinstance(value, Pointer):
        return value.whole()
    if isinstance(value, VendorTile):
        return value
    raise HivmImportError("an instruction on what is no tile")


def same_axes_of(operands: Sequence[Operand]) -> list[Operand]:
    """Operands with tiles of the same axes; those of other shapes broadcast, and stay."""
    found: list[Operand] = [
        value.whole() if isinstance(value, Pointer) else value for value in operands
    ]
    out = found[-1]
    assert isinstance(out, VendorTile)
    same = [
        i
        for i, each in enumerate(found)
        if isinstance(each, VendorTile) and each.sizes == out.sizes
    ]
    apart = same_axes([tile(found[i]) for i in same])
    for place, each in zip(same, apart, strict=True):
        found[place] = each
    return found


def _form(name: str, op: Operation, parts: Sequence[Sequence[Operand]]) -> VectorForm:
    """The instruction of one of the vendor's. Raises ``HivmImportError`` if we have none."""
    if name == "varange":
        return _arange(parts)
    sources, dests, *others = parts
    if name == "vgather":
        dests, others = others[0], [parts[1], *others[1:]]
        return VectorForm(
            VgatherOp, [*sources, *parts[1], *dests], others[-1] if others[1:] else ()
        )
    spare = [each for part in others for each in part]
    operands = [*sources, *dests[:1]]
    if numbers(attribute(op, "transpose")):
        raise HivmImportError(f"hivm.hir.{name}: transposes on the way")
    if name in UNARY_OPS:
        return VectorForm(UNARY_OPS[name], operands, spare)
    if name in BINARY_OPS:
        return VectorForm(BINARY_OPS[name], _tile_first(name, operands), spare)
    return VectorForm(*_named(name, op, operands, dests, spare))


def _named(
    name: str,
    op: Operation,
    operands: Sequence[Operand],
    dests: Sequence[Operand],
    spare: Sequence[Operand],
) -> tuple[type[VectorOp], Sequence[Operand], Sequence[Operand], Mapping[str, Attribute]]:
    match name:
        case "vbrc":
            return VbrcOp, operands, spare, {}
        case "vsel":
            return VselOp, operands, spare, {}
        case "vcast":
            rounding = RoundingAttr(Rounding(word(attribute(op, "round_mode")) or "rint"))
            return VcastOp, operands, spare, {"rounding": rounding}
        case "vcmp":
            relation = ComparisonAttr(Comparison(word(attribute(op, "compare_mode")) or "eq"))
            return VcmpOp, operands, spare, {"predicate": relation}
        case "vreduce":
            kind = word(attribute(op, "arith"))
            if len(dests) > 1 or kind not in tuple(Reduction):
                raise HivmImportError(f"hivm.hir.vreduce: {kind}")
            axes = DenseArrayBase.from_list(i64, numbers(attribute(op, "reduce_dims")))
            found = {"kind": ReductionAttr(Reduction(kind)), "axes": axes}
            return VreduceOp, operands, spare, found
        case "vcumsum" | "vcumprod":
            (axis,) = numbers(attribute(op, "cum_dims"))
            sums = AccumulationAttr(Accumulation(name.removeprefix("vcum")))
            return VcumulateOp, operands, spare, {"kind": sums, "axis": IntegerAttr(axis, i64)}
        case "vtranspose":
            order = DenseArrayBase.from_list(i64, numbers(attribute(op, "permutation")))
            return VtransposeOp, operands, spare, {"permutation": order}
        case _:
            raise HivmImportError(f"hivm.hir.{name}: no instruction of ours")


def _tile_first(name: str, operands: list[Operand]) -> list[Operand]:
    first = operands[0]
    if isinstance(first, VendorTile | Pointer):
        return operands
    if name not in COMMUTATIVE:
        raise HivmImportError(f"hivm.hir.{name}: a number first")
    return [operands[1], first, *operands[2:]]


def _arange(parts: Sequence[Sequence[Operand]]) -> VectorForm:
    """Counting from 0 along the last axis, or along the only one that it counts along."""
    dests, *others = parts
    steps = [
        each.number if isinstance(each, IndexForm) else None for part in others for each in part
    ]
    start, *strides = steps or [0, 1]
    if start != 0 or sorted(strides, key=str) != [0] * (len(strides) - 1) + [1]:
        raise HivmImportError("hivm.hir.varange: not from 0 in steps of 1 along one axis")
    return VectorForm(VarangeOp, dests, (), {"axis": IntegerAttr(strides.index(1), i64)})
