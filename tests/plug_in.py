"""Installs a plug-in for a test: a module and the metadata of the package that it is from."""

import importlib
import sys
from pathlib import Path

import pytest


def install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, group: str, name: str, value: str
) -> None:
    """Makes ``value``, an object ``module:object`` of a module in ``folder``, a plug-in.

    The folder gets what pip would have put there: the metadata of a package.
    """
    module = value.partition(":")[0]
    metadata = folder / f"{module}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[{group}]\n{name} = {value}\n")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, module, raising=False)
    importlib.invalidate_caches()
