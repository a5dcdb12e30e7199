"""Interval analysis: within which numbers every value of a term lies, whatever the inputs are.

It starts from axes' extents, the ranges of dtypes and of operands, and literals, and follows them
through clamps, selections, casts, arithmetic of a width, and reductions of known extents. It is
conservative: what it does not know may be anything, NaN included. Where a selection says what its
values are compared with, each of them is looked at under that condition:
``select(x < 0, x + 8, x)`` of an index ``-8 <= x < 8`` lies within 0 and 7.
"""

import math
from collections.abc import Mapping
from math import prod

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.semantics.interval import (
    CONDITION,
    Interval,
    Number,
    hull,
    nearest,
    product_of,
    range_of,
    rounded,
    wrapped,
)
from hawk_xdsl.semantics.interval_functions import float_function, integer_function
from hawk_xdsl.semantics.specification_form import Specification
from hawk_xdsl.semantics.terms import POSITIONS, Affine, Term

MOST_DEEP = 2
"""Selections within one another whose conditions are taken into account."""

MOST_TERMS = 64
"""Terms of a selected value up to which it is looked at under its condition."""

EXACT_IN_F32 = 2**24
"""Up to this magnitude every integer is a float of 32 bits."""

_OPPOSITE = {"lt": "ge", "ge": "lt", "gt": "le", "le": "gt", "eq": "ne", "ne": "eq"}
_SWAPPED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le", "eq": "eq", "ne": "ne"}


class Intervals:
    """The interval of each term of a specification.

    Args:
        axes: the extent of each axis.
        ranges: of operands that hold less than their dtype does: lowest and highest value.
    """

    def __init__(
        self, axes: Mapping[str, int], ranges: Mapping[str, tuple[int, int]] | None = None
    ) -> None:
        self._axes = axes
        self._ranges = ranges or {}
        self._assumed: Mapping[Term, Interval] = {}
        self._depth = 0
        self._memo: dict[Term, Interval] = {}

    @classmethod
    def of_specification(cls, specification: Specification) -> "Intervals":
        """Those of a specification's terms, and of others over its axes and operands."""
        ranges = {o.name: o.range for o in specification.operands if o.range is not None}
        return cls(specification.axes, ranges)

    def within(self, term: Term, low: Number, high: Number, nan: bool = False) -> bool:
        """Whether every value is known to be a number of a closed range; ``nan``: or NaN."""
        found = self.of(term)
        return low <= found.low and found.high <= high if nan else found.within(low, high)

    def of(self, term: Term) -> Interval:
        """The values that a term can have, of its dtype."""
        for part in term.walk():
            if part not in self._memo:
                self._memo[part] = self._found(part)
        return self._memo[term]

    def exact(self, term: Term) -> Interval:
        """What an integer term would be if no width made it wrap."""
        for arg in term.args:
            self.of(arg)
        return self._unwrapped(term)

    def _known(self, term: Term) -> Interval:
        return self._memo[term]

    def _found(self, term: Term) -> Interval:
        exact = self._unwrapped(term)
        found = wrapped(exact, term.dtype) if term.dtype.is_integer else exact
        assumed = self._assumed.get(term)
        return found if assumed is None else found.met(assumed)

    def _unwrapped(self, term: Term) -> Interval:
        """The interval before integers wrap; floats are rounded."""
        whole = range_of(term.dtype)
        if term.is_const:
            return self._literal(term)
        if term.op in ("read", "gather"):
            ends = self._ranges.get(term.operand)
            return whole if ends is None else whole.met(Interval(*ends))
        if term.op == "index":
            return self._index(term.index[0])
        args = [self._known(arg) for arg in term.args]
        if term.is_reduction or term.is_scan:
            return self._reduction(term, args[0])
        if term.op == "select":
            return self._selected(term)
        if term.op == "cast":
            return _cast(args[0], term.args[0].dtype, term.dtype)
        if term.dtype == DType.I1:
            return CONDITION
        if term.op == "full":
            return args[0]
        source = term.args[0].dtype
        if term.dtype.is_integer and DType(source).is_integer:
            found = integer_function(term.op, args, int(source[1:]))
        elif term.dtype.is_integer:
            rounding = term.op.removeprefix(f"{term.dtype}_")
            whole_numbers = float_function(rounding, args, source)
            found = None if whole_numbers is None else _cast(whole_numbers, source, term.dtype)
        else:
            found = float_function(term.op, args, term.dtype)
        return whole if found is None else found

    def _literal(self, term: Term) -> Interval:
        value = term.value
        if isinstance(value, float) and math.isnan(value):
            return range_of(DType.F32)
        if term.dtype.is_integer:
            value = int(value)
            return Interval(value, value)
        return nearest(float(value), term.dtype)

    def _index(self, index: Affine) -> Interval:
        steps = [factor * (self._axes.get(name, 1 << 31) - 1) for name, factor in index.terms]
        low = index.constant + sum(step for step in steps if step < 0)
        return Interval(low, index.constant + sum(step for step in steps if step > 0))

    def _reduction(self, term: Term, arg: Interval) -> Interval:
        """A reduction, also of a part of the elements only: parts are put together later."""
        count = prod(self._axes.get(axis, 1 << 31) for axis in term.bound)
        if term.kind in POSITIONS:
            return Interval(0, count - 1)
        if term.kind == "sum":
            total = hull([arg, product_of(arg, Interval(0, count))])
            return total if term.dtype.is_integer else _summed(total, term.dtype, count)
        if term.kind == "prod":
            most: Number = max(1, arg.magnitude)
            try:
                most = most**count if count < 4096 else math.inf if most > 1 else most
            except OverflowError:
                most = math.inf
            if term.dtype.is_integer:
                most = min(most, 1 << 70)
                return Interval(-int(most) if arg.low < 0 else 0, int(most))
            return rounded(Interval(-most, most, arg.nan or not arg.finite), term.dtype, count)
        if term.kind in ("max", "min"):
            return arg
        if term.kind in ("and", "or") and arg.low >= 0:
            return Interval(0, (1 << int(arg.high).bit_length()) - 1)
        return range_of(term.dtype)

    # Selections

    def _selected(self, term: Term) -> Interval:
        """Either value, each under its condition."""
        condition, first, second = term.args
        parts: list[Interval] = []
        for arm, holds in ((first, True), (second, False)):
            parts.append(self._under(arm, condition, holds))
        return hull(parts)

    def _under(self, arm: Term, condition: Term, holds: bool) -> Interval:
        """A value where a condition holds, or does not."""
        plain = self._known(arm)
        if self._depth >= MOST_DEEP:
            return plain
        assumed = self._constraints(condition, holds)
        parts = list(arm.walk()) if assumed else []
        if len(parts) > MOST_TERMS or not any(part in assumed for part in parts):
            return plain
        inner = Intervals(self._axes, self._ranges)
        inner._assumed = {**self._assumed, **assumed}
        inner._depth = self._depth + 1
        found = inner.of(arm)
        return found.met(plain)

    def _constraints(self, condition: Term, holds: bool) -> dict[Term, Interval]:
        """What a condition says of the terms in it."""
        if condition.op == "not":
            return self._constraints(condition.args[0], not holds)
        if (condition.op, holds) in (("and", True), ("or", False)):
            found = self._constraints(condition.args[0], holds)
            for term, interval in self._constraints(condition.args[1], holds).items():
                known = found.get(term)
                found[term] = interval if known is None else known.met(interval)
            return found
        if condition.op not in _OPPOSITE:
            return {}
        left, right = condition.args
        ordered = left.dtype.is_integer
        if not holds and not ordered:
            return {}  # a comparison that fails may compare no number
        relation = condition.op if holds else _OPPOSITE[condition.op]
        found = {}
        for term, other, sign in ((left, right, relation), (right, left, _SWAPPED[relation])):
            if not term.is_const and sign != "ne":
                found[term] = _bounded(sign, self._known(other), 1 if ordered else 0)
        return found


