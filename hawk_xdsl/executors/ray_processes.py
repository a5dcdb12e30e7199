"""An executor of the processes of a Ray cluster, of this machine or of many."""

import importlib.util
import logging
import os
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic

import platformdirs

from hawk_xdsl.errors import HawkError
from hawk_xdsl.executors.executor import MOST_DEATHS, Deaths, Failure, Found, Given, TaskWork, late
from hawk_xdsl.files.code_digest import code_digest

if TYPE_CHECKING:
    from ray import ObjectRef

LOCAL = "local"
"""The address of a cluster that is started on this machine, and ended with the campaign."""

INSTALL = "pip install 'hawk-xdsl[ray]'"

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is sent anywhere
    "RAY_enable_metrics_collection": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # a task that asks for no accelerator sees all
}
"""What Ray is told before it is imported."""

LONGEST_FOLDER = 40
"""Characters: Ray's sockets lie 60 deeper, and their paths must stay below 108."""

OBJECT_BYTES = 100 * 2**20
"""Room for answers in flight, of a local cluster: the least that Ray takes is 75 MiB."""


@dataclass(frozen=True)
class RayProcesses:
    """An executor with so many processes (Ray's actors) of a cluster that is connected."""

    jobs: int

    def run(
        self, work: TaskWork[Given, Found], tasks: Iterable[Given], *, seconds: float
    ) -> Iterator[tuple[Given, Found | Failure]]:
        """As :meth:`hawk_xdsl.executors.executor.Executor.run` says."""
        return _Crew(work, seconds, tasks).run(self.jobs)


@contextmanager
def ray_cluster(address: str, jobs: int | None) -> Generator[RayProcesses]:
    """Connects to a cluster; ``local`` starts one on this machine, which ends with the block.

    Without ``jobs`` there are as many processes as the cluster has CPUs.
    Raises ``HawkError`` if Ray is not installed, or nobody answers.
    """
    if importlib.util.find_spec("ray") is None:
        raise HawkError(f"--ray {address}: Ray is not installed: {INSTALL}")
    os.environ.update(QUIET)
    import ray

    with session_folder() as folder:
        try:
            if address == LOCAL:
                ray.init(
                    num_cpus=jobs or os.cpu_count(),
                    include_dashboard=False,
                    object_store_memory=OBJECT_BYTES,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                    _node_ip_address="127.0.0.1",
                    _temp_dir=str(folder),
                )
            else:
                ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise HawkError(f"--ray {address}: cannot connect: {reason}") from None
        try:
            yield RayProcesses(jobs or max(1, int(ray.cluster_resources().get("CPU", 1))))
        finally:
            ray.shutdown()


def machines() -> int:
    """How many machines the connected cluster has now."""
    import ray

    return sum(bool(node["Alive"]) for node in ray.nodes())


