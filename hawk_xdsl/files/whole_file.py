"""Files that are whole or not there, whenever the writing is interrupted."""

import glob
import os
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

ABANDONED = 24 * 3600.0
"""Seconds after which a file that was not completed is taken for one of a killed process."""


@contextmanager
def whole_file(path: Path) -> Generator[Path]:
    """Gives a path to write to; the file appears under its own name only when the block is over.

    Until then it is beside it, with the ending ``.partial`` and a name that nobody else writes to.
    After an error nothing stays of it, and what was there before is as it was. What a killed
    process left is removed when the same file is written again, a day later.
    """
    for left in path.parent.glob(f"{glob.escape(path.name)}.*.partial"):
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > ABANDONED:
                left.unlink()
    partial = path.with_name(f"{path.name}.{uuid4().hex[:12]}.partial")
    try:
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Writes a text file that is complete or not there; see :func:`whole_file`."""
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")
