"""A template whose holes are filled: the candidate kernel text, and the filling itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store.entry import Entry


@dataclass(frozen=True)
class Candidate:
    """Kernel text made from a template; ``estimate`` (cycles) only ranks candidates."""

    text: str
    sizes: Mapping[str, int]
    estimate: float
    entries: tuple[str, ...]


def fill_holes(text: str, holes: Mapping[str, str], *, entry: Entry) -> str:
    """The template with each ``$name`` replaced. Raises ``HawkError`` for a hole nothing fills."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in holes:
            known = ", ".join(f"${name}" for name in holes)
            raise HawkError(
                f"template {entry.name}: nothing fills ${found[1]}; its structure has {known}",
                file=entry.origin or None,
            )
        return holes[found[1]]

    filled = re.sub(r"\$(\w+)", value, text)
    return "\n".join(line.strip() for line in filled.splitlines() if line.strip()) + "\n"


def waves(tiles: int, cores: int) -> int:
    """How often the busiest core runs if ``tiles`` are dealt to the cores."""
    return -(-tiles // cores)
