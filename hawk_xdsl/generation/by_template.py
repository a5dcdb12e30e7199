"""Proposes drafts without a model: templates of the knowledge base, filled by composition."""

from collections.abc import Iterator, Mapping, Sequence

from hawk_xdsl.errors import HawkError
from hawk_xdsl.generation.candidate import Candidate
from hawk_xdsl.generation.composition import Composer, Composition, NoInstructionError
from hawk_xdsl.generation.decision import Source
from hawk_xdsl.generation.draft import Draft, Trouble
from hawk_xdsl.generation.gate import Verdict
from hawk_xdsl.generation.template import candidates
from hawk_xdsl.knowledge_store import Entry, EntryKind
from hawk_xdsl.npu_target import Target
from hawk_xdsl.semantics.specification import Specification


class TemplateProposer:
    """Every way to fill every template, the best estimate first.

    What keeps an entry from being used (no instruction for a term, a hole that nothing fills) is a
    draft with trouble: it is recorded, and the other entries go on.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        composer: Composer,
        specification: Specification,
        target: Target,
    ) -> None:
        self._templates = [entry for entry in entries if entry.kind is EntryKind.TEMPLATE]
        self._composer = composer
        self._specification = specification
        self._target = target
        self._drafts: Iterator[Draft] | None = None

    def next(self) -> Draft | None:
        """The candidate of the best estimate that was not proposed yet."""
        if self._drafts is None:
            self._drafts = iter(self._all())
        return next(self._drafts, None)

    def learn(self, draft: Draft, verdict: Verdict) -> None:
        """Nothing yet: candidates stay in the order of their estimates."""

    def _all(self) -> list[Draft]:
        composition, lacking = self._composition()
        troubles: list[Draft] = []
        found: list[tuple[Entry, Candidate]] = []
        for entry in self._templates:
            try:
                made = candidates(entry, self._specification, composition, self._target)
            except HawkError as error:
                troubles.append(_unusable("unfilled", error.message, (entry.name,)))
                continue
            found += [(entry, candidate) for candidate in made]
        found.sort(key=lambda pair: pair[1].estimate)
        drafts = [
            Draft(
                Source.TEMPLATE,
                candidate.text,
                candidate.entries,
                about=f"{entry.name} {_spelled(candidate.sizes)}".strip(),
            )
            for entry, candidate in found
        ]
        return troubles + (drafts or lacking)

    def _composition(self) -> tuple[Composition | None, list[Draft]]:
        try:
            return self._composer.compose(self._specification), []
        except NoInstructionError as error:
            return None, [_unusable("no-instruction", str(error), ())]


def _unusable(code: str, message: str, entries: tuple[str, ...]) -> Draft:
    return Draft(Source.TEMPLATE, "", entries, trouble=Trouble(code, message))


def _spelled(sizes: Mapping[str, int]) -> str:
    return " ".join(f"{axis}:{size}" for axis, size in sizes.items())
