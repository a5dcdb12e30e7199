"""Replays rewrites: each step of a list is matched anew, by a matcher of the prover's own.

Whoever made the list is not believed. A step is justified if its entry's pattern, with some
binding of its variables, is the term before, and its replacement with the same binding the term
after; and if the entry is for such terms: their dtype, the results' dtypes, and its domain.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hawk_xdsl.semantics.pattern import DTYPES, Pattern
from hawk_xdsl.semantics.rewriting import Holds, RewriteStep, Rule
from hawk_xdsl.semantics.rounding_steps import below_steps
from hawk_xdsl.semantics.terms import COMMUTATIVE, Affine, Term, Terms, walk

Key = tuple[object, ...]

MOST_REPLACED = 10_000
"""Steps of one replay; a list that leads in a circle is given up."""

_NUMBERS: Mapping[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "max": lambda a, b: max(a, b),
    "min": lambda a, b: min(a, b),
    "abs": lambda a: abs(a),
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "select": lambda p, a, b: a if p else b,
}
"""What replacements compute of literals."""


class Keys:
    """Numbers for terms: two terms have the same if they are built alike."""

    def __init__(self) -> None:
        self._known: dict[Key, int] = {}
        self._of: dict[Term, int] = {}

    def of(self, root: Term) -> int:
        """The number of a term."""
        for term in walk((root,)):
            if term not in self._of:
                args = tuple(self._of[arg] for arg in term.args)
                key = (term.op, term.dtype, args, repr(term.value), term.operand, term.index,
                       term.bound)  # fmt: skip
                self._of[term] = self._known.setdefault(key, len(self._known))
        return self._of[root]


@dataclass
class _Binding:
    """What variables stand for, and the axes of the reductions."""

    terms: dict[str, Term] = field(default_factory=dict[str, Term])
    bound: frozenset[str] | None = None


def justified(step: RewriteStep, results: Sequence[str], holds: Holds, keys: Keys) -> bool:
    """Whether an application of an entry is one; ``results`` are the dtypes of the op's results."""
    rule, before = step.rule, step.before
    if step.after.dtype != before.dtype or (rule.dtypes and before.dtype not in rule.dtypes):
        return False
    if rule.results and not set(results) <= set(rule.results):
        return False
    for binding in _bindings(rule.before, before, before.dtype, _Binding(), keys):
        if _in_domain(rule, binding, holds) and any(
            _bindings(rule.after, step.after, before.dtype, binding, keys, closed=True)
        ):
            return True
    return False


def _in_domain(rule: Rule, binding: _Binding, holds: Holds) -> bool:
    for name, (low, high) in rule.domain.items():
        term = binding.terms[name]
        known = term.is_const and low <= float(term.value) <= high
        if not known and not holds(term, low, high, nan=name in rule.nan):
            return False
    return True


def _bindings(
    pattern: Pattern, term: Term, dtype: str, so_far: _Binding, keys: Keys, closed: bool = False
) -> Iterator[_Binding]:
    """The ways to extend a binding so that the pattern is the term; ``closed``: only as it is."""
    if pattern.op == "variable":
        known = so_far.terms.get(pattern.name)
        if known is not None and keys.of(known) == keys.of(term):
            yield so_far
        elif known is None and not closed and (term.is_const or not pattern.only_literals):
            yield _Binding({**so_far.terms, pattern.name: term}, so_far.bound)
        return
    if term.is_const:
        value = _number(pattern, so_far)
        if value is not None and _same_number(value, float(term.value)):
            yield so_far
            return
    if pattern.op == "number":
        return
    if pattern.op == "position":
        axes = so_far.bound or frozenset()
        if term.op == "index" and term.index == tuple(map(Affine.axis, axes)):
            yield so_far
        return
    if closed and pattern.op in DTYPES | {"same"}:
        wanted = dtype if pattern.op == "same" else pattern.op
        if term.dtype == wanted:
            # A cast to its own dtype is left out, so f32(x) is x itself, which may be a cast.
            yield from _bindings(pattern.args[0], term, dtype, so_far, keys, closed)
            if term.op == "cast":
                yield from _bindings(pattern.args[0], term.args[0], dtype, so_far, keys, closed)
        return
    is_cast = term.op == "cast" and pattern.op in ("cast", term.dtype)
    if (term.op != pattern.op and not is_cast) or len(term.args) != len(pattern.args):
        return
    if term.is_reduction or term.is_scan:
        if so_far.bound not in (None, term.bound):
            return
        so_far = _Binding(so_far.terms, term.bound)
    orders = [term.args, term.args[::-1]] if pattern.op in COMMUTATIVE else [term.args]
    for args in orders:
        yield from _all(pattern.args, args, dtype, so_far, keys, closed)


