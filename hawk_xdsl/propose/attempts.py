"""Attempts at one op until one is right, then at making it faster, within a budget."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hawk_xdsl.gate.gate import Gate, Verdict
from hawk_xdsl.npu_target import Bound
from hawk_xdsl.propose.decision import Effort
from hawk_xdsl.propose.draft import Draft, Proposer
from hawk_xdsl.propose.ledger import Ledger
from hawk_xdsl.propose.refusal import Refusal
from hawk_xdsl.propose.settings import Budget

FAST_ENOUGH = 1.05
"""Times the bound at which a kernel is not worth tuning any more."""


@dataclass(frozen=True)
class Found:
    """An accepted draft."""

    draft: Draft
    verdict: Verdict


@dataclass
class Attempts:
    """The attempts at one op, drafts of ``proposer``; ``refusals`` are those of all of them."""

    label: str
    gate: Gate
    ledger: Ledger
    bound: Bound
    budget: Budget
    proposer: Proposer
    progress: Callable[[str], None]
    effort: Effort = field(default_factory=Effort)
    refusals: list[Refusal] = field(default_factory=list[Refusal])
    _tried: set[str] = field(default_factory=set[str])

    def until_right(self) -> Found | None:
        """The first draft that the gate accepts; ``None`` if the budget or the ideas end."""
        while self.effort.attempts < self.budget.attempts:
            draft = self._next(self.proposer)
            if draft is None:
                return None
            number = self.effort.attempts + 1
            verdict = self._check(draft, f"attempt {number} of {self.budget.attempts}")
            self.effort = replace(self.effort, attempts=number)
            if verdict.accepted:
                self.effort = replace(self.effort, first_right=number, first_cycles=verdict.cycles)
                return Found(draft, verdict)
        return None

    def tuned(self, found: Found, tuner: Proposer) -> Found:
        """The fastest accepted draft of those that the tuning budget pays for.

        ``tuner`` is the proposer itself or a part of it.
        """
        best = found
        while (
            self.effort.tuning < self.budget.tuning
            and best.verdict.cycles > FAST_ENOUGH * self.bound.cycles
        ):
            draft = self._next(tuner)
            if draft is None:
                break
            number = self.effort.tuning + 1
            verdict = self._check(draft, f"tuning {number} of {self.budget.tuning}")
            self.effort = replace(self.effort, tuning=number)
            self.ledger.compare(best.draft, best.verdict, draft, verdict)
            if verdict.accepted and verdict.cycles < best.verdict.cycles:
                best = Found(draft, verdict)
        return best

    def _next(self, proposer: Proposer) -> Draft | None:
        """The next complete draft that was not tried; troubles on the way are recorded."""
        while (draft := proposer.next()) is not None:
            if draft.trouble is not None:
                self.ledger.record(draft, None)
                self.refusals.append(Refusal(draft.trouble.code, draft.trouble.message))
            elif draft.text not in self._tried:
                return draft
        return None

    def _check(self, draft: Draft, which: str) -> Verdict:
        who = draft.writer
        self.progress(f"{self.label}: {which}: {who} {draft.about}".rstrip())
        self._tried.add(draft.text)
        started = time.monotonic()
        schedule = None if draft.schedule is None else draft.schedule.attribute
        verdict = self.gate.check(draft.text, draft.entries, schedule)
        self.ledger.record(draft, verdict, time.monotonic() - started)
        if not verdict.accepted:
            self.refusals.append(Refusal(verdict.trap_code or "", verdict.trap_message or ""))
        self.proposer.learn(draft, verdict)
        return verdict
