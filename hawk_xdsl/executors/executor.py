"""What an executor is: it gives tasks to processes, and each task ends with an answer or why not.

The processes that compute may die or hang, and so may the one that gives the tasks. Hence three
rules for what is computed. A task is a value and can be sent. An answer depends on its task only,
so that a task may be computed again. A process that dies has failed for a reason of its own, or
somebody killed it: its task is given again, ``MOST_DEATHS`` deaths are an answer.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

MOST_DEATHS = 3
"""Processes that a task may end before that counts as what comes of it."""

Given = TypeVar("Given")
Found = TypeVar("Found")
_Given_contra = TypeVar("_Given_contra", contravariant=True)
_Found_co = TypeVar("_Found_co", covariant=True)


@dataclass(frozen=True)
class Failure:
    """Why a task has no answer: its time was over, it raised, or it ended its processes."""

    timed_out: bool
    reason: str


class TaskWork(Protocol[_Given_contra, _Found_co]):
    """What is computed; a value that is sent to each process, and opened there once."""

    def open(self) -> Callable[[_Given_contra], _Found_co]:
        """The function that computes a task. Raises ``HawkError`` where a machine lacks a part."""
        ...


class Executor(Protocol):
    """Computes tasks in processes; one that hangs or dies takes nothing else with it."""

    @property
    def jobs(self) -> int:
        """Tasks at a time."""
        ...

    def run(
        self, work: TaskWork[Given, Found], tasks: Iterable[Given], *, seconds: float
    ) -> Iterator[tuple[Given, Found | Failure]]:
        """Each task with its answer or failure, in the order in which they end.

        A task that takes more than ``seconds`` fails. Tasks are taken when a process is free.
        Raises ``HawkError`` where the work cannot be opened.
        """
        ...


@dataclass(frozen=True)
class Opened(Generic[Given, Found]):
    """A function as work: for processes that are forked from the one that has it."""

    function: Callable[[Given], Found]

    def open(self) -> Callable[[Given], Found]:
        """The function."""
        return self.function


class Deaths(Generic[Given]):
    """How many processes each task has ended."""

    def __init__(self) -> None:
        self._of: Counter[Given] = Counter()

    def failure(self, task: Given, reason: str) -> Failure | None:
        """That a task ended every process it was given to; ``None`` if it is given again.

        ``reason`` is why the last one ended.
        """
        self._of[task] += 1
        if self._of[task] < MOST_DEATHS:
            return None
        return Failure(False, f"{reason} ({MOST_DEATHS} times)")


def late(seconds: float) -> Failure:
    """That a task's time was over."""
    return Failure(True, f"not done after {seconds:g} s")
