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


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--corpus``: everything, as continuous integration does."""
    parser.addoption(
        "--corpus", action="store_true", help="run the tests of whole corpora too: minutes more"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out whole corpora, unless they are asked for, or files are named."""
    named = config.args_source is pytest.Config.ArgsSource.ARGS
    if named or config.getoption("--corpus") or "corpus" in str(config.getoption("-m")):
        return
    left_out = [item for item in items if item.get_closest_marker("corpus")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


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
