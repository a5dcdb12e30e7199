"""Files that are whole or not there, whenever the writing is interrupted."""

import os
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Writes a file; it appears under its name only when it is complete and on the disk.

    Until then it is beside it, with the ending ``.partial``.
    """
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
