"""What the vector instructions compute, in numpy; the element-wise ones by the table's functions.

Arithmetic rounds to the dtype after every instruction, as the hardware does. Sums and products of
f16 are added in pairs, each rounded to f16, and such a sum saturates at 65504; f32 sums are
numpy's pairwise sums. The hardware reduces the 64 or 128 elements of a repeat as a tree and then
the repeats: both orders stay within n · eps of the exact sum. Results are those of numpy here; what
the hardware only estimates is put off in ``approximation``.
"""

from collections.abc import Callable, Sequence

import numpy as np

from hawk_xdsl.dialects.dtype import Array, is_float
from hawk_xdsl.dialects.npu import (
    Accumulation,
    BinaryOp,
    Comparison,
    InstructionRow,
    Reduction,
    Rounding,
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
)
from hawk_xdsl.npu_target.traps import Fault, TrapCode

Operand = Array | int | float | np.generic
Compute = Callable[[Sequence[Operand], Array], None]
"""Inputs (tiles and scalars) and the destination, which it fills."""


def vector_compute(op: VectorOp) -> Compute:
    """The function that an op computes."""
    match op:
        case UnaryOp():
            return _unary(function_of(op.ROW))
        case BinaryOp():
            return _binary(function_of(op.ROW))
        case VcmpOp():
            return _binary(COMPARISONS[op.predicate.data])
        case VreduceOp():
            return _reduce(op.kind.data, tuple(op.axes.get_values()))
        case VcumulateOp():
            return _cumulate(op.kind.data, op.axis.value.data)
        case VtransposeOp():
            return _transpose(tuple(op.permutation.get_values()))
        case VarangeOp():
            return _arange(op.axis.value.data)
        case VcastOp():
            return cast(op.rounding.data)
        case _:
            return _OTHERS[type(op)]


Unary = Callable[[Array, Array], object]
"""Source and destination."""

Binary = Callable[..., object]
"""Two operands, and the destination as ``out``, as numpy's functions take it."""


def _unary(function: Unary) -> Compute:
    def compute(inputs: Sequence[Operand], out: Array) -> None:
        source = inputs[0]
        assert isinstance(source, np.ndarray)
        function(source, out)

    return compute


def _binary(function: Binary) -> Compute:
    def compute(inputs: Sequence[Operand], out: Array) -> None:
        function(inputs[0], inputs[1], out=out)

    return compute


def function_of(row: InstructionRow) -> Callable[..., object]:
    """The function of an element-wise instruction, called as ``Unary`` or ``Binary`` is."""
    assert row.compute is not None, f"{row.mnemonic} has no function"
    return _counting(row.compute) if row.counts_bits else row.compute


def _counting(function: Binary) -> Binary:
    """A function whose second operand counts bits: a trap where the dtype has not that many."""

    def counting(left: Array, right: Operand, out: Array) -> None:
        bits = 8 * out.itemsize
        wrong = [int(n) for n in np.asarray(right).reshape(-1) if not 0 <= n < bits]
        if wrong:
            raise Fault(
                TrapCode.FIELD_RANGE,
                f"shifts by {wrong[0]}, not in 0..{bits - 1}",
                amount=wrong[0],
            )
        function(left, right, out=out)

    return counting


def _comparison(function: Binary) -> Binary:
    return lambda left, right, out: function(left, right, out=out.view(np.bool_))


COMPARISONS: dict[Comparison, Binary] = {
    Comparison.EQ: _comparison(np.equal),
    Comparison.NE: _comparison(np.not_equal),
    Comparison.LT: _comparison(np.less),
    Comparison.LE: _comparison(np.less_equal),
    Comparison.GT: _comparison(np.greater),
    Comparison.GE: _comparison(np.greater_equal),
}

_UFUNCS: dict[Reduction | Accumulation, np.ufunc] = {
    Reduction.SUM: np.add,
    Reduction.PROD: np.multiply,
    Reduction.MAX: np.maximum,
    Reduction.MIN: np.minimum,
    Accumulation.SUM: np.add,
    Accumulation.PROD: np.multiply,
    Accumulation.MAX: np.maximum,
    Accumulation.MIN: np.minimum,
}


def _reduce(kind: Reduction, axes: tuple[int, ...]) -> Compute:
    if kind in (Reduction.ARGMAX, Reduction.ARGMIN):
        find = np.argmax if kind is Reduction.ARGMAX else np.argmin
        return _unary(lambda source, out: _assign(out, find(source, axes[0], keepdims=True)))
    ufunc = _UFUNCS[kind].reduce

    def compute(source: Array, out: Array) -> None:
        if out.dtype == np.float16 and kind in (Reduction.SUM, Reduction.PROD):
            out[...] = _in_pairs(_UFUNCS[kind], source, axes).reshape(out.shape)
        else:
            ufunc(source, axis=axes, out=out, keepdims=True)

    return _unary(compute)


