"""The checkpoints of a training, kept beside its model until that is written."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.boundary import reading
from hawk_xdsl.files.typed import member, typed
from hawk_xdsl.files.whole_file import write_whole
from hawk_xdsl.language_model.language import FACTS_FILE

_CLOCK_FILE = "clock.json"  # written last, so that a checkpoint that has it is whole
_STATE_FILE = "trainer_state.json"
_WHAT = "how far a training came"


class TrainingError(HawkError):
    """A training that cannot be started or resumed."""


def checkpoints_of(model: Path) -> Path:
    """The directory of a model's checkpoints."""
    return model.with_name(f"{model.name}.training")


def check_new(work: Path) -> None:
    """Raises ``TrainingError`` if a training was interrupted here that can be resumed."""
    if _whole(work):
        raise TrainingError(
            "a training was interrupted here: go on with --resume, or remove it", file=str(work)
        )


def begin(work: Path, facts: Mapping[str, Any]) -> None:
    """Makes the directory of a new training; what was there before is removed."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    write_whole(work / FACTS_FILE, json.dumps(facts))


def last_whole(work: Path, facts: Mapping[str, Any]) -> Path:
    """The checkpoint to go on from; any that is half-written is removed.

    Raises ``TrainingError`` if there is none, or it is of another training.
    """
    whole = _whole(work)
    if not whole:
        raise TrainingError("nothing to resume: no checkpoint that is whole", file=str(work))
    before, wanted = read_json(work / FACTS_FILE), json.loads(json.dumps(facts))
    if other := [key for key in wanted if before.get(key) != wanted[key]]:
        message = f"the checkpoint is of another {', '.join(other)}"
        raise TrainingError(message, file=str(work / FACTS_FILE))
    for path in work.glob("checkpoint-*"):
        if path not in whole:
            shutil.rmtree(path)
    return whole[-1]


def _whole(work: Path) -> list[Path]:
    """The checkpoints that are complete, in the order of their steps."""
    found = [path for path in work.glob("checkpoint-*") if (path / _CLOCK_FILE).exists()]
    return sorted(found, key=step_of)


def step_of(checkpoint: Path) -> int:
    """The steps that a checkpoint was made after."""
    return int(checkpoint.name.rpartition("-")[2])


def seconds_of(checkpoint: Path) -> float:
    """The seconds of training that a checkpoint was made after. Raises ``TrainingError``."""
    path = checkpoint / _CLOCK_FILE
    with reading(path, _WHAT, kind=TrainingError):
        return member(float, read_json(path), "seconds")


def seal(checkpoint: Path, seconds: float) -> None:
    """Marks a checkpoint as whole, made after so many seconds."""
    write_whole(checkpoint / _CLOCK_FILE, json.dumps({"seconds": seconds}))


def history_of(checkpoint: Path) -> list[dict[str, float]]:
    """The trainer's log up to a checkpoint. Raises ``TrainingError``."""
    path = checkpoint / _STATE_FILE
    with reading(path, _WHAT, kind=TrainingError):
        return member(list[dict[str, float]], read_json(path), "log_history")


def read_json(path: Path) -> dict[str, object]:
    """A JSON object of a training. Raises ``TrainingError`` if it is missing or damaged."""
    with reading(path, _WHAT, kind=TrainingError):
        return typed(dict[str, object], json.loads(path.read_text(encoding="utf-8")))
