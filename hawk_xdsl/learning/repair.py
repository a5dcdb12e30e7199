"""Repairs: a refused kernel and the accepted one that followed it, as rules for the next time."""

import difflib
import hashlib
import re
from collections.abc import Iterator, Sequence

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
    # Numbers do not count: a tile too large is one repair, whatever its size.
    text = re.sub(r"\d+", "0", "\n".join((wrong.trap_code, *before, *after)))
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
