"""Proposers of other packages: found by their entry points, asked by sources, judged like all."""

from pathlib import Path

import pytest
from plug_in import install
from undecided import SOFTMAX, SOFTMAX_KERNEL, undecided

from hawk_xdsl.compiler import open_decider
from hawk_xdsl.plug_ins import PlugInError
from hawk_xdsl.propose.decide import UndecidableError
from hawk_xdsl.propose.decision import Decision, Source
from hawk_xdsl.propose.settings import Budget, Settings, Sources

GROUP = "hawk_xdsl.proposers"

HAND_WRITTEN = f'''
from hawk_xdsl.propose.assignment import Assignment
from hawk_xdsl.propose.decision import Source
from hawk_xdsl.propose.draft import Draft


class HandWritten:
    def __init__(self):
        self.texts = ["nonsense", """{SOFTMAX_KERNEL}"""]

    def next(self):
        return Draft(Source.PLUG_IN, self.texts.pop(0), origin="by-hand") if self.texts else None

    def learn(self, draft, verdict):
        pass


def propose(given: Assignment):
    return HandWritten() if "exp" in given.specification.functions() else None
'''


@pytest.fixture
def by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hand_written.py").write_text(HAND_WRITTEN)
    install(tmp_path, monkeypatch, GROUP, "by-hand", "hand_written:propose")


def decide(sources: Sources = Sources.COMPOSITION) -> Decision:
    """What is decided where no entry knows anything."""
    settings = Settings(sources, Budget(attempts=4, tuning=1))
    with open_decider("ascend910b1", settings, entries=()) as decider:
        return decider.decide(undecided(SOFTMAX), "k")


@pytest.mark.usefixtures("by_hand")
def test_a_plug_in_writes_a_kernel_which_the_gate_verifies() -> None:
    found = decide()
    assert (found.source, found.origin) == (Source.PLUG_IN, "by-hand")
    assert found.first_right == 2, "its first text is nonsense, and was refused"
    assert found.cycles is not None
    assert decide().source is Source.REUSED


@pytest.mark.usefixtures("by_hand")
def test_only_sources_with_plug_ins_ask_them() -> None:
    with pytest.raises(UndecidableError, match="nothing says how"):
        decide(Sources.TEMPLATES)


def test_a_failure_that_is_remembered_does_not_speak_for_a_plug_in_that_came_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UndecidableError):
        decide()
    (tmp_path / "hand_written.py").write_text(HAND_WRITTEN)
    install(tmp_path, monkeypatch, GROUP, "by-hand", "hand_written:propose")
    assert decide().source is Source.PLUG_IN


@pytest.mark.parametrize(
    ("name", "source", "value", "reason"),
    [
        ("broken", "1 / 0", "broken:propose", "cannot be loaded: ZeroDivisionError"),
        ("number", "propose = 3", "number:propose", "must be a function or a class, got 3"),
        ("absent", "", "absent:propose", "cannot be loaded: AttributeError"),
        ("templates", "", "other:propose", "the name is taken"),
    ],
)
def test_a_plug_in_that_is_none_is_an_error_of_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    source: str,
    value: str,
    reason: str,
) -> None:
    module = value.partition(":")[0]
    (tmp_path / f"{module}.py").write_text(source)
    install(tmp_path, monkeypatch, GROUP, name, value)
    with pytest.raises(PlugInError, match=f"plug-in {name} of {module}: .*{reason}"):
        decide()
