"""Reads conversions and unsigned arithmetic of integers: terms know signed integers only.

An unsigned value of eight or sixteen bits is its low bits in more of them, ``and(i32(x), 255)``; of
the widest there is only the order differs from that of signed ones, by half of the range.
"""

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.semantics.loops import UnreadableError
from hawk_xdsl.semantics.terms import Term, Terms

UNSIGNED = {
    "arith.divui": "div",
    "arith.remui": "rem",
    "arith.ceildivui": "ceildiv",
    "arith.maxui": "max",
    "arith.minui": "min",
    "arith.shrui": "shr",
}
"""Ops that take their operands as unsigned → the function of signed ones."""

UNSIGNED_PREDICATES = {6: "lt", 7: "le", 8: "gt", 9: "ge"}
"""``arith.cmpi`` predicates of unsigned operands."""

_FROM_UNSIGNED = frozenset({"arith.extui", "arith.uitofp", "arith.index_castui"})
_FROM_SIGNED = frozenset({"arith.extsi", "arith.sitofp"})
_BY_ORDER = frozenset({"max", "min", "lt", "le", "gt", "ge"})


def converted(terms: Terms, name: str, value: Term, dtype: DType) -> Term:
    """A conversion op: how a sign is taken, and what becomes of one bit, is told by its name."""
    if name in _FROM_UNSIGNED:
        return terms.cast(zero_extended(terms, value), dtype)
    if value.dtype == DType.I1 and name in _FROM_SIGNED:
        return terms.apply("neg", (terms.cast(value, dtype),), dtype)
    if name == "arith.trunci" and dtype == DType.I1:
        low = terms.apply("and", (value, terms.const(1, value.dtype)), value.dtype)
        return terms.apply("ne", (low, terms.const(0, value.dtype)), DType.I1)
    if name == "arith.fptoui" and dtype.is_integer and dtype != DType.I1:
        return terms.cast(terms.cast(value, DType.I64 if dtype == DType.I32 else DType.I32), dtype)
    return terms.cast(value, dtype)


def zero_extended(terms: Terms, value: Term) -> Term:
    """An integer as if it had no sign, in more bits if it has one."""
    bits = value.dtype.bits if value.dtype.is_integer else 0
    if bits in (0, 1) or value.op == "index":
        return value
    if bits == 64:
        raise UnreadableError("an unsigned integer of 64 bits")
    wide = DType.I64 if bits == 32 else DType.I32
    most = (1 << bits) - 1
    if value.is_const:
        return terms.const(int(value.value) & most, wide)
    mask = terms.const(most, wide)
    return terms.apply("and", (terms.cast(value, wide), mask), wide)


def unsigned(terms: Terms, function: str, args: tuple[Term, ...], dtype: DType) -> Term:
    """A function of unsigned integers."""
    source = args[0].dtype
    if source == DType.I1 and function in _BY_ORDER:
        args = tuple(terms.cast(arg, DType.I32) for arg in args)
        return terms.cast(
            terms.apply(function, args, dtype if dtype == DType.I1 else DType.I32), dtype
        )
    if 1 < source.bits < 32:
        args = tuple(zero_extended(terms, arg) for arg in args)
        return terms.cast(
            terms.apply(function, args, dtype if dtype == DType.I1 else DType.I32), dtype
        )
    if function == "shr":
        return terms.apply("shru", args, dtype)
    if function in _BY_ORDER and source == DType.I32:
        half = terms.const(-(1 << 31), source)
        moved = tuple(terms.apply("add", (arg, half), source) for arg in args)
        found = terms.apply(function, moved, dtype)
        return found if dtype == DType.I1 else terms.apply("add", (found, half), source)
    raise UnreadableError(f"{function} of unsigned {source}")
