"""Decides recorded ops again with another knowledge, without a model, and tells the effect."""

import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hawk_xdsl.codegen.cast_steps import NoInstructionError
from hawk_xdsl.compiler import open_decider
from hawk_xdsl.errors import HawkError
from hawk_xdsl.ir_text import read_op
from hawk_xdsl.knowledge_store import Entry, SpecRecord
from hawk_xdsl.propose.decide import Decider
from hawk_xdsl.propose.settings import Budget, Settings, Sources
from hawk_xdsl.semantics.loops import UnreadableError
from hawk_xdsl.semantics.specification import Specification, specify


@dataclass(frozen=True)
class Effect:
    """What some knowledge made of one op. ``cycles`` are simulated, 0 where nothing was right."""

    right: bool
    cycles: int
    attempts: int
    troubles: int  # entries that could not be used, and compositions that did not end
    entries: tuple[str, ...]  # of the kernel
    tried: frozenset[str]  # of all attempts


def is_readable(spec: SpecRecord) -> bool:
    """Whether an op can be decided again: a version before may have written it otherwise."""
    try:
        specify(read_op(spec.op))
    except (HawkError, UnreadableError):
        return False
    return True


@dataclass
class Replay:
    """Decides ops of texts for one target; the same op and entries are decided once."""

    target: str
    budget: Budget = field(default_factory=lambda: Budget(attempts=8, tuning=0))
    seed: int = 0
    runs: int = 0
    _known: dict[tuple[str, tuple[Entry, ...]], Effect] = field(
        default_factory=dict[tuple[str, tuple[Entry, ...]], Effect]
    )

    def effect(self, spec: SpecRecord, entries: Sequence[Entry]) -> Effect:
        """What composition with these entries, and nothing else, makes of the op.

        Raises ``HawkError`` for the text of no op.
        """
        key = (spec.digest, tuple(entries))
        if key not in self._known:
            self.runs += 1
            self._known[key] = self._decided(spec, entries)
        return self._known[key]

    def touched(self, spec: SpecRecord, entries: Sequence[Entry]) -> frozenset[str] | None:
        """The entries that a composition of the op comes from; ``None`` if it does not end."""
        try:
            specification = specify(read_op(spec.op))
            with self._decider(entries) as decider:
                composed = decider.composer.compose(specification)
        except NoInstructionError:
            return frozenset()
        except (HawkError, UnreadableError):
            return None
        return frozenset(composed.entries)

    def _decided(self, spec: SpecRecord, entries: Sequence[Entry]) -> Effect:
        op = read_op(spec.op)
        with self._decider(entries) as decider:
            decision = decider.decide(op, "replayed")
            outcomes = tuple(decider.store.outcomes())
            troubles = sum(outcome.verdict == "unfinished" for outcome in outcomes)
            if decision.specification is not None:
                troubles += _trouble(decider, decision.specification)
        return Effect(
            decision.verdict is not None,
            decision.cycles or 0,
            decision.effort.attempts,
            troubles,
            decision.entries,
            frozenset(name for outcome in outcomes for name in outcome.entries),
        )

    @contextmanager
    def _decider(self, entries: Sequence[Entry]) -> Generator[Decider]:
        """A decider with an empty store of its own."""
        settings = Settings(Sources.COMPOSITION, self.budget, host_fallback=True, seed=self.seed)
        with tempfile.TemporaryDirectory(prefix="hawk-replay-") as folder:
            store = Path(folder) / "store.sqlite"
            with open_decider(self.target, settings, store=store, entries=entries) as decider:
                yield decider


def _trouble(decider: Decider, specification: Specification) -> int:
    """One if rewriting the specification does not come to an end."""
    try:
        decider.composer.compose(specification)
    except NoInstructionError:
        return 0
    except HawkError:
        return 1
    return 0
