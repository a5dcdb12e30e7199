"""The few facts about a target that matter for writing one op's kernel."""

from collections.abc import Sequence

from hawk_xdsl.dialects.dtype import WIDE_FLOAT
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import Entry, EntryKind
from hawk_xdsl.npu_target import Target
from hawk_xdsl.semantics.pattern import Pattern, parse_pattern
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import contraction_of


def facts_of(
    specification: Specification, entries: Sequence[Entry], target: Target
) -> tuple[str, ...]:
    """Lines about cores, scopes and instructions, as far as they matter for an op.

    Args:
        specification: the op.
        entries: knowledge that says which instruction computes which function; without any, the
            target's instructions are listed by name.
        target: the machine.
    """
    kinds = [target.vector_core]
    if contraction_of(specification) is not None and target.matrix_core not in kinds:
        kinds.append(target.matrix_core)
    cores = ", ".join(f"{target.cores[kind]} {kind} cores" for kind in kinds)
    scopes = ", ".join(
        f"{scope} {spec.bytes} bytes" for scope, spec in target.scopes.items() if spec.core in kinds
    )
    return (
        cores,
        f"scopes of a core: {scopes}",
        f"instructions: {_instructions(specification, entries, target)}",
    )


def _instructions(specification: Specification, entries: Sequence[Entry], target: Target) -> str:
    wanted = _functions(specification, entries)
    found: list[str] = []
    for entry in entries:
        if entry.kind is EntryKind.INSTRUCTION and (pattern := _before(entry)) is not None:
            statement = (entry.artifact.after or "").replace("$", "")
            if pattern.op in wanted:
                found.append(f"{entry.artifact.before} is {statement}")
    if found:
        return "; ".join(dict.fromkeys(found))
    dtypes = {operand.dtype for operand in specification.operands} | {WIDE_FLOAT}
    usable = [row for row, costs in target.vector.ops.items() if dtypes & costs.keys()]
    return " ".join(sorted({row.removesuffix("_scalar") for row in usable}))


def _functions(specification: Specification, entries: Sequence[Entry]) -> frozenset[str]:
    """The functions of an op, and those that rewrites replace them by."""
    replaced: dict[str, set[str]] = {}
    for entry in entries:
        if entry.kind is EntryKind.REWRITE and (before := _before(entry)) is not None:
            after = _parsed(entry.artifact.after)
            if after is not None:
                replaced.setdefault(before.op, set()).update(_names(after))
    found = set(specification.functions())
    waiting = list(found)
    while waiting:
        new = replaced.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return frozenset(found)


def _before(entry: Entry) -> Pattern | None:
    return _parsed(entry.artifact.before)


def _parsed(text: str | None) -> Pattern | None:
    """The pattern; ``None`` for a text that is none, which whoever composes says."""
    try:
        return None if text is None else parse_pattern(text)
    except HawkError:
        return None


def _names(pattern: Pattern) -> set[str]:
    inner = {name for arg in pattern.args for name in _names(arg)}
    return inner if pattern.op in ("variable", "number") else {pattern.op, *inner}
