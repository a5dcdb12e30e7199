"""64-bit integers as 32-bit ones, where that is proved to change nothing.

Sums, differences, products, masks and selections keep their low 32 bits whatever their high ones
are. So a value must fit 32 bits only where something else looks at it: a comparison, a quotient, a
float, an index, a result. Where that is so for all 32-bit inputs nothing more is asked. Where it is
not, a power of two is found below which all inputs must lie; the operand says so, and a launch
checks it. What fits for no inputs is refused, by the name of the function that leaves 32 bits.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.semantics.intervals import Intervals
from hawk_xdsl.semantics.loops import UnreadableError
from hawk_xdsl.semantics.specification_form import FULL_I32, Specification
from hawk_xdsl.semantics.terms import COMPARISONS, Term, Terms, literal_in, walk

LOW_BITS = frozenset(
    {"add", "sub", "mul", "neg", "and", "or", "xor", "select"}
    | {"reduce_sum", "reduce_prod", "scan_sum", "scan_prod"}
)
"""Functions whose low bits depend on the low bits of their arguments only."""

LEAST_BOUND = 2**9
"""The least magnitude that an operand may be confined to before an op is refused instead."""

Ranges = Mapping[str, tuple[int, int]]


def narrowed(draft: Specification, *, confine: bool = True) -> Specification:
    """The same specification without 64-bit integers.

    ``confine``: operands may be confined to a range that is narrower than 32 bits.
    Raises ``UnreadableError`` for what is not proved to fit.
    """
    if not any(term.dtype == DType.I64 for term in walk(draft.roots)):
        return draft
    wide = {t.operand for t in walk(draft.roots) if t.operand and t.dtype == DType.I64}
    whole = {
        t.operand
        for t in walk(draft.roots)
        if t.operand and t.dtype.is_integer and t.dtype.bits >= 32
    }
    ranges = _ranges(draft, wide, whole if confine else frozenset())
    operands = tuple(replace(o, range=ranges.get(o.name)) for o in draft.operands)
    roots = _in_32_bits(draft.roots)
    pairs = zip(draft.results, roots, strict=True)
    results = tuple(replace(result, term=root) for result, root in pairs)
    return replace(draft, operands=operands, results=results)


def _ranges(draft: Specification, wide: Iterable[str], confined: Iterable[str]) -> Ranges:
    """The widest ranges of operands for which everything fits."""
    ranges = dict.fromkeys(wide, FULL_I32)
    out_of_range = _out_of_range(draft, ranges)
    if out_of_range is None:
        return ranges
    names = [o.name for o in draft.operands if o.name in set(confined)]
    bound = FULL_I32[1] + 1
    while bound > LEAST_BOUND and names:
        bound //= 2
        tried = {**ranges, **dict.fromkeys(names, (-bound, bound))}
        if _out_of_range(draft, tried) is None:
            return _widened(draft, tried, names)
    raise UnreadableError(str(out_of_range))


def _widened(draft: Specification, ranges: dict[str, tuple[int, int]], names: list[str]) -> Ranges:
    """The ranges without those that nothing needs."""
    for name in names:
        tried = {**ranges, name: FULL_I32}
        if _out_of_range(draft, tried) is None:
            ranges = tried
    return ranges


@dataclass(frozen=True)
class _OutOfRange:
    """A value that is looked at and may need more than 32 bits."""

    term: Term
    low: float
    high: float

    def __str__(self) -> str:
        far = max((self.low, self.high), key=abs)
        reach = f"{far:.3g}" if abs(far) >= 2**53 else f"{int(far)}"
        return (
            f"{self.term.op} of i64 is not proved to fit 32 bits: it can reach {reach}; "
            "--host-fallback computes the op on the host in 64 bits"
        )


def _out_of_range(draft: Specification, ranges: Ranges) -> _OutOfRange | None:
    """The first value that is looked at and not proved to fit."""
    intervals = Intervals(draft.axes, ranges)
    for value, user in _looked_at(draft.roots):
        found = intervals.of(value)
        if found.within(*FULL_I32):
            continue
        if user is None or not _may_saturate(value, user, intervals):
            return _OutOfRange(value, found.low, found.high)
    return None


def _looked_at(roots: Iterable[Term]) -> Iterator[tuple[Term, Term | None]]:
    """The 64-bit values of which more than the low bits matter, and what looks at them."""
    roots = list(roots)
    for root in roots:
        if root.dtype == DType.I64:
            yield root, None
    for user in walk(roots):
        keeps_low_bits = user.op in LOW_BITS or (user.op == "cast" and user.dtype.is_integer)
        if keeps_low_bits and user.dtype != DType.I1:
            continue
        for place, value in enumerate(user.args):
            if value.dtype == DType.I64 and not (user.op == "shl" and place == 0):
                yield value, user


def _may_saturate(value: Term, user: Term, intervals: Intervals) -> bool:
    """Whether ``user`` gives the same where a value beyond i32 is replaced by the end of i32.

    It does for an index, which is out of range either way; for ``x < 7`` and other comparisons with
    values strictly between the ends; and for a maximum or minimum, whose own result is checked when
    its users are. Example: ``clamp(long(f), 0, 99)`` of a float f = 1e12 is 99 in 64 bits; in 32
    bits the cast gives 2147483647, and the clamp 99.
    """
    if not _saturates(value, intervals):
        return False
    if user.op in COMPARISONS:
        low, high = FULL_I32
        others = [arg for arg in user.args if arg is not value]
        return all(intervals.within(other, low + 1, high - 1) for other in others)
    return user.op in ("gather", "max", "min")


def _saturates(term: Term, intervals: Intervals) -> bool:
    """Whether 32-bit arithmetic gives the nearest end of i32 where the true value is beyond it.

    Casts from floats do, as the vector unit saturates; so do values that fit, and maxima and minima
    of such values. Sums and products wrap instead.
    """
    if term.op == "cast" and term.args[0].dtype.is_float:
        return True
    if intervals.within(term, *FULL_I32):
        return True
    return term.op in ("max", "min") and all(_saturates(arg, intervals) for arg in term.args)


def _in_32_bits(roots: Iterable[Term]) -> list[Term]:
    """The same terms with i32 for i64; of literals the low bits."""
    terms = Terms()
    done: dict[Term, Term] = {}
    roots = list(roots)
    for term in walk(roots):
        args = tuple(done[arg] for arg in term.args)
        dtype = DType.I32 if term.dtype == DType.I64 else term.dtype
        if term.is_const:
            value = literal_in(term.value, dtype) if term.dtype == DType.I64 else term.value
            new = terms.const(value, dtype)
        elif term.op == "cast":
            new = terms.cast(args[0], dtype)
        elif term.is_reduction or term.is_scan or term.dtype != DType.I64:
            new = terms.rebuild(term, args)
        else:
            new = terms.rebuild(replace(term, dtype=DType(dtype), args=args), args)
        done[term] = new
    return [done[root] for root in roots]
