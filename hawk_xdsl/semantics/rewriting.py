"""Rewriting of terms by rules until none matches; it ends whatever the rules are."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Protocol

from hawk_xdsl.errors import HawkError
from hawk_xdsl.semantics.constant_folding import fold
from hawk_xdsl.semantics.matching import Match, build, match
from hawk_xdsl.semantics.pattern import Pattern
from hawk_xdsl.semantics.rounding_steps import below_steps
from hawk_xdsl.semantics.terms import Term, Terms, walk

MOST_STEPS = 20_000
"""Steps of one rewriting, after which what is left stays as it is."""

DEEPEST = 100
"""Replacements within one another, after which what is left stays as it is."""


@dataclass(frozen=True)
class Rule:
    """A rewrite: a term that ``before`` matches may be replaced by ``after``.

    Attributes:
        name: of the entry.
        before: what is replaced.
        after: the replacement, over the variables of ``before``.
        dtypes: that the replaced term may have; empty: any.
        results: dtypes that the results of the whole specification may have; empty: any.
        operands: dtypes that the first argument of the replaced term may have; empty: any.
        domain: the closed range in which interval analysis must place a variable; NaN is in none.
        nan: variables of the domain that may be NaN besides.
        exact: whether both sides are equal for all values.
        identity: whether they are for real numbers: what differs is rounding.
        shortcut: whether it trades digits for time. A shortcut is not applied below a floor, a
            comparison or another step, where the last digit decides.
        optional: whether it is applied only to what is composed once more, for time to decide.

    Raises:
        HawkError: ``after`` or the domain names a variable that ``before`` lacks.
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
    identity: bool = False
    shortcut: bool = False
    optional: bool = False

    def __post_init__(self) -> None:
        unbound = (self.after.variables | frozenset(self.domain)) - self.before.variables
        if unbound:
            raise HawkError(f"rewrite {self.name!r} has no {min(unbound)!r} in what it matches")


@dataclass(frozen=True)
class RewriteStep:
    """One application of a rule: the term ``before`` matched, and ``after`` was built in its place.

    Both are as they were at that moment. The arguments of ``before`` had been rewritten already;
    new terms inside ``after`` had not. ``early`` marks steps of the first of the two passes.
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
    steps: list[RewriteStep] | None = None,
) -> tuple[list[Term], list[str]]:
    """The roots with every rule applied until none matches, and the names of the applied rules.

    Terms are rewritten bottom-up, in two passes. The first pass takes only rules whose pattern
    looks into a function that another rule replaces, since that function would be gone in the
    second. Example: the rule for ``(erf(x) + 1) * 0.5`` must come before the one for ``erf(x)``.

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
    first: list[RewriteStep] = []
    roots = _settled(roots, early, holds, first)
    taken = [replace(step, early=True) for step in first]
    roots = _settled(roots, rules, holds, taken)
    if steps is not None:
        steps += taken
    return roots, sorted({step.rule.name for step in taken})


@dataclass(frozen=True)
class _Chain:
    """Replacements within one another: of each rule the size of its last term."""

    sizes: Mapping[Rule, int] = field(default_factory=lambda: MappingProxyType({}))
    depth: int = 0

    def after(self, rule: Rule, term: Term) -> "_Chain | None":
        """The chain with one more replacement; ``None`` if it might not end."""
        size = sum(1 for _ in term.walk())
        if size >= self.sizes.get(rule, math.inf) or self.depth >= DEEPEST:
            return None
        return _Chain({**self.sizes, rule: size}, self.depth + 1)


def _settled(
    roots: Sequence[Term], rules: Sequence[Rule], holds: Holds, steps: list[RewriteStep]
) -> list[Term]:
    by_op: dict[str, list[Rule]] = {}
    for rule in rules:
        op = "const" if rule.before.op == "number" else rule.before.op
        by_op.setdefault(op, []).append(rule)
    decisive = below_steps(roots)
    terms = Terms()
    done: dict[Term, Term] = {}

    def settle(term: Term, chain: _Chain, exact: bool) -> Term:
        """A term whose arguments are settled, after all rules at its root."""
        if term in done:
            return done[term]
        done[term] = term
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
            steps.append(RewriteStep(rule, term, replacement))
            done[term] = settle_all(replacement, further, exact)
            return done[term]
        return term

    def settle_all(root: Term, chain: _Chain, exact: bool = False) -> Term:
        local: dict[Term, Term] = {}
        for term in walk((root,)):
            args = tuple(local[arg] for arg in term.args)
            digits = exact or term in decisive
            local[term] = settle(_refolded(terms, term, args), chain, digits)
        return local[root]

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
