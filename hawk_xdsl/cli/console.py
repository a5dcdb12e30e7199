"""Where commands print: the terminal, and the progress of a compile."""

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from hawk_xdsl.passes.npu_decide import Placed

NO_TERMINAL_WIDTH = 120
"""Characters of a line where the output is no terminal."""

SECONDS_BETWEEN = 10
"""How often, where the output is no terminal, a line says what is being done within a stage."""


@dataclass(frozen=True)
class CompileProgress:
    """What is told of a compile: stages, what is done within one, and decisions."""

    stage: Callable[[str], None]
    detail: Callable[[str], None]
    total: Callable[[int], None]
    decided: Callable[["Placed"], None]


def open_console() -> Console:
    """The terminal; what is written to a file or a pipe gets lines long enough for the tables."""
    out = sys.stdout  # as it is now: the front end keeps what torch prints from the user
    console = Console(file=out)
    return console if console.is_terminal else Console(file=out, width=NO_TERMINAL_WIDTH)


@contextmanager
def decision_progress(console: Console) -> Generator[CompileProgress]:
    """A progress bar on a terminal; elsewhere lines: of stages, of decisions, and now and then."""
    if not console.is_terminal:
        yield _progress_lines(console)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=None)
        yield CompileProgress(
            lambda line: bar.update(task, description=line),
            lambda line: bar.update(task, description=line),
            lambda count: bar.update(task, total=count),
            lambda placed: bar.advance(task),
        )


def _progress_lines(console: Console) -> CompileProgress:
    total = 0
    done = 0
    begun = printed = time.monotonic()

    def tell(line: str) -> None:
        nonlocal printed
        printed = time.monotonic()
        console.print(f"{printed - begun:7.1f} s  {line}", markup=False, highlight=False)

    def detail(line: str) -> None:
        if time.monotonic() - printed > SECONDS_BETWEEN:
            tell(line)

    def found(count: int) -> None:
        nonlocal total
        total = count
        tell(f"{count} ops to decide")

    def decided(placed: "Placed") -> None:
        nonlocal done
        done += 1
        decision = placed.decision
        by = "reused" if placed.repeated else decision.source
        tell(f"[{done}/{total}] {decision.label}: {by}")

    return CompileProgress(tell, detail, found, decided)
