"""Repairs: a refused kernel and the accepted one that followed it, as rules for the next time."""

import difflib
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from hawk_xdsl.dialects.kernel_text import KernelTextError
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.lines import Line, line_text, parse_line
from hawk_xdsl.dialects.kernel_text.rewrite import names, renamed, rewritten
from hawk_xdsl.knowledge_store import Artifact, AttemptVerdict, Entry, EntryKind, Outcome, Trigger

MOST_LINES = 4
"""Statements that a repair changes at most: more is another kernel, not a repair."""


def repairs(outcomes: Sequence[Outcome]) -> Iterator[Entry]:
    """A rule for each repair: refused, then accepted, the same op and run, by a few statements.

    The trap triggers the rule; ``before`` and ``after`` are the statements that changed.
    """
    seen: set[str] = set()
    refused: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        key = (outcome.run_id, outcome.spec_hash)
        if outcome.verdict is AttemptVerdict.REJECTED:
            refused.setdefault(key, []).append(outcome)
        elif outcome.verdict is AttemptVerdict.ACCEPTED:
            for wrong in refused.pop(key, []):
                entry = _rule(wrong, outcome)
                if entry is not None and entry.name not in seen:
                    seen.add(entry.name)
                    yield entry


def _rule(wrong: Outcome, right: Outcome) -> Entry | None:
    if wrong.trap_code is None:
        return None
    before, after = changed(wrong.kernel_text, right.kernel_text)
    if not before or not after or max(len(before), len(after)) > MOST_LINES:
        return None
    text = "\n".join((wrong.trap_code, *_alike([*before, *after])))
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    reason = (wrong.trap_message or "").splitlines()
    return Entry(
        f"repair-{digest}",
        EntryKind.RULE,
        f"A repair of {wrong.trap_code} that worked ({reason[0] if reason else 'no message'}): "
        "instead of the statements before, those after.",
        Trigger(traps=(wrong.trap_code,)),
        Artifact(before="\n".join(before), after="\n".join(after)),
    )


def _alike(lines: Sequence[str]) -> Iterator[str]:
    """Lines that are the same for all like repairs: a tile too large is one, whatever its size.

    Numbers are 0, and names are numbered in the order in which they appear. What is no line of the
    kernel text stays as it is.
    """
    known: dict[str, str] = {}
    for text in lines:
        try:
            line = parse_line(text)
        except KernelTextError:
            yield text
            continue
        yield line_text(None if line is None else _unsized(line, known))


def _unsized(line: ast.Statement | ast.Temp | ast.Stage, known: dict[str, str]) -> Line:
    """A line without its numbers; names get the next of the numbers that are ``known``."""
    for name in names(line):
        known.setdefault(name, f"n{len(known)}")
    return rewritten(renamed(line, known), _without_numbers)


def _without_numbers(node: ast.Node) -> ast.Node:
    match node:
        case ast.Integer() | ast.Number():
            return replace(node, value=0)
        case ast.Slice(_, int()):
            return replace(node, length=0, stride=1)
        case ast.Loop():
            return replace(node, step=0)
        case ast.Fill() | ast.View() | ast.Arange() | ast.Broadcast() | ast.Temp():
            return replace(node, shape=())
        case _:
            return node


def changed(wrong: str, right: str) -> tuple[list[str], list[str]]:
    """The statements of each text that the other one has not at that place."""
    ours, theirs = wrong.strip().splitlines(), right.strip().splitlines()
    before: list[str] = []
    after: list[str] = []
    for tag, i, j, k, m in difflib.SequenceMatcher(a=ours, b=theirs, autojunk=False).get_opcodes():
        if tag != "equal":
            before += ours[i:j]
            after += theirs[k:m]
    return before, after
