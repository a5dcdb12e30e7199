"""Which model of the user's was adopted as the default, and which one comes with the package."""

import json
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

import platformdirs

from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.boundary import reading
from hawk_xdsl.files.typed import typed
from hawk_xdsl.language_model.language import LanguageError, language_of

ADOPTED_FILE = "adopted.json"
"""In the directory of adopted models: their directories' names, the one in use first."""

PACKAGED = "kernel-1"
"""The model of our own that comes with the package."""


class DamagedAdoptionError(HawkError):
    """It cannot be read which model was adopted."""


def adopted_directory() -> Path:
    """Where adopted models are kept."""
    return platformdirs.user_data_path("hawk-xdsl") / "models"


def adopted_names() -> list[str]:
    """The adopted models that are there, the last one first. Raises ``DamagedAdoptionError``."""
    directory = adopted_directory()
    path = directory / ADOPTED_FILE
    what, todo = "which model was adopted", "'hawk model restore' repairs it"
    with reading(path, what, todo=todo, kind=DamagedAdoptionError):
        try:
            names = typed(list[str], json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return []
    # Names, not paths: what lies elsewhere was not adopted.
    return [name for name in names if Path(name).name == name and (directory / name).is_dir()]


def own_model() -> Path | None:
    """The model adopted last, or the packaged one; ``None`` if there is neither.

    Adopted models for another language, as an update of the package leaves them, are passed over.
    """
    for name in adopted_names():
        with suppress(LanguageError):
            language_of(adopted_directory() / name)
            return adopted_directory() / name
    packaged = Path(str(files("hawk_xdsl"))) / "models" / PACKAGED
    return packaged if (packaged / "config.json").is_file() else None
