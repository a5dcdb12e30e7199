"""Lessons as work for an executor: shards of ops are drawn, then their ops are taught."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hawk_xdsl.executors import Executor, Failure
from hawk_xdsl.files.code_digest import code_digest
from hawk_xdsl.files.digest import digest_of
from hawk_xdsl.knowledge_store import AnswerKey, AnswerRecord, Entry, KnowledgeStore, StorePlace
from hawk_xdsl.training.generate import (
    SHARD,
    CaseGenerator,
    Order,
    Progress,
    drawn_cases,
    kept_shards,
    made_by,
)
from hawk_xdsl.training.lesson import Lesson
from hawk_xdsl.training.shards import shard_path, write_shard
from hawk_xdsl.training.teacher import GatedOp

LESSON_SECONDS = 600.0
"""Most that a lesson may take: then it is counted as one that timed out."""


DRAWING_SECONDS = 3600.0
"""Most that drawing the ops of a shard may take."""


@dataclass(frozen=True)
class DrawnShard:
    """The numbers of a shard's ops that are to be taught, and why the others are not."""

    numbers: tuple[int, ...]
    left_out: Mapping[str, int]


@dataclass(frozen=True)
class DrawingWork:
    """Draws the ops of shards, which are given by their numbers."""

    order: Order
    entries: Sequence[Entry]

    def open(self) -> Callable[[range], DrawnShard]:
        """The function that draws."""
        source = CaseGenerator.of(self.order, self.entries)

        def drawn(numbers: range) -> DrawnShard:
            cases = list(drawn_cases(source, numbers))
            left_out = Counter(case for _, case in cases if isinstance(case, str))
            taught = tuple(number for number, case in cases if not isinstance(case, str))
            return DrawnShard(taught, dict(left_out))

        return drawn


@dataclass(frozen=True)
class LessonWork:
    """Teaches the ops of an order by their numbers; a store keeps each lesson when it is made."""

    order: Order
    entries: Sequence[Entry]
    store: StorePlace | None = None

    def open(self) -> Callable[[int], Lesson | str]:
        """The function that teaches; the store stays open as long as the process lives."""
        store = None if self.store is None else KnowledgeStore(self.store)
        source = CaseGenerator.of(self.order, self.entries)
        knowledge = digest_of(self.entries)

        def taught(number: int) -> Lesson | str:
            case = source.case(number)
            assert isinstance(case, GatedOp), "only ops that can be taught are sent"
            if store is None:
                return source.lesson(number, case)
            asked = digest_of((self.order, knowledge, number))
            digest = case.specification.digest
            key = AnswerKey("lesson", digest, case.target.digest, code_digest(), asked)
            if (known := store.answer(key)) is not None:
                return _lesson(json.loads(known.answer))
            lesson = source.lesson(number, case)
            store.put_answer(_answer(key, lesson, case))
            return lesson

        return taught


def _answer(key: AnswerKey, lesson: Lesson | str, case: GatedOp) -> AnswerRecord:
    if isinstance(lesson, str):
        return AnswerRecord(**vars(key), verdict=lesson, answer=json.dumps(lesson))
    best = lesson.best
    return AnswerRecord(
        **vars(key),
        verdict="wrong" if best is None else "right",
        answer=json.dumps(lesson.as_json()),
        microseconds=None if best is None else case.target.microseconds(best.cycles),
    )


def _lesson(answer: Any) -> Lesson | str:
    return answer if isinstance(answer, str) else Lesson.from_json(answer)


@dataclass
class _OpenShard:
    """A shard that is being made: the numbers whose lessons are on their way, and what came."""

    sent: Sequence[int]
    came: dict[int, Lesson | str] = field(default_factory=dict[int, Lesson | str])

    @property
    def whole(self) -> bool:
        """Whether every lesson is there."""
        return len(self.came) == len(self.sent)

    @property
    def rows(self) -> list[Mapping[str, Any]]:
        """The lessons in the order of their numbers."""
        lessons = [self.came[number] for number in self.sent]
        return [lesson.as_json() for lesson in lessons if isinstance(lesson, Lesson)]


def generate_elsewhere(
    work: LessonWork,
    directory: Path,
    executor: Executor,
    progress: Progress = lambda done, count, fates: None,
) -> Counter[str]:
    """Does what ``generate`` does, and writes the same; a shard when its last lesson comes.

    An op that ends its processes, or takes too long, is counted as such and has no lesson.
    Raises ``HawkError`` if the directory holds shards of another order.
    """
    order, entries = work.order, work.entries
    fates: Counter[str] = Counter()
    missing = kept_shards(order, entries, directory, fates)
    shards: dict[int, _OpenShard] = {}
    drawing = DrawingWork(order, entries)
    for numbers, drawn in executor.run(drawing, missing.values(), seconds=DRAWING_SECONDS):
        if isinstance(drawn, Failure):
            fates[_fate(drawn)] += len(numbers)
            continue
        fates.update(drawn.left_out)
        shards[numbers.start // SHARD] = _OpenShard(drawn.numbers)

    def write_whole_shards() -> None:
        for number, shard in [each for each in shards.items() if each[1].whole]:
            numbers = missing[number]
            header = made_by(order, entries, numbers)
            write_shard(shard_path(directory, number), header, shard.rows)
            del shards[number]
            progress(numbers.stop, order.count, fates)

    write_whole_shards()
    tasks = [number for shard in sorted(shards) for number in shards[shard].sent]
    for number, found in executor.run(work, tasks, seconds=LESSON_SECONDS):
        lesson = _fate(found) if isinstance(found, Failure) else found
        shards[number // SHARD].came[number] = lesson
        fates[_fate(lesson)] += 1
        write_whole_shards()
    return fates


def _fate(found: Lesson | Failure | str) -> str:
    if isinstance(found, Failure):
        return "timed out" if found.timed_out else "died"
    return found if isinstance(found, str) else "right" if found.best else "wrong"