@contextmanager
def session_folder() -> Generator[Path]:
    """Where a local cluster has its sockets and logs; gone afterwards, also that of the killed."""
    base = platformdirs.user_cache_path("hawk-xdsl") / "ray"
    if len(str(base)) > LONGEST_FOLDER:
        base = Path(tempfile.gettempdir()) / f"hawk-ray-{os.getuid()}"
    base.mkdir(parents=True, exist_ok=True)
    for left in base.iterdir():
        if not (Path("/proc") / left.name).exists():
            shutil.rmtree(left, ignore_errors=True)
    folder = base / str(os.getpid())
    folder.mkdir(exist_ok=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Server(Generic[Given, Found]):
    """The actor: one process that has the work open. Ray lets one CPU's actor use one thread."""

    def __init__(self, work: TaskWork[Given, Found], digest: str) -> None:
        self._function: Callable[[Given], Found] | None = None
        self._wrong = ""
        try:
            if code_digest() != digest:
                raise HawkError("another hawk-xdsl is installed: install the same everywhere")
            self._function = work.open()
        except HawkError as error:
            self._wrong = f"{error} (on {os.uname().nodename})"

    def wrong(self) -> str:
        """Why the work could not be opened; empty if it is open."""
        return self._wrong

    def run(self, task: Given) -> Found:
        """The answer to a task."""
        assert self._function is not None
        return self._function(task)


@dataclass(eq=False)
class _Seat(Generic[Given]):
    """An actor and what it does: it opens the work, or computes a task since ``started``."""

    actor: Any  # of _Server; Ray makes its handles' types at run time
    doing: "ObjectRef[Any]"
    task: Given | None = None
    started: float = 0.0


class _Crew(Generic[Given, Found]):
    """The actors of one run."""

    def __init__(
        self, work: TaskWork[Given, Found], seconds: float, tasks: Iterable[Given]
    ) -> None:
        import ray

        self._work = ray.put(work)
        self._seconds = seconds
        self._tasks = iter(tasks)
        self._waiting: deque[Given] = deque()
        self._deaths = Deaths[Given]()
        self._unopened = 0
        self._seats: list[_Seat[Given]] = []

    def run(self, jobs: int) -> Iterator[tuple[Given, Found | Failure]]:
        """Each task with its outcome."""
        import ray

        try:
            while self._more() or any(seat.task is not None for seat in self._seats):
                while len(self._seats) < jobs and self._more():
                    self._seats.append(self._seat())
                seat, late = self._next()
                outcome = self._late(seat) if late else self._heard(seat)
                if outcome is not None:
                    task, seat.task = seat.task, None
                    assert task is not None
                    yield task, outcome
                if seat in self._seats and seat.task is None:
                    self._give(seat)
        finally:
            for seat in self._seats:
                ray.kill(seat.actor)

    def _more(self) -> bool:
        """Whether a task waits; the next one is taken for it."""
        if not self._waiting and (task := next(self._tasks, None)) is not None:
            self._waiting.append(task)
        return bool(self._waiting)

    def _seat(self) -> _Seat[Given]:
        import ray

        made: Any = ray.remote(_Server)
        actor = made.options(num_cpus=1).remote(self._work, code_digest())
        return _Seat(actor, actor.wrong.remote())

    def _give(self, seat: _Seat[Given]) -> None:
        """The next task to an actor that has done its own; without one it ends."""
        if self._more():
            seat.task = self._waiting.popleft()
            seat.started = time.monotonic()
            seat.doing = seat.actor.run.remote(seat.task)
        else:
            self._dismiss(seat)

    def _dismiss(self, seat: _Seat[Given]) -> None:
        import ray

        ray.kill(seat.actor)
        self._seats.remove(seat)

    def _next(self) -> tuple[_Seat[Given], bool]:
        """The next actor that has something to say, or is late."""
        import ray

        running = [seat for seat in self._seats if seat.task is not None]
        oldest = min(running, key=lambda seat: seat.started, default=None)
        left = None
        if oldest is not None:
            left = max(0.0, oldest.started + self._seconds - time.monotonic())
        ready, _ = ray.wait([seat.doing for seat in self._seats], timeout=left)
        if ready:
            return next(seat for seat in self._seats if seat.doing == ready[0]), False
        assert oldest is not None, "only tasks have a limit"
        return oldest, True

    def _late(self, seat: _Seat[Given]) -> Failure:
        self._dismiss(seat)
        return late(self._seconds)

    def _heard(self, seat: _Seat[Given]) -> Found | Failure | None:
        """The outcome of an actor's task; ``None`` if it has none, or will be tried again."""
        import ray
        from ray.exceptions import RayActorError, RayTaskError

        try:
            found = ray.get(seat.doing)
        except RayTaskError as error:
            return Failure(False, f"the task raised {_last_line(error)}")
        except RayActorError as error:
            self._dismiss(seat)
            reason = f"the process ended: {_last_line(error)}"
            return self._unopened_died(reason) if seat.task is None else self._died(seat, reason)
        if seat.task is not None:
            return found
        if found:
            raise HawkError(found)
        return None

    def _unopened_died(self, reason: str) -> None:
        """Raises ``HawkError`` if processes die again and again before they have a task."""
        self._unopened += 1
        if self._unopened == MOST_DEATHS * max(1, len(self._seats)):
            raise HawkError(f"processes of the cluster end before they have a task: {reason}")

    def _died(self, seat: _Seat[Given], reason: str) -> Failure | None:
        assert seat.task is not None
        failure = self._deaths.failure(seat.task, reason)
        if failure is None:
            self._waiting.append(seat.task)
            seat.task = None
        return failure


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1].strip()[:300]
