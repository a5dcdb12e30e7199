"""Estimates that joining goes by are searched once by a version of the code, and kept."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from undecided import SOFTMAX, undecided

from hawk_xdsl.compiler import open_decider
from hawk_xdsl.passes import decide_program
from hawk_xdsl.passes.decide_program import Estimates
from hawk_xdsl.propose.settings import Settings, Sources
from hawk_xdsl.semantics.specification import specify


def estimates(store: Path, *, fresh: bool = False, only: Sequence[str | None]) -> list[float]:
    """What the store's decider estimates of a softmax, of all templates or of a strategy."""
    specification = specify(undecided(SOFTMAX))
    settings = Settings(Sources.COMPOSITION, fresh=fresh)
    with open_decider("ascend910b1", settings, store=store) as decider:
        return [Estimates(decider).cycles(specification, each) for each in only]


def test_an_estimate_is_searched_once_and_read_from_the_store_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = (None, "whole-tiles", "finished-sums")
    first = estimates(tmp_path / "s", only=asked)
    assert 0 < first[0] <= first[1] < first[2] == float("inf")
    monkeypatch.setattr(decide_program, "candidates", None)
    assert estimates(tmp_path / "s", only=asked) == first
    with pytest.raises(TypeError):
        estimates(tmp_path / "s", fresh=True, only=asked)
    with pytest.raises(TypeError):
        estimates(tmp_path / "other", only=asked)
