"""A closed range of numbers that may also be no number, and how functions map such ranges."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from hawk_xdsl.dialects.dtype import DType

Number = int | float


@dataclass(frozen=True)
class Interval:
    """The numbers from ``low`` to ``high``, both included; with ``nan`` also none at all.

    Bounds of integers are ``int`` and exact; those of floats may be infinite.
    """

    low: Number
    high: Number
    nan: bool = False

    def within(self, low: Number, high: Number) -> bool:
        """Whether every value is a number from ``low`` to ``high``."""
        return not self.nan and low <= self.low and self.high <= high

    def has(self, value: Number) -> bool:
        """Whether a number may be among the values."""
        return self.low <= value <= self.high

    @property
    def magnitude(self) -> Number:
        """The largest absolute value."""
        return max(abs(self.low), abs(self.high))

    @property
    def finite(self) -> bool:
        """Whether no value is infinite."""
        return not (math.isinf(self.low) or math.isinf(self.high))

    def joined(self, other: "Interval") -> "Interval":
        """The smallest interval that holds both."""
        low, high = min(self.low, other.low), max(self.high, other.high)
        return Interval(low, high, self.nan or other.nan)

    def met(self, other: "Interval") -> "Interval":
        """What both have in common; itself if that is nothing."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return self if low > high else Interval(low, high, self.nan and other.nan)


CONDITION = Interval(0, 1)
"""The values of an i1."""


def range_of(dtype: str) -> Interval:
    """Every value of a dtype."""
    known = DType(dtype)
    return Interval(known.lowest, known.highest, nan=known.is_float)


def wrapped(exact: Interval, dtype: str) -> Interval:
    """What integers of a width make of an exact range: all of their own if it leaves that."""
    whole = range_of(dtype)
    return exact if exact.within(whole.low, whole.high) else whole


def rounded(exact: Interval, dtype: str, roundings: float = 1.0) -> Interval:
    """A range of floats as a dtype holds it, further by some roundings on either side.

    A bound of zero stays: what is known to have a sign keeps it through every rounding.
    """
    known = DType(dtype)
    share = roundings * (known.epsilon if known.is_float else DType.F32.epsilon)
    least = known.smallest_positive if known.is_float else 0.0
    largest = known.largest_finite if known.is_float else math.inf

    def moved(value: Number, sign: int) -> float:
        if value == 0 or math.isinf(value):
            return float(value)
        off = float(value) + sign * (abs(value) * share + least)
        if math.copysign(1, off) != math.copysign(1, value):
            off = 0.0
        return math.copysign(math.inf, off) if abs(off) > largest else off

    return Interval(moved(exact.low, -1), moved(exact.high, 1), exact.nan)


def nearest(value: float, dtype: str) -> Interval:
    """A literal, as it is and as a float dtype holds it."""
    with np.errstate(over="ignore"):
        rounded = float(np.asarray(value).astype(DType(dtype).numpy))
    return Interval(min(value, rounded), max(value, rounded))


def corners(function: Callable[[Number, Number], Number], a: Interval, b: Interval) -> Interval:
    """A function that is monotone in either argument, over two ranges; NaN at a corner counts."""
    found: list[Number] = []
    nan = a.nan or b.nan
    for x, y in product((a.low, a.high), (b.low, b.high)):
        value = function(x, y)
        if isinstance(value, float) and math.isnan(value):
            nan = True
        else:
            found.append(value)
    if not found:
        return Interval(-math.inf, math.inf, nan=True)
    return Interval(min(found), max(found), nan)


def product_of(a: Interval, b: Interval) -> Interval:
    """Products; zero times infinity is no number."""

    def times(x: Number, y: Number) -> Number:
        return 0 if x == 0 or y == 0 else x * y

    infinite = (a.has(0) and not b.finite) or (b.has(0) and not a.finite)
    found = corners(times, a, b)
    return Interval(found.low, found.high, found.nan or infinite)


def sum_of(a: Interval, b: Interval) -> Interval:
    """Sums; infinities of both signs make no number."""
    opposite = (a.high == math.inf and b.low == -math.inf) or (
        a.low == -math.inf and b.high == math.inf
    )
    low = -math.inf if -math.inf in (a.low, b.low) else a.low + b.low
    high = math.inf if math.inf in (a.high, b.high) else a.high + b.high
    return Interval(low, high, a.nan or b.nan or opposite)


def negated(a: Interval) -> Interval:
    """The same numbers with the other sign."""
    return Interval(-a.high, -a.low, a.nan)


def magnitudes(a: Interval) -> Interval:
    """Absolute values."""
    least = 0 if a.has(0) else min(abs(a.low), abs(a.high))
    return Interval(least, a.magnitude, a.nan)


def quotient_of(a: Interval, b: Interval) -> Interval:
    """Quotients of floats; anything where the divisor may be zero."""
    if b.has(0):
        return Interval(-math.inf, math.inf, nan=True)

    def divided(x: Number, y: Number) -> Number:
        if math.isinf(y):
            return math.nan if math.isinf(x) else 0.0
        return x / y

    return corners(divided, a, b)


def whole_quotient(a: Interval, b: Interval, divide: Callable[[int, int], int]) -> Interval:
    """Quotients of integers that are rounded one way; dividing by zero is taken not to happen."""
    parts = [Interval(max(b.low, 1), b.high)] if b.high > 0 else []
    parts += [Interval(b.low, min(b.high, -1))] if b.low < 0 else []
    found = [corners(lambda x, y: divide(int(x), int(y)), a, part) for part in parts]
    return hull(found) if found else Interval(0, 0)


def whole_remainder(a: Interval, b: Interval) -> Interval:
    """Remainders of integers with the sign of what is divided."""
    most = min(max(b.magnitude - 1, 0), a.magnitude)
    return Interval(-most if a.low < 0 else 0, most if a.high > 0 else 0)


def hull(parts: Sequence[Interval]) -> Interval:
    """The smallest interval that holds all of some."""
    low, high = min(p.low for p in parts), max(p.high for p in parts)
    return Interval(low, high, any(p.nan for p in parts))


def monotone(function: Callable[[float], float], a: Interval) -> Interval:
    """A function that grows, over a range; it must be defined there."""
    return Interval(function(float(a.low)), function(float(a.high)), a.nan)


def bits_of(a: Interval, b: Interval, op: str) -> Interval:
    """``and``, ``or``, ``xor`` of integers in two's complement."""
    bits = max(int(v).bit_length() for v in (a.low, a.high, b.low, b.high))
    most = (1 << bits) - 1
    if op == "and":
        positive = [x.high for x in (a, b) if x.low >= 0]
        if positive:
            return Interval(0, min(positive))
        return Interval(-most - 1, max(a.high, b.high, 0))
    if a.low >= 0 and b.low >= 0:
        return Interval(max(a.low, b.low) if op == "or" else 0, most)
    return Interval(-most - 1, most)
