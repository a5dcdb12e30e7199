"""Work for the tests of executors: functions that a process of a cluster imports."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hawk_xdsl.errors import HawkError


@dataclass(frozen=True)
class Squares:
    """Squares numbers; words hang, raise, and kill the process once or always."""

    folder: Path

    def open(self) -> Callable[[str], int]:
        return self.square

    def square(self, task: str) -> int:
        match task:
            case "hang":
                time.sleep(60)
            case "raise":
                raise ArithmeticError("no such number")
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "die once" if not (self.folder / "died").exists():
                (self.folder / "died").touch()
                os.kill(os.getpid(), signal.SIGKILL)
            case "die once":
                return 1
            case _:
                pass
        return int(task) ** 2


@dataclass(frozen=True)
class Unopened:
    """Work that lacks a part."""

    def open(self) -> Callable[[str], int]:
        raise HawkError("no suite here")
