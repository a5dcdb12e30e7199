"""A round of self-distillation: the model writes kernels for new ops, what is right is learned."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hawk_xdsl.knowledge_store import Entry
from hawk_xdsl.language_model.local_model import LocalModel
from hawk_xdsl.language_model.model_files import ModelFiles
from hawk_xdsl.language_model.shorthand import renumbered
from hawk_xdsl.training.erased import erased_key, is_held_out
from hawk_xdsl.training.evaluate import Answer, Score, answer
from hawk_xdsl.training.generate import Order, Source, kept, made_by
from hawk_xdsl.training.lesson import Lesson, Try
from hawk_xdsl.training.shards import shard_path, write_shard
from hawk_xdsl.training.teacher import Case

Told = Callable[[str], None]


PRACTICE_SHARD = 50
"""Ops of a shard: what is lost at most when a practice is interrupted."""


@dataclass(frozen=True)
class Practice:
    """What came of it: the model's score on the new ops, and how often its kernel was faster.

    ``before`` counts the drawn ops of the shards that were there before.
    """

    score: Score
    faster: int
    before: int


def practise(
    files: ModelFiles,
    order: Order,
    entries: Sequence[Entry],
    directory: Path,
    *,
    attempts: int = 4,
    told: Told = lambda line: None,
) -> Practice:
    """The model tries new ops; its kernels and the teacher's go through the gate, into shards.

    Of each op the fastest right kernel is kept, whoever wrote it, and every refused one of the
    model beside it: that is what repairing is learned from. Ops of held-out keys are left out.

    Shards that are there already are kept and not counted. Raises ``HawkError`` if one is of
    another order or model.
    """
    model, source = LocalModel.load(files), Source.of(order, entries)
    directory.mkdir(parents=True, exist_ok=True)
    answers: list[Answer] = []
    faster = before = 0
    for shard, first in enumerate(range(0, order.count, PRACTICE_SHARD)):
        numbers = range(first, min(first + PRACTICE_SHARD, order.count))
        header = {
            **made_by(order, entries, numbers),
            "model": model.fingerprint,
            "tries": attempts,
        }
        path = shard_path(directory, shard)
        if kept(path, header) is not None:
            before += len(numbers)
            continue
        lessons: list[Lesson] = []
        for number, case, taught in _ops(source, numbers):
            assert taught.best is not None
            found = answer(model, taught, case, attempts=attempts, seed=number, until_right=False)
            answers.append(found)
            own = [_renumbered(t, case) for t in found.tries]
            faster += any(t.right and t.cycles < taught.best.cycles for t in own)
            lessons.append(case.lesson(order.seed, number, _distinct([*taught.tries, *own])))
        write_shard(path, header, [lesson.as_json() for lesson in lessons])
        told(f"[{numbers.stop}/{order.count}] {Score.of(answers)}")
    return Practice(Score.of(answers), faster, before)


def _ops(source: Source, numbers: range) -> Iterator[tuple[int, Case, Lesson]]:
    for number in numbers:
        case = source.case(number)
        if isinstance(case, Case) and not is_held_out(erased_key(case.specification)):
            taught = source.lesson(number, case)
            if isinstance(taught, Lesson) and taught.best is not None:
                yield number, case, taught


def _renumbered(found: Try, case: Case) -> Try:
    """A right kernel in the form that is learned, through the gate once more if that differs."""
    short = renumbered(found.short)
    return case.tried(short, found.source) if found.right and short != found.short else found


def _distinct(tries: Sequence[Try]) -> list[Try]:
    return list({t.text: t for t in reversed(tries)}.values())[::-1]
