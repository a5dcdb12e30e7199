"""The local model is really asked where neither the store nor a template decides an op."""

from pathlib import Path

import pytest
from kernel_files import read_module

from hawk_xdsl.compiled import Compiled
from hawk_xdsl.frontend.mlir_import import import_mlir
from hawk_xdsl.knowledge_store import AttemptVerdict, KnowledgeStore
from hawk_xdsl.language_model.model_files import SMOLLM
from hawk_xdsl.pipeline import compile_program
from hawk_xdsl.propose.settings import Budget, Settings, Sources

pytestmark = pytest.mark.model

POWER = read_module("programs/power")


def compiled(path: Path, sources: Sources, attempts: int = 2) -> Compiled:
    settings = Settings(sources, Budget(attempts=attempts, seconds=120), host_fallback=True)
    (path / "power.mlir").write_text(POWER)
    program = import_mlir(path / "power.mlir")
    return compile_program(program, settings=settings, model=SMOLLM)


def test_every_attempt_of_the_model_is_recorded(tmp_path: Path, store: Path) -> None:
    [row] = compiled(tmp_path, Sources.ALL, attempts=1).report
    with KnowledgeStore(store) as opened:
        lacking, *outcomes = opened.outcomes()
    assert (lacking.source, lacking.trap_code) == ("template", "no-instruction")
    assert outcomes
    for outcome in outcomes:
        assert outcome.source == "model"
        assert outcome.model is not None and "SmolLM2" in outcome.model
        assert "fpowi v0, v1" in outcome.prompt[-1].content
        assert outcome.kernel_text and outcome.tokens > 0
        # The unit has no whole powers of a tile and this model does not know how to compose one.
        assert outcome.verdict in (AttemptVerdict.REJECTED, AttemptVerdict.UNFINISHED)
        assert outcome.trap_code is not None
    assert (row.source, row.cycles) == ("host", None)


def test_without_the_model_nothing_is_asked(tmp_path: Path, store: Path) -> None:
    [row] = compiled(tmp_path, Sources.COMPOSITION).report
    with KnowledgeStore(store) as opened:
        assert [outcome.model for outcome in opened.outcomes()] == [None]
    assert row.source == "host" and "fpowi" in row.reason
