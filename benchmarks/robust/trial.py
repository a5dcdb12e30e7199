"""One command in a process of its own, forked after all imports, and what became of it."""

import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

MEMORY = 6 << 30
"""Bytes of address space that a command may take beyond what it has when it is forked."""

COMPUTING = 30
"""Seconds that a command may compute; how long that takes depends on who else does."""

LONGEST_LINE = 2000
"""Characters of a message; longer is no line that anybody reads."""


class Fate(StrEnum):
    """What became of a command."""

    DONE = "done"  # the damage does not matter to it
    TYPED = "typed"  # one line, and exit status 1 or 2
    UNTYPED = "untyped"  # a traceback, several lines, none, or a crash
    HUNG = "hung"  # it did not end


@dataclass(frozen=True)
class Trial:
    """A command to run in a folder; ``run`` is called in the child, after ``prepare``.

    ``prepare`` damages something and says how; ``command`` says what is run.
    """

    subject: str
    command: str
    folder: Path
    prepare: Callable[[], str]
    run: Callable[[], object]


@dataclass(frozen=True)
class Outcome:
    """What became of a trial: its fate, how its input was damaged, what it said."""

    trial: Trial
    fate: Fate
    damage: str
    said: str


@dataclass
class _Running:
    trial: Trial
    began: float


def run_trials(trials: Iterable[Trial], jobs: int, seconds: float) -> Iterator[Outcome]:
    """Runs trials, ``jobs`` at a time, in the order of their ends.

    One hangs that computes for more than ``COMPUTING`` seconds, or does not end within ``seconds``.
    """
    waiting, running = iter(trials), dict[int, _Running]()
    for trial in waiting:
        running[fork(trial)] = _Running(trial, time.monotonic())
        while len(running) >= jobs:
            yield from _ended(running, seconds)
    while running:
        yield from _ended(running, seconds)


def _ended(running: dict[int, _Running], seconds: float) -> Iterator[Outcome]:
    time.sleep(0.002)
    for child, each in list(running.items()):
        done, status = os.waitpid(child, os.WNOHANG)
        late = time.monotonic() - each.began > seconds
        if not done and late:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        if done and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
            done, late = 0, True
        if done or late:
            del running[child]
            yield outcome_of(each.trial, status if done else None)


def fork(trial: Trial) -> int:
    """Starts a trial in a child; returns the child's process id."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        return child
    status = 70
    try:
        os.chdir(trial.folder)
        _limit_memory()
        resource.setrlimit(resource.RLIMIT_CPU, (COMPUTING, COMPUTING + 5))
        (trial.folder / "damage").write_text(trial.prepare(), errors="replace")
        for descriptor, name in ((1, "stdout"), (2, "stderr")):
            file = os.open(trial.folder / name, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
            os.dup2(file, descriptor)
        # A test runner may have put others in their place.
        sys.stdout, sys.stderr = (os.fdopen(each, "w", encoding="utf-8") for each in (1, 2))
        trial.run()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 71
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if sys.platform == "linux" else 0
    if pages:
        most = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def outcome_of(trial: Trial, status: int | None) -> Outcome:
    """What a child's exit status (none: it was killed) and its standard error come to."""
    said, damage = (_text(trial.folder / name) for name in ("stderr", "damage"))
    if status is None:
        return Outcome(trial, Fate.HUNG, damage, said)
    code = os.waitstatus_to_exitcode(status)
    lines = [line for line in said.splitlines() if line.strip()]
    fate = Fate.UNTYPED
    if code == 0 and "Traceback" not in said:
        fate = Fate.DONE
    elif code in (1, 2) and len(lines) == 1 and len(said) < LONGEST_LINE:
        fate = Fate.TYPED if said.startswith("hawk: ") else Fate.UNTYPED
    return Outcome(trial, fate, damage, f"[{code}] {said}")


def _text(file: Path) -> str:
    return file.read_text(errors="replace") if file.exists() else ""
