"""A candidate: the kernel text of a schedule, and what it may take."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.schedule.schedule import Schedule


@dataclass(frozen=True)
class Candidate:
    """Kernel text made for a schedule; ``estimate`` (cycles) only ranks candidates.

    ``entries`` are the names of the knowledge it was made from, the template first.
    """

    text: str
    schedule: Schedule
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
    """How often the busiest core runs if ``tiles`` are distributed over the cores."""
    return -(-tiles // cores)
