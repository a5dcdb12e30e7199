"""Which entries a refusal counts against, and compositions that do without them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from hawk_xdsl.codegen.cast_steps import NoInstructionError
from hawk_xdsl.codegen.select_instructions import Composer, Composition
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import Evidence
from hawk_xdsl.propose.refusal import AccountablePart, accountable_entries, accountable_part
from hawk_xdsl.semantics.specification import Specification

LOOP_REFUSALS_TOLERATED = 2
"""Tilings of one template whose loops may be refused before other templates go first."""

MOST_ALTERNATIVES = 6
"""Compositions of one op beside the first."""

DISTRUSTED_LOSSES = 3
"""Losses without a win after which compositions without an entry are tried first."""


@dataclass
class CreditAssignment:
    """What the refusals of one op say about the entries that the refused texts were made from.

    Of the entries that the refusal can be about, each may be the culprit. So a text that was made
    from the same ones, or more, comes after all that were made otherwise. Loops that do not fit or
    race are the tile sizes' fault before they are the template's, and never a rewrite's.

    ``rewrites`` are the names of the entries that say what to compute, not how.
    """

    rewrites: frozenset[str] = frozenset()
    _refused: list[frozenset[str]] = field(default_factory=list[frozenset[str]])
    _loop_refusals: dict[str, int] = field(default_factory=dict[str, int])

    def refuse(self, entries: Sequence[str], code: str | None) -> None:
        """Count a refusal; of a text from a template the template is the first entry."""
        if not entries:
            return
        if accountable_part(code) is AccountablePart.LOOPS:
            self._loop_refusals[entries[0]] = self._loop_refusals.get(entries[0], 0) + 1
        else:
            self._refused.append(frozenset(accountable_entries(entries, code, self.rewrites)))

    def penalty(self, entries: Sequence[str]) -> int:
        """How much a text made from these entries is to be put off; 0: nothing speaks against."""
        refused_loops = self._loop_refusals.get(entries[0], 0) if entries else 0
        return self.avoidable_penalty(entries) + max(0, refused_loops - LOOP_REFUSALS_TOLERATED)

    def avoidable_penalty(self, entries: Sequence[str]) -> int:
        """The part of it that another composition may be without."""
        made = frozenset(entries)
        return sum(refused <= made for refused in self._refused)


def compositions(
    composer: Composer,
    specification: Specification,
    learned: frozenset[str],
    evidence: Mapping[str, Evidence],
) -> Iterator[Composition]:
    """The composition and its alternatives, each from other entries, the most trusted first.

    First all entries; then none of the learned ones; then all but one, the most suspicious first.
    Learned entries that never won and lost often are left out from the start, and come last.

    Args:
        composer: all rewrites and instructions.
        specification: what to compose.
        learned: the names of the entries that do not come with the package.
        evidence: what entries have brought so far.
    """
    names = [rule.name for rule in composer.rules] + [i.name for i in composer.instructions]
    distrusted = frozenset(n for n in names if n in learned and _distrusted(evidence.get(n)))
    seen: set[tuple[str, ...]] = set()

    def composed(without: frozenset[str]) -> Composition | None:
        try:
            found = without_entries(composer, without).compose(specification)
        except (NoInstructionError, HawkError):
            return None
        if found.entries in seen:
            return None
        seen.add(found.entries)
        return found

    first = composed(distrusted)
    if first is not None:
        yield first
    # What cannot be composed at all is not the package's fault.
    used = learned & frozenset(names) if first is None else frozenset(first.entries)
    suspects = sorted(
        used - distrusted,
        key=lambda name: (name not in learned, -_loss_rate(evidence.get(name)), name),
    )
    without = [frozenset(learned), *(distrusted | {name} for name in suspects)]
    orders = (*without, *([frozenset[str]()] if distrusted else []))
    alternatives = (found for found in map(composed, orders) if found is not None)
    yield from islice(alternatives, MOST_ALTERNATIVES)


def without_entries(composer: Composer, names: frozenset[str]) -> Composer:
    """The same composer without the rewrites and instructions of these names."""
    if not names:
        return composer
    return replace(
        composer,
        rules=tuple(rule for rule in composer.rules if rule.name not in names),
        instructions=tuple(i for i in composer.instructions if i.name not in names),
    )


def _distrusted(evidence: Evidence | None) -> bool:
    return evidence is not None and evidence.wins == 0 and evidence.losses >= DISTRUSTED_LOSSES


def _loss_rate(evidence: Evidence | None) -> float:
    return 0.0 if evidence is None or not evidence.uses else evidence.losses / evidence.uses
