"""Integer expressions in normal form, sums of variables and divisions, and their range."""

from dataclasses import dataclass, field
from math import gcd
from typing import TypeAlias

from xdsl.ir import SSAValue
from xdsl.ir.affine import AffineExpr

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.errors import KernelTextError


@dataclass(frozen=True, eq=False)
class IndexVariable:
    """A loop variable (``start + step * i`` for i in 0..``last``), an extent or a scalar read.

    Attributes:
        name: as in the text.
        order: position among the variables of a kernel; inner loops come later.
        depth: how many blocks enclose the place where it is visible.
        value: the index-typed value, or the integer read from memory.
        start: the first value; None for a scalar that was read, whose range is unknown.
        step: what the loop adds.
        last: the largest number of steps taken; None if it is unknown.
        stop: what it stays below, where that depends on extents.
        is_extent: whether it is a length that is known at launch.
    """

    name: str
    order: int
    depth: int
    value: SSAValue
    start: "Linear | None" = None
    step: int = 1
    last: int | None = None
    stop: "Linear | None" = None
    is_extent: bool = False


@dataclass(frozen=True)
class Division:
    """``dividend // divisor``, or ``dividend % divisor`` if ``remainder``."""

    dividend: "Linear"
    divisor: int
    remainder: bool


Symbol: TypeAlias = IndexVariable | Division


def _order(symbol: Symbol) -> tuple[object, ...]:
    """A total order that does not depend on names."""
    if isinstance(symbol, IndexVariable):
        return (symbol.order, 0)
    inner = tuple((_order(term), factor) for term, factor in symbol.dividend.terms)
    first = symbol.dividend.terms[0][0]
    lead = _order(first)[0]
    return (lead, 1, symbol.remainder, symbol.divisor, inner, symbol.dividend.constant)


