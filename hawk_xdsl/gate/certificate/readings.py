"""In which precisions an op may be computed: as declared, or narrow floats in f32 and rounded once.

A kernel that is more precise than the op's dtypes ask for is right. So beside the declared reading
there is a wide one: what is read as f16 or bf16 stays exact in f32, explicit casts to a narrow
float round, and so do the results.
"""

from collections.abc import Sequence
from dataclasses import replace

from hawk_xdsl.dialects.dtype import NARROW_FLOATS, WIDE_FLOAT, DType
from hawk_xdsl.semantics.terms import Term, Terms, walk


def has_narrow_floats(roots: Sequence[Term]) -> bool:
    """Whether anything but a read, or a cast of one, is of a narrow float dtype."""
    return any(t.dtype in NARROW_FLOATS and t.op not in ("read", "gather") for t in walk(roots))


def in_f32(roots: Sequence[Term]) -> tuple[Term, ...]:
    """The wide reading of terms."""
    terms = Terms()
    done: dict[Term, Term] = {}
    for term in walk(roots):
        args = tuple(done[arg] for arg in term.args)
        if term.dtype not in NARROW_FLOATS:
            new = terms.rebuild(term, args)
        elif term.op in ("read", "gather"):
            new = terms.cast(terms.rebuild(term, args), WIDE_FLOAT)
        elif term.op == "cast":
            was_narrow = term.args[0].dtype in NARROW_FLOATS
            rounded = args[0] if was_narrow else terms.cast(args[0], term.dtype)
            new = terms.cast(rounded, WIDE_FLOAT)
        elif term.is_const:
            new = terms.const(term.value, WIDE_FLOAT)
        elif term.is_reduction or term.is_scan:
            new = terms.rebuild(term, args)
        else:
            new = terms.rebuild(replace(term, dtype=DType.F32, args=args), args)
        done[term] = new
    return tuple(done[root] for root in roots)
