"""Which model of the user's was adopted as the default, and which one comes with the package."""

import json
from importlib.resources import files
from pathlib import Path

import platformdirs

from hawk_xdsl.errors import HawkError

ADOPTED_FILE = "adopted.json"
"""In the room of adopted models: their directories' names, the one in use first."""

PACKAGED = "kernel-1"
"""The model of our own that comes with the package."""


def adopted_room() -> Path:
    """Where adopted models are kept."""
    return platformdirs.user_data_path("hawk-xdsl") / "models"


def adopted_names() -> list[str]:
    """The adopted models that are there, the one in use first. Raises ``HawkError``."""
    room = adopted_room()
    path = room / ADOPTED_FILE
    try:
        names = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise HawkError(f"cannot read which model was adopted: {error}", file=str(path)) from None
    return [str(name) for name in names if (room / str(name)).is_dir()]


def own_model() -> Path | None:
    """The adopted model, or the packaged one; ``None`` if there is neither."""
    if names := adopted_names():
        return adopted_room() / names[0]
    packaged = Path(str(files("hawk_xdsl"))) / "models" / PACKAGED
    return packaged if (packaged / "config.json").is_file() else None
