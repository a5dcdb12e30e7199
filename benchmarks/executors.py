"""What an executor costs: seconds to start and end, and a task's beside its own work.

Tasks do nothing, so all of their time is the executor's; a second column sends 20 kB each way, as
an op with its history does.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hawk_xdsl.executors import Executor, Workplace, open_executor


@dataclass(frozen=True)
class Nothing:
    """Work that gives back what it gets."""

    def open(self) -> Callable[[tuple[int, str]], tuple[int, str]]:
        """The identity."""
        return lambda task: task


def seconds_of(executor: Executor, tasks: int, size: int) -> tuple[float, float]:
    """Seconds until the first answer, and of each further one."""
    given = ((number, "x" * size) for number in range(tasks))
    began = time.perf_counter()
    answers = executor.run(Nothing(), given, seconds=60.0)
    next(answers)
    first = time.perf_counter()
    count = sum(1 for _ in answers)
    return first - began, (time.perf_counter() - first) / count


def main() -> None:
    """Prints one row for each executor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    print("| executor | open and close, s | first answer, s | a task, ms | of 20 kB, ms |")
    print("|---|---|---|---|---|")
    for name, ray in ((f"{options.jobs} processes", None), ("Ray, local", "local")):
        began = time.perf_counter()
        with (
            tempfile.TemporaryDirectory() as folder,
            open_executor(Workplace(options.jobs, ray), Path(folder)) as executor,
        ):
            opened = time.perf_counter() - began
            first, small = seconds_of(executor, options.tasks, 0)
            _, large = seconds_of(executor, options.tasks, 20_000)
            closing = time.perf_counter()
        closed = time.perf_counter() - closing
        print(
            f"| {name} | {opened + closed:.1f} | {first:.1f} "
            f"| {1000 * small:.2f} | {1000 * large:.2f} |"
        )


if __name__ == "__main__":
    main()
