"""Where the last digit of a value decides: below floors, casts to integers and comparisons.

``floor(x / 41)`` is one less if the quotient of 41 is rounded down, so what is below such a step is
computed as exactly as the specification says. A choice between the very values that are compared,
``select(a > b, a, b)``, has no step; neither has a comparison with infinity, or of a value with
itself.
"""

from collections.abc import Sequence
from math import isinf

from hawk_xdsl.semantics.terms import COMPARISONS, POSITIONS, Term, walk

_ROUNDING = frozenset({"floor", "ceil", "trunc", "round", "roundeven", "rem"})


def below_steps(roots: Sequence[Term]) -> frozenset[Term]:
    """The identities of the terms whose rounding error a step may turn into a whole one."""
    every = list(walk(roots))
    users: dict[Term, list[Term]] = {}
    for term in every:
        for arg in term.args:
            users.setdefault(arg, []).append(term)
    under = [arg for t in every if _is_step(t, users.get(t, [])) for arg in t.args]
    return frozenset(walk(under))


def _is_step(term: Term, users: Sequence[Term]) -> bool:
    if not any(arg.dtype.is_float for arg in term.args):
        return False
    if term.op in COMPARISONS:
        a, b = term.args
        if a is b or _is_infinite(a) or _is_infinite(b):
            return False
        return not users or not all(_chooses_between(user, term) for user in users)
    if (term.is_reduction or term.is_scan) and term.kind in POSITIONS:
        return True
    return term.op in _ROUNDING or term.dtype.is_integer


def _chooses_between(user: Term, comparison: Term) -> bool:
    return (
        user.op == "select"
        and user.args[0] is comparison
        and all(chosen in comparison.args for chosen in user.args[1:])
    )


def _is_infinite(term: Term) -> bool:
    return term.is_const and isinf(float(term.value))
