"""Damage to planned and synchronised kernels, op by op."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from xdsl.dialects import affine, arith, memref, scf
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    BoolAttr,
    DenseArrayBase,
    IndexType,
    IntegerAttr,
    MemRefType,
    UnitAttr,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.ir.affine import AffineConstantExpr

from hawk_xdsl.dialects.npu import (
    AllocOp,
    BarrierOp,
    FixpipeOp,
    KernelOp,
    LoadOp,
    MmadOp,
    Pipe,
    PipeAttr,
    SetFlagOp,
    StoreOp,
    VectorOp,
    WaitFlagOp,
    element_bytes,
    scope_of,
    strides_of,
)
from hawk_xdsl.npu_target import buffer_bytes

FlagOp = SetFlagOp | WaitFlagOp


@dataclass(frozen=True)
class Damage:
    """A change to one stage's kernel, in place. ``apply`` is given the kernel's ops in order."""

    kind: str
    what: str
    stage: int
    apply: Callable[[list[Operation]], None]


def damages(kernel: KernelOp, stage: int) -> Iterator[Damage]:
    """Every damage that there is for a finished kernel."""
    ops = list(kernel.walk())
    for kind, what, apply in (
        *_flags(ops),
        *_barriers(ops),
        *_addresses(ops),
        *_offsets(ops),
        *_control(ops),
        *_data(ops),
    ):
        yield Damage(kind, f"{what} in stage {stage}", stage, apply)


Found = Iterator[tuple[str, str, Callable[[list[Operation]], None]]]


def _erase(numbers: Sequence[int]) -> Callable[[list[Operation]], None]:
    def apply(ops: list[Operation]) -> None:
        for number in numbers:
            ops[number].detach()
            ops[number].erase()

    return apply


def _move(number: int, *, later: bool) -> Callable[[list[Operation]], None]:
    def apply(ops: list[Operation]) -> None:
        op = ops[number]
        other = op.next_op if later else op.prev_op
        assert other is not None and op.parent is not None
        block = op.parent
        op.detach()
        (block.insert_ops_after if later else block.insert_ops_before)([op], other)

    return apply


def _properties(numbers: Sequence[int], **values: Attribute) -> Callable[[list[Operation]], None]:
    def apply(ops: list[Operation]) -> None:
        for number in numbers:
            for name, value in values.items():
                ops[number].properties[name] = value

    return apply


def _flags(ops: Sequence[Operation]) -> Found:
    keys: dict[tuple[Pipe, Pipe, int], list[int]] = {}
    for number, op in enumerate(ops):
        if not isinstance(op, FlagOp):
            continue
        source, target, event = op.source.data, op.target.data, op.event.value.data
        keys.setdefault((source, target, event), []).append(number)
        name = f"{op.name} {source} to {target} {event} (op {number})"
        yield "drop flag", f"without {name}", _erase([number])
        swapped = {"source": PipeAttr(target), "target": PipeAttr(source)}
        yield "swap flag", f"{name} the other way", _properties([number], **swapped)
        for change in (1, 7):
            new = IntegerAttr((event + change) % 8, i64)
            yield "event id", f"{name} with id {new.value.data}", _properties([number], event=new)
        later = isinstance(op, WaitFlagOp)
        other = op.next_op if later else op.prev_op
        if other is not None and other.next_op is not None:
            where = "later" if later else "earlier"
            yield "move flag", f"{name} one op {where}", _move(number, later=later)
    for (source, target, event), numbers in keys.items():
        name = f"flag {source} to {target} {event}"
        yield "drop flag", f"without {name}", _erase(numbers)
        swapped = {"source": PipeAttr(target), "target": PipeAttr(source)}
        yield "swap flag", f"{name} the other way", _properties(numbers, **swapped)
        for new in (*(e for s, t, e in keys if (s, t) == (source, target) and e != event), 7):
            renamed = _properties(numbers, event=IntegerAttr(new, i64))
            yield "event id", f"{name} renamed {new}", renamed


def _barriers(ops: Sequence[Operation]) -> Found:
    for number, op in enumerate(ops):
        if isinstance(op, BarrierOp):
            name = f"barrier {op.pipe.data} (op {number})"
            yield "drop barrier", f"without {name}", _erase([number])
            for pipe in (Pipe.MTE2, Pipe.MTE3, Pipe.VECTOR):
                if pipe != op.pipe.data:
                    changed = _properties([number], pipe=PipeAttr(pipe))
                    yield "drop barrier", f"{name} of {pipe}", changed
            if op.next_op is not None and op.next_op.next_op is not None:
                yield "drop barrier", f"{name} one op later", _move(number, later=True)


def _addresses(ops: Sequence[Operation]) -> Found:
    places = [
        (number, op, op.address.value.data)
        for number, op in enumerate(ops)
        if isinstance(op, AllocOp) and op.address is not None
    ]
    for number, op, address in places:
        type_ = op.buffer.type
        assert isinstance(type_, MemRefType)
        row = (strides_of(type_)[0] or 1) * element_bytes(type_)
        name = f"{op.buffer.name_hint or number} at {address}"
        for shift in sorted({32, -32, row, -row, 8, 512, -512}):
            if address + shift >= 0:
                new = IntegerAttr(address + shift, i64)
                yield "address", f"{name} moved by {shift}", _properties([number], address=new)
        end = address + buffer_bytes(type_)
        for _, other, theirs in places:
            if other is not op and scope_of(other.buffer) == scope_of(op.buffer):
                for new in {theirs, max(0, theirs + 32 - (end - address)) // 32 * 32}:
                    moved = _properties([number], address=IntegerAttr(new, i64))
                    yield "live ranges", f"{name} moved to {new}", moved
    for number, op in enumerate(ops):
        if isinstance(op, VectorOp) and op.temporary is not None:
            for _, other, theirs in places:
                if scope_of(other.buffer) == scope_of(op.destination):
                    moved = _properties([number], temporary=IntegerAttr(theirs, i64))
                    yield "live ranges", f"temporary of op {number} at {theirs}", moved


def _plus(ops: list[Operation], number: int, operand: int, amount: int) -> None:
    op = ops[number]
    constant = arith.ConstantOp.from_int_and_width(amount, IndexType())
    added = arith.AddiOp(op.operands[operand], constant)
    assert op.parent is not None
    op.parent.insert_ops_before([constant, added], op)
    op.operands[operand] = added.result


def _offsets(ops: Sequence[Operation]) -> Found:
    for number, op in enumerate(ops):
        if not isinstance(op, memref.SubviewOp):
            continue
        static = op.static_offsets.get_values()
        sizes = op.static_sizes.get_values()
        dynamic = 0
        for axis, offset in enumerate(static):
            size = 8 if sizes[axis] == DYNAMIC_INDEX else sizes[axis]
            name = f"offset {axis} of subview (op {number})"
            if offset == DYNAMIC_INDEX:
                operand = 1 + dynamic
                dynamic += 1
                for shift in sorted({1, -1, size, -size}):
                    yield (
                        "offset",
                        f"{name} plus {shift}",
                        lambda ops, n=number, o=operand, s=shift: _plus(ops, n, o, s),
                    )
            else:
                for shift in (1, 8):
                    moved = [o + shift * (i == axis) for i, o in enumerate(static)]
                    values = DenseArrayBase.from_list(i64, moved)
                    yield (
                        "offset",
                        f"{name} plus {shift}",
                        _properties([number], static_offsets=values),
                    )


def _constant_of(value: SSAValue) -> int | None:
    op = value.owner
    if isinstance(op, arith.ConstantOp) and isinstance(op.value, IntegerAttr):
        return op.value.value.data
    return None


def _control(ops: Sequence[Operation]) -> Found:
    for number, op in enumerate(ops):
        match op:
            case KernelOp():
                blocks = op.blocks.value.data
                for new in sorted({blocks - 1, blocks + 1, 2 * blocks, 1} - {0, blocks}):
                    changed = _properties([number], blocks=IntegerAttr(new, i64))
                    yield "trip count", f"{new} blocks instead of {blocks}", changed
            case scf.ForOp():
                step = _constant_of(op.step) or 1
                for operand, name in enumerate(("start", "stop", "step")):
                    for shift in sorted({1, -1, step, -step}):
                        if operand == 2 and shift == -step:
                            continue
                        yield (
                            "trip count",
                            f"{name} of loop (op {number}) plus {shift}",
                            lambda ops, n=number, o=operand, s=shift: _plus(ops, n, o, s),
                        )
            case affine.MinOp():
                limits = [e.value for e in op.map.data.results if isinstance(e, AffineConstantExpr)]
                if limits:
                    yield "tail clamp", f"op {number} is {limits[0]}", _replaced(number, limits[0])
                yield "tail clamp", f"op {number} one more", _grown(number, 1)
                yield "tail clamp", f"op {number} one less", _grown(number, -1)
            case _:
                pass


def _replaced(number: int, constant: int) -> Callable[[list[Operation]], None]:
    def apply(ops: list[Operation]) -> None:
        op = ops[number]
        new = arith.ConstantOp.from_int_and_width(constant, IndexType())
        assert op.parent is not None
        op.parent.insert_ops_before([new], op)
        op.results[0].replace_all_uses_with(new.result)

    return apply


def _grown(number: int, amount: int) -> Callable[[list[Operation]], None]:
    def apply(ops: list[Operation]) -> None:
        op = ops[number]
        constant = arith.ConstantOp.from_int_and_width(amount, IndexType())
        added = arith.AddiOp(op.results[0], constant)
        assert op.parent is not None
        op.parent.insert_ops_after([constant, added], op)
        op.results[0].replace_uses_with_if(added.result, lambda use: use.operation is not added)

    return apply


def _data(ops: Sequence[Operation]) -> Found:
    for number, op in enumerate(ops):
        match op:
            case StoreOp() | FixpipeOp():
                yield "stale output", f"without {op.name} (op {number})", _erase([number])
                if isinstance(op, FixpipeOp):
                    relu = None if op.relu else UnitAttr()
                    yield "wrong op", f"relu of op {number} toggled", _toggled(number, "relu", relu)
            case LoadOp():
                yield "dropped load", f"without {op.name} (op {number})", _erase([number])
            case MmadOp():
                for value in (True, False):
                    what = f"op {number} with init {value}"
                    yield "accumulator", what, _initialised(number, value)
                for name in ("transpose_lhs", "transpose_rhs"):
                    value = None if op.properties.get(name) else UnitAttr()
                    yield "wrong axis", f"{name} of op {number}", _toggled(number, name, value)
            case _:
                pass


def _toggled(number: int, name: str, value: UnitAttr | None) -> Callable[[list[Operation]], None]:
    def apply(ops: list[Operation]) -> None:
        if value is None:
            del ops[number].properties[name]
        else:
            ops[number].properties[name] = value

    return apply


def _initialised(number: int, value: bool) -> Callable[[list[Operation]], None]:
    def apply(ops: list[Operation]) -> None:
        op = ops[number]
        constant = arith.ConstantOp(BoolAttr.from_bool(value))
        assert op.parent is not None
        op.parent.insert_ops_before([constant], op)
        op.operands[2] = constant.result

    return apply
