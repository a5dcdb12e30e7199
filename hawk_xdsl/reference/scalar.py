"""What the scalar ops of arith and math compute, elementwise on numpy arrays of any shape."""

from collections.abc import Callable

import numpy as np
from xdsl.dialects import arith
from xdsl.dialects import math as mlir_math
from xdsl.ir import Operation

from hawk_xdsl.dialects.dtype import Array, is_float
from hawk_xdsl.dialects.upstream import RemfOp
from hawk_xdsl.reference.erf import erf
from hawk_xdsl.reference.value_types import DivisionByZeroError

Kernel = Callable[..., Array]
"""A function of as many arrays as the op has operands."""


def _rsqrt(x: Array) -> Array:
    return np.divide(1.0, np.sqrt(x))


def _round_half_away(x: Array) -> Array:
    return np.copysign(np.floor(np.abs(x) + 0.5), x)


def _fma(a: Array, b: Array, c: Array) -> Array:
    return np.add(np.multiply(a, b), c)


FLOAT_KERNELS: dict[type[Operation], Kernel] = {
    arith.AddfOp: np.add,
    arith.SubfOp: np.subtract,
    arith.MulfOp: np.multiply,
    arith.DivfOp: np.divide,
    arith.NegfOp: np.negative,
    arith.MaximumfOp: np.maximum,
    arith.MinimumfOp: np.minimum,
    arith.MaxnumfOp: np.fmax,
    arith.MinnumfOp: np.fmin,
    RemfOp: np.fmod,
}
"""Rounded to the result's type; f16 and bf16 are computed in f32 first, which rounds the same."""

MATH_KERNELS: dict[type[Operation], Kernel] = {
    mlir_math.AbsFOp: np.abs,
    mlir_math.AcosOp: np.arccos,
    mlir_math.AcoshOp: np.arccosh,
    mlir_math.AsinOp: np.arcsin,
    mlir_math.AsinhOp: np.arcsinh,
    mlir_math.AtanOp: np.arctan,
    mlir_math.Atan2Op: np.arctan2,
    mlir_math.AtanhOp: np.arctanh,
    mlir_math.CbrtOp: np.cbrt,
    mlir_math.CeilOp: np.ceil,
    mlir_math.CopySignOp: np.copysign,
    mlir_math.CosOp: np.cos,
    mlir_math.CoshOp: np.cosh,
    mlir_math.ErfOp: erf,
    mlir_math.ExpOp: np.exp,
    mlir_math.Exp2Op: np.exp2,
    mlir_math.ExpM1Op: np.expm1,
    mlir_math.FloorOp: np.floor,
    mlir_math.FmaOp: _fma,
    mlir_math.FPowIOp: np.power,
    mlir_math.LogOp: np.log,
    mlir_math.Log10Op: np.log10,
    mlir_math.Log1pOp: np.log1p,
    mlir_math.Log2Op: np.log2,
    mlir_math.PowFOp: np.power,
    mlir_math.RoundOp: _round_half_away,
    mlir_math.RoundEvenOp: np.round,
    mlir_math.RsqrtOp: _rsqrt,
    mlir_math.SinOp: np.sin,
    mlir_math.SinhOp: np.sinh,
    mlir_math.SqrtOp: np.sqrt,
    mlir_math.TanOp: np.tan,
    mlir_math.TanhOp: np.tanh,
    mlir_math.TruncOp: np.trunc,
}
"""Computed in float64 and rounded to the result's type once."""


def _divide_towards_zero(op: Operation, a: Array, b: Array) -> Array:
    if np.any(b == 0):
        raise DivisionByZeroError(op)
    down = np.floor_divide(a, b)
    rest = np.not_equal(np.multiply(down, b), a)
    return np.where(rest & (np.less(a, 0) != np.less(b, 0)), np.add(down, 1), down)


def _remainder(op: Operation, a: Array, b: Array) -> Array:
    return np.subtract(a, np.multiply(_divide_towards_zero(op, a, b), b))


def _floor_divide(op: Operation, a: Array, b: Array) -> Array:
    if np.any(b == 0):
        raise DivisionByZeroError(op)
    return np.floor_divide(a, b)


def _ceil_divide(op: Operation, a: Array, b: Array) -> Array:
    down = _floor_divide(op, a, b)
    return np.where(np.not_equal(np.multiply(down, b), a), np.add(down, 1), down)


SIGNED_KERNELS: dict[type[Operation], Kernel] = {
    arith.AddiOp: np.add,
    arith.SubiOp: np.subtract,
    arith.MuliOp: np.multiply,
    arith.MaxSIOp: np.maximum,
    arith.MinSIOp: np.minimum,
    arith.AndIOp: np.bitwise_and,
    arith.OrIOp: np.bitwise_or,
    arith.XOrIOp: np.bitwise_xor,
    arith.ShLIOp: np.left_shift,
    arith.ShRSIOp: np.right_shift,
    mlir_math.AbsIOp: np.abs,
    mlir_math.IPowIOp: np.power,
}

UNSIGNED_KERNELS: dict[type[Operation], Kernel] = {
    arith.MaxUIOp: np.maximum,
    arith.MinUIOp: np.minimum,
    arith.ShRUIOp: np.right_shift,
}

