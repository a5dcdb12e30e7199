"""The hardware side of the semantic space: what an entry and a query say about the machine."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store.embedding import Vector
from hawk_xdsl.knowledge_store.entry import Entry, EntryKind, Range
from hawk_xdsl.semantics.pattern import Pattern, parse_pattern

# How much agreement in one aspect adds to the score, where equal texts add 1.
WEIGHTS = {
    "structure": 0.6,
    "ops": 0.6,
    "dtypes": 0.2,
    "traps": 1.0,
    "bottleneck": 0.6,
    "intensity": 0.3,
    "pressure": 0.3,
}

_OCTAVES = np.arange(-12.0, 21.0, 2.0)  # grid for log2 of intensity and pressure


@dataclass(frozen=True)
class HardwareFeatures:
    """What is known of an operation before it has a kernel."""

    structure: str | None = None
    ops: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    intensity: float | None = None  # operations per byte of global memory
    pressure: float | None = None  # bytes wanted / bytes of the scope


class FeatureSpace:
    """Vectors whose inner product is the weighted agreement of a trigger with a query.

    A trigger that says nothing about an aspect gets nothing for it: neither bonus nor malus.

    Args:
        entries: those whose triggers make the vocabulary; a query's other words agree with none.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        given = tuple(entries)
        triggers = [entry.trigger for entry in given]
        self._structures = _vocabulary(_one(t.structure) for t in triggers)
        self._ops = _vocabulary(operators_of(entry) for entry in given)
        self._dtypes = _vocabulary(t.dtypes for t in triggers)
        self._traps = _vocabulary(t.traps for t in triggers)
        self._bottlenecks = _vocabulary(_one(t.bottleneck) for t in triggers)

    def of_entry(self, entry: Entry) -> Vector:
        """The vector of an entry's trigger, shape [features]."""
        trigger = entry.trigger
        return self._join(
            structure=_members(_one(trigger.structure), self._structures),
            ops=_normal(_members(operators_of(entry), self._ops)),
            dtypes=_members(trigger.dtypes, self._dtypes),
            traps=_members(trigger.traps, self._traps),
            bottleneck=_members(_one(trigger.bottleneck), self._bottlenecks),
            intensity=_inside(trigger.intensity),
            pressure=_inside(trigger.pressure),
        )

    def of_query(
        self, features: HardwareFeatures, trap: str | None, bottleneck: str | None
    ) -> Vector:
        """The vector of a query, shape [features]."""
        dtypes = _members(features.dtypes, self._dtypes)
        return self._join(
            structure=_members(_one(features.structure), self._structures),
            ops=_normal(_members(features.ops, self._ops)),
            dtypes=dtypes / np.float32(max(1, len(features.dtypes))),
            traps=_members(_one(trap), self._traps),
            bottleneck=_members(_one(bottleneck), self._bottlenecks),
            intensity=_at(features.intensity),
            pressure=_at(features.pressure),
        )

    def _join(self, **aspects: Vector) -> Vector:
        scaled = [math.sqrt(WEIGHTS[name]) * part for name, part in aspects.items()]
        return np.concatenate(scaled).astype(np.float32)


def operators_of(entry: Entry) -> tuple[str, ...]:
    """The operators that an entry is about: of its trigger, or of what it replaces or computes."""
    if entry.trigger.ops or entry.kind not in (EntryKind.REWRITE, EntryKind.INSTRUCTION):
        return entry.trigger.ops
    try:
        pattern = parse_pattern(entry.artifact.before or "")
    except HawkError:
        return ()
    return tuple(sorted(_functions(pattern)))


def _functions(pattern: Pattern) -> set[str]:
    found = set[str]() if pattern.op in ("variable", "number") else {pattern.op}
    return found.union(*(_functions(arg) for arg in pattern.args))


def _one(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)


def _vocabulary(groups: Iterable[Sequence[str]]) -> Sequence[str]:
    return sorted({word for group in groups for word in group})


def _members(words: Sequence[str], vocabulary: Sequence[str]) -> Vector:
    return np.array([float(word in words) for word in vocabulary], dtype=np.float32)


def _normal(vector: Vector) -> Vector:
    return vector / np.float32(max(1.0, float(np.linalg.norm(vector))))


def _at(value: float | None) -> Vector:
    """Weights of the two grid points around a value; they add up to one."""
    if value is None:
        return np.zeros(len(_OCTAVES), dtype=np.float32)
    place = np.clip(_octave(value), _OCTAVES[0], _OCTAVES[-1])
    return np.maximum(0.0, 1.0 - np.abs(_OCTAVES - place) / 2.0).astype(np.float32)


def _inside(bounds: Range | None) -> Vector:
    """One at the grid points inside a range, falling to zero over one step outside."""
    if bounds is None:
        return np.zeros(len(_OCTAVES), dtype=np.float32)
    below, above = _octave(bounds[0]) - _OCTAVES, _OCTAVES - _octave(bounds[1])
    outside = np.maximum(0.0, np.maximum(below, above))
    return np.maximum(0.0, 1.0 - outside / 2.0).astype(np.float32)


def _octave(value: float) -> float:
    if value <= 0.0:
        return float(_OCTAVES[0])
    return float(np.clip(math.log2(value), _OCTAVES[0], _OCTAVES[-1]))
