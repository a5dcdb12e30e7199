"""In which order proposers are asked: one after the other, the last within the budget."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from hawk_xdsl.gate.gate import Verdict
from hawk_xdsl.propose.draft import Draft, Proposer


@dataclass
class ProposerChain:
    """One proposer after the other, each while it has drafts.

    All but the last give up their turn after ``turn`` complete drafts, if it is given, so that the
    last is asked within the budget; they go on when the last has nothing more.
    """

    proposers: Sequence[Proposer]
    turn: float = inf
    _given: int = 0

    def next(self) -> Draft | None:
        """The next draft of the first proposer that has one."""
        order = self.proposers
        if self._given >= self.turn:
            order = [*self.proposers[-1:], *self.proposers[:-1]]
        for proposer in order:
            if (draft := proposer.next()) is not None:
                self._given += draft.failure is None
                return draft
        return None

    def learn(self, draft: Draft, verdict: Verdict) -> None:
        """Passed on to all."""
        for proposer in self.proposers:
            proposer.learn(draft, verdict)
