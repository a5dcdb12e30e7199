"""Terms: what an undecided op computes, as expressions over named axes, each written once.

A term is a value for every point of its free axes. Equal terms of one ``Terms`` are one object, so
shared subexpressions are found by identity. A reduction binds axes by name; the same name may be
free elsewhere, as in ``x[i, j] - max(j) x[i, j]``: that is how a tile is known to be the same tile.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass


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

    ``op`` is ``const`` (``value``), ``read`` (``operand`` at ``index``), ``index`` (an axis as a
    number), ``reduce_<kind>`` (over ``bound``), ``cast`` (to ``dtype``) or a function's name.
    """

    op: str
    dtype: str
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
        """Whether it folds axes."""
        return self.op.startswith("reduce_")

    def walk(self) -> Iterator["Term"]:
        """Every term below, arguments first, each once."""
        return walk((self,))


def walk(roots: Iterable[Term]) -> Iterator[Term]:
    """Every term below the roots, arguments first, each once."""
    seen: set[int] = set()
    stack = [(root, False) for root in reversed(list(roots))]
    while stack:
        term, expanded = stack.pop()
        if id(term) in seen:
            continue
        if expanded:
            seen.add(id(term))
            yield term
        else:
            stack.append((term, True))
            stack.extend((arg, False) for arg in reversed(term.args))


def _literal_key(value: float | int) -> str:
    return repr(value)


class Terms:
    """Makes terms, each distinct one once."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Term] = {}

    def _intern(self, term: Term) -> Term:
        key = (
            term.op,
            term.dtype,
            tuple(id(arg) for arg in term.args),
            _literal_key(term.value),
            term.operand,
            term.index,
            term.bound,
        )
        return self._known.setdefault(key, term)

    def const(self, value: float | int, dtype: str) -> Term:
        """A literal."""
        return self._intern(Term("const", dtype, value=value))

    def read(self, operand: str, index: tuple[Affine, ...], dtype: str) -> Term:
        """An operand's element at an index for every point of the index's axes."""
        axes = frozenset[str]().union(*(dim.axes for dim in index))
        return self._intern(Term("read", dtype, axes=axes, operand=operand, index=index))

    def index(self, index: Affine, dtype: str) -> Term:
        """An index as a number."""
        return self._intern(Term("index", dtype, axes=index.axes, index=(index,)))

    def reduce(self, kind: str, arg: Term, bound: frozenset[str]) -> Term:
        """A fold over axes; axes that the argument lacks must have been handled before."""
        return self._intern(
            Term(f"reduce_{kind}", arg.dtype, (arg,), arg.axes - bound, bound=bound)
        )

    def cast(self, arg: Term, dtype: str) -> Term:
        """A conversion; to its own dtype it is the argument itself."""
        if arg.dtype == dtype:
            return arg
        if arg.is_const:
            is_int = dtype.startswith("i")
            return self.const(int(arg.value) if is_int else float(arg.value), dtype)
        return self._intern(Term("cast", dtype, (arg,), arg.axes))

    def apply(self, op: str, args: tuple[Term, ...], dtype: str) -> Term:
        """A function of values at the same point; a literal first operand commutes to second."""
        if op in COMMUTATIVE and args[0].is_const and not args[1].is_const:
            args = (args[1], args[0])
        axes = frozenset[str]().union(*(arg.axes for arg in args))
        return self._intern(Term(op, dtype, args, axes))

    def rebuild(self, term: Term, args: tuple[Term, ...]) -> Term:
        """The same node over other arguments."""
        if args == term.args:
            return self._intern(term)
        if term.is_reduction:
            return self.reduce(term.op.removeprefix("reduce_"), args[0], term.bound)
        if term.op == "cast":
            return self.cast(args[0], term.dtype)
        return self.apply(term.op, args, term.dtype)


COMMUTATIVE = frozenset({"add", "mul", "max", "min", "and", "or", "xor", "eq", "ne"})
"""Functions whose two arguments may be exchanged."""

COMPARISONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})
"""Functions that give i1."""