DIVISIONS: dict[type[Operation], tuple[Callable[[Operation, Array, Array], Array], bool]] = {
    arith.DivSIOp: (_divide_towards_zero, True),
    arith.RemSIOp: (_remainder, True),
    arith.FloorDivSIOp: (_floor_divide, True),
    arith.CeilDivSIOp: (_ceil_divide, True),
    arith.DivUIOp: (_floor_divide, False),
    arith.RemUIOp: (_remainder, False),
}
"""The division and whether its operands are signed."""

_INTEGER_COMPARISONS: tuple[Kernel, ...] = (
    np.equal,
    np.not_equal,
    np.less,
    np.less_equal,
    np.greater,
    np.greater_equal,
)

_ORDERED_COMPARISONS: tuple[Kernel, ...] = (
    np.equal,
    np.greater,
    np.greater_equal,
    np.less,
    np.less_equal,
    np.not_equal,
)
"""``arith.cmpf`` predicates 1 to 6; 8 to 13 are the same or unordered."""


def _signed(x: Array) -> Array:
    """The value as a signed integer: i1's true is -1."""
    return np.negative(x.astype(np.int8)) if x.dtype == np.bool_ else x


def _unsigned(x: Array) -> Array:
    if x.dtype == np.bool_:
        return x.astype(np.uint8)
    return x.view(np.dtype(f"u{x.dtype.name.removeprefix('u')}"))


def _narrowed(x: Array, dtype: np.dtype[np.generic]) -> Array:
    """An integer cut to the bits of a type."""
    return np.not_equal(np.bitwise_and(x, 1), 0) if dtype == np.bool_ else x.astype(dtype)


def compare_floats(predicate: int, a: Array, b: Array) -> Array:
    """``arith.cmpf`` with MLIR's predicate numbers."""
    unordered = np.logical_or(np.isnan(a), np.isnan(b))
    if predicate in (0, 15):
        return np.full(np.broadcast(a, b).shape, predicate == 15)
    if predicate in (7, 14):
        return unordered if predicate == 14 else np.logical_not(unordered)
    result = _ORDERED_COMPARISONS[(predicate - 1) % 7](a, b)
    if predicate < 7:
        return np.logical_and(result, np.logical_not(unordered))
    return np.logical_or(result, unordered)


def compare_integers(predicate: int, a: Array, b: Array) -> Array:
    """``arith.cmpi`` with MLIR's predicate numbers."""
    if predicate < 6:
        return _INTEGER_COMPARISONS[predicate](_signed(a), _signed(b))
    return _INTEGER_COMPARISONS[predicate - 4](_unsigned(a), _unsigned(b))


def _cast(op: Operation, x: Array, dtype: np.dtype[np.generic]) -> Array | None:
    match op:
        case arith.ExtFOp() | arith.TruncFOp():
            return x.astype(dtype)
        case arith.SIToFPOp() | arith.ExtSIOp() | arith.IndexCastOp():
            return _signed(x).astype(dtype)
        case arith.UIToFPOp() | arith.ExtUIOp():
            return _unsigned(x).astype(dtype)
        case arith.TruncIOp():
            return _narrowed(x, dtype)
        case arith.FPToSIOp():
            return np.trunc(x.astype(np.float64)).astype(np.int64).astype(dtype)
        case arith.FPToUIOp():
            wide = np.trunc(x.astype(np.float64)).astype(np.int64)
            return _narrowed(wide, dtype) if dtype == np.bool_ else wide.astype(dtype)
        case _:
            return None


def evaluate_scalar(
    op: Operation, operands: list[Array], dtype: np.dtype[np.generic]
) -> Array | None:
    """The result of a scalar op, elementwise and broadcast; ``None`` if the op has no meaning here.

    Args:
        op: an op of arith or math with one result.
        operands: one array an operand.
        dtype: the numpy type of the result, which decides the rounding.

    Raises:
        DivisionByZeroError: for an integer division by zero.
    """
    kind = type(op)
    match op:
        case arith.CmpfOp():
            return compare_floats(op.predicate.value.data, *operands)
        case arith.CmpiOp():
            return compare_integers(op.predicate.value.data, *operands)
        case arith.SelectOp():
            return np.where(*operands)
        case _:
            pass
    if kind in FLOAT_KERNELS:
        wide = np.dtype(np.float32) if dtype.itemsize < 4 else dtype
        return FLOAT_KERNELS[kind](*(x.astype(wide, copy=False) for x in operands)).astype(dtype)
    if kind in MATH_KERNELS:
        wide_operands = [x.astype(np.float64) if is_float(x.dtype) else x for x in operands]
        return MATH_KERNELS[kind](*wide_operands).astype(dtype)
    if kind in SIGNED_KERNELS:
        return _narrowed(SIGNED_KERNELS[kind](*map(_signed, operands)), dtype)
    if kind in UNSIGNED_KERNELS:
        return _narrowed(UNSIGNED_KERNELS[kind](*map(_unsigned, operands)), dtype)
    if kind in DIVISIONS:
        divide, signed = DIVISIONS[kind]
        a, b = map(_signed if signed else _unsigned, operands)
        return _narrowed(divide(op, a, b), dtype)
    return _cast(op, operands[0], dtype) if operands else None
