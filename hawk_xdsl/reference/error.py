"""How far a value may be off: what roundings of the values it is computed from can change.

Beside each float64 value runs its error: how far a correct computation in the declared dtypes may
be from it. Inputs and literals are exact, and so is what is only moved, compared or selected. Each
op that rounds adds some halves of a unit in the last place of its declared dtype; errors of
operands go through an op by evaluating it at both ends of them. So ``floor(cos(x))`` has an error
of 1 where ``cos(x)`` is within its error of a step and of 0 anywhere else, and ``x > 1000.0`` has
none.

At a step it matters that IEEE arithmetic is exact where it can be: 6 / 3 is 2, and its floor is not
1. So an error also says where a value is exact if rounded correctly; steps see no error there.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import ml_dtypes
import numpy as np
from numpy.typing import NDArray
from xdsl.dialects import arith
from xdsl.dialects import math as mlir_math
from xdsl.ir import Operation

from hawk_xdsl.dialects.dtype import Array, is_float
from hawk_xdsl.dialects.upstream import RemfOp

Error: TypeAlias = NDArray[np.float64] | None
"""At each element, how far the value may be off (1 for a boolean that may be the other one).

``None``: exact, and nothing was computed. Infinite: nothing is known. Negative: as far as its
magnitude, but exact if rounded correctly.
"""

HALF_ULPS = {2: 2.0, 4: 16.0}
"""By bytes of a float dtype, the halves of a unit in the last place that an op may be off."""

SELECTING = (
    *(arith.MaximumfOp, arith.MinimumfOp, arith.MaxnumfOp, arith.MinnumfOp),
    *(arith.NegfOp, arith.ExtFOp, arith.SelectOp, arith.BitcastOp),
    *(mlir_math.AbsFOp, mlir_math.CopySignOp, mlir_math.CeilOp, mlir_math.FloorOp),
    *(mlir_math.RoundOp, mlir_math.RoundEvenOp, mlir_math.TruncOp),
)
"""Ops that never round."""

ROUNDED_ONCE = (
    *(arith.AddfOp, arith.SubfOp, arith.MulfOp, arith.DivfOp, RemfOp),
    *(arith.TruncFOp, arith.SIToFPOp, arith.UIToFPOp),
    *(mlir_math.FmaOp, mlir_math.SqrtOp),
)
"""Ops that round correctly: not at all where the dtype has their result. Others are functions."""

SHIFTS = (arith.ShLIOp, arith.ShRSIOp, arith.ShRUIOp)
SIGNED_DIVISIONS = (arith.DivSIOp, arith.RemSIOp, arith.FloorDivSIOp, arith.CeilDivSIOp)

Evaluate = Callable[[list[Array]], Array]
"""An op's results for given operands."""


BOUNDED = (mlir_math.SinOp, mlir_math.CosOp, mlir_math.TanhOp, mlir_math.ErfOp)
"""Functions of size 1 that may be off by ``BOUNDED_ERROR`` where they are small themselves."""

BOUNDED_ERROR = 2.0**-22
"""Two units in the last place of an f32 of size 1: what arithmetic on such numbers leaves."""

POWER_SHARE = 0.25
"""A power is exp(y ln x): roundings of the exponent count by its size."""

STEPS = (
    *(arith.CmpfOp, arith.CmpiOp, arith.FPToSIOp, arith.FPToUIOp, RemfOp),
    *(mlir_math.CeilOp, mlir_math.FloorOp, mlir_math.TruncOp),
    *(mlir_math.RoundOp, mlir_math.RoundEvenOp),
)
"""Ops that jump: operands that are exact if rounded correctly have to be."""


def combined(*errors: Error) -> Error:
    """The size of independent errors together: the root of the sum of their squares."""
    known = [error for error in errors if error is not None]
    if len(known) < 2:
        return np.abs(known[0]) if known else None
    total = np.square(known[0])
    for error in known[1:]:
        total = total + np.square(error)
    return np.sqrt(total)


def signed(size: NDArray[np.float64], exact: NDArray[np.bool_] | np.bool_ | bool) -> Error:
    """An error that says where the value is exact if rounded correctly."""
    return np.where(exact & np.isfinite(size), -size, size)


def all_exact(errors: Sequence[Error]) -> NDArray[np.bool_] | np.bool_:
    """Where no operand has an error that steps see."""
    exact = np.bool_(True)
    for error in errors:
        if error is not None:
            exact = exact & (error <= 0)
    return exact


