"""The executables of the package ``ascendnpu-ir``: where they are, and that they may be run."""

import importlib.util
import os
import shutil
import stat
from functools import cache
from pathlib import Path

import platformdirs

from hawk_xdsl.errors import HawkError

PACKAGE = "ascendnpuir"
"""The module that the executables are installed beside."""

INSTALL = "pip install 'hawk-xdsl[ascend]'"
"""What a user types to have them."""


class NoVendorToolsError(HawkError):
    """The vendor's compiler is not installed, or cannot be run here."""


def tools_installed() -> bool:
    """Whether the vendor's compiler is installed."""
    return importlib.util.find_spec(PACKAGE) is not None


def library_folder() -> Path:
    """Where the vendor's op library lies. Raises ``NoVendorToolsError``."""
    return _package() / "lib"


@cache
def tool(name: str) -> Path:
    """An executable that can be run: ``bishengir-opt``.

    The wheel leaves out the mark that a file is executable. It is set where the file may be
    changed; elsewhere the file is copied to the user's cache.

    Raises:
        NoVendorToolsError: not installed, or neither can be done.
    """
    file = _package() / "bin" / name
    if not file.is_file():
        raise NoVendorToolsError(f"{PACKAGE} has no {name}: {INSTALL} --upgrade")
    if os.access(file, os.X_OK):
        return file
    try:
        _allow(file)
    except OSError:
        file = _copy(file)
    return file


def _package() -> Path:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise NoVendorToolsError(f"needs the vendor's compiler: {INSTALL}")
    return Path(found.origin).parent


def _allow(file: Path) -> None:
    file.chmod(file.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def _copy(file: Path) -> Path:
    """An executable copy in the user's cache; one of the same size there is taken as it."""
    copy = platformdirs.user_cache_path("hawk-xdsl") / "vendor" / file.name
    try:
        if not (copy.is_file() and copy.stat().st_size == file.stat().st_size):
            copy.parent.mkdir(parents=True, exist_ok=True)
            part = copy.with_name(f"{copy.name}.{os.getpid()}")
            shutil.copyfile(file, part)
            part.replace(copy)
        _allow(copy)
    except OSError as error:
        message = f"{file} is not executable, and a copy of it cannot be made: {error}"
        raise NoVendorToolsError(f"{message}; chmod +x it") from error
    return copy
