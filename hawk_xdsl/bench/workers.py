"""Runs tasks in processes of their own: one that hangs or dies takes nothing else with it."""

import multiprocessing
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

PLACE = re.compile(r'File "(?P<file>.*)", line (?P<line>\d+), in .*')
_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Failure:
    """Why a task has no result: its time was over, or its process ended."""

    timed_out: bool
    reason: str


@dataclass
class _Worker(Generic[T]):
    process: BaseProcess
    connection: Connection
    slot: int
    log: Path
    task: T | None = None
    started: float = 0.0


class Workers(Generic[T, R]):
    """A pool of processes that are forked from this one.

    Args:
        function: computes a task; tasks and results must be picklable.
        jobs: processes at a time.
        seconds: most that a task may take; then its process is killed.
        folder: where the processes write what goes to the standard streams.
    """

    def __init__(
        self, function: Callable[[T], R], *, jobs: int, seconds: float, folder: Path
    ) -> None:
        self._function = function
        self._jobs = jobs
        self._seconds = seconds
        self._folder = folder
        self._open: dict[int, Connection] = {}

    def run(self, tasks: Iterable[T]) -> Iterator[tuple[T, R | Failure]]:
        """Each task with its result or failure, in the order in which they end."""
        waiting = iter(tasks)
        workers = [self._start(slot) for slot in range(self._jobs)]
        try:
            busy = [worker for worker in workers if self._give(worker, waiting)]
            while busy:
                deadline = min(worker.started for worker in busy) + self._seconds
                ready = wait(
                    [worker.connection for worker in busy], max(0.0, deadline - time.monotonic())
                )
                for position, worker in enumerate(busy):
                    outcome = self._outcome(worker, worker.connection in ready)
                    if outcome is None:
                        continue
                    task = worker.task
                    assert task is not None
                    if isinstance(outcome, Failure):
                        workers.remove(worker)
                        busy[position] = worker = self._start(worker.slot)
                        workers.append(worker)
                    yield task, outcome
                    self._give(worker, waiting)
                busy = [worker for worker in busy if worker.task is not None]
        finally:
            for worker in workers:
                _end(worker)

    def _outcome(self, worker: _Worker[T], ready: bool) -> R | Failure | None:
        """The result of a worker's task if it has one, or why it never will."""
        if ready:
            try:
                return worker.connection.recv()
            except EOFError:
                worker.process.join()
                code = worker.process.exitcode
                return Failure(False, f"the process ended with {code}: {_last_words(worker.log)}")
        if time.monotonic() - worker.started < self._seconds:
            return None
        _end(worker)
        return Failure(True, f"not done after {self._seconds:g} s")

    def _give(self, worker: _Worker[T], waiting: Iterator[T]) -> bool:
        worker.task = next(waiting, None)
        worker.started = time.monotonic()
        if worker.task is not None:
            worker.connection.send(worker.task)
        return worker.task is not None

    def _start(self, slot: int) -> _Worker[T]:
        ours, theirs = _FORK.Pipe()
        self._open[slot] = ours
        log = self._folder / f"worker-{slot}.log"
        inherited = tuple(self._open.values())
        process = _FORK.Process(
            target=_serve, args=(self._function, theirs, inherited, log), daemon=True
        )
        process.start()
        theirs.close()
        return _Worker(process, ours, slot, log)


def _serve(
    function: Callable[[T], R], connection: Connection, inherited: Iterable[Connection], log: Path
) -> None:
    """The work of a process: an error ends it, and its traceback is in the log.

    The parent's ends of pipes are closed, so that the process ends when the parent does.
    """
    import torch

    for other in inherited:
        other.close()
    torch.set_num_threads(1)
    output = log.open("w", encoding="utf-8", buffering=1)
    sys.stdout = sys.stderr = output
    for standard in (1, 2):
        os.dup2(output.fileno(), standard)
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        connection.send(function(task))


def _end(worker: _Worker[T]) -> None:
    worker.process.kill()
    worker.process.join()
    worker.connection.close()


def _last_words(log: Path) -> str:
    """The error that ended a process, and where it was raised."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    if not lines:
        return "no message"
    places = [line.strip() for line in lines if line.startswith('  File "')]
    place = PLACE.fullmatch(places[-1]) if places else None
    at = "" if place is None else f" ({Path(place['file']).name}:{place['line']})"
    return f"{lines[-1][:300]}{at}"
