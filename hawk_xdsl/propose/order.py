"""In which order proposers are asked: one after the other, or a kernel model first."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf

from hawk_xdsl.gate.gate import Verdict
from hawk_xdsl.propose.draft import Draft, Proposer


@dataclass
class InTurn:
    """One proposer after the other, each while it has drafts.

    All but the last give up their turn after ``turn`` complete drafts, if it is given, so that the
    last is asked within the budget; they go on when the last has nothing more.
    """

    proposers: Sequence[Proposer]
    turn: float = inf
    _given: int = 0

    def next(self) -> Draft | None:
        """The next draft of the first proposer that has one."""
        *before, last = self.proposers
        order = [*before, last] if self._given < self.turn else [last, *before]
        for proposer in order:
            if (draft := proposer.next()) is not None:
                self._given += draft.trouble is None
                return draft
        return None

    def learn(self, draft: Draft, verdict: Verdict) -> None:
        """Passed on to all."""
        for proposer in self.proposers:
            proposer.learn(draft, verdict)


@dataclass
class SureFirst:
    """A kernel model and the templates: the model goes first if it is sure of its text.

    Its likeliest text comes first if its likelihood is at least ``threshold``, otherwise after the
    first of the templates. From then on both take turns. The templates keep their own order, which
    they have timed.
    """

    model: Proposer
    templates: Proposer
    threshold: float
    _held: list[Draft] = field(default_factory=list[Draft])
    _started: bool = False
    _model_is_next: bool = False

    def next(self) -> Draft | None:
        """The draft whose turn it is."""
        if not self._started:
            self._started = True
            if (draft := self.model.next()) is not None:
                if draft.trouble is not None or draft.likelihood >= self.threshold:
                    return draft
                self._held.append(draft)
        turns = (self._of_model, self.templates.next)
        for take in turns if self._model_is_next else turns[::-1]:
            if (draft := take()) is not None:
                if draft.trouble is None:
                    self._model_is_next = take == self.templates.next
                return draft
        return None

    def learn(self, draft: Draft, verdict: Verdict) -> None:
        """Passed on to both."""
        for proposer in (self.model, self.templates):
            proposer.learn(draft, verdict)

    def _of_model(self) -> Draft | None:
        return self._held.pop(0) if self._held else self.model.next()
