"""In which order proposers are asked: one after the other, or as a kernel model ranks them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hawk_xdsl.errors import HawkError
from hawk_xdsl.generation.draft import Draft, Proposer
from hawk_xdsl.generation.judging.gate import Verdict

RANKED = 4
"""Candidates of the templates that a kernel model puts in order."""


class Nobody:
    """Proposes nothing."""

    def next(self) -> Draft | None:
        """None."""
        return None

    def learn(self, draft: Draft, verdict: Verdict) -> None:
        """Nothing to learn for."""


@dataclass
class InTurn:
    """One proposer after the other, each while it has drafts.

    All but the last give up their turn after ``turn`` complete drafts, so that the last is asked
    within the budget; they go on when the last has nothing more.
    """

    proposers: Sequence[Proposer]
    turn: int
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


@dataclass(frozen=True)
class _Part:
    """A proposer without its model."""

    whole: "Ranked"

    def next(self) -> Draft | None:
        return self.whole.next_of_templates()

    def learn(self, draft: Draft, verdict: Verdict) -> None:
        self.whole.learn(draft, verdict)


@dataclass
class Ranked:
    """Drafts of a kernel model and of the templates, as the model ranks them.

    The model's likeliest text comes first if its likelihood is at least ``threshold``, otherwise
    after the first of the templates. From then on both take turns: the model repairs what was
    refused. The templates' first drafts are in the order of the model's ``likelihoods``.
    """

    model: Proposer
    templates: Proposer
    threshold: Callable[[], float]
    likelihoods: Callable[[Sequence[Draft]], Sequence[float]]
    _held: list[Draft] = field(default_factory=list[Draft])
    _ranked: list[Draft] = field(default_factory=list[Draft])
    _started: bool = False
    _ranked_once: bool = False
    _model_is_next: bool = False

    def next(self) -> Draft | None:
        """The draft whose turn it is."""
        if not self._started:
            self._started = True
            if (draft := self.model.next()) is not None:
                if draft.trouble is not None or draft.likelihood >= self.threshold():
                    return draft
                self._held.append(draft)
        turns = (self._of_model, self.next_of_templates)
        for take in turns if self._model_is_next else turns[::-1]:
            if (draft := take()) is not None:
                if draft.trouble is None:
                    self._model_is_next = take == self.next_of_templates
                return draft
        return None

    def learn(self, draft: Draft, verdict: Verdict) -> None:
        """Passed on to both; a refusal also speaks about what is ranked already."""
        for proposer in (self.model, self.templates):
            proposer.learn(draft, verdict)

    @property
    def templates_alone(self) -> Proposer:
        """The same without the model."""
        return _Part(self)

    def _of_model(self) -> Draft | None:
        return self._held.pop(0) if self._held else self.model.next()

    def next_of_templates(self) -> Draft | None:
        """The next draft of the templates, those that are ranked already first."""
        if not self._ranked_once:
            self._ranked_once = True
            self._rank()
        return self._ranked.pop(0) if self._ranked else self.templates.next()

    def _rank(self) -> None:
        while len(self._ranked) < RANKED and (draft := self.templates.next()) is not None:
            self._ranked.append(draft)
        try:
            found = self.likelihoods(self._ranked)
        except HawkError:
            return  # too long for the model: the order of the estimates stays
        order = sorted(
            range(len(found)), key=lambda i: (self._ranked[i].trouble is None, -found[i])
        )
        self._ranked = [self._ranked[i] for i in order]
