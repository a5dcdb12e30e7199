"""The scalar unit's arithmetic: arith, affine and index ops as Python functions.

Integers wrap at their width, index does not: a kernel that needs more than 64 bits is wrong anyway.
Floats are numpy scalars of their dtype, so that they round as the dtype does.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from xdsl.dialects import affine, arith, builtin
from xdsl.dialects.builtin import FloatAttr, IndexType, IntegerAttr, IntegerType
from xdsl.ir import Attribute, Operation
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
    AffineSymExpr,
)

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.npu_target.traps import Fault, TrapCode

Function = Callable[..., Any]
"""Operands of an op → its only result."""


def constant_value(op: arith.ConstantOp) -> object | None:
    """The value of a scalar constant; ``None`` for a dense one."""
    value = op.value
    if isinstance(value, IntegerAttr):
        number = value.value.data
        return bool(number) if value.type == builtin.i1 else number
    if isinstance(value, FloatAttr):
        return DType.of(value.type).numpy.type(value.value.data)
    return None


def scalar_function(op: Operation) -> Function | None:
    """The function of a scalar op, or ``None`` if it is not one that kernels may use."""
    match op:
        case affine.ApplyOp():
            return _affine(op.map.data.results[0], op.map.data.num_dims)
        case affine.MinOp():
            return _minimum(
                [_affine(result, op.map.data.num_dims) for result in op.map.data.results]
            )
        case arith.CmpiOp():
            return _compare_integers(op.predicate.value.data, _width(op.lhs.type))
        case arith.CmpfOp():
            return _FLOAT_PREDICATES[op.predicate.value.data]
        case arith.SelectOp():
            return lambda condition, on_true, on_false: on_true if condition else on_false
        case _:
            pass
    if type(op) in _INTEGER:
        return _wrapping(_INTEGER[type(op)], op.results[0].type)
    if type(op) in _FLOAT:
        return _FLOAT[type(op)]
    if type(op) in _CONVERSIONS:
        return _conversion(op.results[0].type)
    return None


def _divide(left: int, right: int) -> int:
    if right == 0:
        raise Fault(TrapCode.ARITHMETIC, "divides by zero")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _floor_divide(left: int, right: int) -> int:
    if right == 0:
        raise Fault(TrapCode.ARITHMETIC, "divides by zero")
    return left // right


_INTEGER: dict[type[Operation], Callable[[int, int], int]] = {
    arith.AddiOp: operator.add,
    arith.SubiOp: operator.sub,
    arith.MuliOp: operator.mul,
    arith.DivSIOp: _divide,
    arith.FloorDivSIOp: _floor_divide,
    arith.CeilDivSIOp: lambda left, right: -_floor_divide(-left, right),
    arith.RemSIOp: lambda left, right: left - right * _divide(left, right),
    arith.MinSIOp: min,
    arith.MaxSIOp: max,
    arith.AndIOp: operator.and_,
    arith.OrIOp: operator.or_,
    arith.XOrIOp: operator.xor,
}

_FLOAT: dict[type[Operation], Function] = {
    arith.AddfOp: operator.add,
    arith.SubfOp: operator.sub,
    arith.MulfOp: operator.mul,
    arith.DivfOp: np.divide,
    arith.NegfOp: operator.neg,
    arith.MaximumfOp: np.maximum,
    arith.MinimumfOp: np.minimum,
}

_CONVERSIONS: tuple[type[Operation], ...] = (
    arith.IndexCastOp,
    arith.SIToFPOp,
    arith.FPToSIOp,
    arith.ExtFOp,
    arith.TruncFOp,
    arith.ExtSIOp,
    arith.TruncIOp,
)

_SIGNED_PREDICATES: tuple[Callable[[int, int], bool], ...] = (
    operator.eq,
    operator.ne,
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
)
"""arith.cmpi's predicates 0 to 5; 6 to 9 are lt to ge on unsigned values."""


def _compare_integers(predicate: int, width: int) -> Function:
    if predicate < len(_SIGNED_PREDICATES):
        return _SIGNED_PREDICATES[predicate]
    function = _SIGNED_PREDICATES[predicate - 4]
    mask = (1 << width) - 1
    return lambda left, right: function(left & mask, right & mask)


def _ordered(function: Callable[[Any, Any], bool]) -> Function:
    return lambda left, right: not (np.isnan(left) or np.isnan(right)) and function(left, right)


def _unordered(function: Callable[[Any, Any], bool]) -> Function:
    return lambda left, right: bool(np.isnan(left) or np.isnan(right)) or function(left, right)


_FLOAT_COMPARISONS = (operator.eq, operator.gt, operator.ge, operator.lt, operator.le, operator.ne)

_FLOAT_PREDICATES: dict[int, Function] = {
    0: lambda left, right: False,
    **{1 + i: _ordered(function) for i, function in enumerate(_FLOAT_COMPARISONS)},
    7: lambda left, right: not (np.isnan(left) or np.isnan(right)),
    **{8 + i: _unordered(function) for i, function in enumerate(_FLOAT_COMPARISONS)},
    14: lambda left, right: bool(np.isnan(left) or np.isnan(right)),
    15: lambda left, right: True,
}
"""arith.cmpf's predicates: false, o{eq,gt,ge,lt,le,ne}, ord, u{…}, uno, true."""


def _width(type_: Attribute) -> int:
    return type_.width.data if isinstance(type_, IntegerType) else 64


def _wrapping(function: Callable[[int, int], int], type_: Attribute) -> Function:
    if isinstance(type_, IndexType):
        return function
    width = _width(type_)
    if width == 1:
        return lambda left, right: bool(function(left, right) & 1)
    return lambda left, right: _wrap(function(left, right), width)


def _wrap(value: int, width: int) -> int:
    half = 1 << (width - 1)
    return (value + half) % (2 * half) - half


def _conversion(type_: Attribute) -> Function:
    if isinstance(type_, IndexType):
        return int
    if isinstance(type_, IntegerType):
        width = type_.width.data
        return lambda value: _wrap(int(value), width)
    return DType.of(type_).numpy.type


def _minimum(functions: list[Function]) -> Function:
    return lambda *operands: min(function(*operands) for function in functions)


_AFFINE: dict[AffineBinaryOpKind, Callable[[int, int], int]] = {
    AffineBinaryOpKind.Add: operator.add,
    AffineBinaryOpKind.Mul: operator.mul,
    AffineBinaryOpKind.Mod: operator.mod,
    AffineBinaryOpKind.FloorDiv: operator.floordiv,
    AffineBinaryOpKind.CeilDiv: lambda left, right: -(-left // right),
}


def _affine(expression: AffineExpr, dimensions: int) -> Function:
    """An affine expression as a function of its dimensions and then its symbols."""
    match expression:
        case AffineConstantExpr():
            constant = expression.value
            return lambda *operands: constant
        case AffineDimExpr():
            position = expression.position
            return lambda *operands: operands[position]
        case AffineSymExpr():
            symbol = dimensions + expression.position
            return lambda *operands: operands[symbol]
        case AffineBinaryOpExpr():
            function = _AFFINE[expression.kind]
            left = _affine(expression.lhs, dimensions)
            if isinstance(expression.rhs, AffineConstantExpr):
                amount = expression.rhs.value
                return lambda *operands: function(left(*operands), amount)
            right = _affine(expression.rhs, dimensions)
            return lambda *operands: function(left(*operands), right(*operands))
        case _:
            raise Fault(TrapCode.UNSUPPORTED, f"cannot evaluate the affine expression {expression}")
