"""Proposes drafts without a model: what the templates' strategies make of a composition."""

from collections.abc import Mapping, Sequence
from itertools import product
from types import MappingProxyType

from hawk_xdsl.codegen.cast_steps import NoInstructionError
from hawk_xdsl.codegen.select_instructions import Composer, Composition
from hawk_xdsl.codegen.strategies import candidates_of, space_of
from hawk_xdsl.codegen.strategy import Request
from hawk_xdsl.errors import HawkError
from hawk_xdsl.gate.gate import Verdict
from hawk_xdsl.knowledge_store import Entry, EntryKind, Evidence
from hawk_xdsl.npu_target import Target
from hawk_xdsl.propose.assignment import Assignment
from hawk_xdsl.propose.attempts import FAST_ENOUGH
from hawk_xdsl.propose.credit_assignment import CreditAssignment, compositions
from hawk_xdsl.propose.decision import Source
from hawk_xdsl.propose.draft import Draft, DraftFailure
from hawk_xdsl.propose.refusal import AccountablePart, accountable_part
from hawk_xdsl.schedule.candidate import Candidate
from hawk_xdsl.schedule.search import Choice, ScheduleSearch
from hawk_xdsl.semantics.specification import Specification


class TemplateProposer:
    """The kernels of every template at every schedule, the best estimate first.

    A draft that is refused speaks against the entries it was made from: drafts that do without one
    of them come next. What keeps an entry from being used (no instruction for a term, a strategy
    that nobody has) is a draft that failed: it is recorded, and the other entries go on.

    Args:
        entries: the knowledge in use.
        composer: its rewrites and instructions.
        specification: what to write a kernel for.
        target: for which target.
        learned: the names of the entries that do not come with the package.
        evidence: what entries have brought so far.
        search: what times and refines schedules; without it estimates rank them.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        composer: Composer,
        specification: Specification,
        target: Target,
        learned: frozenset[str] = frozenset(),
        evidence: Mapping[str, Evidence] = MappingProxyType({}),
        search: ScheduleSearch | None = None,
    ) -> None:
        self._templates = [entry for entry in entries if entry.kind is EntryKind.TEMPLATE]
        self._composer = composer
        self._specification = specification
        self._target = target
        self._compositions = compositions(composer, specification, learned, evidence)
        self._credit = CreditAssignment(frozenset(rule.name for rule in composer.rules))
        self._troubles: list[Draft] = []
        self._waiting: list[tuple[Entry, Candidate]] = []
        self._texts: set[str] = set()
        self._unfilled: set[str] = set()
        self._started = False
        self._doubtful = bool(learned)  # whether another composition may do what this one cannot
        self._cycles: int | None = None
        self._search = search

    def next(self) -> Draft | None:
        """The candidate of the best estimate that nothing speaks against and was not proposed."""
        if not self._started:
            self._start()
        if self._troubles:
            return self._troubles.pop(0)
        best = self._best()
        if self._cycles is not None:
            faster = best is not None and best[1].estimate < self._cycles
            best = best if faster else None
            if best is None:
                return None
        while (
            self._credit.avoidable_penalty(best[1].entries) if best is not None else self._doubtful
        ):
            composition = next(self._compositions, None)
            if composition is None:
                break
            self._fill(composition)
            best = self._best()
        if best is None:
            return None
        self._waiting.remove(best)
        entry, candidate = best
        return Draft(
            Source.TEMPLATE,
            candidate.text,
            candidate.entries,
            about=f"{entry.name}: {candidate.schedule}",
            schedule=candidate.schedule,
        )

    def learn(self, draft: Draft, verdict: Verdict) -> None:
        """A refusal of a text made from entries puts off what is made from the same ones.

        After a right kernel only those come that promise to be faster: as the search has timed
        them, or by their own estimate.
        """
        if verdict.accepted:
            self._cycles = min(verdict.cycles, self._cycles or verdict.cycles)
        elif draft.source is Source.TEMPLATE:
            self._credit.refuse(draft.entries, verdict.trap_code)
            self._doubtful = (
                self._doubtful or accountable_part(verdict.trap_code) is not AccountablePart.LOOPS
            )

    def _best(self) -> tuple[Entry, Candidate] | None:
        """The first of those that least speaks against; they wait in the order of estimates."""
        return min(
            self._waiting, key=lambda pair: self._credit.penalty(pair[1].entries), default=None
        )

    def _start(self) -> None:
        self._started = True
        composition = next(self._compositions, None)
        other = composition and composition.composer.with_optional(self._specification)
        self._fill(composition, *([other] if other is not None else []))
        if composition is None and not self._waiting:
            try:
                self._composer.compose(self._specification)
            except NoInstructionError as error:
                self._troubles.append(_unusable("no-instruction", str(error), ()))
            except HawkError as error:
                self._troubles.append(_unusable("rewrites", error.message, ()))

    def _fill(self, *compositions: Composition | None) -> None:
        """Adds what the templates make of compositions, the fastest first."""
        filled: list[tuple[Entry, Choice]] = []
        for composition, entry in product(compositions, self._templates):
            request = Request(entry, self._specification, composition, self._target)
            try:
                space = space_of(request)
                made = [] if space is None else candidates_of(space)
            except HawkError as error:
                if entry.name not in self._unfilled:
                    self._unfilled.add(entry.name)
                    self._troubles.append(_unusable("unfilled", error.message, (entry.name,)))
                continue
            made = [each for each in made if each.text not in self._texts]
            if space is not None and made:
                self._texts.update(each.text for each in made)
                filled.append((entry, Choice(space, made)))
        choices = [choice for _, choice in filled]
        if self._search is None:
            ranked = [choice.candidates for choice in choices]
        else:
            ranked = self._search.ranked(choices)
        for (entry, _), found in zip(filled, ranked, strict=True):
            self._waiting += [(entry, each) for each in found]
            self._texts.update(each.text for each in found)
        self._waiting.sort(key=lambda pair: pair[1].estimate)


def propose_templates(given: Assignment) -> TemplateProposer | None:
    """Drafts of the templates, where the settings ask for them; a search refines schedules."""
    settings = given.settings
    if not settings.sources.composes:
        return None
    search = ScheduleSearch(
        given.time,
        enough=FAST_ENOUGH * given.bound.cycles,
        patience=settings.budget.patience,
    )
    return TemplateProposer(
        given.entries,
        given.composer,
        given.specification,
        given.target,
        given.learned,
        given.evidence(),
        search if settings.sources.tunes else None,
    )


def _unusable(code: str, message: str, entries: tuple[str, ...]) -> Draft:
    return Draft(Source.TEMPLATE, "", entries, failure=DraftFailure(code, message))
