"""Runs what may abort the process in a forked child: an abort becomes an error of one line."""

import faulthandler
import gc
import os
import pickle
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, TypeVar, cast

from hawk_xdsl.errors import HawkError

IN_PROCESS = "HAWK_IN_PROCESS"
"""The environment variable that, set to anything but 0, keeps the work in this process."""

SECONDS = 300
"""A child that computed for so long is ended: torch-mlir does not end on some inputs, and grows."""

LATE = "late"
"""The cause where a child had to be ended."""

PATIENCE = 10
"""How much longer a child may wait, on a busy machine, than it computes."""

_Made = TypeVar("_Made")

EnterStage = Callable[[str], None]
"""Called by the work with the stage that it enters, so that an abort has a place."""


class AbortError(HawkError):
    """The work ended its process, or did not end.

    Attributes:
        stage: what it was doing; empty if it named none.
        cause: the name of the signal, an exit status, or ``LATE``.
        how: what happened in words, to follow the subject.
        reason: the line it left on its error output, if it left one that says why.
    """

    def __init__(self, stage: str, cause: str, reason: str, *, file: str | None = None) -> None:
        self.stage, self.cause = stage, cause
        self.how = f"aborts ({cause})"
        if cause == LATE:
            self.how = f"does not end; {IN_PROCESS}=1 sets no limit"
        self.reason = f": {reason}" if reason else ""
        during = f" during {stage}" if stage else ""
        super().__init__(f"torch-mlir{during} {self.how}{self.reason}", file=file)


@dataclass(frozen=True)
class _StageEntered:
    """A stage that was entered."""

    stage: str


@dataclass(frozen=True)
class _Failed:
    """An error of the input or the environment; ``machine``: an ``OSError`` caused it."""

    message: str
    file: str | None
    line: int | None
    machine: bool


@dataclass(frozen=True)
class _Returned:
    value: object


def forks() -> bool:
    """Whether work is done in a child: on Linux, unless ``HAWK_IN_PROCESS`` is set."""
    return sys.platform == "linux" and os.environ.get(IN_PROCESS, "0") in ("", "0")


def in_child(
    work: Callable[[EnterStage], _Made],
    *,
    file: str | None,
    seconds: int = SECONDS,
    on_stage: EnterStage = lambda stage: None,
) -> _Made:
    """The result of ``work``, from a forked child where that can be.

    The child sees all that this process holds and changes none of it. What comes back is pickled;
    an error that is no ``HawkError`` comes back as one. A fork of a process of 1 GB takes some
    10 ms: the pages are shared.

    Args:
        work: is given a function to name its stages with. It must not need other threads.
        file: the file that errors are about.
        seconds: of CPU time, after which the child is ended.
        on_stage: told of each stage as soon as the work enters it.

    Raises:
        HawkError: what ``work`` raised; ``AbortError`` if it ended the process or took too long.
            Its cause is an ``OSError`` where the machine is the reason and not the input.
    """
    if not forks():
        return work(on_stage)
    with TemporaryFile() as errors:
        reader, writer = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python 3.12 warns of forks beside threads
            child = os.fork()
        if child == 0:
            try:
                os.close(reader)
                _child(work, writer, errors, seconds)
            finally:
                os._exit(0)
        os.close(writer)
        data, status = _wait(child, reader, PATIENCE * seconds, on_stage)
        errors.seek(0)
        return cast(_Made, _outcome(data, status, errors.read(), file))


def _child(
    work: Callable[[EnterStage], object], writer: int, errors: BinaryIO, seconds: int
) -> None:
    """Does the work and sends what came of it."""
    gc.freeze()  # what the parent left to collect may hold threads that are not here
    faulthandler.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the child
    _limit(seconds)
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    os.dup2(errors.fileno(), 1)
    os.dup2(errors.fileno(), 2)
    with os.fdopen(writer, "wb") as pipe:

        def send(message: object) -> None:
            pickle.dump(message, pipe)
            pipe.flush()

        try:
            send(_Returned(work(lambda stage: send(_StageEntered(stage)))))
        except HawkError as error:
            machine = isinstance(error.__cause__, OSError)
            send(_Failed(error.message, error.file, error.line, machine))
        except Exception as error:
            first = (str(error).strip().splitlines() or [""])[0][:300]
            machine = isinstance(error, OSError)
            send(_Failed(f"{type(error).__name__}: {first}", None, None, machine))


def _limit(seconds: int) -> None:
    """Limits the child's CPU time; it leaves no core file and is the first to go without memory."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    if most == resource.RLIM_INFINITY:  # else somebody limits this process already
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _wait(
    child: int, reader: int, seconds: float, on_stage: EnterStage
) -> tuple[bytes, int | None]:
    """All that the child sends, and its status: ``None`` if it had to be ended."""
    chunks: list[bytes] = []
    reported = 0
    ended = False
    until = time.monotonic() + seconds
    try:
        while select.select([reader], [], [], max(0.0, until - time.monotonic()))[0]:
            chunk = os.read(reader, 1 << 20)
            if not chunk:
                ended = True
                break
            chunks.append(chunk)
            if len(chunks) - 1 == reported:  # a stage fits one read; a result may not
                reported += _report(chunk, on_stage)
    finally:
        os.close(reader)
        if not ended:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    return b"".join(chunks), status if ended else None


def _report(chunk: bytes, on_stage: EnterStage) -> bool:
    """Tells of the stages in what was read at once; whether there was nothing else in it."""
    stream = BytesIO(chunk)
    while stream.tell() < len(chunk):
        try:
            message: object = pickle.load(stream)
        except (EOFError, pickle.UnpicklingError):
            return False
        if not isinstance(message, _StageEntered):
            return False
        on_stage(message.stage)
    return True


def _outcome(data: bytes, status: int | None, errors: bytes, file: str | None) -> object:
    stage = ""
    stream = BytesIO(data)
    while stream.tell() < len(data):
        try:
            message: object = pickle.load(stream)
        except (EOFError, pickle.UnpicklingError):
            break
        match message:
            case _StageEntered():
                stage = message.stage
            case _Failed():
                cause = OSError(message.message) if message.machine else None
                error = HawkError(message.message, file=message.file or file, line=message.line)
                raise error from cause
            case _Returned():
                return message.value
            case _:
                break
    cause = LATE if status is None else _cause(status)
    error = AbortError(stage, cause, _reason(errors), file=file)
    raise error from (ChildProcessError(cause) if status in (None, signal.SIGKILL) else None)


def _cause(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGXCPU:
        return LATE
    return signal.Signals(-code).name if code < 0 else f"exit status {code}"


def _reason(errors: bytes) -> str:
    """The line of an error output that says why, shortened."""
    lines = [line.strip() for line in errors.decode(errors="replace").splitlines()]
    for line in lines:
        _, marked, reason = line.partition("LLVM ERROR: ")
        if marked or "Assertion" in line:
            return (reason or line)[:200]
    return ""
