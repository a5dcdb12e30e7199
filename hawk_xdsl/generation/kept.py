"""Proposes kernels that the store keeps of an op, though not under its key of now."""

from collections.abc import Sequence
from math import inf

from hawk_xdsl.generation.decision import Source
from hawk_xdsl.generation.draft import Draft
from hawk_xdsl.generation.judging.gate import Verdict
from hawk_xdsl.knowledge_store import KernelRecord


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
                    origin=record.source,
                )
        return None

    def learn(self, draft: Draft, verdict: Verdict) -> None:
        """What is right sets what another one must be faster than."""
        if verdict.accepted:
            self._cycles = min(self._cycles, verdict.cycles)
