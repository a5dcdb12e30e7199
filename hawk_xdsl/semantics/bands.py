"""Conditions on positions that hold along a diagonal and below it, and what a term is on each side.

``n - m <= last`` is one: a row m has the columns up to ``m + last``. A causal mask selects by it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from hawk_xdsl.semantics.terms import Affine, Term, Terms, walk

COMPARED = {"le": (1, 0), "lt": (1, -1), "ge": (-1, 0), "gt": (-1, -1)}
"""``a OP b`` as ``factor (a - b) <= bound``."""


@dataclass(frozen=True)
class Band:
    """A condition that is ``within`` where ``n - m <= last``, and its negation elsewhere.

    Attributes:
        condition: the term.
        last: how far the last column of a row is to the right of the diagonal.
        within: the condition's truth where a row has a column.
        empty: whether what is asked of is minus infinity where it has not.
    """

    condition: Term
    last: int
    within: bool
    empty: bool


def positions_in(root: Term) -> bool:
    """Whether a term depends on where it is, beside what it reads there."""
    return any(term.op == "index" for term in walk((root,)))


def band_of(root: Term, m: str, n: str) -> Band | None:
    """The only condition on positions of a term; ``None`` if there are others or it is no band."""
    found = list(_conditions(root, m, n))
    if len(found) != 1:
        return None
    condition, last, within = found[0]
    terms = Terms()
    if positions_in(resolved(terms, root, condition, within)):
        return None
    outside = resolved(terms, root, condition, not within)
    return Band(condition, last, within, _is_least(outside))


def resolved(terms: Terms, root: Term, condition: Term, truth: bool) -> Term:
    """A term where a condition is known, as far as that makes it simpler."""
    done: dict[Term, Term] = {condition: terms.const(int(truth), condition.dtype)}
    for term in walk((root,)):
        if term not in done:
            done[term] = simpler(terms.rebuild(term, tuple(done[arg] for arg in term.args)))
    return done[root]


def simpler(term: Term) -> Term:
    """A choice by a known condition as what is chosen, a sum with 0 as the other addend."""
    if term.op == "select" and term.args[0].is_const:
        return term.args[1] if term.args[0].value else term.args[2]
    if term.op == "add" and term.args[1].is_const and term.args[1].value == 0:
        return term.args[0]
    return term


def _is_least(term: Term) -> bool:
    """Whether a term is minus infinity: a sum with it may be no number."""
    while term.op == "cast":
        term = term.args[0]
    return term.is_const and term.value == float("-inf")


def _conditions(root: Term, m: str, n: str) -> Iterator[tuple[Term, int, bool]]:
    """The bands of a term: each with its last column, and its truth within."""
    for term in walk((root,)):
        if term.op not in COMPARED:
            continue
        sides = [_affine(arg) for arg in term.args]
        if sides[0] is None or sides[1] is None:
            continue
        factor, bound = COMPARED[term.op]
        step = (sides[0] + sides[1].scaled(-1)).scaled(factor)
        along = dict(step.terms)
        if along == {n: 1, m: -1}:
            yield term, bound - step.constant, True
        elif along == {n: -1, m: 1}:  # -(n - m) + c <= bound: outside from c - bound on
            yield term, step.constant - bound - 1, False


def _affine(term: Term) -> Affine | None:
    """An index that is computed from loop variables and whole numbers; ``None`` for others."""
    if term.op == "index":
        return term.index[0]
    if term.is_const:
        return Affine(int(term.value)) if term.value == int(term.value) else None
    if term.op == "cast":
        return _affine(term.args[0])
    if term.op in ("add", "sub"):
        left, right = map(_affine, term.args)
        if left is not None and right is not None:
            return left + right.scaled(1 if term.op == "add" else -1)
    return None
