"""Rows that were made are kept: a line of JSON each, with the digest of the code that made it."""

import hashlib
import json
import os
import pickle
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import hawk_xdsl
from vendor_ops.comparison import Row

Result = TypeVar("Result")


class Crash(RuntimeError):
    """A process ended without a result."""


def code_digest() -> str:
    """A digest of what decides a row: this folder, the simulator, the targets, the dialect."""
    package = Path(hawk_xdsl.__file__).parent
    files = sorted(Path(__file__).parent.rglob("*.py"))
    for room in ("npu_target", "dialects/npu"):
        files += sorted(f for f in (package / room).rglob("*") if f.suffix in (".py", ".toml"))
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


class KeptRows:
    """Rows in a file."""

    def __init__(self, file: Path | None) -> None:
        self._file, self._code = file, code_digest()
        self._rows: dict[str, Row] = {}
        if file is not None and file.exists():
            for line in file.read_text().splitlines():
                found = json.loads(line)
                if found.pop("code") == self._code:
                    row = Row(**found)
                    self._rows[row.key] = row

    def get(self, key: str) -> Row | None:
        """The row of a case, if this code has made it."""
        return self._rows.get(key)

    def add(self, row: Row) -> None:
        """Keep a row."""
        self._rows[row.key] = row
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a") as file:
                file.write(json.dumps({**row.as_dict(), "code": self._code}) + "\n")


def in_a_process(function: Callable[[], Result], seconds: int) -> Result:
    """What a function returns in a process of its own: compiled code may write anywhere.

    Raises ``Crash`` if it ends otherwise, or takes longer.
    """
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        signal.alarm(seconds)
        with os.fdopen(write_end, "wb") as pipe:
            pickle.dump(function(), pipe)
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        data = pipe.read()
    _, status = os.waitpid(child, 0)
    if status or not data:
        raise Crash(f"ended with signal {os.WTERMSIG(status)}" if status else "gave nothing")
    return pickle.loads(data)
