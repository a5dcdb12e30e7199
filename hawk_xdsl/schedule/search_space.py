"""The search space of one strategy for one op: schedules worth an estimate, and their kernels."""

from collections.abc import Iterator
from typing import Protocol

from hawk_xdsl.npu_target import Performance
from hawk_xdsl.schedule.candidate import Candidate
from hawk_xdsl.schedule.schedule import Schedule


class SearchSpace(Protocol):
    """What a strategy may choose for one specification on one target."""

    def schedules(self) -> Iterator[Schedule]:
        """The schedules that are worth an estimate, each once."""
        ...

    def candidate(self, schedule: Schedule) -> Candidate | None:
        """The kernel of a schedule and its estimate; ``None`` where it does not fit.

        Any schedule may be asked for, also one that ``schedules`` leaves out.
        """
        ...

    def neighbours(self, schedule: Schedule, performance: Performance) -> Iterator[Schedule]:
        """Schedules near one that was timed, the most promising first, none twice.

        The report says the direction. None where only whole schedules compare.
        """
        ...
