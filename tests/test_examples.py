"""The examples of the package, the whole way: who decided, how far from PyTorch, what is kept."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hawk_xdsl.frontend.program import Program
from hawk_xdsl.knowledge_store import KnowledgeStore
from hawk_xdsl.pipeline import compile_program
from hawk_xdsl.propose.settings import Budget, Settings, Sources
from hawk_xdsl.reference.difference import error_between

pytestmark = pytest.mark.corpus

EXAMPLES = Path(__file__).parents[1] / "examples"
SETTINGS = Settings(Sources.COMPOSITION, Budget(tuning=0, patience=0), host_fallback=True)


@pytest.mark.parametrize(("name", "most_on_host"), [("encoder", 2), ("classifier", 6)])
def test_an_example_becomes_kernels(
    name: str, most_on_host: int, example: Callable[[str], Program]
) -> None:
    program = example(name)
    compiled = compile_program(program, settings=SETTINGS)
    on_host = [row for row in compiled.report if row.source == "host"]
    assert len(on_host) <= most_on_host
    assert all(row.cycles is None and row.reason for row in on_host)
    run = compiled.run(program.example_inputs)
    assert len(run.launches) >= len(compiled.report) - len(on_host)
    assert program.reference is not None
    error = error_between(run.outputs, program.reference(program.example_inputs))
    assert error.relative < 1e-3 and error.maximum < 1e-3


def test_what_was_recorded_survives_an_interruption(store: Path, tmp_path: Path) -> None:
    source = f"{EXAMPLES / 'encoder'}.py:factory"
    command = [sys.executable, "-c", "from hawk_xdsl.cli import main; main()", "compile", source]
    options = ["--sources", "templates", "-o", str(tmp_path / "out")]
    process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None and not _accepted(store):
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = _accepted(store)
    assert kept
    with KnowledgeStore(store) as opened:
        assert opened.outcomes().__next__().kernel_text in kept


def _accepted(store: Path) -> list[str]:
    if not store.exists():
        return []
    with KnowledgeStore(store) as opened:
        return [outcome.kernel_text for outcome in opened.outcomes() if outcome.cycles is not None]