def _all(
    patterns: Sequence[Pattern],
    terms: Sequence[Term],
    dtype: str,
    so_far: _Binding,
    keys: Keys,
    closed: bool,
) -> Iterator[_Binding]:
    if not patterns:
        yield so_far
        return
    for found in _bindings(patterns[0], terms[0], dtype, so_far, keys, closed):
        yield from _all(patterns[1:], terms[1:], dtype, found, keys, closed)


def _number(pattern: Pattern, binding: _Binding) -> float | None:
    """The number that a pattern of literals amounts to, or ``None``."""
    if pattern.op == "number":
        return pattern.value
    if pattern.op == "variable":
        term = binding.terms.get(pattern.name)
        return float(term.value) if term is not None and term.is_const else None
    values = [_number(arg, binding) for arg in pattern.args]
    numbers = [value for value in values if value is not None]
    if len(numbers) < len(values) or not values:
        return None
    if pattern.op in DTYPES | {"same", "cast"}:
        return numbers[0]
    if pattern.op not in _NUMBERS:
        return None
    try:
        return float(_NUMBERS[pattern.op](*numbers))
    except (ArithmeticError, ValueError):
        return None


def _same_number(left: float, right: float) -> bool:
    return left == right or (math.isnan(left) and math.isnan(right))


def replayed(
    roots: Sequence[Term], steps: Sequence[RewriteStep], keys: Keys
) -> tuple[Term, ...] | None:
    """The roots with every step applied where its term stands.

    ``None`` if the steps do not end, or one that gives up digits ends up where they decide.
    """
    passes: list[_Replay] = []
    for early in (True, False):
        chosen = {keys.of(step.before): step.after for step in steps if step.early is early}
        replay = _Replay(chosen, keys)
        roots = [replay.normal(root) for root in roots]
        passes.append(replay)
    if any(replay.replaced > MOST_REPLACED for replay in passes):
        return None
    decisive = below_steps(roots)
    exact = {keys.of(term) for term in walk(roots) if term in decisive}
    for step in (step for step in steps if step.rule.shortcut):
        term = step.before
        for replay in passes[0 if step.early else 1 :]:
            term = replay.normal(term)
        if keys.of(term) in exact:
            return None
    return tuple(roots)


class _Replay:
    """One pass over terms, arguments first; a replacement is gone through too."""

    def __init__(self, chosen: Mapping[int, Term], keys: Keys) -> None:
        self._chosen = chosen
        self._keys = keys
        self._terms = Terms()
        self._done: dict[int, Term] = {}
        self.replaced = 0

    def normal(self, root: Term) -> Term:
        """The term with the steps applied."""
        local: dict[Term, Term] = {}
        for term in walk((root,)):
            args = tuple(local[arg] for arg in term.args)
            local[term] = self._settled(self._rebuilt(term, args))
        return local[root]

    def _settled(self, term: Term) -> Term:
        key = self._keys.of(term)
        if key not in self._done:
            after = self._chosen.get(key)
            self._done[key] = term
            if after is not None and self.replaced <= MOST_REPLACED:
                self.replaced += 1
                self._done[key] = self.normal(after)
        return self._done[key]

    def _rebuilt(self, term: Term, args: tuple[Term, ...]) -> Term:
        """The same function of other arguments; of literals its number."""
        function = _NUMBERS.get(term.op)
        if function is not None and args and all(arg.is_const for arg in args):
            try:
                value = float(function(*(float(arg.value) for arg in args)))
            except (ArithmeticError, ValueError):
                return self._terms.rebuild(term, args)
            if term.dtype.is_float:
                return self._terms.const(value, term.dtype)
        return self._terms.rebuild(term, args)
