"""Generates lessons: random ops, the teacher's kernels, all through the gate, in shards."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.boundary import reading
from hawk_xdsl.gate.trial_drawn import Drawn
from hawk_xdsl.gate.trial_rows import ORDINARY
from hawk_xdsl.gate.verifier import verifier_digest
from hawk_xdsl.knowledge_store import Entry, EntryKind
from hawk_xdsl.language_model.language import FORM, OTHER
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.options import check_count, check_seed
from hawk_xdsl.reference.value_types import UnsupportedOpError
from hawk_xdsl.semantics.reading import UnreadableError
from hawk_xdsl.training.damage import damaged
from hawk_xdsl.training.erased import erased_key, excluded_keys
from hawk_xdsl.training.lesson import Lesson, Try
from hawk_xdsl.training.productions import Production, productions
from hawk_xdsl.training.recipe import Recipe, weighted
from hawk_xdsl.training.shards import ShardError, read_shard, shard_path, shards_of, write_shard
from hawk_xdsl.training.specs import random_op
from hawk_xdsl.training.teacher import GatedOp, Teacher

SHARD = 200
"""Random ops of a shard."""

MOST_OF_A_KIND = 3
"""Lessons of a shard that may differ in shapes, dtypes and literals only."""

LONGEST_SPEC = 900
"""Characters of a specification; longer ones are not for so small a model."""

TUNED_SHARE = 0.08
"""Share of the lessons for which more than the first right kernel is tried."""

DAMAGED_SHARE = 0.12
"""Share of the lessons that get a damaged kernel beside the right ones."""

Progress = Callable[[int, int, Counter[str]], None]
"""Called after each op: how many are done, of how many, and what became of them."""


@dataclass(frozen=True)
class Order:
    """What to generate: ``count`` random ops of a seed, for targets with their shares."""

    count: int
    seed: int
    targets: Mapping[str, float] = field(
        default_factory=lambda: {"ascend910b1": 0.86, "ascend950": 0.1, "ascend310b": 0.04}
    )
    recipe: Recipe = field(default_factory=Recipe)
    attempts: int = 2
    tuning: int = 2

    def __post_init__(self) -> None:
        """Raises ``OptionError`` for numbers that are none, ``HawkError`` for unknown targets."""
        check_count("count", self.count)
        check_seed("seed", self.seed)
        for target in self.targets:
            load_target(target)


@dataclass(frozen=True)
class CaseGenerator:
    """Draws the cases of an order. The same order gives the same cases, one by one."""

    order: Order
    entries: Sequence[Entry]
    teachers: Mapping[str, Teacher]
    grammar: Mapping[str, Sequence[Production]]

    @staticmethod
    def of(order: Order, entries: Sequence[Entry]) -> "CaseGenerator":
        """For an order, with the knowledge to grow ops from and to teach with."""
        teachers = {t: Teacher.of(entries, t, order.attempts) for t in order.targets}
        return CaseGenerator(order, entries, teachers, productions(entries))

    def op(self, number: int) -> UndecidedOp:
        """The op of a number."""
        return random_op(self.order.seed, number, self.grammar, self.order.recipe)

    def target(self, number: int) -> str:
        """The target that the op of a number is for."""
        draw = random.Random(f"target {self.order.seed}:{number}")
        return weighted(draw, self.order.targets)

    def case(self, number: int) -> GatedOp | str:
        """The case of a number, or why it is none that can be learned from."""
        op = self.op(number)
        try:
            case = GatedOp.of(op, self.teachers[self.target(number)])
        except UnreadableError:
            return "unreadable"
        if not case.specification.operands:
            return "constant"
        if len(case.specification.text) > LONGEST_SPEC:
            return "too long"
        if erased_key(case.specification) in excluded_keys():
            return "excluded"
        return case

    def lesson(self, number: int, case: GatedOp) -> Lesson | str:
        """The teacher's lesson, or why there is none."""
        try:
            if not _mostly_finite(case):
                return "not finite"
        except UnsupportedOpError:
            return "no reference"
        tuned = random.Random(f"tuning {self.order.seed}:{number}").random() < TUNED_SHARE
        tries = self.teachers[self.target(number)].tries(case, self.order.tuning if tuned else 0)
        right = [t for t in tries if t.right]
        if right:
            tries += self._damaged(number, case, right[0].short)
        lesson = case.lesson(self.order.seed, number, tries)
        return lesson if tries else "no kernel"

    def _damaged(self, number: int, case: GatedOp, short: str) -> Iterator[Try]:
        """At times a damaged kernel, if the gate refuses it."""
        draw = random.Random(f"damage {self.order.seed}:{number}")
        if draw.random() < DAMAGED_SHARE:
            found = case.tried(damaged(short, draw), "damaged")
            if not found.right:
                yield found


