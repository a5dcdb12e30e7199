"""Where tasks are computed, as a command's options say it."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hawk_xdsl.executors.executor import Executor
from hawk_xdsl.executors.local_processes import LocalProcesses
from hawk_xdsl.executors.ray_processes import LOCAL, machines, ray_cluster
from hawk_xdsl.options import check_count

LOCAL_JOBS = 2
"""Processes of this machine if nobody says how many."""


@dataclass(frozen=True)
class Workplace:
    """Processes of this machine, or with ``ray`` those of a cluster: its address, or ``local``.

    ``jobs`` is how many tasks run at a time; ``None``: two here, all CPUs of a cluster.
    """

    jobs: int | None = None
    ray: str | None = None

    def __post_init__(self) -> None:
        """Raises ``OptionError`` for a number that is none."""
        if self.jobs is not None:
            check_count("jobs", self.jobs, 1)


@contextmanager
def open_executor(
    workplace: Workplace, folder: Path, *, forked: bool = True
) -> Generator[Executor]:
    """The executor of a workplace; processes of this machine write their logs into the folder.

    They are not to be forked from a process that has a store open.

    Raises ``HawkError`` if there is no such cluster.
    """
    if workplace.ray is None:
        yield LocalProcesses(workplace.jobs or LOCAL_JOBS, folder, forked)
        return
    jobs = workplace.jobs
    if jobs is None and workplace.ray == LOCAL:
        jobs = LOCAL_JOBS
    with ray_cluster(workplace.ray, jobs) as cluster:
        yield cluster


def is_spread(workplace: Workplace) -> bool:
    """Whether an open workplace has several machines, which share no files."""
    return workplace.ray not in (None, LOCAL) and machines() > 1
