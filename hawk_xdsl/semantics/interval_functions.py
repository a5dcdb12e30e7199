"""What the functions of a specification make of intervals, for integers and for floats."""

import math
from collections.abc import Callable, Mapping, Sequence

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.semantics.interval import (
    Interval,
    bits_of,
    hull,
    magnitudes,
    monotone,
    negated,
    product_of,
    quotient_of,
    range_of,
    rounded,
    sum_of,
    whole_quotient,
    whole_remainder,
)

_Args = Sequence[Interval]


def _larger(v: _Args) -> Interval:
    return Interval(max(v[0].low, v[1].low), max(v[0].high, v[1].high), v[0].nan or v[1].nan)


def _smaller(v: _Args) -> Interval:
    return Interval(min(v[0].low, v[1].low), min(v[0].high, v[1].high), v[0].nan or v[1].nan)


def _relu(v: _Args) -> Interval:
    return Interval(max(v[0].low, 0), max(v[0].high, 0), v[0].nan)


def _difference(v: _Args) -> Interval:
    return sum_of(v[0], negated(v[1]))


def _truncated(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return -quotient if (a < 0) != (b < 0) else quotient


_BOTH: Mapping[str, Callable[[_Args], Interval]] = {
    "add": lambda v: sum_of(v[0], v[1]),
    "sub": _difference,
    "mul": lambda v: product_of(v[0], v[1]),
    "neg": lambda v: negated(v[0]),
    "max": _larger,
    "min": _smaller,
    "abs": lambda v: magnitudes(v[0]),
    "relu": _relu,
}

_WHOLE: Mapping[str, Callable[[_Args], Interval]] = {
    **_BOTH,
    "div": lambda v: whole_quotient(v[0], v[1], _truncated),
    "floordiv": lambda v: whole_quotient(v[0], v[1], lambda a, b: a // b),
    "ceildiv": lambda v: whole_quotient(v[0], v[1], lambda a, b: -(-a // b)),
    "rem": lambda v: whole_remainder(v[0], v[1]),
    "and": lambda v: bits_of(v[0], v[1], "and"),
    "or": lambda v: bits_of(v[0], v[1], "or"),
    "xor": lambda v: bits_of(v[0], v[1], "xor"),
}


def integer_function(op: str, args: _Args, bits: int) -> Interval | None:
    """What a function of integers of some bits gives if nothing wraps; ``None`` if unknown."""
    if op in ("shl", "shr", "shru"):
        return _shifted(op, args, bits)
    function = _WHOLE.get(op)
    return None if function is None else function(args)


def _shifted(op: str, args: _Args, bits: int) -> Interval | None:
    value, amount = args
    low, high = max(int(amount.low), 0), min(int(amount.high), bits - 1)
    if low > high:
        return None
    if op == "shl":
        return product_of(value, Interval(1 << low, 1 << high))
    if op == "shru" and value.low < 0:
        most = (1 << bits) - 1
        return None if low == 0 else Interval(0, most >> low)
    ends = [int(v) >> n for v in (value.low, value.high) for n in (low, high)]
    return Interval(min(ends), max(ends))


def _exponential(v: _Args) -> Interval:
    def power(x: float) -> float:
        return math.inf if x > 700 else math.exp(x)

    return monotone(power, v[0])


def _logarithm(v: _Args) -> Interval:
    if v[0].low < 0:
        return range_of(DType.F32)

    def log(x: float) -> float:
        return -math.inf if x == 0 else math.log(x)

    return monotone(log, v[0])


def _root(v: _Args) -> Interval:
    found = Interval(max(v[0].low, 0), max(v[0].high, 0), v[0].nan or v[0].low < 0)
    return monotone(math.sqrt, found)


def _inverse_root(v: _Args) -> Interval:
    if v[0].low <= 0:
        return Interval(0.0, math.inf, nan=True)
    return quotient_of(Interval(1.0, 1.0), _root(v))


def _whole(function: Callable[[float], float]) -> Callable[[_Args], Interval]:
    def apply(v: _Args) -> Interval:
        return monotone(lambda x: x if math.isinf(x) else float(function(x)), v[0])

    return apply


def _bounded(low: float, high: float, infinite_is_nan: bool = False) -> Callable[[_Args], Interval]:
    def apply(v: _Args) -> Interval:
        nan = any(x.nan or (infinite_is_nan and not x.finite) for x in v)
        return Interval(low, high, nan)

    return apply


def _remainder(v: _Args) -> Interval:
    nan = v[0].nan or v[1].nan or not v[0].finite or v[1].has(0)
    most = min(v[0].magnitude, v[1].magnitude)
    return Interval(-most if v[0].low < 0 else 0.0, most if v[0].high > 0 else 0.0, nan)


_FLOAT: Mapping[str, Callable[[_Args], Interval]] = {
    **_BOTH,
    "div": lambda v: quotient_of(v[0], v[1]),
    "rec_estimate": lambda v: quotient_of(Interval(1.0, 1.0), v[0]),
    "exp": _exponential,
    "log": _logarithm,
    "ln": _logarithm,
    "sqrt": _root,
    "rsqrt": _inverse_root,
    "rsqrt_estimate": _inverse_root,
    "rem": _remainder,
    "sigmoid": _bounded(0.0, 1.0),
    "tanh": _bounded(-1.0, 1.0),
    "erf": _bounded(-1.0, 1.0),
    "erfc": _bounded(0.0, 2.0),
    "sin": _bounded(-1.0, 1.0, infinite_is_nan=True),
    "cos": _bounded(-1.0, 1.0, infinite_is_nan=True),
    "atan": _bounded(-math.pi / 2, math.pi / 2),
    "atan2": _bounded(-math.pi, math.pi),
    "floor": _whole(math.floor),
    "ceil": _whole(math.ceil),
    "trunc": _whole(math.trunc),
    "rint": _whole(round),
    "roundeven": _whole(round),
    "round": _whole(lambda x: math.copysign(math.floor(abs(x) + 0.5), x)),
    "copysign": lambda v: hull([magnitudes(v[0]), negated(magnitudes(v[0]))]),
}

_EXACT = frozenset(
    {"neg", "max", "min", "abs", "relu", "floor", "ceil", "trunc", "rint", "roundeven", "round"}
)

_ROUNDINGS = {"add": 1.0, "sub": 1.0, "mul": 1.0}

_ESTIMATES = frozenset({"rec_estimate", "rsqrt_estimate"})
_ESTIMATED = 2.0**-7
"""The relative error of an instruction that only estimates."""


def float_function(op: str, args: _Args, dtype: str) -> Interval | None:
    """What a function of floats of a dtype gives; ``None`` if unknown.

    Functions that take more than one instruction, and estimates, get room for sixteen roundings.
    """
    function = _FLOAT.get(op)
    if function is None:
        return None
    found = function(args)
    if op in _EXACT:
        return found
    roundings = _ESTIMATED / DType(dtype).epsilon if op in _ESTIMATES else _ROUNDINGS.get(op, 16.0)
    return rounded(found, dtype, roundings)
