"""Buffers, views, flags, loops and index arithmetic of an npu kernel in C++."""

import math
from collections.abc import Mapping
from dataclasses import replace

from xdsl.dialects import affine, arith, memref, scf
from xdsl.dialects.builtin import DYNAMIC_INDEX, FloatAttr, IntegerAttr, MemRefType
from xdsl.ir import Operation, SSAValue
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
)

from hawk_xdsl.ascendc.emission import AscendcEmission, AscendcView, IndexText, plus, times
from hawk_xdsl.ascendc.names import PIPES
from hawk_xdsl.dialects.npu import (
    AllocOp,
    BarrierOp,
    ReadOp,
    SetFlagOp,
    Subview,
    WaitFlagOp,
    strides_of,
)


def view_of(at: AscendcEmission, value: SSAValue, name: str, why: Operation) -> AscendcView:
    """A whole tensor of static shape."""
    type_ = value.type
    assert isinstance(type_, MemRefType)
    strides = tuple(stride for stride in strides_of(type_) if stride is not None)
    if len(strides) != len(type_.get_shape()):
        raise at.fail(why, "strides that are not static")
    return AscendcView(name, str(type_.element_type), 0, type_.get_shape(), strides)


def emit_alloc(at: AscendcEmission, op: AllocOp) -> None:
    """A local tensor at its address."""
    if op.address is None:
        raise at.fail(op, "a buffer has no address yet: run npu-plan-memory first")
    name, address = at.name(op.buffer.name_hint), op.address.value.data
    view = view_of(at, op.buffer, name, op)
    extents = zip(view.shape, view.strides, strict=True)
    count = 1 + sum((int(extent) - 1) * stride for extent, stride in extents)
    cpp = at.type_of(op, view.dtype)
    if op.buffer in at.bits:
        cpp, count = "uint8_t", -(-count // 8)
    at.emit(f"LocalTensor<{cpp}> {name}(TPosition::VECCALC, {address}, {count});")
    at.views[op.buffer] = view


def emit_subview(at: AscendcEmission, op: memref.SubviewOp) -> None:
    """The same tensor from another element on."""
    part, source = Subview.of(op), at.views[op.source]
    offset: IndexText = source.offset
    shape: list[IndexText] = []
    strides: list[int] = []
    for i, stride in enumerate(source.strides):
        step = part.strides[i]
        if not isinstance(step, int):
            raise at.fail(op, "a step that is not static")
        offset = plus(offset, times(at.index(part.offsets[i]), stride))
        if not part.dropped[i]:
            shape.append(at.index(part.sizes[i]))
            strides.append(stride * step)
    at.views[op.result] = replace(source, offset=offset, shape=tuple(shape), strides=tuple(strides))


def emit_reinterpret(at: AscendcEmission, op: memref.ReinterpretCastOp) -> None:
    """The same elements in other rows."""
    if op.offsets or op.sizes or op.strides or not isinstance(op.source.owner, AllocOp):
        raise at.fail(op, "a view that is not static")
    new = view_of(at, op.result, at.views[op.source].name, op)
    (offset,) = op.static_offsets.get_values()
    if offset == DYNAMIC_INDEX:
        raise at.fail(op, "an offset that is not static")
    at.views[op.result] = replace(new, offset=int(offset))


def emit_read(at: AscendcEmission, op: ReadOp) -> None:
    """One element by the scalar unit."""
    view = at.views[op.source]
    places = zip(op.indices, view.strides, strict=True)
    offset = plus(view.offset, *(times(at.index(index), stride) for index, stride in places))
    name = at.name(op.value.name_hint)
    at.emit(f"{at.type_of(op, view.dtype)} {name} = {view.name}.GetValue({offset});")
    at.scalars[op.value] = name


def emit_flag(at: AscendcEmission, op: SetFlagOp | WaitFlagOp) -> None:
    """A flag of the plan."""
    ends = [op.source.data, op.target.data]
    if any(pipe not in PIPES for pipe in ends):
        raise at.fail(op, f"no flag between {ends[0]} and {ends[1]}")
    kind = "SetFlag" if isinstance(op, SetFlagOp) else "WaitFlag"
    pair = "_".join(PIPES[pipe] for pipe in ends)
    at.emit(f"{kind}<HardEvent::{pair}>(EVENT_ID{op.event.value.data});")


def emit_barrier(at: AscendcEmission, op: BarrierOp) -> None:
    """A barrier of the plan."""
    if op.pipe.data not in PIPES:
        raise at.fail(op, f"no barrier of {op.pipe.data}")
    at.emit(f"PipeBarrier<PIPE_{PIPES[op.pipe.data]}>();")


def loop_head(at: AscendcEmission, op: scf.ForOp) -> str:
    """The head of the same loop."""
    if op.iter_args:
        raise at.fail(op, "a loop that carries values")
    counter = op.body.block.args[0]
    name = at.name(counter.name_hint)
    at.scalars[counter] = name
    lower, upper, step = (at.index(value) for value in (op.lb, op.ub, op.step))
    return f"for (int64_t {name} = {lower}; {name} < {upper}; {name} += {step})"


_INFIX: Mapping[type[Operation], str] = {
    arith.AddiOp: "+",
    arith.SubiOp: "-",
    arith.MuliOp: "*",
    arith.DivUIOp: "/",
    arith.RemUIOp: "%",
}

_ENDS: Mapping[type[Operation], str] = {
    arith.MinSIOp: "Smaller",
    arith.MaxSIOp: "Larger",
}

_RELATIONS = ("==", "!=", "<", "<=", ">", ">=")


def emit_scalar(at: AscendcEmission, op: Operation) -> None:
    """Arithmetic on indices, and numbers."""
    if isinstance(op, arith.ConstantOp):
        at.scalars[op.result] = _number(at, op)
        return
    text: IndexText | None = None
    if isinstance(op, affine.ApplyOp):
        (text,) = _results(at, op, op.map.data.results)
    elif isinstance(op, affine.MinOp):
        first, *others = _results(at, op, op.map.data.results)
        for other in others:
            first = at.function("Smaller", first, other)
        text = first
    elif isinstance(op, arith.IndexCastOp):
        text = at.scalars[op.input]
    elif isinstance(op, arith.CmpiOp) and op.predicate.value.data < len(_RELATIONS):
        sign = _RELATIONS[op.predicate.value.data]
        text = f"{at.scalars[op.lhs]} {sign} {at.scalars[op.rhs]}"
    elif type(op) in _INFIX:
        text = f"{at.scalars[op.operands[0]]} {_INFIX[type(op)]} {at.scalars[op.operands[1]]}"
    elif type(op) in _ENDS:
        left, right = (at.index(value) for value in op.operands)
        text = at.function(_ENDS[type(op)], left, right)
    if text is None:
        raise at.fail(op, "not written here")
    if isinstance(text, int):
        at.scalars[op.results[0]] = str(text)
        return
    name = at.name(op.results[0].name_hint)
    kind = "bool" if isinstance(op, arith.CmpiOp) else "int64_t"
    at.emit(f"const {kind} {name} = {text};")
    at.scalars[op.results[0]] = name


def _number(at: AscendcEmission, op: arith.ConstantOp) -> str:
    value = op.value
    if isinstance(value, IntegerAttr):
        number = value.value.data
        plain = str(value.type) in ("index", "i1") or (
            str(value.type) == "i32" and abs(number) < 2**31
        )
        return str(number) if plain else f"static_cast<{at.type_of(op, str(value.type))}>({number})"
    if isinstance(value, FloatAttr) and math.isfinite(value.value.data):
        text = f"{value.value.data!r}f"
        return text if str(value.type) == "f32" else f"static_cast<half>({text})"
    if isinstance(value, FloatAttr) and str(value.type) == "f32":
        if math.isnan(value.value.data):
            return '__builtin_nanf("")'
        return "-__builtin_inff()" if value.value.data < 0 else "__builtin_inff()"
    raise at.fail(op, "not a finite number")


def _results(
    at: AscendcEmission, op: Operation, results: tuple[AffineExpr, ...]
) -> list[IndexText]:
    return [_expression(at, op, result) for result in results]


def _expression(at: AscendcEmission, op: Operation, expr: AffineExpr) -> IndexText:
    match expr:
        case AffineConstantExpr():
            return expr.value
        case AffineDimExpr():
            return at.index(op.operands[expr.position])
        case AffineBinaryOpExpr():
            left, right = (_expression(at, op, side) for side in (expr.lhs, expr.rhs))
            match expr.kind:
                case AffineBinaryOpKind.Add:
                    return plus(left, right)
                case AffineBinaryOpKind.Mul:
                    return times(left, right)
                case AffineBinaryOpKind.FloorDiv:
                    return at.function("FloorDiv", left, right)
                case AffineBinaryOpKind.Mod:
                    whole = at.function("FloorDiv", left, right)
                    return f"({left}) - {whole} * ({right})"
                case _:
                    raise at.fail(op, "a division that rounds up")
        case _:
            raise at.fail(op, "a symbol")
