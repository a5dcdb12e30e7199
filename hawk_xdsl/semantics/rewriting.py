"""Term rewriting: patterns as knowledge entries write them, matched against and built into terms.

In a pattern a variable matches any term, twice the same variable the same term, and a variable
whose name starts with ``c`` literals only, one whose name starts with ``t`` all but literals.
``reduce_sum(a)`` matches a fold over any axes; folds in
the replacement run over the same axes. ``scan_sum(a)`` is the same for a running fold. ``f32(a)``
is a cast, ``cast(a)`` one to any dtype, ``same(a)`` one to the dtype of what is replaced.
``position()`` in the replacement of a fold is the index along the one axis that it runs over.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Protocol

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedInput

from hawk_xdsl.dialects.dtype import BUFFER_DTYPES, DType
from hawk_xdsl.errors import HawkError
from hawk_xdsl.semantics.folding import fold
from hawk_xdsl.semantics.rounding_steps import below_steps
from hawk_xdsl.semantics.terms import (
    COMMUTATIVE,
    COMPARISONS,
    Affine,
    Term,
    Terms,
    walk,
)

SIGNS = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "==": "eq",
    "!=": "ne",
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
}

MOST_STEPS = 20_000
"""Steps of one rewriting, after which what is left stays as it is."""

DEEPEST = 100
"""Replacements within one another, after which what is left stays as it is."""

DTYPES = frozenset({*BUFFER_DTYPES, DType.I1})
"""The dtypes that a pattern can convert to: ``f32(a)``."""


@dataclass(frozen=True)
class Pattern:
    """A node of a pattern: a ``variable``, a ``number`` or a function of patterns."""

    op: str
    args: tuple["Pattern", ...] = ()
    name: str = ""
    value: float = 0.0

    @property
    def only_literals(self) -> bool:
        """Whether this variable matches literals only."""
        return self.op == "variable" and self.name.startswith("c")

    @property
    def only_tiles(self) -> bool:
        """Whether this variable matches all but literals."""
        return self.op == "variable" and self.name.startswith("t")

    @property
    def variables(self) -> frozenset[str]:
        """The names of the variables in it."""
        if self.op == "variable":
            return frozenset({self.name})
        return frozenset[str]().union(*(arg.variables for arg in self.args))

    @property
    def functions(self) -> frozenset[str]:
        """The functions in it."""
        own = frozenset[str]() if self.op in ("variable", "number") else frozenset({self.op})
        return own.union(*(arg.functions for arg in self.args))


class _Build(Transformer[Token, Pattern]):
    def start(self, children: list[Pattern]) -> Pattern:
        return children[0]

    def infix(self, children: list[Pattern | Token]) -> Pattern:
        left, sign, right = children
        assert isinstance(left, Pattern) and isinstance(right, Pattern)
        return Pattern(SIGNS[str(sign)], (left, right))

    def number(self, children: list[Token]) -> Pattern:
        return Pattern("number", value=float(children[0]))

    def negative(self, children: list[Token]) -> Pattern:
        return Pattern("number", value=-float(children[0]))

    def call(self, children: list[Pattern | Token | None]) -> Pattern:
        args = tuple(child for child in children[1:] if isinstance(child, Pattern))
        return Pattern(str(children[0]), args)

    def variable(self, children: list[Token]) -> Pattern:
        return Pattern("variable", name=str(children[0]))


@cache
def _grammar() -> Lark:
    text = (files("hawk_xdsl.semantics") / "expression.lark").read_text()
    return Lark(text, parser="lalr")


@cache
def _parsed(text: str) -> Pattern:
    return _Build().transform(_grammar().parse(text))


def parse_pattern(text: str, *, file: str | None = None) -> Pattern:
    """A pattern from its text. Raises ``HawkError`` with the place of a mistake."""
    try:
        return _parsed(text)
    except UnexpectedInput as error:
        raise HawkError(
            f"expression {text!r}: unexpected input at column {error.column}", file=file
        ) from error


@dataclass
class Match:
    """What a pattern's variables stand for, and the axes its folds run over."""

    terms: dict[str, Term] = field(default_factory=dict[str, Term])
    bound: frozenset[str] = frozenset()


def match(pattern: Pattern, term: Term) -> Match | None:
    """How a pattern matches a term, or ``None``."""
    return next(_matches(pattern, term, Match()), None)


def _matches(pattern: Pattern, term: Term, so_far: Match) -> Iterator[Match]:
    if pattern.op == "variable":
        known = so_far.terms.get(pattern.name)
        fits = not (pattern.only_tiles if term.is_const else pattern.only_literals)
        if (known is None or known is term) and fits:
            yield Match({**so_far.terms, pattern.name: term}, so_far.bound)
        return
    if pattern.op == "number":
        if term.is_const and _same_number(float(term.value), pattern.value):
            yield so_far
        return
    is_cast = term.op == "cast" and pattern.op in ("cast", term.dtype)
    if (pattern.op != term.op and not is_cast) or len(pattern.args) != len(term.args):
        return
    if term.is_reduction or term.is_scan:
        so_far = Match(so_far.terms, term.bound)
    orders = [term.args]
    if pattern.op in COMMUTATIVE:
        orders.append(term.args[::-1])
    for args in orders:
        yield from _match_all(pattern.args, args, so_far)