def rounding(
    result: Array, dtype: np.dtype[np.generic], *, ends: bool = True
) -> NDArray[np.float64]:
    """What rounding to a float dtype may change.

    Below the dtype's smallest normal number it is that number, since a core may flush to zero.
    Beyond its end nothing is known (infinite), unless the dtype is taken as one without ``ends``.
    """
    kept = computed_in(dtype)
    limits = ml_dtypes.finfo(kept)
    size = np.abs(np.asarray(result, np.float64))
    tiny = float(limits.smallest_normal)
    error = HALF_ULPS[kept.itemsize] * 0.5 * float(limits.eps) * size
    error = np.where(size < tiny, tiny, error)
    if ends:
        error = np.where(size > largest(kept), np.inf, error)
    return np.where(np.isfinite(size) & (size > 0), error, 0.0)


def computed_in(dtype: np.dtype[np.generic]) -> np.dtype[np.generic]:
    """The dtype that stands for a float dtype on an NPU: there is no f64, f32 is as good."""
    return np.dtype(np.float32) if dtype == np.float64 else dtype


def largest(dtype: np.dtype[np.generic]) -> float:
    """The largest magnitude that does not round to infinity."""
    limits = ml_dtypes.finfo(dtype)
    return float(limits.max) * (1 + 0.25 * float(limits.eps))


def holds(dtype: np.dtype[np.generic], result: Array) -> NDArray[np.bool_] | np.bool_:
    """Where a float dtype has the very values; f64 does, for a step of what fits 53 bits."""
    if dtype == np.float64:
        return np.bool_(True)
    return np.equal(result.astype(dtype).astype(np.float64), result)


def scalar_error(
    op: Operation,
    operands: Sequence[Array],
    errors: Sequence[Error],
    result: Array,
    declared: np.dtype[np.generic],
    evaluate: Evaluate,
    *,
    ends: bool = True,
) -> Error:
    """The error of a scalar op's result.

    Args:
        op: an op of arith or math.
        operands: their float64, integer or boolean values.
        errors: one an operand.
        result: the op's result for the operands.
        declared: the dtype that the result has in the IR.
        evaluate: computes the op for other operands.
        ends: whether nothing is known of a result beyond the end of its dtype.
    """
    if isinstance(op, STEPS):
        errors = [None if error is None else np.maximum(error, 0.0) for error in errors]
    carried = _carried(op, operands, errors, result, evaluate)
    poison = _poison(op, operands, errors, declared)
    if poison is not None:
        carried = np.where(poison, np.inf, 0.0 if carried is None else carried)
    if not is_float(declared):
        return carried
    if isinstance(op, SELECTING):
        return None if carried is None else signed(carried, all_exact(errors))
    own = rounding(result, declared, ends=ends)
    if isinstance(op, BOUNDED):
        own = np.where(np.isfinite(result), np.maximum(own, BOUNDED_ERROR), own)
    if isinstance(op, mlir_math.PowFOp):
        exponent = np.abs(np.log(np.abs(np.asarray(result, np.float64))))
        own = np.where(np.isfinite(exponent), own * (1 + POWER_SHARE * exponent), own)
    size = combined(carried, own)
    assert size is not None
    if not isinstance(op, ROUNDED_ONCE):
        return size
    return signed(size, all_exact(errors) & holds(declared, result))


def _carried(
    op: Operation,
    operands: Sequence[Array],
    errors: Sequence[Error],
    result: Array,
    evaluate: Evaluate,
) -> Error:
    """What the operands' errors do to the result."""
    uncertain = [i for i, error in enumerate(errors) if error is not None]
    if not uncertain:
        return None
    if not any(np.any(errors[i]) for i in uncertain):
        return np.zeros(np.shape(result))
    match op:
        case arith.SelectOp():
            return _selected(operands, errors)
        case arith.AddfOp() | arith.SubfOp() | arith.NegfOp() | arith.ExtFOp() | arith.TruncFOp():
            total = combined(*errors)
            assert total is not None
            return np.where(np.isfinite(result) | np.isinf(total), total, 0.0)
        case arith.CmpfOp() | arith.CmpiOp():
            either = combined(*errors)
            moved = [0]
        case _:
            either = None
            moved = uncertain
    found: list[NDArray[np.float64]] = []
    for place in moved:
        error = either if either is not None else errors[place]
        assert error is not None
        ends: list[NDArray[np.float64]] = []
        for sign in (1, -1):
            shifted = list(operands)
            shifted[place] = shifted_by(operands[place], error, sign)
            ends.append(difference(evaluate(shifted), result))
        if either is not None:
            met = [_nearest(operands[0], error, operands[1]), operands[1]]
            ends.append(difference(evaluate(met), result))
        found.append(np.max(np.broadcast_arrays(*ends), axis=0))
    if is_float(result.dtype):
        size = combined(*found)
        both = isinstance(op, arith.MulfOp) and len(uncertain) == 2
        return _together(op, errors, size) if both else size
    if result.dtype == np.bool_ and len(moved) > 1:
        pairs = zip(operands, errors, strict=True)
        shifted = [o if e is None else shifted_by(o, e, 1) for o, e in pairs]
        found.append(difference(evaluate(shifted), result))
    return np.sum(np.broadcast_arrays(*found), axis=0)


