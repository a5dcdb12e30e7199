"""Writes terms as text: ``t0[i0] = max(i1) x0[i0, i1]``, shared ones under a name of their own."""

from collections.abc import Mapping, Sequence

from hawk_xdsl.semantics.terms import Affine, Term, pseudo_axis, walk

INFIX = {
    "add": ("+", 1),
    "sub": ("-", 1),
    "mul": ("*", 2),
    "div": ("/", 2),
    "eq": ("==", 0),
    "ne": ("!=", 0),
    "lt": ("<", 0),
    "le": ("<=", 0),
    "gt": (">", 0),
    "ge": (">=", 0),
}
"""Functions written between their arguments, with their precedence."""


def spell(roots: Sequence[tuple[str, tuple[Affine, ...], Term]]) -> list[str]:
    """One line for each shared or reduced term, then one for each root (name, index, term)."""
    order = list(walk([term for _, _, term in roots]))
    uses: dict[Term, int] = {}
    for term in order:
        for arg in term.args:
            uses[arg] = uses.get(arg, 0) + 1
    top = {term for _, _, term in roots}
    names: dict[Term, str] = {}
    spelling = _Spelling(names)
    lines: list[str] = []
    for term in order:
        shared = uses.get(term, 0) > (0 if term in top else 1)
        reduces = term.is_reduction or term.is_scan
        if not term.args or not (shared or (reduces and term not in top)):
            continue
        name = f"t{len(names)}"
        axes = f"[{', '.join(sorted(term.axes))}]"
        lines.append(f"{name}{axes} = {spelling.expression(term)}")
        names[term] = name + axes
    for name, index, term in roots:
        dims = ", ".join(str(dim) for dim in index)
        lines.append(f"{name}[{dims}] = {spelling.expression(term)}")
    return lines


def formula(term: Term) -> str:
    """A term without the indices of operands, fractions to four digits: ``exp(x0) * 0.3333``.

    What is used twice is spelled twice.
    """
    return _Formula({}).expression(term)


class _Spelling:
    """Spells terms; those that have a name are spelled by it."""

    def __init__(self, names: Mapping[Term, str]) -> None:
        self._names = names

    def expression(self, term: Term, outer: int = -1) -> str:
        """A term, in parentheses where it stands in an operation of a higher precedence."""
        if term in self._names:
            return self._names[term]
        if term.is_const:
            return self.number(term.value)
        if term.op in ("read", "gather"):
            return self.element(term)
        if term.op == "index":
            return str(term.index[0])
        if term.is_reduction or term.is_scan:
            kind = term.kind if term.is_reduction else term.op
            return f"{kind}({', '.join(sorted(term.bound))}) {self.expression(term.args[0], 3)}"
        if term.op in INFIX:
            sign, precedence = INFIX[term.op]
            left = self.expression(term.args[0], precedence)
            right = self.expression(term.args[1], precedence + 1)
            text = f"{left} {sign} {right}"
            return f"({text})" if precedence < outer else text
        name = term.dtype if term.op == "cast" else term.op
        return f"{name}({', '.join(map(self.expression, term.args))})"

    def number(self, value: float | int) -> str:
        """A literal."""
        return literal(value)

    def element(self, term: Term) -> str:
        """What is read of an operand."""
        return indexed(term, [self.expression(arg) for arg in term.args])


class _Formula(_Spelling):
    def number(self, value: float | int) -> str:
        whole = isinstance(value, int) or value.is_integer()
        return literal(value if whole else float(f"{value:.4g}"))

    def element(self, term: Term) -> str:
        return term.operand


def indexed(term: Term, arguments: Sequence[str], blank: str = " ") -> str:
    """A read, or a gather by its spelled arguments: the operand and its index.

    ``blank`` stands around operators, as in :func:`index_text`.
    """
    values = {pseudo_axis(k): text for k, text in enumerate(arguments)}
    return f"{term.operand}[{', '.join(index_text(dim, values, blank) for dim in term.index)}]"


def index_text(index: Affine, values: Mapping[str, str], blank: str) -> str:
    """An index in which some axes stand for values.

    Around its operators stands a blank as in specifications, ``2 * i0 + 1``, or none as in kernel
    text, ``2*i0+1``.
    """
    parts: list[str] = []
    for name, factor in index.terms:
        text = values.get(name, name)
        inner = text if " " not in text else f"({text})"
        parts.append(text if factor == 1 else f"{factor}{blank}*{blank}{inner}")
    if index.constant or not parts:
        parts.append(str(index.constant))
    return f"{blank}+{blank}".join(parts)


def literal(value: float | int) -> str:
    """A number as kernel text and specifications write it; it reads back to the same number."""
    return str(int(value)) if isinstance(value, bool) else repr(value)
