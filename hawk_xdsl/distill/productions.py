"""What random expressions are grown from: the patterns of the knowledge's own entries."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import Float32Type, IntegerType
from xdsl.ir import Attribute, Block
from xdsl.irdl import IRDLOperation
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.knowledge_store.entry import Entry, EntryKind
from hawk_xdsl.semantics.reading_body import FUNCTIONS
from hawk_xdsl.semantics.rewriting import Pattern, parse_pattern
from hawk_xdsl.semantics.terms import COMPARISONS

CONDITIONS = frozenset({"and", "or", "xor", "not"})
"""Functions of conditions that give a condition."""

PARTIAL = frozenset({"div", "rem", "floordiv", "ceildiv", "shl", "shr", "pow"})
"""Functions that are not defined for all integers."""

FOLDS = frozenset({"reduce_sum", "reduce_max", "reduce_min", "reduce_prod"})
"""Folds that a region can say as one ``linalg.generic``."""


def _scalar_ops() -> dict[tuple[str, bool], type[IRDLOperation]]:
    """The scalar op of a function, for floats (true) and for integers."""
    dialects = (arith.Arith, math.Math)
    every = [op for dialect in dialects for op in dialect.operations]
    ops = {op.name: op for op in every if issubclass(op, IRDLOperation)}
    found: dict[tuple[str, bool], type[IRDLOperation]] = {}
    for name, op in ops.items():
        dialect, _, short = name.partition(".")
        function = FUNCTIONS.get(name, short if dialect == "math" else None)
        if function is None:
            continue
        operands = len(op.get_irdl_definition().operands)
        for type_ in (_FLOAT, _WHOLE):
            if _takes(op, [type_] * operands):
                found.setdefault((function, type_ == _FLOAT), op)
        if _takes(op, [_FLOAT, _WHOLE]):
            found[function, True] = op
    return found


def _takes(op: type[IRDLOperation], types: Sequence[Attribute]) -> bool:
    """Whether an op makes a value of the first type from values of these types."""
    operands = Block(arg_types=types).args
    try:
        op.create(operands=operands, result_types=[types[0]]).verify()
    except VerifyException:
        return False
    return True


_FLOAT, _WHOLE = Float32Type(), IntegerType(32)

SCALAR_OPS = _scalar_ops()
"""(function, whether of floats) → the op that a region says it with."""

TAKES_WHOLE = frozenset(
    function for (function, _), op in SCALAR_OPS.items() if _takes(op, [_FLOAT, _WHOLE])
)
"""Functions of a float whose second argument is a whole number."""


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
        if not all(map(_sayable, (pattern, *inside))) or any(n.op in FOLDS for n in inside):
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
    if function in FOLDS or function in COMPARISONS:
        return True
    if function in TAKES_WHOLE and node.args[1].op != "number":
        return False
    return (function, True) in SCALAR_OPS or function in CONDITIONS


def _conditions(pattern: Pattern) -> Iterator[str]:
    for position, arg in enumerate(pattern.args):
        if arg.op == "variable" and takes_conditions(pattern.op, position):
            yield arg.name
        yield from _conditions(arg)
