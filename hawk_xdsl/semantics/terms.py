"""Terms: what an undecided op computes, as expressions over named axes, each written once.

A term is a value for every point of its free axes. Equal terms of one ``Terms`` are one object, so
shared subexpressions are found by identity, and a term is a key of a dictionary for little: its
hash is that of the object. A reduction binds axes by name; the same name may be
free elsewhere, as in ``x[i, j] - max(j) x[i, j]``: that is how a tile is known to be the same tile.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from hawk_xdsl.dialects.dtype import BUFFER_DTYPES, DType


@dataclass(frozen=True)
class Affine:
    """An index ``constant + Σ coefficient · axis``; ``terms`` is sorted by axis, without zeros."""

    constant: int = 0
    terms: tuple[tuple[str, int], ...] = ()

    @staticmethod
    def axis(name: str) -> "Affine":
        """The axis itself."""
        return Affine(0, ((name, 1),))

    @property
    def axes(self) -> frozenset[str]:
        """The axes it depends on."""
        return frozenset(name for name, _ in self.terms)

    @property
    def plain(self) -> str | None:
        """The axis, if this is exactly one axis, else ``None``."""
        if self.constant == 0 and len(self.terms) == 1 and self.terms[0][1] == 1:
            return self.terms[0][0]
        return None

    def __add__(self, other: "Affine") -> "Affine":
        merged = dict(self.terms)
        for name, factor in other.terms:
            merged[name] = merged.get(name, 0) + factor
        kept = sorted((name, factor) for name, factor in merged.items() if factor)
        return Affine(self.constant + other.constant, tuple(kept))

    def scaled(self, factor: int) -> "Affine":
        """Every coefficient and the constant times ``factor``."""
        if factor == 0:
            return Affine()
        return Affine(self.constant * factor, tuple((n, c * factor) for n, c in self.terms))

    def substitute(self, replacement: Mapping[str, "Affine"]) -> "Affine":
        """Replaces axes by indices; axes that are not in the mapping stay."""
        result = Affine(self.constant)
        for name, factor in self.terms:
            result += replacement.get(name, Affine.axis(name)).scaled(factor)
        return result

    def __str__(self) -> str:
        parts = [name if c == 1 else f"{c} * {name}" for name, c in self.terms]
        if self.constant or not parts:
            parts.append(str(self.constant))
        return " + ".join(parts)


@dataclass(frozen=True, eq=False)
class Term:
    """One node. Compare by identity; make them with ``Terms``.

    ``op`` is one of

    - ``const``: ``value``;
    - ``read``: ``operand`` at ``index``;
    - ``gather``: ``operand`` at ``index``, in which the pseudo-axis ``@k`` stands for ``args[k]``;
    - ``index``: an index as a number;
    - ``reduce_<kind>``: a reduction over the ``bound`` axes; ``reduce_argmax`` and
      ``reduce_argmin`` give the first position of the extreme on the one bound axis;
    - ``scan_<kind>``: at each position of the one ``bound`` axis, which stays free, the reduction
      of the positions up to it;
    - ``cast``: to ``dtype``;
    - or a function's name.
    """

    op: str
    dtype: DType
    args: tuple["Term", ...] = ()
    axes: frozenset[str] = frozenset()
    value: float | int = 0
    operand: str = ""
    index: tuple[Affine, ...] = ()
    bound: frozenset[str] = frozenset()

    @property
    def is_const(self) -> bool:
        """Whether it is a literal."""
        return self.op == "const"

    @property
    def is_reduction(self) -> bool:
        """Whether it reduces axes."""
        return self.op.startswith("reduce_")

    @property
    def is_scan(self) -> bool:
        """Whether it is a scan."""
        return self.op.startswith("scan_")

    @property
    def kind(self) -> str:
        """What a reduction or scan combines with: ``sum``, ``max``, …"""
        return self.op.split("_", maxsplit=1)[1]

    def walk(self) -> Iterator["Term"]:
        """Every term below, arguments first, each once."""
        return walk((self,))


def walk(roots: Iterable[Term]) -> Iterator[Term]:
    """Every term below the roots, arguments first, each once."""
    seen: set[Term] = set()
    stack = [(root, False) for root in reversed(list(roots))]
    while stack:
        term, expanded = stack.pop()
        if term in seen:
            continue
        if expanded:
            seen.add(term)
            yield term
        else:
            stack.append((term, True))
            stack.extend((arg, False) for arg in reversed(term.args))


def _literal_key(value: float | int) -> str:
    return repr(value)


def literal_in(value: float | int, dtype: str) -> float | int:
    """A number as a dtype has it; of integers the low bits."""
    known = DType(dtype)
    if known.is_float:
        return float(value)
    if known.is_condition:
        return int(value)
    half = 1 << (known.bits - 1)
    return (int(value) + half) % (2 * half) - half


class Terms:
    """Makes terms, each distinct one once."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Term] = {}

    def _intern(self, term: Term) -> Term:
        key = (
            term.op,
            term.dtype,
            term.args,
            _literal_key(term.value),
            term.operand,
            term.index,
            term.bound,
        )
        return self._known.setdefault(key, term)

    def const(self, value: float | int, dtype: str) -> Term:
        """A literal; of i1 it is 0 or 1."""
        if DType(dtype).is_condition:
            value = int(bool(value))
        return self._intern(Term("const", DType(dtype), value=value))

    def read(self, operand: str, index: tuple[Affine, ...], dtype: str) -> Term:
        """An operand's element at an index for every point of the index's axes."""
        axes = frozenset[str]().union(*(dim.axes for dim in index))
        return self._intern(Term("read", DType(dtype), axes=axes, operand=operand, index=index))

    def gather(
        self, operand: str, index: tuple[Affine, ...], args: tuple[Term, ...], dtype: str
    ) -> Term:
        """An operand's element at an index that values are part of: ``@k`` is ``args[k]``.

        Values that are literals or plain indices become part of the index; values that no part of
        the index names are dropped. Without any left it is a read.
        """
        kept: list[Term] = []
        replacement: dict[str, Affine] = {}
        named = frozenset[str]().union(*(dim.axes for dim in index))
        for position, arg in enumerate(args):
            if pseudo_axis(position) not in named:
                continue
            if arg.is_const:
                replacement[pseudo_axis(position)] = Affine(int(arg.value))
            elif arg.op == "index":
                replacement[pseudo_axis(position)] = arg.index[0]
            else:
                if arg not in kept:
                    kept.append(arg)
                replacement[pseudo_axis(position)] = Affine.axis(pseudo_axis(kept.index(arg)))
        index = tuple(dim.substitute(replacement) for dim in index)
        if not kept:
            return self.read(operand, index, dtype)
        plain = frozenset(n for dim in index for n in dim.axes if not is_pseudo(n))
        axes = plain.union(*(arg.axes for arg in kept))
        return self._intern(
            Term("gather", DType(dtype), tuple(kept), axes, operand=operand, index=index)
        )

    def index(self, index: Affine, dtype: str) -> Term:
        """An index as a number."""
        return self._intern(Term("index", DType(dtype), axes=index.axes, index=(index,)))

    def reduce(self, kind: str, arg: Term, bound: frozenset[str]) -> Term:
        """A reduction over axes; axes that the argument lacks must have been handled before."""
        dtype = DType.I32 if kind in POSITIONS else arg.dtype
        return self._intern(Term(f"reduce_{kind}", dtype, (arg,), arg.axes - bound, bound=bound))

    def scan(self, kind: str, arg: Term, axis: str) -> Term:
        """A scan along an axis, which the result has too.

        Extremes of an argument that does not change along the axis are the argument; for sums and
        products it gets the axis by adding 0 times the index.
        """
        if axis not in arg.axes:
            if kind in ("max", "min", "and", "or"):
                return arg
            zero = self.const(0, DType.I32)
            nothing = self.apply("mul", (self.index(Affine.axis(axis), DType.I32), zero), DType.I32)
            arg = self.apply("add", (arg, self.cast(nothing, arg.dtype)), arg.dtype)
        bound = frozenset({axis})
        return self._intern(Term(f"scan_{kind}", arg.dtype, (arg,), arg.axes, bound=bound))

    def cast(self, arg: Term, dtype: str) -> Term:
        """A conversion; to its own dtype it is the argument itself."""
        if arg.dtype == DType(dtype):
            return arg
        if arg.is_const:
            return self.const(literal_in(arg.value, dtype), dtype)
        return self._intern(Term("cast", DType(dtype), (arg,), arg.axes))

    def apply(self, op: str, args: tuple[Term, ...], dtype: str) -> Term:
        """A function of values at the same point; a literal first operand commutes to second."""
        if op in COMMUTATIVE and args[0].is_const and not args[1].is_const:
            args = (args[1], args[0])
        axes = frozenset[str]().union(*(arg.axes for arg in args))
        return self._intern(Term(op, DType(dtype), args, axes))

    def rebuild(self, term: Term, args: tuple[Term, ...]) -> Term:
        """The same node over other arguments."""
        if args == term.args:
            return self._intern(term)
        if term.is_reduction:
            return self.reduce(term.kind, args[0], term.bound)
        if term.is_scan:
            [axis] = term.bound
            return self.scan(term.kind, args[0], axis)
        if term.op == "gather":
            return self.gather(term.operand, term.index, args, term.dtype)
        if term.op == "cast":
            return self.cast(args[0], term.dtype)
        return self.apply(term.op, args, term.dtype)


def pseudo_axis(position: int) -> str:
    """The name by which a gather's index calls its argument at a position."""
    return f"@{position}"


def is_pseudo(name: str) -> bool:
    """Whether an axis of an index stands for a value."""
    return name.startswith("@")


POSITIONS = frozenset({"argmax", "argmin"})
"""Reductions that give a position instead of a value."""

COMMUTATIVE = frozenset({"add", "mul", "max", "min", "and", "or", "xor", "eq", "ne"})
"""Functions whose two arguments may be exchanged."""

COMPARISONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})
"""Functions that give i1."""

HOLDS: Mapping[str, frozenset[DType]] = {
    dtype: frozenset(other for other in DType if dtype.holds(other))
    for dtype in BUFFER_DTYPES
    if dtype.bytes > 1
}
"""For a dtype of more than a byte the others whose values it has all of."""
