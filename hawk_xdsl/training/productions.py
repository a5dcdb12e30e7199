"""What random expressions are grown from: the patterns of the knowledge's own entries."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from hawk_xdsl.knowledge_store.entry import Entry, EntryKind
from hawk_xdsl.linalg.scalar_ops import SCALAR_OPS, TAKES_WHOLE
from hawk_xdsl.semantics.pattern import Pattern, parse_pattern
from hawk_xdsl.semantics.terms import COMPARISONS

CONDITIONS = frozenset({"and", "or", "xor", "not"})
"""Functions of conditions that give a condition."""

PARTIAL = frozenset({"div", "rem", "floordiv", "ceildiv", "shl", "shr", "pow"})
"""Functions that are not defined for all integers."""

REDUCTIONS = frozenset({"reduce_sum", "reduce_max", "reduce_min", "reduce_prod"})
"""Reductions that a region can say as one ``linalg.generic``."""


@dataclass(frozen=True)
class Production:
    """One way to grow an expression; ``conditions`` are the variables that stand for conditions.

    ``native`` says that it is one instruction.
    """

    pattern: Pattern
    conditions: frozenset[str]
    native: bool = False

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """The variables that may stand for a tensor, in order."""
        nodes = [n for n in _nodes(self.pattern) if n.op == "variable" and not n.only_literals]
        return tuple(dict.fromkeys(node.name for node in nodes))

    @cached_property
    def of_integers(self) -> bool:
        """Whether it can be said of all integers: no divisor may be zero, no shift too far."""
        functions = {n.op for n in _nodes(self.pattern)} - {"variable", "number", "cast"}
        said = (f in COMPARISONS or f == "select" or (f, False) in SCALAR_OPS for f in functions)
        return all(said) and not functions & PARTIAL


def gives_condition(function: str) -> bool:
    """Whether a function's value is a condition."""
    return function in COMPARISONS or function in CONDITIONS


def takes_conditions(function: str, position: int) -> bool:
    """Whether an argument of a function is a condition."""
    return function in CONDITIONS or (function == "select" and position == 0)


def productions(entries: Sequence[Entry]) -> dict[str, list[Production]]:
    """The productions of the rewrites and instructions of a knowledge base, by root function."""
    found: dict[str, list[Production]] = {}
    for entry in entries:
        if entry.kind not in (EntryKind.REWRITE, EntryKind.INSTRUCTION):
            continue
        if entry.artifact.before is None:
            continue
        pattern = parse_pattern(entry.artifact.before, file=entry.origin or None)
        inside = [node for arg in pattern.args for node in _nodes(arg)]
        unsayable = not all(map(_sayable, (pattern, *inside)))
        if not pattern.args or unsayable or any(n.op in REDUCTIONS for n in inside):
            continue
        conditions = frozenset(_conditions(pattern))
        native = entry.kind is EntryKind.INSTRUCTION
        found.setdefault(pattern.op, []).append(Production(pattern, conditions, native))
    return found


def _nodes(pattern: Pattern) -> Iterator[Pattern]:
    yield pattern
    for arg in pattern.args:
        yield from _nodes(arg)


def _sayable(node: Pattern) -> bool:
    function = node.op
    if function in ("variable", "number", "cast", "select"):
        return True
    if function in REDUCTIONS or function in COMPARISONS:
        return True
    if function in TAKES_WHOLE and node.args[1].op != "number":
        return False
    return (function, True) in SCALAR_OPS or function in CONDITIONS


def _conditions(pattern: Pattern) -> Iterator[str]:
    for position, arg in enumerate(pattern.args):
        if arg.op == "variable" and takes_conditions(pattern.op, position):
            yield arg.name
        yield from _conditions(arg)
