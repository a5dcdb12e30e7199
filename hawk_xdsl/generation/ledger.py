"""Writes down what became of every draft, and keeps the kernels that passed."""

from dataclasses import dataclass

from hawk_xdsl.generation.draft import Draft
from hawk_xdsl.generation.judging.gate import VERIFIER_VERSION, Verdict
from hawk_xdsl.knowledge_store import KernelKey, KernelRecord, KnowledgeStore, Outcome
from hawk_xdsl.knowledge_store import Verdict as RecordedVerdict
from hawk_xdsl.npu_target import Bound, Target
from hawk_xdsl.semantics.specification import Specification


@dataclass(frozen=True)
class Ledger:
    """The records of one op in one run."""

    store: KnowledgeStore
    run_id: str
    specification: Specification
    target: Target
    seed: int

    @property
    def key(self) -> KernelKey:
        """What a kernel of this op is kept under."""
        return KernelKey(self.specification.digest, self.target.name, VERIFIER_VERSION)

    def record(self, draft: Draft, verdict: Verdict | None, seconds: float = 0.0) -> None:
        """One draft and its verdict; ``None`` where trouble kept it from the gate.

        ``seconds`` are the gate's; those of the draft are added.
        """
        if verdict is None:
            kind = RecordedVerdict.UNFINISHED
            code = draft.trouble.code if draft.trouble else "unfinished"
            message = draft.trouble.message if draft.trouble else None
        else:
            kind = RecordedVerdict.ACCEPTED if verdict.accepted else RecordedVerdict.REJECTED
            code, message = verdict.trap_code, verdict.trap_message
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
                model=draft.model,
                seed=self.seed,
                seconds=draft.seconds + seconds,
                tokens=draft.tokens,
            )
        )
        if draft.model is None and verdict is not None:
            for name in draft.entries:
                self.store.record_use(name, won=verdict.accepted)

    def compare(self, first: Draft, by: Verdict, second: Draft, found: Verdict) -> None:
        """Credits the cycles between two right kernels to the entries that only one came from."""
        if not found.accepted or (first.model or second.model) is not None:
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
                spec_hash=self.specification.digest,
                target=self.target.name,
                verifier_version=VERIFIER_VERSION,
                text=verdict.text,
                source=draft.model or str(draft.source),
                cycles=verdict.cycles,
                bound_cycles=bound.cycles,
                bottleneck=str(verdict.bottleneck),
                entries=draft.entries,
            )
        )
