"""A candidate: the kernel text of a schedule, and what it may take."""

from dataclasses import dataclass

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


def waves(tiles: int, cores: int) -> int:
    """How often the busiest core runs if ``tiles`` are distributed over the cores."""
    return -(-tiles // cores)