def _bounded(relation: str, other: Interval, step: int) -> Interval:
    """The numbers that stand in a relation to some; ``step`` is between integers."""
    match relation:
        case "lt":
            return Interval(-math.inf, other.high - step)
        case "le":
            return Interval(-math.inf, other.high)
        case "gt":
            return Interval(other.low + step, math.inf)
        case "ge":
            return Interval(other.low, math.inf)
        case _:
            return Interval(other.low, other.high)


def _summed(total: Interval, dtype: str, count: int) -> Interval:
    """The sum of many floats: each rounding is relative to what has come together until then."""
    if total.low < 0 < total.high:
        off = total.magnitude * count * DType(dtype).epsilon
        total = Interval(total.low - off, total.high + off, total.nan)
    return rounded(total, dtype, count)


def _cast(value: Interval, source: str, dtype: str) -> Interval:
    """A conversion: of floats to integers without the fraction, anything where one is too large.

    NaN has no integer; the unit makes 0 of it.
    """
    if DType(dtype).is_float:
        exact = DType(source).is_integer and value.magnitude <= 2**8
        return Interval(float(value.low), float(value.high)) if exact else rounded(value, dtype)
    if DType(source).is_integer:
        return value
    whole = range_of(dtype)
    if not value.finite:
        return whole
    found = Interval(math.trunc(value.low), math.trunc(value.high))
    found = hull([found, Interval(0, 0)]) if value.nan else found
    return found if found.within(whole.low, whole.high) else whole
