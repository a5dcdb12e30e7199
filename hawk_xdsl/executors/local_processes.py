"""An executor of processes of this machine."""

import multiprocessing
import os
import re
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Generic

from hawk_xdsl.errors import HawkError
from hawk_xdsl.executors.executor import Deaths, Failure, Found, Given, TaskWork, late

PLACE = re.compile(r'File "(?P<file>.*)", line (?P<line>\d+), in .*')
_FORK = multiprocessing.get_context("fork")
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class LocalProcesses:
    """An executor with so many processes.

    ``folder`` is where they write what goes to the standard streams. They are ``forked`` from this
    one, which is quick; but not where it has a store open, whose connections must not be shared.
    """

    jobs: int
    folder: Path
    forked: bool = True

    def run(
        self, work: TaskWork[Given, Found], tasks: Iterable[Given], *, seconds: float
    ) -> Iterator[tuple[Given, Found | Failure]]:
        """As :meth:`hawk_xdsl.executors.executor.Executor.run` says."""
        return _Pool(work, self, seconds).run(tasks)


@dataclass
class _Worker(Generic[Given]):
    process: BaseProcess
    connection: Connection
    slot: int
    log: Path
    task: Given | None = None
    started: float = 0.0


@dataclass(frozen=True)
class _Death:
    """A process ended in the middle of a task."""

    reason: str
    raised: bool  # by an error of Python's, which would only be raised again


@dataclass(frozen=True)
class _NotOpened:
    """The work cannot be opened in a process."""

    reason: str


class _Pool(Generic[Given, Found]):
    def __init__(
        self, work: TaskWork[Given, Found], processes: LocalProcesses, seconds: float
    ) -> None:
        self._work = work
        self._processes = processes
        self._seconds = seconds
        self._open: dict[int, Connection] = {}
        self._again: deque[Given] = deque()
        self._deaths = Deaths[Given]()

    def run(self, tasks: Iterable[Given]) -> Iterator[tuple[Given, Found | Failure]]:
        if self._processes.forked:
            import_module("torch")  # once, before they are forked

        waiting = iter(tasks)
        workers = [self._start(slot) for slot in range(self._processes.jobs)]
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
                    if isinstance(outcome, Failure | _Death):
                        workers.remove(worker)
                        busy[position] = worker = self._start(worker.slot)
                        workers.append(worker)
                    if isinstance(outcome, _Death):
                        outcome = self._after_death(task, outcome)
                    if outcome is not None:
                        yield task, outcome
                    self._give(worker, waiting)
                busy = [worker for worker in busy if worker.task is not None]
        finally:
            for worker in workers:
                _end(worker)

    def _outcome(self, worker: _Worker[Given], ready: bool) -> Found | Failure | _Death | None:
        """The answer to a worker's task if it has one, or why it never will."""
        if ready:
            try:
                found = worker.connection.recv()
                if isinstance(found, _NotOpened):
                    raise HawkError(found.reason)
                return found
            except (EOFError, ConnectionError):
                worker.process.join()
                code = worker.process.exitcode
                words = _last_words(worker.log)
                return _Death(f"the process ended with {code}: {words}", raised=code == 1)
        if time.monotonic() - worker.started < self._seconds:
            return None
        _end(worker)
        return late(self._seconds)

    def _after_death(self, task: Given, death: _Death) -> Failure | None:
        """That a task has failed for good; ``None`` if it is tried again."""
        if death.raised:
            return Failure(False, death.reason)
        failure = self._deaths.failure(task, death.reason)
        if failure is None:
            self._again.append(task)
        return failure

    def _give(self, worker: _Worker[Given], waiting: Iterator[Given]) -> bool:
        worker.task = self._again.popleft() if self._again else next(waiting, None)
        worker.started = time.monotonic()
        if worker.task is not None:
            # To one that was killed while it had nothing to do: its end is seen when it is heard.
            with suppress(ConnectionError):
                worker.connection.send(worker.task)
        return worker.task is not None

    def _start(self, slot: int) -> _Worker[Given]:
        forked = self._processes.forked
        ours, theirs = multiprocessing.Pipe()
        self._open[slot] = ours
        log = self._processes.folder / f"worker-{slot}.log"
        inherited = tuple(self._open.values()) if forked else ()
        start = _FORK.Process if forked else _SPAWN.Process
        process = start(target=_serve, args=(self._work, theirs, inherited, log), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours, slot, log)


def _serve(
    work: TaskWork[Given, Found], connection: Connection, inherited: Iterable[Connection], log: Path
) -> None:
    """What a process does: an error ends it, and its traceback is in the log.

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
    function: Callable[[Given], Found] | None = None
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        try:
            function = function or work.open()
        except HawkError as error:
            connection.send(_NotOpened(str(error)))
            return
        connection.send(function(task))


def _end(worker: _Worker[Given]) -> None:
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