def _mostly_finite(case: GatedOp) -> bool:
    """Whether at least half of each result is a number on ordinary inputs."""
    results = Drawn(case.op, ORDINARY, (0,)).judged
    return all(float(np.mean(np.isfinite(found.value))) >= 0.5 for found in results)


def generate(
    order: Order,
    entries: Sequence[Entry],
    directory: Path,
    progress: Progress = lambda done, count, fates: None,
) -> Counter[str]:
    """Writes the shards that are missing or damaged; returns what became of the ops.

    Raises ``HawkError`` if the directory holds shards of another order.
    """
    fates: Counter[str] = Counter()
    missing = kept_shards(order, entries, directory, fates)
    source = CaseGenerator.of(order, entries)
    for shard, numbers in missing.items():
        rows = list(_rows(source, numbers, order.count, fates, progress))
        write_shard(shard_path(directory, shard), made_by(order, entries, numbers), rows)
        progress(numbers.stop, order.count, fates)
    return fates


def kept_shards(
    order: Order, entries: Sequence[Entry], directory: Path, fates: Counter[str]
) -> dict[int, range]:
    """The shards that must be made, with the numbers of their ops; counts the rows of the others.

    Raises ``HawkError`` if the directory holds shards of another order.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for abandoned in directory.glob("*.partial"):
        abandoned.unlink()
    missing: dict[int, range] = {}
    for shard, first in enumerate(range(0, order.count, SHARD)):
        numbers = range(first, min(first + SHARD, order.count))
        rows = kept(shard_path(directory, shard), made_by(order, entries, numbers))
        if rows is None:
            missing[shard] = numbers
        else:
            fates["kept from before"] += rows
    return missing


def drawn_cases(source: CaseGenerator, numbers: range) -> Iterator[tuple[int, GatedOp | str]]:
    """The cases of a shard, or why they are none; too many of one kind are left out."""
    kinds: Counter[str] = Counter()
    for number in numbers:
        found = source.case(number)
        if isinstance(found, GatedOp):
            kinds[key := erased_key(found.specification)] += 1
            found = "repeated" if kinds[key] > MOST_OF_A_KIND else found
        yield number, found


def _rows(
    source: CaseGenerator, numbers: range, count: int, fates: Counter[str], progress: Progress
) -> Iterator[Mapping[str, Any]]:
    """The lessons of a shard."""
    for number, case in drawn_cases(source, numbers):
        found = case if isinstance(case, str) else source.lesson(number, case)
        if isinstance(found, Lesson):
            fates["right" if found.best else "wrong"] += 1
            yield found.as_json()
        else:
            fates[found] += 1
        progress(number + 1, count, fates)


def made_by(order: Order, entries: Sequence[Entry], numbers: range) -> dict[str, Any]:
    """What lessons depend on, for the header of their shard."""
    return {
        "seed": order.seed,
        "first": numbers.start,
        "count": len(numbers),
        "targets": dict(order.targets),
        "recipe": json.loads(json.dumps(asdict(order.recipe))),  # as it is read back
        "attempts": order.attempts,
        "tuning": order.tuning,
        "form": FORM,
        "verifier": verifier_digest(),
        "knowledge": sorted(e.name for e in entries if e.kind is not EntryKind.RULE),
    }


def kept(path: Path, header: Mapping[str, Any]) -> int | None:
    """The rows of a whole shard of the same order; ``None`` if it must be made.

    Raises ``HawkError`` for a whole shard of another order.
    """
    if not path.exists():
        return None
    try:
        before, rows = read_shard(path)
    except ShardError:
        return None
    if before != dict(header):
        other = ", ".join(key for key in header if before.get(key) != header[key])
        raise HawkError(f"made with another {other}: give another directory", file=str(path))
    return len(rows)


def lessons_of(directory: Path) -> Iterator[Lesson]:
    """The lessons of all shards. Raises ``ShardError``, also for those of another language."""
    for path in shards_of(directory):
        header, rows = read_shard(path)
        if header.get("form") != FORM:
            raise ShardError(OTHER, file=str(path))
        for number, row in enumerate(rows):
            with reading(path, f"row {number} as a lesson", kind=ShardError):
                lesson = Lesson.from_json(row)
            yield lesson
