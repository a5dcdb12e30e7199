"""The few facts about a target that matter for writing one op's kernel."""

from collections.abc import Collection, Sequence

from hawk_xdsl.dialects.dtype import WIDE_FLOAT
from hawk_xdsl.dialects.npu.instructions import ROWS
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import Entry, EntryKind
from hawk_xdsl.npu_target import Target
from hawk_xdsl.semantics.matching import match
from hawk_xdsl.semantics.pattern import Pattern, parse_pattern
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import contraction_of
from hawk_xdsl.semantics.terms import Term, walk


def facts_of(
    specification: Specification,
    entries: Sequence[Entry],
    target: Target,
    functions: Collection[str] = (),
) -> tuple[str, ...]:
    """Lines about cores, scopes and instructions, as far as they matter for an op.

    Args:
        specification: the op.
        entries: knowledge that says which instruction computes which function; without any, the
            target's instructions are listed by name.
        target: the machine.
        functions: what the language has in one statement beside the target's instructions.
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
        f"instructions: {_instructions(specification, entries, target, functions)}",
    )


def _instructions(
    specification: Specification,
    entries: Sequence[Entry],
    target: Target,
    functions: Collection[str],
) -> str:
    computed = _computed(entries, target)
    whole = [name for name in specification.functions() if name in functions]
    wanted = _functions(specification, entries, {*computed, *functions})
    found = [f"{name} is one statement, {name} a" for name in whole] if entries else []
    found += [said for name, lines in computed.items() if name in wanted for said in lines]
    if found:
        return "; ".join(dict.fromkeys(found))
    dtypes = {operand.dtype for operand in specification.operands} | {WIDE_FLOAT}
    usable = [row for row, costs in target.vector.ops.items() if dtypes & costs.keys()]
    return " ".join(sorted({row.removesuffix("_scalar") for row in usable}))


def _computed(entries: Sequence[Entry], target: Target) -> dict[str, list[str]]:
    """What each function is that the entries know an instruction of the target for."""
    found: dict[str, list[str]] = {}
    for entry in entries:
        if entry.kind is not EntryKind.INSTRUCTION or (pattern := _before(entry)) is None:
            continue
        statement = (entry.artifact.after or "").replace("$", "")
        row = ROWS.get(statement.partition(" ")[0])
        if row is None or any(cost in target.vector.ops for cost in row.cost_rows):
            found.setdefault(pattern.op, []).append(f"{entry.artifact.before} is {statement}")
    return found


def _functions(
    specification: Specification, entries: Sequence[Entry], known: Collection[str]
) -> frozenset[str]:
    """The functions of an op, and those that rewrites replace the unknown ones of them by."""
    replaced: dict[str, set[str]] = {}
    for entry in entries:
        if entry.kind is EntryKind.REWRITE and (before := _before(entry)) is not None:
            after = _parsed(entry.artifact.after)
            if after is not None:
                replaced.setdefault(before.op, set()).update(_names(after))
    found = set(specification.functions())
    waiting = [name for name in found if name not in known]
    while waiting:
        new = replaced.get(waiting.pop(), set()) - found
        found |= new
        waiting += new - set(known)
    return frozenset(found)


def said_of(
    specification: Specification, entries: Sequence[Entry], functions: Collection[str]
) -> tuple[Entry, ...]:
    """The entries that may matter to who writes the statements of an op.

    Rewrites that match a term of the op, unless the language has its function in one statement, and
    rules about any kernel: those about a trap or a pipe come with it.
    """
    terms = [term for term in walk(specification.roots) if term.op not in functions]
    dtypes = {result.dtype for result in specification.outputs}
    return tuple(
        entry
        for entry in entries
        if _applies(entry, terms, dtypes)
        or (entry.kind is EntryKind.RULE and not (entry.trigger.traps or entry.trigger.bottleneck))
    )


def _applies(entry: Entry, terms: Sequence[Term], results: Collection[str]) -> bool:
    """Whether a rewrite matches a term, and the dtypes are those of its trigger."""
    before, when = _before(entry), entry.trigger
    if entry.kind is not EntryKind.REWRITE or before is None:
        return False
    if when.results and not set(results) <= set(when.results):
        return False
    return any(
        match(before, term) is not None
        for term in terms
        if (not when.dtypes or term.dtype in when.dtypes)
        and (not when.operands or (term.args and term.args[0].dtype in when.operands))
    )


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