def _together(op: Operation, errors: Sequence[Error], size: Error) -> Error:
    """(a ± d)(b ± e) moves by d e on top; the two errors of a square are the same one."""
    d, e = errors
    assert d is not None and e is not None and size is not None
    second = np.abs(d * e)
    total = (np.sqrt(2) if op.operands[0] is op.operands[1] else 1.0) * size + second
    return np.where(np.isnan(total), np.inf, total)


def _selected(operands: Sequence[Array], errors: Sequence[Error]) -> Error:
    """Of the chosen operand; where the choice is not sure, either is right."""
    condition, one, other = operands
    unsure, *branches = (np.float64(0) if error is None else np.abs(error) for error in errors)
    first, second = branches
    chosen = np.where(condition, first, second)
    either = np.maximum(difference(one, other), np.maximum(first, second))
    return np.where(unsure != 0, either, chosen)


def difference(a: Array, b: Array) -> NDArray[np.float64]:
    """How far two values are apart: 0 for the same special value, infinite for different ones."""
    if a.dtype == np.bool_:
        return np.not_equal(a, b).astype(np.float64)
    wide_a, wide_b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    apart = np.abs(wide_a - wide_b)
    same = (wide_a == wide_b) | (np.isnan(wide_a) & np.isnan(wide_b))
    return np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart))


def shifted_by(value: Array, error: NDArray[np.float64], sign: int) -> Array:
    """The value at one end of its error."""
    if value.dtype == np.bool_:
        return np.logical_xor(value, error != 0)
    if is_float(value.dtype):
        moved = np.asarray(value, np.float64) + sign * error
        return np.where(np.isinf(error), sign * np.inf, moved)
    limits = np.iinfo(value.dtype.name)
    moved = np.add(value, sign * np.ceil(error))
    return np.clip(moved, limits.min, limits.max).astype(value.dtype)


def _nearest(value: Array, error: NDArray[np.float64], other: Array) -> Array:
    """The value within its error that is nearest to another: where numbers may be equal.

    Example: 1.0 with an error of 0.25 may be 1.2, so ``x == 1.2`` may hold, though it holds at
    neither 0.75 nor 1.25.
    """
    if value.dtype == np.bool_:
        return np.where(error != 0, other, value)
    low, high = shifted_by(value, error, -1), shifted_by(value, error, 1)
    return np.clip(other, low, high).astype(low.dtype)


def _poison(
    op: Operation,
    operands: Sequence[Array],
    errors: Sequence[Error],
    declared: np.dtype[np.generic],
) -> NDArray[np.bool_] | None:
    """Where MLIR gives an op no value: a cast out of range, a wide shift, the least number / -1."""
    if isinstance(op, arith.FPToSIOp | arith.FPToUIOp):
        low, high = _range_of(op, declared)
        error = np.float64(0) if errors[0] is None else errors[0]
        wide = np.asarray(operands[0], np.float64)
        least, most = np.trunc(wide - error), np.trunc(wide + error)
        return ~((least >= low) & (most <= high))
    if isinstance(op, SHIFTS):
        bits = 8 * declared.itemsize
        return np.less(operands[1], 0) | np.greater_equal(operands[1], bits)
    if isinstance(op, SIGNED_DIVISIONS) and declared != np.bool_:
        least = np.iinfo(declared.name).min
        return np.equal(operands[0], least) & np.equal(operands[1], -1)
    return None


def _range_of(op: Operation, declared: np.dtype[np.generic]) -> tuple[float, float]:
    bits = 1 if declared == np.bool_ else 8 * declared.itemsize
    if isinstance(op, arith.FPToUIOp):
        return 0.0, 2.0**bits - 1
    return -(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1
