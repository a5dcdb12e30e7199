"""Where commands print: the terminal, and the progress of a compile."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from hawk_xdsl.passes.npu_decide import Placed

NO_TERMINAL_WIDTH = 120
"""Characters of a line where the output is no terminal."""

_Progress = Callable[[str], None]
_Total = Callable[[int], None]
_Decided = Callable[["Placed"], None]


def open_console() -> Console:
    """The terminal; what is written to a file or a pipe gets lines long enough for the tables."""
    console = Console()
    return console if console.is_terminal else Console(width=NO_TERMINAL_WIDTH)


@contextmanager
def decision_progress(console: Console) -> Generator[tuple[_Progress, _Total, _Decided]]:
    """A progress bar on a terminal; elsewhere a line for each decision."""
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
        yield (
            lambda line: bar.update(task, description=line),
            lambda count: bar.update(task, total=count),
            lambda placed: bar.advance(task),
        )


def _progress_lines(console: Console) -> tuple[_Progress, _Total, _Decided]:
    total = 0
    done = 0

    def found(count: int) -> None:
        nonlocal total
        total = count
        console.print(f"{count} ops to decide")

    def decided(placed: "Placed") -> None:
        nonlocal done
        done += 1
        decision = placed.decision
        by = "reused" if placed.repeated else decision.source
        console.print(f"[{done}/{total}] {decision.label}: {by}", markup=False, highlight=False)

    return (lambda line: None), found, decided
