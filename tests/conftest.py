"""What tests share: a knowledge store of its own for each, and the examples of the package."""

from collections.abc import Callable, Generator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from hawk_xdsl.frontend.program import Program

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store in a temporary folder, also for commands that name none."""
    path = tmp_path / "knowledge.sqlite"
    monkeypatch.setenv("HAWK_STORE", str(path))
    return path


@pytest.fixture(scope="session")
def example() -> Callable[[str], "Program"]:
    """An example of the package by its name, lowered once; each caller gets a module of its own."""
    from hawk_xdsl.frontend.load import load_program

    lowered = cache(lambda name: load_program(f"{EXAMPLES / name}.py:factory"))

    def copy(name: str) -> "Program":
        program = lowered(name)
        return replace(program, module=program.module.clone())

    return copy


@pytest.fixture(scope="module")
def much_held_out() -> Generator[None]:
    """So that a few lessons are enough."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hawk_xdsl.training.erased.HELD_OUT_SHARE", 40)
        yield