def _same_number(value: float, wanted: float) -> bool:
    return value == wanted or (math.isnan(value) and math.isnan(wanted))


def _match_all(
    patterns: Sequence[Pattern], terms: Sequence[Term], so_far: Match
) -> Iterator[Match]:
    if not patterns:
        yield so_far
        return
    for found in _matches(patterns[0], terms[0], so_far):
        yield from _match_all(patterns[1:], terms[1:], found)


def build(pattern: Pattern, found: Match, dtype: str, terms: Terms) -> Term:
    """The replacement as a term; its literals take the dtype of what they are combined with."""
    if pattern.op == "variable":
        return found.terms[pattern.name]
    if pattern.op == "number":
        whole = DType(dtype).is_integer and math.isfinite(pattern.value)
        return terms.const(int(pattern.value) if whole else pattern.value, dtype)
    if pattern.op == "position":
        [axis] = found.bound
        return terms.index(Affine.axis(axis), DType.I32)
    args = _built(pattern, found, dtype, terms)
    if pattern.op in DTYPES:
        return terms.cast(args[0], pattern.op)
    if pattern.op == "same":
        return terms.cast(args[0], dtype)
    if pattern.op.startswith("reduce_"):
        return terms.reduce(pattern.op.removeprefix("reduce_"), args[0], found.bound)
    if pattern.op.startswith("scan_"):
        [axis] = found.bound
        return terms.scan(pattern.op.removeprefix("scan_"), args[0], axis)
    return fold(terms, pattern.op, args, result_dtype(pattern.op, args))


def _built(pattern: Pattern, found: Match, dtype: str, terms: Terms) -> tuple[Term, ...]:
    """The arguments of a replacement's function.

    Where what is replaced is an integer and the values beside a literal are floats, or the other
    way round, the literal takes their dtype.
    """
    inner = dtype
    if DType(dtype).is_condition or pattern.op in COMPARISONS:
        inner = next((t.dtype for t in found.terms.values() if t.dtype != DType.I1), dtype)
    others = {
        place: build(arg, found, inner, terms)
        for place, arg in enumerate(pattern.args)
        if arg.op != "number"
    }
    dtypes = [term.dtype for term in others.values() if term.dtype != DType.I1]
    whole = DType(inner).is_integer
    beside = next((dtype for dtype in dtypes if DType(dtype).is_integer != whole), inner)
    return tuple(
        others[place] if place in others else build(arg, found, beside, terms)
        for place, arg in enumerate(pattern.args)
    )


def result_dtype(op: str, args: Sequence[Term]) -> str:
    """The dtype of a function of values: i1 of a comparison, else that of its last argument.

    A function whose name begins with a dtype, such as ``i32_floor``, gives that dtype.
    """
    if op in COMPARISONS:
        return DType.I1
    prefix = op.split("_", maxsplit=1)[0]
    return prefix if prefix in DTYPES and prefix != op else args[-1].dtype


@dataclass(frozen=True)
class Rule:
    """A rewrite: wherever ``before`` matches, ``after`` may stand.

    Raises ``HawkError`` where ``after`` or the domain names a variable that ``before`` lacks.

    ``dtypes`` are those of the term that is replaced, ``results`` those that the results of the
    whole specification may have, ``operands`` those of the first argument of what is replaced;
    none: all. ``domain`` gives the closed range that a variable must
    be known to lie in; NaN lies in none. Those of ``nan`` may also be NaN.
    One that is not ``exact`` may be a ``shortcut``, which gives up digits for time: it is not
    applied below a step, such as a floor or a comparison, where they decide.
    """

    name: str
    before: Pattern
    after: Pattern
    dtypes: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    domain: Mapping[str, tuple[float, float]] = field(
        default_factory=lambda: MappingProxyType({}), hash=False
    )
    operands: tuple[str, ...] = ()
    nan: frozenset[str] = frozenset()
    exact: bool = False
    shortcut: bool = False

    def __post_init__(self) -> None:
        unbound = (self.after.variables | frozenset(self.domain)) - self.before.variables
        if unbound:
            raise HawkError(f"rewrite {self.name!r} has no {min(unbound)!r} in what it matches")


@dataclass(frozen=True)
class Step:
    """One application of a rule: ``before`` matched, and ``after`` was built in its place.

    Both are as they were at that moment: the arguments of ``before`` are settled, what is new in
    ``after`` is not. ``early`` steps come before all others.
    """

    rule: Rule
    before: Term
    after: Term
    early: bool = False


