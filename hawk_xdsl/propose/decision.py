"""What was decided for an undecided op, by whom, and how good it is."""

from dataclasses import dataclass, field
from enum import StrEnum

from hawk_xdsl.gate.bound import Work
from hawk_xdsl.gate.gate import Verdict
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.npu_target import Bound
from hawk_xdsl.propose.history import History
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.specification import Specification


class Source(StrEnum):
    """Who decided."""

    REUSED = "reused"
    TEMPLATE = "template"
    MODEL = "model"
    PLUG_IN = "plug-in"
    HOST = "host"


@dataclass(frozen=True)
class Effort:
    """What deciding an op took.

    ``attempts`` were made until the first right kernel (``first_right`` is its number, from 1), or
    in vain; ``tuning`` after it. ``timings`` counts the bodies that the
    schedule search has timed without running their values, ``gate_runs`` all that the gate looked
    at, those kept in the store too. ``tokens`` are the model's, and ``rejected_lines`` those lines
    of it that were taken back while they were written.
    """

    attempts: int = 0
    first_right: int | None = None
    first_cycles: int | None = None
    tuning: int = 0
    timings: int = 0
    gate_runs: int = 0
    tokens: int = 0
    rejected_lines: int = 0


@dataclass(frozen=True)
class Decision:
    """The outcome for one op. ``verdict`` is ``None`` where the region stays on the host.

    ``schedule`` is what the kernel was written for, where a strategy wrote it. ``history`` has what
    was tried on the way; ``work`` is what ``bound`` is the time of.
    """

    label: str
    source: Source
    specification: Specification | None
    verdict: Verdict | None
    bound: Bound | None
    seconds: float
    effort: Effort = Effort()
    entries: tuple[str, ...] = ()
    schedule: Schedule | None = None
    origin: str = ""
    reason: str = ""
    timed_out: bool = False
    history: History = field(default_factory=History)
    remembered: bool = False  # nobody was asked: those who would be have failed before
    work: Work | None = None

    @property
    def attempts(self) -> int:
        """Attempts until the first right kernel, or in vain."""
        return self.effort.attempts

    @property
    def first_right(self) -> int | None:
        """The number of the first right attempt, from 1; ``None`` where there was none."""
        return self.effort.first_right

    @property
    def cycles(self) -> int | None:
        """Simulated cycles, or ``None`` on the host."""
        return None if self.verdict is None else self.verdict.cycles

    @property
    def trust(self) -> Trust | None:
        """Why the kernel is believed: its verdict's of now, whoever wrote it and when."""
        return None if self.verdict is None else self.verdict.trust

    @property
    def bound_share(self) -> float | None:
        """The roofline bound over the cycles: 1 is as fast as the hardware allows."""
        if self.verdict is None or self.bound is None or not self.verdict.cycles:
            return None
        return self.bound.cycles / self.verdict.cycles
