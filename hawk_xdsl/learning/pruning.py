"""Distils the knowledge in use: what harms is pruned, what repeats merged, conflicts settled."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from uuid import uuid4

from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import (
    Action,
    Curation,
    Entry,
    EntryKind,
    Evidence,
    KnowledgeStore,
    SpecRecord,
    format_entry,
)
from hawk_xdsl.learning.arbitration import LikelihoodModel, arbitrate
from hawk_xdsl.learning.judgement import Judgement, judge
from hawk_xdsl.learning.replay import Replay, is_readable
from hawk_xdsl.learning.subsumption import Relation, relation
from hawk_xdsl.options import check_count, check_positive
from hawk_xdsl.semantics.pattern import parse_pattern


@dataclass(frozen=True)
class ReplayLimits:
    """How much is replayed: ops for one entry, smallest first, and seconds in all.

    Raises ``OptionError`` for numbers that are none.
    """

    ops: int = 6
    seconds: float = 600.0

    def __post_init__(self) -> None:
        check_count("ops", self.ops)
        check_positive("seconds", self.seconds)


@dataclass
class Pruner:
    """One pruning of a store's entries; ``reader`` is asked only for what no op tells apart.

    With ``dry_run`` decisions are made and printed, and the store stays as it is.
    """

    store: KnowledgeStore
    packaged: Sequence[Entry]
    replay: Replay
    reader: Callable[[], LikelihoodModel]
    limits: ReplayLimits = field(default_factory=ReplayLimits)
    dry_run: bool = False
    progress: Callable[[str], None] = lambda line: None
    decided: Callable[[Curation], None] = lambda curation: None

    def run(self) -> tuple[Curation, ...]:
        """Judges what is suspicious, repeated or contradicted; returns what was done."""
        self._run_id = f"prune-{uuid4().hex[:8]}"
        self._deadline = time.monotonic() + self.limits.seconds
        self._done: list[Curation] = []
        self._entries = list(self.store.in_use(self.packaged))
        self._names = frozenset(entry.name for entry in self.packaged)
        self._evidence = self.store.evidence()
        for entry in tuple(self._entries):
            if reason := _unreadable(entry):
                self._take_out(Action.PRUNE, entry, reason, {})
        readable = filter(is_readable, self.store.specs())
        self._specs = sorted(readable, key=lambda spec: (len(spec.op), spec.digest))
        self._prune_endless()
        self._merge_repeated()
        self._settle_conflicts()
        self._prune_harmful()
        return tuple(self._done)

    def _prune_endless(self) -> None:
        """Takes out the learned entries without which rewriting ends, the most suspicious first."""
        endless = self._touches()
        while endless:
            suspects = [entry for entry in self._entries if entry.name not in self._names]
            for entry in sorted(suspects, key=self._standing, reverse=True):
                others = [other for other in self._entries if other is not entry]
                ended = sum(self.replay.touched(spec, others) is not None for spec in endless)
                if ended:
                    reason = f"with it, rewriting {ended} of {len(endless)} ops does not end"
                    self._take_out(Action.PRUNE, entry, reason, {"cases": len(endless)})
                    break
            else:
                return
            endless = self._touches()

    def _touches(self) -> list[SpecRecord]:
        """Notes which ops each entry has to do with; returns those whose rewriting has no end."""
        by_digest: dict[str, set[str]] = {}
        for outcome in self.store.outcomes():
            by_digest.setdefault(outcome.spec_hash, set()).update(outcome.entries)
        self._touched: dict[str, list[SpecRecord]] = {}
        endless: list[SpecRecord] = []
        for number, spec in enumerate(self._specs, start=1):
            self.progress(f"reading op {number} of {len(self._specs)}")
            composed = self.replay.touched(spec, self._entries)
            if composed is None:
                endless.append(spec)
            for name in by_digest.get(spec.digest, set()) | (composed or frozenset()):
                self._touched.setdefault(name, []).append(spec)
        return endless

    def _merge_repeated(self) -> None:
        """Of entries that say the same, the one with the better evidence stays."""
        for first, second in self._pairs():
            found = relation(first, second), relation(second, first)
            if Relation.SAME in found:
                kept, gone = sorted((first, second), key=self._standing)
                reason = f"says what {kept.name} says"
                self._take_out(Action.MERGE, gone, reason, {}, into=kept.name)
            elif Relation.COVERS in found:
                kept, gone = (first, second) if found[0] is Relation.COVERS else (second, first)
                judgement = self._judge(gone)
                if not judgement.lost and judgement.cycles < 1.01:
                    reason = f"is a case of {kept.name}, and no op needs it"
                    self._take_out(Action.MERGE, gone, reason, judgement.facts(), into=kept.name)

    def _settle_conflicts(self) -> None:
        """Of two replacements of the same, what does worse goes; else the model chooses."""
        for first, second in self._pairs():
            if relation(first, second) is not Relation.CONFLICT:
                continue
            for entry, other in ((first, second), (second, first)):
                judgement = self._judge(entry, other)
                if judgement.harm:
                    facts = judgement.facts()
                    reason = f"contradicts {other.name}; {judgement.harm}"
                    self._take_out(Action.PRUNE, entry, reason, facts)
                    break
            else:
                self._arbitrate(first, second)

    def _arbitrate(self, first: Entry, second: Entry) -> None:
        evidence = tuple(self._evidence.get(e.name, Evidence()) for e in (first, second))
        first_seen, second_seen = evidence
        for entry, other, seen in ((first, second, first_seen), (second, first, second_seen)):
            if other.name in self._names and entry.name not in self._names and not seen.wins:
                reason = f"contradicts {other.name} of the package, and no op shows it right"
                self._take_out(Action.ARBITRATE, entry, reason, {})
                return
        try:
            found = arbitrate(first, second, (first_seen, second_seen), self.reader())
        except HawkError as error:
            kept, gone = sorted((first, second), key=self._standing)
            reason = (
                f"contradicts {kept.name}, whose evidence is better (no model: {error.message})"
            )
            self._take_out(Action.ARBITRATE, gone, reason, {})
            return
        reason = (
            f"contradicts {found.winner.name}, which {found.by} finds likelier: "
            f"{found.likelihoods[0]:.3f} against {found.likelihoods[1]:.3f} a token"
        )
        facts = {"prompt": found.prompt, "likelihoods": found.likelihoods, "model": found.by}
        self._take_out(Action.ARBITRATE, found.loser, reason, facts)

    def _prune_harmful(self) -> None:
        """Takes out what recorded ops are better off without, the most suspicious first."""
        suspects = sorted(filter(self._suspicious, self._entries), key=self._standing, reverse=True)
        for entry in suspects:
            if entry not in self._entries or not self._touched.get(entry.name):
                continue
            if time.monotonic() > self._deadline:
                self.progress(f"the {self.limits.seconds:g} s are over; the rest was not judged")
                return
            judgement = self._judge(entry)
            learned = entry.name not in self._names
            if judgement.harm if learned else judgement.clear:
                self._take_out(Action.PRUNE, entry, judgement.harm, judgement.facts())
            elif judgement.idle and learned and judgement.instead:
                reason = f"{', '.join(judgement.instead)} do the same"
                [*others] = judgement.instead
                into = others[0] if len(others) == 1 else None
                self._take_out(Action.MERGE, entry, reason, judgement.facts(), into=into)
            else:
                self._log(Action.KEEP, entry, "no recorded op is better off without it", judgement)

    def _judge(self, entry: Entry, other: Entry | None = None) -> Judgement:
        """With an entry against without it, or against another one in its place."""
        specs = self._touched.get(entry.name, [])
        if other is not None:
            specs = [s for s in self._specs if s in specs or s in self._touched.get(other.name, [])]
        having = [e for e in self._entries if e is not other]
        without = [e for e in self._entries if e is not entry]
        return judge(
            self.replay, entry.name, (having, without), specs[: self.limits.ops], self.progress
        )

    def _pairs(self) -> Iterator[tuple[Entry, Entry]]:
        """Pairs of entries still in use, of which one at least is learned."""
        for first, second in combinations(tuple(self._entries), 2):
            if {first.name, second.name} <= self._names:
                continue
            if first in self._entries and second in self._entries:
                yield first, second

    def _suspicious(self, entry: Entry) -> bool:
        """Learned entries that ops have to do with, and those of the package that lose often."""
        seen = self._evidence.get(entry.name, Evidence())
        return entry.name not in self._names or seen.losses > seen.wins

    def _standing(self, entry: Entry) -> tuple[bool, float, int, str]:
        """Sorts entries, the most trusted first: the package's, then by what was seen of them."""
        seen = self._evidence.get(entry.name, Evidence())
        rate = seen.losses / seen.uses if seen.uses else 0.5
        return entry.name not in self._names, rate, -seen.cycles_gained, entry.name

    def _take_out(
        self,
        action: Action,
        entry: Entry,
        reason: str,
        facts: Mapping[str, object],
        into: str | None = None,
    ) -> None:
        self._entries.remove(entry)
        brought = asdict(self._evidence.get(entry.name, Evidence()))
        self._record(action, entry, reason, {**facts, **brought}, into)

    def _log(self, action: Action, entry: Entry, reason: str, judgement: Judgement) -> None:
        self._record(action, entry, reason, judgement.facts(), None)

    def _record(
        self,
        action: Action,
        entry: Entry,
        reason: str,
        facts: Mapping[str, object],
        into: str | None,
    ) -> None:
        curation = Curation(
            action,
            entry.name,
            format_entry(entry),
            reason,
            self._run_id,
            json.dumps(facts),
            into,
        )
        if not self.dry_run:
            self.store.curate(curation)
        self._done.append(curation)
        self.decided(curation)


def _unreadable(entry: Entry) -> str:
    """Why an entry's patterns are none; empty if they are."""
    artifact = entry.artifact
    wanted = {
        EntryKind.REWRITE: (artifact.before, artifact.after),
        EntryKind.INSTRUCTION: (artifact.before,),
    }
    try:
        for text in wanted.get(entry.kind, ()):
            parse_pattern(text or "")
    except HawkError as error:
        return error.message
    return ""
