"""Matches patterns against terms; builds a replacement from what the variables stand for."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.semantics.constant_folding import fold
from hawk_xdsl.semantics.pattern import DTYPES, Pattern
from hawk_xdsl.semantics.terms import COMMUTATIVE, COMPARISONS, Affine, Term, Terms


@dataclass
class Match:
    """What a pattern's variables stand for, and the axes its reductions run over."""

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
        if so_far.bound and so_far.bound != term.bound:
            return
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
