"""How an op was decided: every draft with its verdict, and every schedule with its time."""

from dataclasses import dataclass, field
from enum import StrEnum

from hawk_xdsl.dialects.npu import ScheduleAttr
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import AttemptVerdict, Message
from hawk_xdsl.npu_target import Performance
from hawk_xdsl.schedule.schedule import written
from hawk_xdsl.schedule.search import Timer


class Phase(StrEnum):
    """Why a draft was looked at."""

    KEPT = "kept"  # the store has it, verified by the same code for the same op
    SEARCH = "search"  # until the first right one
    TUNING = "tuning"  # after it, to be faster


@dataclass(frozen=True)
class AttemptRecord:
    """One draft and what became of it.

    ``writer`` is a model's name, who wrote a kept text, or the source; ``about`` distinguishes the
    draft from others in a few words. ``code`` and ``message`` say why it was refused or is not
    complete. ``cycles`` are simulated, of an accepted one. ``seconds`` are those of writing and
    judging. ``prompt`` is what a model was asked.
    """

    phase: Phase
    verdict: AttemptVerdict
    source: str
    writer: str
    about: str
    text: str
    entries: tuple[str, ...]
    schedule: str
    code: str | None
    message: str | None
    cycles: int | None
    seconds: float
    tokens: int
    prompt: tuple[Message, ...]


@dataclass(frozen=True)
class TimingRecord:
    """A schedule that the search has timed without running its values.

    ``cycles`` is ``None`` where it took more than ``limit``, the cycles that were of interest, or
    was no kernel, as ``reason`` says then.
    """

    schedule: str
    cycles: float | None
    limit: float | None
    reason: str


@dataclass
class History:
    """What happened while one op was decided, in order."""

    attempts: list[AttemptRecord] = field(default_factory=list[AttemptRecord])
    timings: list[TimingRecord] = field(default_factory=list[TimingRecord])

    def recording(self, timer: Timer) -> Timer:
        """The same timer; what it is asked and what it answers is recorded."""

        def timed(
            text: str, limit: float, schedule: ScheduleAttr | None = None
        ) -> Performance | None:
            name = "" if schedule is None else written(schedule)
            shown = None if limit == float("inf") else round(limit, 1)
            try:
                found = timer(text, limit, schedule)
            except HawkError as error:
                self.timings.append(TimingRecord(name, None, shown, str(error)))
                raise
            cycles = None if found is None else round(found.cycles, 1)
            self.timings.append(TimingRecord(name, cycles, shown, ""))
            return found

        return timed
