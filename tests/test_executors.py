"""Executors: what hangs, raises or dies is an answer, and who is killed loses nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from campaign_work import Squares, Unopened

from hawk_xdsl.errors import HawkError, OptionError
from hawk_xdsl.executors import Executor, Failure, LocalProcesses, Workplace, open_executor

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Executor]:
    with pytest.MonkeyPatch.context() as patch:
        # Ray's processes import what the tests import.
        patch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=":")
        with open_executor(Workplace(2, "local"), tmp_path_factory.mktemp("ray")) as executor:
            yield executor


@pytest.fixture(params=["processes", "ray"])
def executor(request: pytest.FixtureRequest, tmp_path: Path) -> Executor:
    if request.param == "ray":
        return request.getfixturevalue("cluster")
    return LocalProcesses(2, tmp_path)


def test_tasks_that_hang_raise_or_die_take_nothing_else_along(
    executor: Executor, tmp_path: Path
) -> None:
    tasks = ["1", "hang", "2", "raise", "die", "3", "die once", "4"]
    found = dict(executor.run(Squares(tmp_path), tasks, seconds=4.0))
    assert [found[name] for name in "1234"] == [1, 4, 9, 16]
    assert found["hang"] == Failure(True, "not done after 4 s")
    raised, died = found["raise"], found["die"]
    assert isinstance(raised, Failure) and "ArithmeticError: no such number" in raised.reason
    assert isinstance(died, Failure) and died.reason.endswith("(3 times)")
    assert found["die once"] == 1  # somebody killed its process: it was computed again
    assert len(found) == len(tasks)


def test_tasks_are_taken_only_when_somebody_is_free(executor: Executor, tmp_path: Path) -> None:
    taken: list[str] = []

    def tasks() -> Iterator[str]:
        for number in range(50):
            taken.append(str(number))
            yield str(number)

    running = executor.run(Squares(tmp_path), tasks(), seconds=20.0)
    next(running)
    assert len(taken) <= 2 * executor.jobs + 1
    assert len(list(running)) == 49
    assert list(executor.run(Squares(tmp_path), [], seconds=1.0)) == []


def test_work_that_a_machine_cannot_open_is_one_line(executor: Executor) -> None:
    with pytest.raises(HawkError, match=r"^no suite here"):
        list(executor.run(Unopened(), ["1"], seconds=5.0))


def test_wrong_workplaces_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OptionError):
        Workplace(0)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with (
        pytest.raises(HawkError, match=r"not installed: pip install 'hawk-xdsl\[ray\]'"),
        open_executor(Workplace(None, "local"), tmp_path),
    ):
        pass


def test_nothing_is_left_of_a_cluster_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sockets and logs lie in the user's cache while it runs, and those of the killed go too."""
    from hawk_xdsl.executors import ray_processes

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(ray_processes, "LONGEST_FOLDER", 1000)
    left = tmp_path / "hawk-xdsl" / "ray" / "4194399"  # above all process numbers
    left.mkdir(parents=True)
    with ray_processes.session_folder() as folder:
        assert not left.exists() and folder.parent == left.parent
        (folder / "log").touch()
    assert not folder.exists()
