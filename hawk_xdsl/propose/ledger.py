"""Writes down what became of every draft, and keeps the kernels that passed."""

from dataclasses import dataclass

from hawk_xdsl.gate.gate import Verdict
from hawk_xdsl.knowledge_store import (
    AttemptVerdict,
    FailureRecord,
    KernelKey,
    KernelRecord,
    KnowledgeStore,
    Outcome,
)
from hawk_xdsl.npu_target import Bound, Target
from hawk_xdsl.propose.decision import Source
from hawk_xdsl.propose.draft import Draft
from hawk_xdsl.propose.refusal import Refusal, accountable_entries
from hawk_xdsl.propose.settings import Budget
from hawk_xdsl.semantics.specification import Specification


def judged(draft: Draft, verdict: Verdict | None) -> tuple[AttemptVerdict, str | None, str | None]:
    """What a draft came to, with the code and message of what is wrong with it.

    ``None`` is the verdict of one that a failure kept from the gate.
    """
    if verdict is None:
        code = draft.failure.code if draft.failure else "unfinished"
        return AttemptVerdict.UNFINISHED, code, draft.failure.message if draft.failure else None
    kind = AttemptVerdict.ACCEPTED if verdict.accepted else AttemptVerdict.REJECTED
    return kind, verdict.trap_code, verdict.trap_message


@dataclass(frozen=True)
class Ledger:
    """The records of one op in one run.

    ``key`` is what its kernel is kept under; ``rewrites`` names the entries that are such.
    """

    store: KnowledgeStore
    run_id: str
    specification: Specification
    target: Target
    seed: int
    key: KernelKey
    rewrites: frozenset[str] = frozenset()

    def record(self, draft: Draft, verdict: Verdict | None, seconds: float = 0.0) -> None:
        """One draft and its verdict; ``None`` where a failure kept it from the gate.

        ``seconds`` are the gate's; those of the draft are added.
        """
        kind, code, message = judged(draft, verdict)
        accepted = verdict is not None and verdict.accepted
        self.store.record_outcome(
            Outcome(
                run_id=self.run_id,
                spec_hash=self.specification.digest,
                spec_text=self.specification.text,
                target=self.target.name,
                verdict=kind,
                source=str(draft.source),
                kernel_text=draft.text,
                prompt=draft.prompt,
                trap_code=code,
                trap_message=message,
                cycles=verdict.cycles if accepted and verdict else None,
                bottleneck=str(verdict.bottleneck) if accepted and verdict else None,
                entries=draft.entries,
                schedule=_written(draft),
                model=draft.model,
                seed=self.seed,
                seconds=draft.seconds + seconds,
                tokens=draft.tokens,
            )
        )
        if draft.source is not Source.TEMPLATE or verdict is None:
            return
        code = verdict.trap_code
        accountable = (
            draft.entries if accepted else accountable_entries(draft.entries, code, self.rewrites)
        )
        for name in accountable:
            self.store.record_use(name, won=accepted)

    def compare(self, first: Draft, by: Verdict, second: Draft, found: Verdict) -> None:
        """Credits the cycles between two right kernels to the entries that only one came from."""
        if not found.accepted or {first.source, second.source} != {Source.TEMPLATE}:
            return
        gained = by.cycles - found.cycles
        for name in second.entries:
            if name not in first.entries:
                self.store.record_gain(name, gained)
        for name in first.entries:
            if name not in second.entries:
                self.store.record_gain(name, -gained)

    def keep(self, draft: Draft, verdict: Verdict, bound: Bound) -> None:
        """The kernel, for the next compile."""
        self.store.put_kernel(
            KernelRecord(
                **vars(self.key),
                target=self.target.name,
                text=verdict.text,
                source=draft.writer,
                cycles=verdict.cycles,
                bound_cycles=bound.cycles,
                bottleneck=str(verdict.bottleneck),
                trust=str(verdict.trust),
                schedule=_written(draft),
                entries=draft.entries,
            )
        )
        self.store.drop_failures(self.key)

    def fail(self, best: Refusal, asked: str, budget: Budget) -> None:
        """That nobody found a kernel, for the next compile."""
        self.store.put_failure(
            FailureRecord(
                **vars(self.key),
                asked=asked,
                attempts=budget.attempts,
                patience=budget.patience,
                seconds=budget.seconds,
                code=best.code,
                reason=best.reason,
            )
        )


def _written(draft: Draft) -> str:
    """The schedule as records keep it."""
    return "" if draft.schedule is None else str(draft.schedule)
