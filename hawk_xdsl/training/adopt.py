"""Adopts a new model if it is better on held-out lessons; the one before can be restored."""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.whole_file import write_whole
from hawk_xdsl.language_model.adopted import (
    ADOPTED_FILE,
    DamagedAdoptionError,
    adopted_directory,
    adopted_names,
)
from hawk_xdsl.language_model.language import language_of
from hawk_xdsl.language_model.model_files import ModelFiles, find_model
from hawk_xdsl.propose.settings import Progress
from hawk_xdsl.training.evaluate import Answer, Score, evaluate, relative_cycles
from hawk_xdsl.training.lesson import Lesson
from hawk_xdsl.training.teacher import Teachers


class NotBetterError(HawkError):
    """A model that is not better than the one in use; the message has both scores."""


@dataclass(frozen=True)
class Adoption:
    """The scores of the adopted model and of the one in use before, on the same lessons.

    ``cycles`` are the new one's over those of the one before, on lessons both are right on.
    """

    new: Score
    before: Score
    cycles: float
    directory: Path


SLOWER = 1.01
"""Cycles over those of the model before that are no worse: its tiles are never quite the same."""


def better(new: Score, before: Score, cycles: float) -> bool:
    """Whether a score is better: worse in nothing, better in something.

    What counts is right at the first attempt, right within the budget, and the ``cycles`` over
    those of the one before where both are right; never a loss.
    """
    pairs = ((new.first, before.first), (new.within, before.within))
    worse = any(a < b for a, b in pairs) or cycles > SLOWER
    return not worse and (any(a > b for a, b in pairs) or cycles < 1 / SLOWER)


def adopt(
    model: Path,
    lessons: Sequence[Lesson],
    teachers: Teachers,
    *,
    attempts: int = 8,
    progress: Progress = lambda line: None,
) -> Adoption:
    """Makes a model the default, if it is better than the default on the lessons.

    Raises:
        NotBetterError: it is not better. HawkError: it cannot be loaded, or there are no lessons.
    """
    if not lessons:
        raise HawkError("no held-out lessons to compare the models on")
    language_of(model)
    files, current = find_model(str(model)), find_model()
    if files.fingerprint() == current.fingerprint():
        raise NotBetterError("this is the model in use", file=str(model))
    answers: list[Sequence[Answer]] = []
    scores: list[Score] = []
    for which in (files, current):
        answers.append(evaluate(which, lessons, teachers, attempts=attempts, progress=progress))
        scores.append(Score.of(answers[-1]))
        progress(f"{which.name}: {scores[-1]}")
    (new, before), cycles = scores, relative_cycles(*answers)
    progress(f"where both are right: {cycles:.3f} x the cycles of the model in use")
    if not better(new, before, cycles):
        message = f"not better: {new}; the model in use: {before}; {cycles:.3f} x its cycles"
        raise NotBetterError(message, file=str(model))
    return Adoption(new, before, cycles, install(files))


def install(files: ModelFiles) -> Path:
    """Copies a model into the user's directory and makes it the default, at once.

    An interrupted copy is thrown away by the next one; the default changes with one replacement.
    Raises ``HawkError`` if it cannot be read what was adopted before.
    """
    directory, names = adopted_directory(), adopted_names()
    directory.mkdir(parents=True, exist_ok=True)
    for abandoned in directory.glob("*.partial"):
        if abandoned.is_dir():
            shutil.rmtree(abandoned)
    name = files.fingerprint()
    if not (directory / name).is_dir():
        partial = directory / f"{name}.partial"
        shutil.copytree(files.directory, partial)
        os.replace(partial, directory / name)
    _point_to([name, *(n for n in names if n != name)])
    return directory / name


def restore() -> str:
    """Takes the default back to the model before; returns its name. Raises ``HawkError``.

    Where it cannot be read what was adopted, the package's model becomes the default again.
    """
    try:
        names = adopted_names()
    except DamagedAdoptionError:
        _point_to([])
    else:
        if not names:
            raise HawkError("no model was adopted: there is nothing to take back")
        _point_to(names[1:])
    return find_model().name


def _point_to(names: Sequence[str]) -> None:
    write_whole(adopted_directory() / ADOPTED_FILE, json.dumps(list(names)))