class Holds(Protocol):
    """Whether every value of a term is known to lie within a closed range."""

    def __call__(self, term: Term, low: float, high: float, nan: bool = False) -> bool:
        """``nan``: or to be NaN."""
        ...


def unknown(term: Term, low: float, high: float, nan: bool = False) -> bool:
    """What is known to lie within a range without any analysis: literals that do."""
    return term.is_const and low <= float(term.value) <= high


def rewritten(
    roots: Sequence[Term],
    rules: Sequence[Rule],
    *,
    holds: Holds = unknown,
    steps: list[Step] | None = None,
) -> tuple[list[Term], list[str]]:
    """The roots with every rule applied until none matches, and the names of those that did.

    Arguments come before what they are arguments of. So a rule that looks at a function of a value
    that another rule would replace is applied before all others.

    It ends whatever the rules are. A term is not replaced within its own replacement, so that
    ``a < b`` → ``b > a`` → ``a < b`` stops where it began. Within its own replacement a rule is
    applied only to a term of fewer nodes than the one before: ``exp(a)`` → ``exp(neg(a))`` is
    applied once. What is left after ``MOST_STEPS``, or ``DEEPEST`` replacements within one another,
    stays as it is.

    Args:
        roots: what to rewrite.
        rules: the first that matches is applied.
        holds: decides where the domain of a rule holds.
        steps: gets every application, in order; replayed on ``roots`` they give the result.
    """
    replaced = frozenset(rule.before.op for rule in rules)
    early = [r for r in rules if any(arg.functions & replaced for arg in r.before.args)]
    first: list[Step] = []
    roots = _settled(roots, early, holds, first)
    taken = [replace(step, early=True) for step in first]
    roots = _settled(roots, rules, holds, taken)
    if steps is not None:
        steps += taken
    return roots, sorted({step.rule.name for step in taken})


@dataclass(frozen=True)
class _Chain:
    """Replacements within one another: of each rule, by identity, the size of its last term."""

    sizes: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))
    depth: int = 0

    def after(self, rule: Rule, term: Term) -> "_Chain | None":
        """The chain with one more replacement; ``None`` if it might not end."""
        size = sum(1 for _ in term.walk())
        if size >= self.sizes.get(id(rule), math.inf) or self.depth >= DEEPEST:
            return None
        return _Chain({**self.sizes, id(rule): size}, self.depth + 1)


def _settled(
    roots: Sequence[Term], rules: Sequence[Rule], holds: Holds, steps: list[Step]
) -> list[Term]:
    by_op: dict[str, list[Rule]] = {}
    for rule in rules:
        op = "const" if rule.before.op == "number" else rule.before.op
        by_op.setdefault(op, []).append(rule)
    decisive = below_steps(roots)
    terms = Terms()
    done: dict[int, Term] = {}

    def settle(term: Term, chain: _Chain, exact: bool) -> Term:
        """A term whose arguments are settled, after all rules at its root."""
        if id(term) in done:
            return done[id(term)]
        done[id(term)] = term
        for rule in by_op.get(term.op, []) + (by_op.get("cast", []) if term.op == "cast" else []):
            if (rule.dtypes and term.dtype not in rule.dtypes) or (rule.shortcut and exact):
                continue
            if rule.operands and (not term.args or term.args[0].dtype not in rule.operands):
                continue
            found = match(rule.before, term)
            if found is None or not _in_domain(rule, found, holds):
                continue
            further = chain.after(rule, term)
            if further is None or len(steps) >= MOST_STEPS:
                continue
            replacement = build(rule.after, found, term.dtype, terms)
            steps.append(Step(rule, term, replacement))
            done[id(term)] = settle_all(replacement, further, exact)
            return done[id(term)]
        return term

    def settle_all(root: Term, chain: _Chain, exact: bool = False) -> Term:
        local: dict[int, Term] = {}
        for term in walk((root,)):
            args = tuple(local[id(arg)] for arg in term.args)
            digits = exact or id(term) in decisive
            local[id(term)] = settle(_refolded(terms, term, args), chain, digits)
        return local[id(root)]

    return [settle_all(root, _Chain()) for root in roots]


def _in_domain(rule: Rule, found: Match, holds: Holds) -> bool:
    return all(
        unknown(found.terms[name], *ends) or holds(found.terms[name], *ends, nan=name in rule.nan)
        for name, ends in rule.domain.items()
    )


def _refolded(terms: Terms, term: Term, args: tuple[Term, ...]) -> Term:
    is_function = not (term.is_reduction or term.is_scan or term.op in ("cast", "gather"))
    if term.args and is_function:
        return fold(terms, term.op, args, term.dtype)
    return terms.rebuild(term, args)
