"""Casts that the target has no instruction for, as several that it has."""

from collections.abc import Callable, Sequence

from hawk_xdsl.codegen.vector.widths import stored_dtype
from hawk_xdsl.dialects.dtype import CONDITION, FLOATS, INTEGERS, WIDE_INTEGER, DType
from hawk_xdsl.semantics.interval import range_of
from hawk_xdsl.semantics.intervals import Intervals
from hawk_xdsl.semantics.terms import HOLDS, Term, Terms, walk

Supports = Callable[[str, str], bool]
"""Whether the target has an instruction (mnemonic) for a dtype."""


class NoInstructionError(Exception):
    """No knowledge says how to compute a term; the message names it.

    ``term`` is the one that has no instruction; ``None`` where a cast lacks one.
    """

    def __init__(self, message: str, term: Term | None = None) -> None:
        super().__init__(message)
        self.term = term


def casts_in_steps(roots: Sequence[Term], intervals: Intervals, supports: Supports) -> list[Term]:
    """Casts that the target has no instruction for as several that it has.

    To fewer bits the value is cut to them first: moved up, and down again with its new sign.
    """
    terms = Terms()
    done: dict[Term, Term] = {}
    for term in walk(roots):
        args = tuple(done[arg] for arg in term.args)
        new = terms.rebuild(term, args)
        if term.op == "cast" and new.op == "cast":
            value = args[0]
            if _cuts(term, intervals):
                if DType(value.dtype).is_float:
                    for step in _casts(value.dtype, WIDE_INTEGER, supports):
                        value = terms.cast(value, step)
                value = _low_bits(terms, value, term.dtype)
            for step in _casts(stored_dtype(value.dtype), stored_dtype(term.dtype), supports):
                value = terms.cast(value, step)
            new = value
        done[term] = new
    return [done[root] for root in roots]


def _casts(source: str, target: str, supports: Supports) -> list[str]:
    """The shortest path between two dtypes that loses nothing before its last step."""
    paths: list[list[str]] = [[source]]
    while paths:
        path = paths.pop(0)
        if path[-1] == target:
            return path[1:] or [target]
        for step in (target, *FLOATS, *INTEGERS):
            if step in path or not supports("vcast", f"{path[-1]}-{step}"):
                continue
            if step == target or _passes(path[-1], step, target):
                paths.append([*path, step])
    raise NoInstructionError(f"nothing says how to cast {source} to {target} on this target")


def _cuts(cast: Term, intervals: Intervals) -> bool:
    """Whether a cast to few bits may drop some that are not the sign's.

    A float beyond them has no integer there; as most hosts do, its low bits are taken.
    """
    dtype, source = cast.dtype, cast.args[0].dtype
    if DType(dtype).is_float or CONDITION in (dtype, source) or dtype == WIDE_INTEGER:
        return False
    own = range_of(dtype)
    if DType(source).is_integer:
        return not intervals.within(cast.args[0], own.low, own.high)
    return intervals.of(cast) == own


def _low_bits(terms: Terms, value: Term, dtype: str) -> Term:
    """An integer cut to the bits of a narrower dtype, in its own."""
    rest = terms.const(value.dtype.bits - DType(dtype).bits, value.dtype)
    up = terms.apply("shl", (value, rest), value.dtype)
    return terms.apply("shr", (up, rest), value.dtype)


def _passes(source: str, step: str, target: str) -> bool:
    """Whether a value on its way from one dtype to another may go through a third."""
    if source in HOLDS.get(step, ()):
        return True
    fraction_lost = DType(source).is_integer or DType(step).is_integer or DType(target).is_float
    return fraction_lost and target in HOLDS.get(step, ())
