"""What a specification computes, by numpy over its axes: to be compared with the region's own."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.gate.trials import Trials
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.terms import Affine, Term, pseudo_axis, walk

Array = NDArray[Any]

_erf = np.vectorize(math.erf, otypes=[np.float64])


def _divide(a: Array, b: Array) -> Array:
    if a.dtype.kind == "f":
        return np.divide(a, b)
    return np.trunc(np.divide(a, b)).astype(np.int64)


FUNCTIONS: Mapping[str, Callable[..., Array]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": _divide,
    "floordiv": np.floor_divide,
    "ceildiv": lambda a, b: -np.floor_divide(-a, b),
    "rem": np.fmod,
    "neg": np.negative,
    "max": np.maximum,
    "min": np.minimum,
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "not": np.bitwise_not,
    "shl": np.left_shift,
    "shr": np.right_shift,
    "select": np.where,
    "pow": np.power,
    "erf": _erf,
    "rsqrt": lambda a: 1 / np.sqrt(a),
    "roundeven": np.round,
    "round": lambda a: np.copysign(np.floor(np.abs(a) + 0.5), a),
    "absf": np.abs,
    "acos": np.arccos,
    "asin": np.arcsin,
    "atan": np.arctan,
    "atan2": np.arctan2,
    "acosh": np.arccosh,
    "asinh": np.arcsinh,
    "atanh": np.arctanh,
    "fpowi": np.power,
    "ctlz": np.vectorize(lambda a: 32 - int(a).bit_length()),
}

REDUCTIONS: Mapping[str, np.ufunc] = {
    "sum": np.add,
    "prod": np.multiply,
    "max": np.maximum,
    "min": np.minimum,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
}


def evaluate(specification: Specification, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """The results in float64 and int64; elements that no region writes, or two do, are an error."""
    axes = list(specification.axes)
    values: dict[Term, Array] = {}

    def place(axis: str) -> Array:
        shape = [specification.axes[axis] if a == axis else 1 for a in axes]
        return np.arange(specification.axes[axis]).reshape(shape)

    def index(parts: Sequence[Affine], args: Sequence[Array]) -> tuple[Array, ...]:
        named = {pseudo_axis(k): value for k, value in enumerate(args)}
        found: list[Array] = []
        for part in parts:
            total = np.full([1] * len(axes), part.constant)
            for name, factor in part.terms:
                total = total + factor * (named[name] if name in named else place(name))
            found.append(total)
        return tuple(found)

    for term in walk(specification.roots):
        args = [values[arg] for arg in term.args]
        values[term] = _wrapped(term, _value(term, args, inputs, axes, index))
    results: dict[str, Array] = {}
    written: dict[str, Array] = {}
    for result in specification.results:
        value = values[result.term]
        target = results.setdefault(result.name, np.zeros(result.shape, value.dtype))
        count = written.setdefault(result.name, np.zeros(result.shape, int))
        where = index(result.index, ())
        if not where:
            value = value.reshape(())
        *where_full, value = np.broadcast_arrays(*where, value)
        target[tuple(where_full)] = value
        np.add.at(count, tuple(where_full), 1)
        free = frozenset[str]().union(*(dim.axes for dim in result.index))
        assert result.term.axes <= free, "a result has axes that its index lacks"
    for name, count in written.items():
        assert np.all(count == 1), f"{name}: not every element is written once"
    return results


def _wrapped(term: Term, value: Array) -> Array:
    """An integer's value as its dtype wraps it, i64 as it is."""
    if value.dtype.kind == "i" and term.dtype in ("i8", "i16", "i32"):
        return value.astype(f"int{term.dtype[1:]}").astype(np.int64)
    return value


def _value(
    term: Term,
    args: Sequence[Array],
    inputs: Mapping[str, Array],
    axes: Sequence[str],
    index: Callable[[Sequence[Affine], Sequence[Array]], tuple[Array, ...]],
) -> Array:
    along = tuple(i for i, axis in enumerate(axes) if axis in term.bound)
    if term.is_const:
        return np.full([1] * len(axes), bool(term.value) if term.dtype == "i1" else term.value)
    if term.op in ("read", "gather"):
        found = inputs[term.operand][index(term.index, args)]
        return found if term.index else found.reshape([1] * len(axes))
    if term.op == "index":
        return index(term.index, ())[0]
    if term.is_scan:
        return REDUCTIONS[term.kind].accumulate(args[0], axis=along[0])
    if term.op in ("reduce_argmax", "reduce_argmin"):
        best = np.argmax if term.kind == "argmax" else np.argmin
        return np.asarray(best(args[0], axis=along[0], keepdims=True))
    if term.is_reduction:
        return REDUCTIONS[term.kind].reduce(args[0], axis=along, keepdims=True)
    if term.op == "cast":
        if term.dtype == "i1":
            return np.not_equal(args[0], 0)
        if term.dtype.startswith("i"):
            return np.trunc(args[0]).astype(np.int64).astype(f"int{term.dtype[1:]}").astype(int)
        return args[0].astype(np.float64)
    function = FUNCTIONS.get(term.op) or getattr(np, term.op)
    return np.asarray(function(*args))


def values(op: UndecidedOp, specification: Specification, seed: int = 0) -> str | None:
    """What the specification computes other than the region, on the gate's inputs, or ``None``."""
    for trial in Trials(op, specification.digest, seed):
        inputs: dict[str, Array] = {}
        for operand in specification.operands:
            array = trial.inputs[operand.source]
            is_float = array.dtype.kind == "f" or array.dtype == ml_dtypes.bfloat16
            wide = np.float64 if is_float else np.int64
            if array.dtype == np.bool_:
                wide = np.bool_
            inputs[operand.name] = array.astype(wide).reshape(operand.shape)
        with np.errstate(all="ignore"):
            found = evaluate(specification, inputs)
        for result in specification.outputs:
            expected = trial.expected[result.position]
            wanted = np.where(expected.judged, expected.exact.astype(np.float64), np.nan)
            cancelled = np.where(expected.judged, 1e-6 * expected.error, 0.0)
            given = found[result.name].reshape(wanted.shape).astype(np.float64)
            given = np.where(expected.judged, given, np.nan)
            with np.errstate(invalid="ignore"):
                near = np.abs(given - wanted) <= 1e-6 * np.abs(wanted) + 1e-9 + cancelled
            same = (given == wanted) | (np.isnan(given) & np.isnan(wanted))
            if not np.all(near | same):
                return f"{result.name} on {trial.name} inputs"
    return None
