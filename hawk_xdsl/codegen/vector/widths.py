"""In which dtypes a specification's terms are computed: stored ones, wider floats and integers.

Narrow integers that an instruction lacks are computed in i32 and cut back to their own bits. Sums
and products only need that once, at the end: ``i8(i32(a) + i32(b) * i32(c))`` has the low eight
bits that the i8 operations one by one have.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from hawk_xdsl.dialects.dtype import CONDITION, NARROW_FLOATS, WIDE_FLOAT, WIDE_INTEGER, DType
from hawk_xdsl.semantics.terms import Term, Terms, walk

EXACT = frozenset(
    {"const", "read", "gather", "index", "max", "min", "neg", "abs", "select", "relu", "cast"}
    | {"and", "or", "xor", "not", "eq", "ne", "lt", "le", "gt", "ge", "full"}
    | {"reduce_max", "reduce_min", "reduce_argmax", "reduce_argmin", "scan_max", "scan_min"}
)
"""What rounds nothing."""


def stored_dtype(dtype: str) -> str:
    """The dtype that a tile of terms of a dtype has."""
    return DType(dtype).stored


def operand_dtype(term: Term) -> str:
    """The dtype an instruction works in: that of its first value that is not a condition."""
    values = [stored_dtype(arg.dtype) for arg in term.args if not arg.dtype.is_condition]
    return values[0] if values else stored_dtype(term.dtype)


def stored_terms(roots: Sequence[Term]) -> list[Term]:
    """The same terms with the dtypes that a kernel holds them in; conditions stay conditions."""
    return _converted(roots, lambda dtype: dtype if dtype == CONDITION else stored_dtype(dtype))


def _converted(roots: Sequence[Term], kept: Callable[[str], str]) -> list[Term]:
    terms = Terms()
    done: dict[Term, Term] = {}
    for term in walk(roots):
        args = tuple(done[arg] for arg in term.args)
        dtype = kept(term.dtype)
        if dtype == term.dtype or term.op == "cast":
            new = terms.cast(args[0], dtype) if term.op == "cast" else terms.rebuild(term, args)
        elif term.is_reduction or term.is_scan:
            new = terms.rebuild(term, args)
        else:
            new = terms.rebuild(replace(term, dtype=DType(dtype), args=args), args)
        done[term] = new
    return [done[root] for root in roots]


def rounds_twice(roots: Sequence[Term]) -> bool:
    """Whether a narrow float is rounded more than once on the way to a result, or summed."""
    roundings: dict[Term, int] = {}
    for term in walk(roots):
        before = max((roundings[arg] for arg in term.args), default=0)
        inexact = term.dtype in NARROW_FLOATS and term.op not in EXACT
        if inexact and (term.is_reduction or term.is_scan):
            return True
        if term.op == "cast" and term.dtype not in NARROW_FLOATS:
            before = 0
        roundings[term] = before + inexact
        if roundings[term] > 1:
            return True
    return False


def in_f32(roots: Sequence[Term]) -> list[Term]:
    """The same with narrow floats as f32 between what is read and what is written."""
    terms = Terms()
    done: dict[Term, Term] = {}
    for term in walk(roots):
        args = tuple(done[arg] for arg in term.args)
        if term.op in ("read", "gather"):
            new = terms.rebuild(term, args)
            new = terms.cast(new, WIDE_FLOAT) if term.dtype in NARROW_FLOATS else new
        elif term.op == "cast" and term.dtype in NARROW_FLOATS:
            was_narrow = term.args[0].dtype in NARROW_FLOATS
            new = args[0] if was_narrow else terms.cast(terms.cast(args[0], term.dtype), WIDE_FLOAT)
        elif term.dtype in NARROW_FLOATS and not (term.is_reduction or term.is_scan):
            new = terms.rebuild(replace(term, dtype=DType.F32, args=args), args)
        else:
            new = terms.rebuild(term, args)
        done[term] = new
    return [done[root] for root in roots]


MODULAR = frozenset(
    {"add", "sub", "mul", "neg", "xor", "shl"}
    | {"reduce_sum", "reduce_prod", "scan_sum", "scan_prod"}
)
"""Functions of integers whose low bits depend on the low bits of their arguments only."""

_FROM_VALUES = frozenset({"abs", "div", "floordiv", "ceildiv", "rem", "shr", "shru", "pow"})

RAISED: Mapping[str, frozenset[str]] = {
    DType.I8: MODULAR | _FROM_VALUES,
    DType.I16: _FROM_VALUES | {"xor", "shl"},
}
"""By dtype: the functions that are computed in i32 instead."""


def raised(roots: Sequence[Term]) -> list[Term]:
    """The same with arithmetic of narrow integers in i32, cut back to their bits after it."""
    terms = Terms()
    done: dict[Term, Term] = {}
    wide: dict[Term, Term] = {}
    for term in walk(roots):
        args = tuple(done[arg] for arg in term.args)
        new = terms.rebuild(term, args)
        narrow = args[0].dtype if args else ""
        if term.op in RAISED.get(narrow, ()):
            known = wide if term.op in MODULAR else {}
            lifted = tuple(known.get(arg) or terms.cast(arg, WIDE_INTEGER) for arg in args)
            if term.is_reduction or term.is_scan:
                in_i32 = terms.rebuild(term, lifted)
            else:
                in_i32 = terms.apply(term.op, lifted, WIDE_INTEGER)
            new = terms.cast(in_i32, narrow)
            wide[new] = in_i32
        done[term] = new
    return [done[root] for root in roots]
