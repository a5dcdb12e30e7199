"""A candidate: the kernel of a schedule, and what it may take."""

from dataclasses import dataclass
from functools import cached_property

from hawk_xdsl.dialects.kernel_text import text_of
from hawk_xdsl.dialects.kernel_text.syntax import KernelText
from hawk_xdsl.schedule.schedule import Schedule


@dataclass(frozen=True)
class Candidate:
    """A kernel made for a schedule; ``estimate`` (cycles, by the cost walk) only ranks candidates.

    ``entries`` are the names of the knowledge it was made from, the template first.
    """

    syntax: KernelText
    schedule: Schedule
    estimate: float
    entries: tuple[str, ...]

    @cached_property
    def text(self) -> str:
        """The kernel as text."""
        return text_of(self.syntax)