def _in_pairs(function: np.ufunc, source: Array, axes: tuple[int, ...]) -> Array:
    """A reduction of f16: neighbours are put together until one is left, rounded each time.

    A sum of finite values that is out of range stays at the largest finite one (AscendC).
    """
    last = range(source.ndim - len(axes), source.ndim)
    kept = np.moveaxis(source, axes, last)
    values = kept.reshape(*kept.shape[: source.ndim - len(axes)], -1)
    largest = np.finfo(np.float16).max
    while (count := values.shape[-1]) > 1:
        left, right = values[..., 0 : count - 1 : 2], values[..., 1:count:2]
        both = function(left, right)
        if function is np.add:
            beyond = np.isinf(both) & np.isfinite(left) & np.isfinite(right)
            both = np.where(beyond, np.copysign(largest, both), both)
        values = np.concatenate([both, values[..., count - count % 2 :]], axis=-1)
    return values


def _assign(out: Array, values: Array) -> None:
    out[...] = values


def _cumulate(kind: Accumulation, axis: int) -> Compute:
    ufunc = _UFUNCS[kind]
    return _unary(lambda source, out: ufunc.accumulate(source, axis=axis, dtype=None, out=out))


def _transpose(permutation: tuple[int, ...]) -> Compute:
    return _unary(lambda source, out: _assign(out, source.transpose(permutation)))


def _arange(axis: int) -> Compute:
    def compute(inputs: Sequence[Operand], out: Array) -> None:
        shape = [1] * out.ndim
        shape[axis] = out.shape[axis]
        out[...] = np.arange(out.shape[axis]).reshape(shape)

    return compute


def _broadcast(inputs: Sequence[Operand], out: Array) -> None:
    out[...] = inputs[0]


def _select(inputs: Sequence[Operand], out: Array) -> None:
    condition, on_true, on_false = inputs
    out[...] = np.where(np.not_equal(condition, 0), on_true, on_false)


def _gather(inputs: Sequence[Operand], out: Array) -> None:
    source, indices = inputs
    assert isinstance(source, np.ndarray) and isinstance(indices, np.ndarray)
    wrong = (indices < 0) | (indices >= source.size)
    if wrong.any():
        index = int(indices[wrong][0])
        raise Fault(
            TrapCode.OUT_OF_BOUNDS,
            f"gathers element {index} of a tile of {source.size}",
            index=index,
            size=source.size,
        )
    out[...] = source[indices]


_OTHERS: dict[type[VectorOp], Compute] = {
    VbrcOp: _broadcast,
    VselOp: _select,
    VgatherOp: _gather,
}


_ROUND_TO_INTEGER: dict[Rounding, Callable[[Array], Array]] = {
    Rounding.RINT: np.rint,
    Rounding.FLOOR: np.floor,
    Rounding.CEIL: np.ceil,
    Rounding.ROUND: lambda exact: np.copysign(np.floor(np.abs(exact) + 0.5), exact),
    Rounding.TRUNC: np.trunc,
}


def cast(rounding: Rounding) -> Compute:
    """The function of a ``vcast`` with a rounding."""

    def compute(source: Array, out: Array) -> None:
        if is_float(out.dtype):
            if rounding is Rounding.RINT:
                out[...] = source
            else:
                out[...] = _round_to_float(source.astype(np.float64), out.dtype, rounding)
        elif is_float(source.dtype):
            limits = np.iinfo(out.dtype.type)
            exact = _ROUND_TO_INTEGER[rounding](source.astype(np.float64))
            out[...] = np.clip(np.nan_to_num(exact, posinf=np.inf), limits.min, limits.max)
        else:
            out[...] = source.astype(out.dtype)  # the low bits: saturation is off

    return _unary(compute)


def _round_to_float(exact: Array, dtype: np.dtype[np.generic], rounding: Rounding) -> Array:
    """Round float64 values to a narrower dtype in a given direction."""
    near = exact.astype(dtype)
    back = near.astype(np.float64)
    down = np.nextafter(near, dtype.type(-np.inf))
    up = np.nextafter(near, dtype.type(np.inf))
    match rounding:
        case Rounding.FLOOR:
            return np.where(back > exact, down, near)
        case Rounding.CEIL:
            return np.where(back < exact, up, near)
        case Rounding.TRUNC:
            inward = np.where(exact > 0, down, up)
            return np.where(np.abs(back) > np.abs(exact), inward, near)
        case _:
            outward = np.where(exact > 0, up, down)
            tie = np.abs(outward.astype(np.float64) - exact) == np.abs(back - exact)
            return np.where(tie & (back != exact), outward, near)
