"""Attempts at one op until one is right, then at making it faster, within a budget."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hawk_xdsl.gate.gate import Gate, Verdict
from hawk_xdsl.npu_target import Bound
from hawk_xdsl.propose.decision import Effort
from hawk_xdsl.propose.draft import Draft, Proposer
from hawk_xdsl.propose.history import AttemptRecord, History, Phase
from hawk_xdsl.propose.ledger import Ledger, judged
from hawk_xdsl.propose.refusal import Refusal
from hawk_xdsl.propose.settings import Budget

FAST_ENOUGH = 1.05
"""Times the bound at which a kernel is not worth tuning any more."""


@dataclass(frozen=True)
class AcceptedDraft:
    """An accepted draft."""

    draft: Draft
    verdict: Verdict


@dataclass
class Attempts:
    """The attempts at one op, drafts of ``proposer``; ``refusals`` are those of all of them.

    ``history`` gets a record of each draft.
    """

    label: str
    gate: Gate
    ledger: Ledger
    bound: Bound
    budget: Budget
    proposer: Proposer
    progress: Callable[[str], None]
    history: History
    effort: Effort = field(default_factory=Effort)
    refusals: list[Refusal] = field(default_factory=list[Refusal])
    _tried: set[str] = field(default_factory=set[str])

    def until_right(self) -> AcceptedDraft | None:
        """The first draft that the gate accepts; ``None`` if the budget or the ideas end."""
        while self.effort.attempts < self.budget.attempts:
            draft = self._next(self.proposer, Phase.SEARCH)
            if draft is None:
                return None
            number = self.effort.attempts + 1
            which = f"attempt {number} of {self.budget.attempts}"
            verdict = self._check(draft, Phase.SEARCH, which)
            self.effort = replace(self.effort, attempts=number)
            if verdict.accepted:
                self.effort = replace(self.effort, first_right=number, first_cycles=verdict.cycles)
                return AcceptedDraft(draft, verdict)
        return None

    def tuned(self, found: AcceptedDraft, tuner: Proposer) -> AcceptedDraft:
        """The fastest accepted draft of those that the tuning budget pays for.

        ``tuner`` is the proposer itself or a part of it.
        """
        best = found
        while (
            self.effort.tuning < self.budget.tuning
            and best.verdict.cycles > FAST_ENOUGH * self.bound.cycles
        ):
            draft = self._next(tuner, Phase.TUNING)
            if draft is None:
                break
            number = self.effort.tuning + 1
            which = f"tuning {number} of {self.budget.tuning}"
            verdict = self._check(draft, Phase.TUNING, which)
            self.effort = replace(self.effort, tuning=number)
            self.ledger.compare(best.draft, best.verdict, draft, verdict)
            if verdict.accepted and verdict.cycles < best.verdict.cycles:
                best = AcceptedDraft(draft, verdict)
        return best

    def _next(self, proposer: Proposer, phase: Phase) -> Draft | None:
        """The next complete draft that was not tried; troubles on the way are recorded."""
        while (draft := proposer.next()) is not None:
            if draft.failure is not None:
                self.ledger.record(draft, None)
                self.history.attempts.append(attempt_of(phase, draft, None))
                self.refusals.append(Refusal(draft.failure.code, draft.failure.message))
            elif draft.text not in self._tried:
                return draft
        return None

    def _check(self, draft: Draft, phase: Phase, which: str) -> Verdict:
        who = draft.writer
        self.progress(f"{self.label}: {which}: {who} {draft.about}".rstrip())
        self._tried.add(draft.text)
        started = time.monotonic()
        schedule = None if draft.schedule is None else draft.schedule.attribute
        verdict = self.gate.check(draft.text, draft.entries, schedule)
        seconds = time.monotonic() - started
        self.ledger.record(draft, verdict, seconds)
        self.history.attempts.append(attempt_of(phase, draft, verdict, seconds))
        if not verdict.accepted:
            self.refusals.append(Refusal(verdict.trap_code or "", verdict.trap_message or ""))
        self.proposer.learn(draft, verdict)
        return verdict


def attempt_of(
    phase: Phase, draft: Draft, verdict: Verdict | None, seconds: float = 0.0
) -> AttemptRecord:
    """The record of a draft; ``None`` is the verdict of one that is not complete.

    ``seconds`` are the gate's; those of the draft are added.
    """
    kind, code, message = judged(draft, verdict)
    return AttemptRecord(
        phase=phase,
        verdict=kind,
        source=str(draft.source),
        writer=draft.writer,
        about=draft.about,
        text=draft.text,
        entries=draft.entries,
        schedule="" if draft.schedule is None else str(draft.schedule),
        code=code,
        message=message,
        cycles=verdict.cycles if verdict is not None and verdict.accepted else None,
        seconds=round(draft.seconds + seconds, 3),
        tokens=draft.tokens,
        prompt=draft.prompt,
    )
