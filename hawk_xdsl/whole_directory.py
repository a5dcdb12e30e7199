"""Directories that are replaced as a whole: a process killed at any time leaves the old or the new."""

import ctypes
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from hawk_xdsl.boundary import writing
from hawk_xdsl.errors import WriteError
from hawk_xdsl.whole_file import ABANDONED

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
    place = directory.absolute()
    with writing(directory, "a directory here"):
        if place.exists():
            if not place.is_dir():
                raise WriteError("cannot write a directory here: a file has the name", file=str(directory))
            if Path.cwd().is_relative_to(place.resolve()):
                raise WriteError("cannot replace the directory you are in: give another", file=str(directory))
            if others := sorted({entry.name for entry in place.iterdir()} - own):
                raise WriteError(
                    f"the directory holds what is not ours ({others[0]}): give an empty or new one",
                    file=str(directory),
                )
        parent = next(each for each in place.parents if each.exists())
        if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
            raise WriteError(f"cannot write a directory here: no access to {parent}", file=str(directory))


@contextmanager
def whole_directory(directory: Path) -> Generator[Path]:
    """Gives a new directory to fill; it takes the name, and the old one's place, at the end.

    It lies beside, with the ending ``.partial``. After an error nothing stays of it. What a killed
    process left is removed a day later, when the same directory is written again.
    Raises ``WriteError``.
    """
    place = directory.absolute()
    with writing(directory, "this directory"):
        place.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(place)
        partial = Path(
            tempfile.mkdtemp(prefix=f"{place.name}.", suffix=".partial", dir=place.parent)
        )
        try:
            yield partial
            partial.chmod(0o777 & ~_umask())
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
    for left in place.parent.glob(f"{_literal(place.name)}.*.partial*"):
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > ABANDONED:
                shutil.rmtree(left, ignore_errors=True)


def _literal(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
