"""A round of self-distillation: the model writes kernels for new ops, what is right is learned."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hawk_xdsl.distill.dataset import split_of
from hawk_xdsl.distill.erased import erased_key, is_held_out
from hawk_xdsl.distill.evaluate import Answer, Score, answer
from hawk_xdsl.distill.generate import Order, Source, lessons_of, made_by
from hawk_xdsl.distill.lesson import Lesson, Try
from hawk_xdsl.distill.shards import shard_path, write_shard
from hawk_xdsl.distill.teacher import Case
from hawk_xdsl.distill.train import Recipe, train
from hawk_xdsl.errors import HawkError
from hawk_xdsl.generation.model.local_model import LocalModel
from hawk_xdsl.generation.model.model_files import ModelFiles
from hawk_xdsl.generation.model.shorthand import renumbered
from hawk_xdsl.knowledge_store import Entry

Told = Callable[[str], None]


@dataclass(frozen=True)
class Round:
    """What came of a round: the model's score on the new ops, and the lessons that it gave."""

    score: Score
    lessons: int
    faster: int


def practise(
    files: ModelFiles,
    order: Order,
    entries: Sequence[Entry],
    directory: Path,
    *,
    attempts: int = 4,
    told: Told = lambda line: None,
) -> Round:
    """The model tries new ops; its kernels and the teacher's go through the gate, into one shard.

    Of each op the fastest right kernel is kept, whoever wrote it, and every refused one of the
    model beside it: that is what repairing is learned from. Ops of held-out keys are left out.
    """
    shard = shard_path(directory, 0)
    if shard.exists():
        raise HawkError("there are lessons already: choose another --practice", file=str(shard))
    model = LocalModel.load(files)
    source = Source.of(order, entries)
    answers: list[Answer] = []
    lessons: list[Lesson] = []
    faster = 0
    for number, case, taught in _ops(source, order.count):
        best = taught.best
        found = answer(model, taught, case, attempts=attempts, seed=number, until_right=False)
        answers.append(found)
        own = [_renumbered(t, case) for t in found.tries]
        faster += best is None or any(t.right and t.cycles < best.cycles for t in own)
        lessons.append(case.lesson(order.seed, number, _distinct([*taught.tries, *own])))
        if number % 20 == 0:
            told(f"{number + 1} of {order.count} ops: {Score.of(answers)}")
    directory.mkdir(parents=True, exist_ok=True)
    header = {**made_by(order, entries, range(order.count)), "model": model.name}
    write_shard(shard, header, [lesson.as_json() for lesson in lessons])
    return Round(Score.of(answers), len(lessons), faster)


def _ops(source: Source, count: int) -> Iterator[tuple[int, Case, Lesson]]:
    for number in range(count):
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


def learn(
    start: Path, data: Sequence[Path], model: Path, recipe: Recipe, told: Told = lambda line: None
) -> None:
    """Goes on training from a model on all data, that of the rounds included."""
    lessons = [lesson for directory in data for lesson in lessons_of(directory)]
    train(split_of(lessons, recipe.seed), model, recipe, start=start, told=told)
