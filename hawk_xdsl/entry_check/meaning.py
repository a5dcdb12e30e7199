"""What the functions of specifications mean: terms evaluated in float64, integers in their width.

The functions are those of the reference evaluator, beside a few that only entries know.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from hawk_xdsl.dialects.dtype import Array, DType
from hawk_xdsl.linalg.scalar_table import FUNCTIONS
from hawk_xdsl.reference.scalar import FLOAT_KERNELS, MATH_KERNELS
from hawk_xdsl.semantics.pattern import DTYPES
from hawk_xdsl.semantics.terms import Term, walk

Function = Callable[..., Array]


class NoMeaningError(Exception):
    """A function of a term that only entries know; the message is its name."""


def _named() -> dict[str, Function]:
    found: dict[str, Function] = {}
    for op, kernel in (*FLOAT_KERNELS.items(), *MATH_KERNELS.items()):
        found.setdefault(FUNCTIONS.get(op.name, op.name.split(".")[1]), kernel)
    return found


_erfc = np.vectorize(math.erfc, otypes=[np.float64])

FLOAT: dict[str, Function] = {
    **_named(),
    "erfc": _erfc,
    "full": lambda x: x,
    "ln": np.log,
    "rec": lambda x: np.divide(1.0, x),
    "relu": lambda x: np.maximum(x, 0.0),
    "sigmoid": lambda x: np.where(x < 0, np.exp(x), 1.0) / (1 + np.exp(-np.abs(x))),
}

_INTEGER: dict[str, Function] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "max": np.maximum,
    "min": np.minimum,
    "neg": np.negative,
    "abs": np.abs,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "full": lambda x: x,
    "div": lambda a, b: _towards_zero(a, b),
    "floordiv": np.floor_divide,
    "ceildiv": lambda a, b: -np.floor_divide(-a, b),
    "rem": lambda a, b: a - b * _towards_zero(a, b),
    "not": np.invert,
    "shl": np.left_shift,
    "shr": np.right_shift,
}
"""Of integers as 64 bits have them; the result is cut to its width."""

CONDITIONS: dict[str, Function] = {
    "and": np.logical_and,
    "or": np.logical_or,
    "xor": np.logical_xor,
    "not": np.logical_not,
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}

_REDUCTIONS: dict[str, Callable[..., Array]] = {
    "sum": np.sum,
    "prod": np.prod,
    "max": np.max,
    "min": np.min,
    "and": np.all,
    "or": np.any,
    "maxnum": np.fmax.reduce,
    "minnum": np.fmin.reduce,
}

_ROUNDINGS: dict[str, Function] = {
    "floor": np.floor,
    "ceil": np.ceil,
    "trunc": np.trunc,
    "rint": np.round,
    "round": lambda x: np.copysign(np.floor(np.abs(x) + 0.5), x),
}


def _towards_zero(a: Array, b: Array) -> Array:
    quotient = np.floor_divide(np.abs(a), np.abs(b))
    return np.where((a < 0) != (b < 0), -quotient, quotient)


def meaning(root: Term, values: Mapping[str, Array], *, declared: bool = False) -> Array:
    """A term's value: floats in float64 without rounding, integers wrapped to their width.

    Args:
        root: its axes are those of the values, in order; a reduction keeps its axis with extent 1.
        values: for each operand its elements.
        declared: whether each float is rounded to its term's dtype.

    Raises:
        NoMeaningError: for a function that is not known.
    """
    done: dict[Term, Array] = {}
    with np.errstate(all="ignore"):
        for term in walk((root,)):
            found = _value(term, [done[arg] for arg in term.args], values)
            if declared and term.dtype.is_float:
                found = found.astype(term.dtype.numpy).astype(np.float64)
            done[term] = found
    return done[root]


def _value(term: Term, args: Sequence[Array], values: Mapping[str, Array]) -> Array:
    if term.is_const:
        return np.asarray(term.value, _kept(term.dtype))
    if term.op == "read":
        return values[term.operand].astype(_kept(term.dtype))
    if term.is_reduction and term.kind in _REDUCTIONS:
        return _REDUCTIONS[term.kind](args[0], axis=-1, keepdims=True)
    if term.op == "select":
        return np.where(args[0], args[1], args[2])
    if term.op == "cast":
        return _cast(args[0], term)
    prefix, _, rounding = term.op.partition("_")
    if prefix in DTYPES and rounding in _ROUNDINGS:
        return _to_integer(_ROUNDINGS[rounding](args[0]), term.dtype)
    table = FLOAT if term.dtype.is_float else CONDITIONS if term.dtype.is_condition else _INTEGER
    if term.op not in table:
        raise NoMeaningError(term.op)
    if table is _INTEGER:
        args = [arg.astype(np.int64) for arg in args]
    found = table[term.op](*args)
    return found if term.dtype.is_float else found.astype(_kept(term.dtype))


def _cast(value: Array, term: Term) -> Array:
    source = term.args[0].dtype
    if term.dtype.is_float:
        narrowed = term.dtype.numpy
        return value.astype(narrowed).astype(np.float64) if DType(source).is_float else value * 1.0
    if term.dtype.is_condition:
        return value != 0
    return (
        _to_integer(np.trunc(value), term.dtype)
        if DType(source).is_float
        else value.astype(_kept(term.dtype))
    )


def _to_integer(whole: Array, dtype: str) -> Array:
    limits = np.iinfo(DType(dtype).numpy.name)
    numbers = np.nan_to_num(whole, posinf=np.inf, neginf=-np.inf)
    return np.clip(numbers, limits.min, limits.max).astype(_kept(dtype))


def _kept(dtype: str) -> np.dtype[np.generic]:
    if DType(dtype).is_float:
        return np.dtype(np.float64)
    return np.dtype(np.bool_) if DType(dtype).is_condition else DType(dtype).numpy
