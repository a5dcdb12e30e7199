"""When one entry says what another one says: the same up to names, or more general."""

from dataclasses import replace
from enum import StrEnum

from hawk_xdsl.dialects.dtype import WIDE_FLOAT
from hawk_xdsl.knowledge_store import Artifact, Entry, EntryKind
from hawk_xdsl.semantics.matching import Match, build, match
from hawk_xdsl.semantics.pattern import Pattern, parse_pattern
from hawk_xdsl.semantics.terms import COMMUTATIVE, Affine, Term, Terms

_AXIS = "i0"
_LITERAL = 0.73104
"""What a variable that matches literals only stands for: no number that knowledge is written of."""


class Relation(StrEnum):
    """What two entries are to each other."""

    SAME = "same"  # each does what the other does
    COVERS = "covers"  # the first does what the second does, and more
    CONFLICT = "conflict"  # they apply to the same and give something else


def relation(first: Entry, second: Entry) -> Relation | None:
    """What the first entry is to the second; ``None`` if they have nothing to do with each other.

    Two templates or rules are compared by their text, rewrites and instructions as patterns, in
    which names of variables and the order of exchangeable arguments do not count.
    """
    if first.kind is not second.kind or first.trigger.structure != second.trigger.structure:
        return None
    if first.kind is EntryKind.TEMPLATE or None in (first.artifact.before, second.artifact.before):
        same = first.artifact == second.artifact != Artifact()
        same = same and (first.trigger, first.tiles) == (second.trigger, second.tiles)
        return Relation.SAME if same else None
    if first.kind is EntryKind.RULE:
        same = (first.artifact, first.trigger) == (second.artifact, second.trigger)
        return Relation.SAME if same else None
    there, back = _covers(first, second), _covers(second, first)
    if there is None:
        return None
    if not there:
        return Relation.CONFLICT if back is False and _allows(first, second) else None
    if not _allows(first, second):
        return None
    return Relation.SAME if back and _allows(second, first) else Relation.COVERS


def _allows(first: Entry, second: Entry) -> bool:
    """Whether the first entry is for all the dtypes that the second is for."""
    return not first.trigger.dtypes or set(second.trigger.dtypes or ("*",)) <= set(
        first.trigger.dtypes
    )


def _covers(first: Entry, second: Entry) -> bool | None:
    """Whether the first gives what the second gives; ``None`` if it does not apply there."""
    terms = Terms()
    before = parse_pattern(second.artifact.before or "")
    example, names = _example(before, terms)
    found = match(parse_pattern(first.artifact.before or ""), example)
    if found is None:
        return None
    if first.kind is EntryKind.INSTRUCTION:
        numbers: dict[Term, int] = {}
        return _statement(first, found, numbers) == _statement(second, names, numbers)
    ours = build(parse_pattern(first.artifact.after or ""), found, example.dtype, terms)
    theirs = build(parse_pattern(second.artifact.after or ""), names, example.dtype, terms)
    return _canonical(ours) == _canonical(theirs)


def _canonical(term: Term) -> str:
    """The term as text, exchangeable arguments in one order."""
    args = [_canonical(arg) for arg in term.args]
    if term.op in COMMUTATIVE:
        args.sort()
    return f"{term.op} {term.dtype} {term.operand}{term.value} ({', '.join(args)})"


def _statement(entry: Entry, found: Match, numbers: dict[Term, int]) -> str:
    """An instruction's statement, each hole by the number of the term that fills it."""
    text = entry.artifact.after or ""
    for name, term in sorted(found.terms.items(), reverse=True):
        text = text.replace(f"${name}", f"<{numbers.setdefault(term, len(numbers))}>")
    return " ".join(text.split())


def _example(pattern: Pattern, terms: Terms) -> tuple[Term, Match]:
    """The most general term that a pattern matches, and what its variables stand for there."""
    known: dict[str, Term] = {}

    def term_of(node: Pattern, dtype: str) -> Term:
        if node.op == "variable":
            if node.name not in known:
                known[node.name] = (
                    terms.const(_LITERAL + len(known), dtype)
                    if node.only_literals
                    else terms.read(node.name, (Affine.axis(_AXIS),), dtype)
                )
            return known[node.name]
        if node.op == "number":
            return terms.const(node.value, dtype)
        args = {f"arg{i}": term_of(arg, dtype) for i, arg in enumerate(node.args)}
        holes = tuple(Pattern("variable", name=name) for name in args)
        return build(replace(node, args=holes), Match(args, frozenset({_AXIS})), dtype, terms)

    example = term_of(pattern, WIDE_FLOAT)
    return example, Match(known, frozenset({_AXIS}))
