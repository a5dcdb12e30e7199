"""Directories that are replaced as a whole: killed at any time, the old or the new one is there."""

import ctypes
import glob
import os
import shutil
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from hawk_xdsl.errors import WriteError
from hawk_xdsl.files.boundary import writing
from hawk_xdsl.files.whole_file import ABANDONED

_AT_CWD = {"linux": -100, "darwin": -2}
_SWAP = {"linux": ("renameat2", 2), "darwin": ("renameatx_np", 2)}
"""The calls that exchange two names in one step, and the flag that asks them to."""


def check_replaceable(directory: Path, own: frozenset[str]) -> None:
    """Raises ``WriteError`` unless a directory can be made or replaced here.

    Args:
        directory: the place; it need not exist.
        own: the names that a directory of this kind holds. One that holds others is somebody
            else's, and stays.
    """
    with writing(directory, "a directory here"):
        if reason := _in_the_way(directory.resolve(), own):
            raise WriteError(f"cannot write a directory here: {reason}", file=str(directory))


def _in_the_way(place: Path, own: frozenset[str]) -> str:
    if place.exists():
        if not place.is_dir():
            return "this is a file"
        if Path.cwd().is_relative_to(place):
            return "you are in it; give another"
        if others := sorted({entry.name for entry in place.iterdir()} - own):
            return f"it holds what is not ours ({others[0]}); give an empty or new one"
    parent = next(each for each in place.parents if each.exists())
    if not parent.is_dir():
        return f"{parent} is a file"
    if not os.access(parent, os.W_OK | os.X_OK):
        return f"no right to write in {parent}"
    return ""


@contextmanager
def whole_directory(directory: Path) -> Generator[Path]:
    """Gives a new directory to fill; it takes the name, and the old one's place, at the end.

    It lies beside, with the ending ``.partial``. After an error nothing stays of it. What a killed
    process left is removed a day later, when the same directory is written again.
    Raises ``WriteError``.
    """
    with writing(directory, "this directory"):
        place = directory.resolve()
        place.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(place)
        partial = place.with_name(f"{place.name}.{uuid4().hex[:12]}.partial")
        partial.mkdir()
        try:
            yield partial
            _synchronise(partial)
            _replace(partial, place)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _replace(new: Path, old: Path) -> None:
    """Gives ``new`` the name of ``old``; afterwards what was there has the name of ``new``."""
    if not old.exists():
        os.rename(new, old)
    elif not _exchanged(new, old):
        # No such call here. Between the two renames the old one lies beside, under another name.
        aside = new.with_name(f"{new.name}.old")
        os.rename(old, aside)
        os.rename(new, old)
        shutil.rmtree(aside, ignore_errors=True)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchanges two names in one step, where the system and the file system can."""
    if sys.platform not in _SWAP:
        return False
    name, flag = _SWAP[sys.platform]
    call = getattr(ctypes.CDLL(None), name, None)
    at = _AT_CWD[sys.platform]
    return call is not None and call(at, os.fsencode(one), at, os.fsencode(other), flag) == 0


def _synchronise(directory: Path) -> None:
    """Waits until the files are on the disk, so that a power cut leaves no empty ones either."""
    for path in directory.rglob("*"):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())


def _remove_abandoned(place: Path) -> None:
    for left in place.parent.glob(f"{glob.escape(place.name)}.*.partial*"):
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > ABANDONED:
                shutil.rmtree(left, ignore_errors=True)