@dataclass(frozen=True)
class Linear:
    """``sum of factor * symbol + constant``, terms in order, no factor zero."""

    terms: tuple[tuple[Symbol, int], ...] = ()
    constant: int = 0

    @staticmethod
    def of(terms: dict[Symbol, int], constant: int) -> "Linear":
        """From unordered terms."""
        kept = [(symbol, factor) for symbol, factor in terms.items() if factor]
        return Linear(tuple(sorted(kept, key=lambda term: _order(term[0]))), constant)

    def plus(self, other: "Linear", factor: int = 1) -> "Linear":
        """``self + factor * other``."""
        terms = dict(self.terms)
        for symbol, number in other.terms:
            terms[symbol] = terms.get(symbol, 0) + factor * number
        return Linear.of(terms, self.constant + factor * other.constant)

    def times(self, factor: int) -> "Linear":
        """``factor * self``."""
        return Linear().plus(self, factor)

    def divided(self, divisor: int, *, remainder: bool) -> "Linear":
        """``self // divisor`` or ``self % divisor``, rounding down; the divisor is positive."""
        whole = Linear(
            tuple((s, f // divisor) for s, f in self.terms if f % divisor == 0),
            self.constant // divisor,
        )
        rest = Linear(tuple((s, f) for s, f in self.terms if f % divisor), self.constant % divisor)
        if not rest.terms:
            return Linear(constant=rest.constant) if remainder else whole
        division = Linear(((Division(rest, divisor, remainder), 1),))
        return division if remainder else whole.plus(division)

    @property
    def variables(self) -> tuple[IndexVariable, ...]:
        """The variables it depends on, in order, without repetition."""
        found: set[IndexVariable] = set()
        for symbol, _ in self.terms:
            if isinstance(symbol, IndexVariable):
                found.add(symbol)
            else:
                found.update(symbol.dividend.variables)
        return tuple(sorted(found, key=lambda variable: variable.order))

    @property
    def has_extents(self) -> bool:
        """Whether it depends on lengths that are known at launch, itself or by a bound."""
        return any(v.is_extent or v.stop is not None for v in self.variables)

    def affine(self, dimensions: tuple[IndexVariable, ...]) -> AffineExpr:
        """As an affine expression over the given variables."""
        result: AffineExpr | None = None
        for symbol, factor in self.terms:
            if isinstance(symbol, IndexVariable):
                term = AffineExpr.dimension(dimensions.index(symbol))
            else:
                inner = symbol.dividend.affine(dimensions)
                term = inner % symbol.divisor if symbol.remainder else inner // symbol.divisor
            term = term * factor
            result = term if result is None else result + term
        constant = AffineExpr.constant(self.constant)
        return constant if result is None else result + constant


@dataclass
class _Range:
    """An expression over independent counters 0..limit: exact minimum and maximum."""

    constant: int
    factors: dict[object, int] = field(default_factory=dict[object, int])
    limits: dict[object, int] = field(default_factory=dict[object, int])

    def add(self, other: "_Range", factor: int) -> None:
        self.constant += factor * other.constant
        for counter, number in other.factors.items():
            self.factors[counter] = self.factors.get(counter, 0) + factor * number
        self.limits.update(other.limits)

    def add_counter(self, counter: object, factor: int, limit: int) -> None:
        self.factors[counter] = self.factors.get(counter, 0) + factor
        self.limits[counter] = limit

    def bounds(self) -> tuple[int, int]:
        spans = [factor * self.limits[counter] for counter, factor in self.factors.items()]
        low = self.constant + sum(span for span in spans if span < 0)
        return low, self.constant + sum(span for span in spans if span > 0)


def bounds(expression: Linear) -> tuple[int, int] | None:
    """The smallest and largest value over all iterations, or None where a scalar was read.

    Exact for sums of loop variables of fixed bounds, never too narrow for the rest.
    """
    expanded = _expand(expression)
    if expanded is None:
        return None
    low, high = expanded.bounds()
    if not expression.has_extents:
        return low, high
    below = _expand(_at_stops(expression, -1))
    above = _expand(_at_stops(expression, 1))
    assert below is not None and above is not None
    return max(low, below.bounds()[0]), min(high, above.bounds()[1])


def _at_stops(expression: Linear, sign: int) -> Linear:
    """The expression with loop variables whose factors have a sign at ``stop - 1``.

    That bounds it, and keeps what the loop and the expression share. Example: with i below n0 and
    n0 in 1..512, ``n0 - i`` is at least ``n0 - (n0 - 1)``, which is 1; the ends of n0 and i apart
    give 1 - 511. Inner variables first, since their bounds may name outer ones.
    """
    for symbol, factor in reversed(expression.terms):
        if isinstance(symbol, IndexVariable) and symbol.stop is not None and factor * sign > 0:
            rest = expression.plus(Linear(((symbol, factor),)), -1)
            last = symbol.stop.plus(Linear(constant=1), -1)
            return _at_stops(rest.plus(last, factor), sign)
    return expression


def _expand(expression: Linear) -> _Range | None:
    total = _Range(expression.constant)
    for symbol, factor in expression.terms:
        part = _variable(symbol) if isinstance(symbol, IndexVariable) else _division(symbol)
        if part is None:
            return None
        total.add(part, factor)
    return total


def _variable(variable: IndexVariable) -> _Range | None:
    if variable.start is None or variable.last is None:
        return None
    start = _expand(variable.start)
    if start is not None:
        start.add_counter(variable, variable.step, variable.last)
    return start


def _division(division: Division) -> _Range | None:
    inner = _expand(division.dividend)
    if inner is None:
        return None
    divisor = division.divisor
    whole = _Range(0)
    rest = _Range(inner.constant)
    for counter, factor in inner.factors.items():
        if factor % divisor == 0:
            whole.add_counter(counter, factor // divisor, inner.limits[counter])
        else:
            rest.add_counter(counter, factor, inner.limits[counter])
    low, high = rest.bounds()
    if low // divisor == high // divisor:
        whole.constant += low // divisor
        rest.constant -= low // divisor * divisor
        return rest if division.remainder else whole
    if not division.remainder:
        whole.constant += low // divisor
        whole.add_counter(division, 1, high // divisor - low // divisor)
        return whole
    grain = gcd(divisor, *rest.factors.values())
    remainder = _Range(rest.constant % grain)
    remainder.add_counter(division, grain, divisor // grain - 1)
    return remainder


def linear(
    expression: ast.Expression, lookup: dict[str, IndexVariable], line: int | None
) -> Linear:
    """The normal form of an expression.

    Raises:
        KernelTextError: for an unknown variable, a product of two variables, or a divisor that is
            not a positive number.
    """
    if isinstance(expression, ast.Integer):
        return Linear(constant=expression.value)
    if isinstance(expression, ast.Variable):
        variable = lookup.get(expression.name)
        if variable is None:
            raise KernelTextError(
                f"`{expression.name}` is neither a loop variable nor a scalar that was read",
                line=line,
            )
        return Linear(((variable, 1),))
    left = linear(expression.left, lookup, line)
    right = linear(expression.right, lookup, line)
    match expression.operator:
        case "+":
            return left.plus(right)
        case "-":
            return left.plus(right, -1)
        case "*":
            if left.terms and right.terms:
                raise KernelTextError("a product needs a number on one side", line=line)
            return left.times(right.constant) if not right.terms else right.times(left.constant)
        case _:
            if right.terms or right.constant < 1:
                raise KernelTextError(
                    f"the divisor of `{expression.operator}` must be a positive number", line=line
                )
            return left.divided(right.constant, remainder=expression.operator == "%")
