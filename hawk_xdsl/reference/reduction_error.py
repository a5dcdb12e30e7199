"""The error of reductions and scans: each sum may be taken in any order, in at least f32."""

from math import sqrt

import ml_dtypes
import numpy as np
from numpy.typing import NDArray
from xdsl.dialects import arith
from xdsl.ir import Operation

from hawk_xdsl.dialects.dtype import Array, is_float
from hawk_xdsl.reference.error import (
    Error,
    combined,
    computed_in,
    difference,
    largest,
    rounding,
    shifted_by,
    signed,
)
from hawk_xdsl.reference.value_types import accumulator_dtype

SUM_HALF_ULPS = 4.0
"""Halves of a unit in the last place that each level of a sum may be off."""

Axes = tuple[int, ...]


def growth(count: int) -> float:
    """Times one rounding of all addends' magnitudes that a sum of ``count`` may be off.

    Taken one after the other, as a cube takes them, each addend rounds the sum so far, and those
    roundings are independent. A single addend is not rounded.
    """
    return 0.0 if count < 2 else sqrt(count)


def reduction_error(
    combiner: type[Operation],
    value: Array,
    error: Error,
    total: Array,
    axes: Axes,
    declared: np.dtype[np.generic],
    *,
    ends: bool = True,
) -> Error:
    """The error of a reduction over some axes, which ``total`` keeps with extent 1.

    Without ``ends`` dtypes are taken as ones without a largest number.
    """
    full = None if error is None else np.broadcast_to(error, value.shape)
    if combiner in (arith.AddfOp, arith.MulfOp):
        count = int(np.prod([value.shape[axis] for axis in axes]))
        if combiner is arith.MulfOp:
            return _product_error(value, full, total, axes, declared, count, ends)
        carried = None
        if full is not None:
            carried = np.sqrt(np.sum(np.square(full), axis=axes, keepdims=True))
        size = np.sum(np.abs(value), axis=axes, keepdims=True)
        whole = np.all(value == np.rint(value), axis=axes, keepdims=True)
        if full is not None:
            whole &= np.all(full <= 0, axis=axes, keepdims=True)
        return sum_error(total, carried, size, declared, growth(count), whole, ends=ends)
    if full is None:
        return None
    return _ordered_error(combiner, value, full, total, axes)


def sum_error(
    total: Array,
    carried: Error,
    size: Array,
    declared: np.dtype[np.generic],
    grown: float,
    whole: NDArray[np.bool_] | np.bool_,
    *,
    ends: bool = True,
) -> Error:
    """The error of sums; ``size`` is the sum of the addends' magnitudes.

    Sums of ``whole`` numbers are exact in any order as long as their magnitudes' sum is.
    """
    declared = computed_in(declared)
    wide = accumulator_dtype(declared)
    limits = ml_dtypes.finfo(wide)
    magnitude = np.asarray(size, np.float64)
    own = SUM_HALF_ULPS * 0.5 * float(limits.eps) * grown * magnitude
    own = np.where(np.isfinite(magnitude), own, 0.0)
    if ends:
        own = np.where(np.isfinite(magnitude) & (magnitude > largest(wide)), np.inf, own)
    narrow = rounding(total, declared, ends=ends) if wide != declared else None
    found = combined(carried, own, narrow)
    assert found is not None
    found = np.where(np.isfinite(total) | np.isinf(found), found, 0.0)
    exact = whole & (magnitude <= 2.0 ** (ml_dtypes.finfo(declared).nmant + 1))
    return signed(found, exact)


def _product_error(
    value: Array,
    error: Error,
    total: Array,
    axes: Axes,
    declared: np.dtype[np.generic],
    count: int,
    ends: bool,
) -> Error:
    """Unknown where the factors above 1, or those below, leave the dtype by themselves."""
    declared = computed_in(declared)
    wide = accumulator_dtype(declared)
    limits = ml_dtypes.finfo(wide)
    size = np.abs(np.asarray(value, np.float64))
    logarithm = np.log2(np.where(size > 0, size, 1.0))
    above = np.sum(np.maximum(logarithm, 0.0), axis=axes, keepdims=True)
    below = np.sum(np.minimum(logarithm, 0.0), axis=axes, keepdims=True)
    unknown = (above >= limits.maxexp) | (below <= limits.minexp)
    own = SUM_HALF_ULPS * 0.5 * float(limits.eps) * growth(count) * np.abs(total)
    carried = None
    if error is not None:
        most = np.prod(size + np.abs(error), axis=axes, keepdims=True)
        carried = difference(most, np.prod(size, axis=axes, keepdims=True))
    narrow = rounding(total, declared, ends=ends) if wide != declared else None
    found = combined(carried, own, narrow)
    assert found is not None
    unsure = unknown & ~np.isnan(np.asarray(total, np.float64))
    return np.where(unsure, np.inf, np.where(np.isfinite(total), found, 0.0))


def _ordered_error(
    combiner: type[Operation], value: Array, error: NDArray[np.float64], total: Array, axes: Axes
) -> Error:
    """The error of a reduction that moves with each of its values: at the ends of all of them."""
    if combiner in (arith.AddiOp, arith.MuliOp, arith.XOrIOp):
        unsure = np.any(error != 0, axis=axes, keepdims=True)
        return np.where(unsure, np.inf, 0.0)
    if value.dtype == np.bool_:
        ends: list[Array] = [np.logical_or(value, error != 0), np.logical_and(value, error == 0)]
    else:
        ends = [shifted_by(value, error, sign) for sign in (1, -1)]
    smallest = combiner in (
        *(arith.MinimumfOp, arith.MinnumfOp, arith.MinSIOp, arith.MinUIOp, arith.AndIOp),
    )
    reduce = np.minimum.reduce if smallest else np.maximum.reduce
    found = [reduce(end, axis=axes, keepdims=True) for end in ends]
    size = np.maximum(*(difference(end, total) for end in found))
    return signed(size, np.all(error <= 0, axis=axes, keepdims=True))


def scan_error(
    kind: type[Operation],
    value: Array,
    error: Error,
    running: Array,
    axis: int,
    declared: np.dtype[np.generic],
    *,
    ends: bool = True,
) -> Error:
    """The error of scans along an axis: sums and products one after the other."""
    count = value.shape[axis]
    error = None if error is None else np.broadcast_to(error, value.shape)
    if kind is arith.AddfOp:
        carried = None
        if error is not None:
            carried = np.sqrt(np.cumsum(np.square(error), axis=axis))
        size = np.cumsum(np.abs(value), axis=axis)
        whole = np.all(value == np.rint(value), axis=axis, keepdims=True)
        if error is not None:
            whole &= np.all(error <= 0, axis=axis, keepdims=True)
        return sum_error(running, carried, size, declared, growth(count), whole, ends=ends)
    if kind is arith.MulfOp:
        own = rounding(running, declared, ends=ends) * growth(count)
        carried = None
        if error is not None:
            size = np.abs(value)
            most = np.cumprod(size + np.abs(error), axis=axis)
            carried = difference(most, np.cumprod(size, axis=axis))
        return combined(carried, own)
    if error is None:
        return None
    worst = np.maximum.accumulate(np.abs(error), axis=axis)
    return worst if is_float(value.dtype) else np.where(worst > 0, np.inf, 0.0)
