"""What the store keeps of an op, though not under its key of now: drafts, and failures."""

from collections.abc import Sequence
from math import inf

from hawk_xdsl.errors import HawkError
from hawk_xdsl.gate.gate import Verdict
from hawk_xdsl.knowledge_store import NAMED, FailureRecord, KernelKey, KernelRecord, StoreView
from hawk_xdsl.npu_target import Target
from hawk_xdsl.propose.assignment import Assignment
from hawk_xdsl.propose.decision import Source
from hawk_xdsl.propose.draft import Draft
from hawk_xdsl.propose.settings import Budget
from hawk_xdsl.schedule.schedule import Schedule

MOST_DRAFTS = 3
"""Kept texts of an op that are tried: each that is refused costs an attempt."""


class OlderKernels:
    """Kernels that were verified with other knowledge or by another verifier, as drafts.

    They are no answer, since what is known now may do better; but writing them anew may take a
    model's minutes. After a right kernel only those come that took fewer cycles.
    """

    def __init__(self, records: Sequence[KernelRecord]) -> None:
        self._waiting = list(records)
        self._cycles = inf

    def next(self) -> Draft | None:
        """The next one in the given order."""
        while self._waiting:
            record = self._waiting.pop(0)
            if record.cycles < self._cycles:
                return Draft(
                    Source.REUSED,
                    record.text,
                    record.entries,
                    about="kept before knowledge or code changed",
                    schedule=schedule_of(record),
                    origin=record.source,
                )
        return None

    def learn(self, draft: Draft, verdict: Verdict) -> None:
        """What is right sets what another one must be faster than."""
        if verdict.accepted:
            self._cycles = min(self._cycles, verdict.cycles)


def schedule_of(record: KernelRecord) -> Schedule | None:
    """What a kept kernel was written for, if a strategy wrote it.

    Raises ``HawkError`` for what somebody else wrote into the store.
    """
    try:
        return Schedule.parse(record.schedule) if record.schedule else None
    except HawkError as error:
        todo = "correct the row, or choose another store with HAWK_STORE"
        raise HawkError(f"the knowledge store: kernels.schedule: {error.message}; {todo}") from None


def propose_kept(given: Assignment) -> OlderKernels:
    """The kernels of other knowledge or another verifier that the store has, as drafts."""
    return OlderKernels(given.older)


def older_kernels(
    known: StoreView, key: KernelKey, target: Target, *, named: bool
) -> list[KernelRecord]:
    """Kernels of the op for the target that are kept under another key, the fastest first.

    With ``named`` also those of targets that only have this one's name, after the others.
    """
    hashes = (target.digest, f"{NAMED}{target.name}")
    found = [
        record
        for record in known.kernels(key.spec_hash)
        if record.key != key
        and (record.target_hash in hashes or (named and record.target == target.name))
    ]
    found.sort(key=lambda record: (hashes[0] != record.target_hash, record.cycles, record.text))
    texts = {record.text: record for record in reversed(found)}
    return [record for record in found if texts[record.text] is record][:MOST_DRAFTS]


def speaks_for(
    failure: FailureRecord, asked: str, budget: Budget, older: Sequence[KernelRecord]
) -> bool:
    """Whether who is asked now, within a budget, would fail as they did before.

    Not with more of anything, and not where a kernel has come into the store since, though under
    another key.
    """
    return (
        failure.asked == asked
        and failure.attempts >= budget.attempts
        and failure.patience >= budget.patience
        and failure.seconds >= budget.seconds
        and not any(record.created > failure.created for record in older)
    )
