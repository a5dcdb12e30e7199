"""What every test shares: a knowledge store of its own."""

from collections.abc import Generator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store in a temporary folder, also for commands that name none."""
    path = tmp_path / "knowledge.sqlite"
    monkeypatch.setenv("HAWK_STORE", str(path))
    return path


@pytest.fixture(scope="module")
def much_held_out() -> Generator[None]:
    """So that a few lessons are enough."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hawk_xdsl.training.erased.HELD_OUT_SHARE", 40)
        yield
