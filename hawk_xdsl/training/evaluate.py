"""Evaluates a model on held-out lessons: right at the first attempt, within a budget, how fast."""

import contextlib
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import geometric_mean

from hawk_xdsl.gate.bound import bound_of
from hawk_xdsl.knowledge_store import RetrievalMode, Retriever
from hawk_xdsl.language_model.authoring import Author
from hawk_xdsl.language_model.local_model import LocalModel
from hawk_xdsl.language_model.model_files import ModelFiles
from hawk_xdsl.propose.language_model import ModelProposer
from hawk_xdsl.propose.settings import Progress
from hawk_xdsl.training.lesson import Lesson, Try
from hawk_xdsl.training.teacher import ChangedLessonError, GatedOp, Teachers, as_try

BANDS: Mapping[str, tuple[int, int]] = {"1-2": (0, 2), "3-5": (3, 5), "6-8": (6, 8), "9+": (9, 999)}
"""Bands of statement counts that results are listed by."""

SECONDS = 60.0
"""A safety stop for the model at one op."""

LESSONS_A_LINE = 20
"""Lessons after which a line says how far it is."""


@dataclass(frozen=True)
class Answer:
    """What a model made of a lesson. ``first_right`` counts attempts from 1."""

    lesson: Lesson
    tries: tuple[Try, ...]
    seconds: float

    @property
    def first_right(self) -> int | None:
        """The number of the first right attempt."""
        return next((n for n, t in enumerate(self.tries, 1) if t.right), None)

    @property
    def cycles(self) -> int | None:
        """Cycles of the first right kernel."""
        return next((t.cycles for t in self.tries if t.right), None)

    @property
    def slowdown(self) -> float | None:
        """Cycles of the first right kernel over those of the lesson's best one."""
        if self.cycles is None or self.lesson.best is None:
            return None
        return self.cycles / self.lesson.best.cycles


@dataclass(frozen=True)
class Score:
    """Shares of the lessons, and the geometric mean of the cycles relative to the teacher's."""

    lessons: int
    first: float
    within: float
    slowdown: float
    seconds: float

    @staticmethod
    def of(answers: Sequence[Answer]) -> "Score":
        """The score of some answers; without any, all is nothing."""
        count = len(answers)
        if not count:
            return Score(0, 0.0, 0.0, math.inf, 0.0)
        slow = [a.slowdown for a in answers if a.slowdown is not None]
        return Score(
            count,
            sum(a.first_right == 1 for a in answers) / count,
            sum(a.first_right is not None for a in answers) / count,
            geometric_mean(slow) if slow else math.inf,
            sum(a.seconds for a in answers) / count,
        )

    def __str__(self) -> str:
        return (
            f"{self.lessons} lessons: {self.first:.1%} right at the first attempt, "
            f"{self.within:.1%} within the budget, {self.slowdown:.3f} x the teacher's cycles, "
            f"{self.seconds:.2f} s each"
        )


def relative_cycles(answers: Sequence[Answer], others: Sequence[Answer]) -> float:
    """Cycles over those of others, on average where both are right; 1 where never both are."""
    ratios = [
        a.cycles / b.cycles
        for a, b in zip(answers, others, strict=True)
        if a.cycles is not None and b.cycles is not None
    ]
    return geometric_mean(ratios) if ratios else 1.0


def proposer_of(model: LocalModel, case: GatedOp, *, attempts: int, seed: int) -> ModelProposer:
    """Asks the model about an op in the way of a compile, but alone.

    It is given no knowledge but the functions and floats of its shorthand.
    """
    retriever = Retriever((), RetrievalMode.NONE)
    author = Author(model, retriever, (), case.target, case.composites, case.floats)
    return ModelProposer(
        lambda: author,
        case.specification,
        case.signature,
        bound=bound_of(case.specification, case.target).cycles,
        seed=seed,
        most=attempts,
        tuning=attempts,
        seconds=SECONDS,
    )


def answer(model: LocalModel, lesson: Lesson, case: GatedOp, *, attempts: int, seed: int) -> Answer:
    """The model's attempts at one op, until the first right kernel."""
    started = time.monotonic()
    proposer = proposer_of(model, case, attempts=attempts, seed=seed)
    tries: list[Try] = []
    while len(tries) < attempts and (draft := proposer.next()) is not None:
        if draft.failure is not None:
            failure = draft.failure
            tries.append(Try(draft.text, failure.code, failure.message, 0, "model", draft.written))
            continue
        verdict = case.gate.check(draft.text)
        proposer.learn(draft, verdict)
        tries.append(as_try(verdict, "model", draft.written))
        if verdict.accepted:
            break
    return Answer(lesson, tuple(tries), time.monotonic() - started)


def evaluate(
    files: ModelFiles,
    lessons: Sequence[Lesson],
    teachers: Teachers,
    *,
    attempts: int = 8,
    seed: int = 0,
    progress: Progress = lambda line: None,
) -> list[Answer]:
    """The model's answers to held-out lessons, and progress in between.

    Raises ``HawkError``, as loading the model does.
    """
    model = LocalModel.load(files)
    answers: list[Answer] = []
    for number, lesson in enumerate(lessons, 1):
        case = GatedOp.again(lesson, teachers[lesson.target])
        answers.append(answer(model, lesson, case, attempts=attempts, seed=seed))
        if number % LESSONS_A_LINE == 0 and number < len(lessons):
            progress(f"[{number}/{len(lessons)}] {files.name}: {Score.of(answers)}")
    return answers


def still_same(lessons: Iterable[Lesson], count: int, teachers: Teachers) -> list[Lesson]:
    """The first ``count`` lessons whose op can be decided again and means the same still."""
    found: list[Lesson] = []
    for lesson in lessons:
        if len(found) < count:
            with contextlib.suppress(ChangedLessonError):
                GatedOp.again(lesson, teachers[lesson.target])
                found.append(lesson)
    return found


def by_band(answers: Sequence[Answer]) -> dict[str, Score]:
    """The scores by the statements of the lessons' best kernels."""
    found: dict[str, Score] = {}
    for name, (lowest, highest) in BANDS.items():
        inside = [a for a in answers if lowest <= a.lesson.statements <= highest]
        if inside:
            found[name] = Score.of(inside)
    return found
