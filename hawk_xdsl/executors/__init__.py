"""Who computes the tasks of a campaign: processes of this machine, or of a Ray cluster."""

from hawk_xdsl.executors.choose import Workplace, is_spread, open_executor
from hawk_xdsl.executors.executor import Executor, Failure, Opened, TaskWork
from hawk_xdsl.executors.local_processes import LocalProcesses

__all__ = [
    "Executor",
    "Failure",
    "LocalProcesses",
    "Opened",
    "TaskWork",
    "Workplace",
    "is_spread",
    "open_executor",
]
