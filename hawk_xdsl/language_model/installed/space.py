"""What a model needs of the disk and of the memory, checked and said before anything starts."""

import os
import shutil
from pathlib import Path

from hawk_xdsl.errors import HawkError

_MEMORY = Path("/proc/meminfo")


class TooLittleSpaceError(HawkError):
    """The disk or the memory does not suffice for a model; nothing was started."""


def as_size(count: float) -> str:
    """Bytes as a person reads them: ``491 MB``, ``3.1 GB``."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def check_disk(directory: Path, needed: int, what: str) -> None:
    """Raises ``TooLittleSpaceError`` unless a directory's disk has ``needed`` bytes left."""
    there = next(each for each in (directory, *directory.parents) if each.exists())
    free = shutil.disk_usage(there).free
    if free < needed:
        message = f"{what} needs {as_size(needed)} of disk, {as_size(free)} are free"
        raise TooLittleSpaceError(message, file=str(there))


def check_memory(needed: int, what: str) -> None:
    """Raises ``TooLittleSpaceError`` unless ``needed`` bytes of memory are available."""
    free = available_memory()
    if free is not None and free < needed:
        message = f"{what} needs {as_size(needed)} of memory, {as_size(free)} are available"
        raise TooLittleSpaceError(message)


def available_memory() -> int | None:
    """The bytes of memory that a process can still get; ``None`` where the system does not say."""
    if _MEMORY.exists():
        for line in _MEMORY.read_text(encoding="utf-8").splitlines():
            name, _, amount = line.partition(":")
            if name == "MemAvailable":
                return int(amount.split()[0]) * 1024
    if hasattr(os, "sysconf") and "SC_AVPHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None
