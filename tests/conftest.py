"""What every test shares: a knowledge store of its own."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store in a temporary folder, also for commands that name none."""
    path = tmp_path / "knowledge.sqlite"
    monkeypatch.setenv("HAWK_STORE", str(path))
    return path
