"""What a compile shows while it works: a live table on a terminal, a log elsewhere."""

import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hawk_xdsl.cli.stage_clock import StageClock

if TYPE_CHECKING:
    from hawk_xdsl.passes.npu_decide import Placed

DECIDING = "deciding"
"""The stage in which kernels are found."""

SECONDS_BETWEEN = 10
"""How often, where the output is no terminal, a line says what is being done within a stage."""

DECISIONS_SHOWN = 8
"""Decisions of the live table, the last ones."""


class Verbosity(Enum):
    """How much is shown while a command works."""

    QUIET = "quiet"  # nothing but errors
    NORMAL = "normal"
    VERBOSE = "verbose"  # every attempt, too


class CompileProgress(ABC):
    """What is told of a compile: stages, what is done within one, and decisions."""

    def __init__(self) -> None:
        self.clock = StageClock()
        self.wanted = 0
        self.done = 0
        self._begun = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._begun

    @property
    def remaining(self) -> float | None:
        """Seconds until all ops are decided, if each takes as long as those before it."""
        took = self.clock.running(DECIDING)
        return took / self.done * (self.wanted - self.done) if self.done else None

    def stage(self, name: str) -> None:
        """A stage begins."""
        self.clock.begin(name)
        self.told(name)

    def total(self, count: int) -> None:
        """So many ops are to be decided; that begins."""
        self.clock.begin(DECIDING)
        self.wanted = count
        self.told(f"{count} ops to decide")

    def decided(self, placed: "Placed") -> None:
        """An op is decided."""
        self.done += 1
        self.told(f"[{self.done}/{self.wanted}] {decision_line(placed)}")

    def finished(self) -> None:
        """All stages have ended."""
        self.clock.end()

    @abstractmethod
    def told(self, line: str) -> None:
        """A line that is always of interest."""

    @abstractmethod
    def detail(self, line: str) -> None:
        """What is being done within a stage."""


def decision_line(placed: "Placed") -> str:
    """``rows_0: template, proved, 756 cycles, 62% of its bound``."""
    decision = placed.decision
    parts = ["reused" if placed.repeated else str(decision.source)]
    if decision.cycles is None:
        parts.append(decision.reason)
    else:
        parts += [str(decision.trust), f"{decision.cycles:,} cycles"]
    if decision.bound_share is not None:
        parts.append(f"{decision.bound_share:.0%} of its bound")
    return f"{decision.label}: {', '.join(parts)}"


class SilentProgress(CompileProgress):
    """Shows nothing; stages are still timed."""

    def told(self, line: str) -> None:
        """Nothing."""

    def detail(self, line: str) -> None:
        """Nothing."""


class LoggedProgress(CompileProgress):
    """Lines with the seconds since the beginning; details now and then, or all of them."""

    def __init__(self, console: Console, every_detail: bool) -> None:
        super().__init__()
        self._console = console
        self._every_detail = every_detail
        self._printed = self.elapsed

    def told(self, line: str) -> None:
        """A line with the time."""
        self._printed = self.elapsed
        left = self.remaining
        if left is not None and 0 < self.done < self.wanted:
            line += f"  (about {_clock(left)} left)"
        line = f"{self._printed:7.1f} s  {line}"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def detail(self, line: str) -> None:
        """A line, if the last one was long ago or all are wanted."""
        if self._every_detail or self.elapsed - self._printed > SECONDS_BETWEEN:
            self.told(line)


class LiveProgress(CompileProgress):
    """A table that is drawn anew: stages, ops decided, what is being done, the last decisions."""

    def __init__(self) -> None:
        super().__init__()
        self._now = ""
        self._last: deque[str] = deque(maxlen=DECISIONS_SHOWN)

    def told(self, line: str) -> None:
        """Shown until the next line."""
        self._now = line

    def detail(self, line: str) -> None:
        """Shown until the next line."""
        self._now = line

    def decided(self, placed: "Placed") -> None:
        """Shown among the last decisions."""
        super().decided(placed)
        self._last.append(decision_line(placed))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        stages = Table(box=SIMPLE_HEAD, title="Stages", title_justify="left")
        stages.add_column("stage")
        stages.add_column("seconds", justify="right")
        for name, seconds in self.clock.so_far.items():
            stages.add_row(name, f"{seconds:,.1f}")
        parts: list[Table | Text] = [stages]
        if self.wanted:
            left = self.remaining
            counted = f"{self.done} of {self.wanted} ops decided, {_clock(self.elapsed)} elapsed"
            if left is not None and self.done < self.wanted:
                counted += f", about {_clock(left)} left"
            bar = Table.grid()  # the bar itself does not end its line
            bar.add_row(ProgressBar(self.wanted, self.done, width=60))
            parts += [Text(counted), bar]
        parts += [Text(line, no_wrap=True, overflow="ellipsis", style="dim") for line in self._last]
        parts.append(Text(self._now, no_wrap=True, overflow="ellipsis"))
        yield Group(*parts)


def _clock(seconds: float) -> str:
    """``1:05``, or ``1:02:03`` from an hour."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@contextmanager
def compile_progress(
    console: Console, verbosity: Verbosity = Verbosity.NORMAL
) -> Generator[CompileProgress]:
    """The progress of a compile, as the console and the verbosity ask for it."""
    if verbosity is Verbosity.QUIET:
        yield SilentProgress()
    elif not console.is_terminal or verbosity is Verbosity.VERBOSE:
        yield LoggedProgress(console, verbosity is Verbosity.VERBOSE)
    else:
        shown = LiveProgress()
        with Live(shown, console=console, transient=True, refresh_per_second=4):
            yield shown
