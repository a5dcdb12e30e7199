"""Runs one case under one condition: from PyTorch to what came of it."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hawk_xdsl.bench.comparison import Comparison, compare_on_fresh_inputs
from hawk_xdsl.bench.conditions import Condition
from hawk_xdsl.bench.imports import Imports
from hawk_xdsl.bench.result import Result, Task, Verdict
from hawk_xdsl.bench.suite import Case
from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.program import Program
from hawk_xdsl.generation.authoring import Author
from hawk_xdsl.generation.decide import Settings
from hawk_xdsl.generation.decision import Budget
from hawk_xdsl.knowledge_store import Entry, KnowledgeStore
from hawk_xdsl.passes.npu_decide import Placed, open_decider
from hawk_xdsl.pipeline import Compiled, compile_with

FRESH_SETS = 3
"""Sets of inputs that a compiled case is compared on."""


@dataclass
class Runner:
    """Runs cases; every case starts from the package's knowledge, and what ``learned`` adds.

    ``learned`` are the entries of conditions with synthesis. The model is loaded once a condition.
    """

    cases: Mapping[str, Case]
    conditions: Mapping[str, Condition]
    imports: Imports
    target: str
    model: str | None
    budget: Budget
    learned: Sequence[Entry] = ()
    _authors: dict[str, Author] = field(default_factory=dict[str, Author])

    def run(self, task: Task) -> Result:
        """What comes of a task."""
        case = self.cases[task.case]
        started = time.monotonic()
        result = Result.of(task, case, Verdict.IMPORT)
        try:
            program = self.imports.program(case)
        except HawkError as error:
            return replace(result, reason=error.message, seconds=time.monotonic() - started)
        started = time.monotonic()
        try:
            result = self._decided(result, case, program, task.seed)
        except HawkError as error:
            result = replace(result, verdict=Verdict.ERROR, reason=str(error))
        return replace(result, seconds=round(time.monotonic() - started, 3))

    def _decided(self, result: Result, case: Case, program: Program, seed: int) -> Result:
        condition = self.conditions[result.condition]
        with tempfile.TemporaryDirectory() as folder:
            store = Path(folder) / "knowledge.sqlite"
            if condition.synthesis:
                with KnowledgeStore(store) as opened:
                    for entry in self.learned:
                        opened.add_entry(entry)
            compiled = self._compiled(program, condition, seed, store)
            with KnowledgeStore(store) as opened:
                codes = [outcome.trap_code for outcome in opened.outcomes()]
        result = _counted(result, compiled.placed)
        result = replace(result, traps=dict(Counter(code for code in codes if code)))
        host = [placed.decision for placed in compiled.placed if not placed.symbols]
        compared = Comparison(None)
        if len(host) < len(compiled.placed) or not host:
            compared = compare_on_fresh_inputs(case, compiled, seed, FRESH_SETS)
        if compared.mistake is not None:
            return replace(result, verdict=Verdict.WRONG, reason=compared.mistake)
        if host:
            reason = f"{host[0].label}: {host[0].reason}"
            return replace(result, verdict=Verdict.HOST, reason=reason)
        bounds = [placed.decision.bound for placed in compiled.placed]
        return replace(
            result,
            verdict=Verdict.RIGHT,
            first=all(p.decision.first_right == 1 for p in compiled.placed),
            cycles=compared.cycles,
            bound=sum(bound.cycles for bound in bounds if bound is not None),
        )

    def _compiled(self, program: Program, condition: Condition, seed: int, store: Path) -> Compiled:
        settings = Settings(
            sources=condition.sources,
            budget=self.budget,
            host_fallback=True,
            seed=seed,
            retrieval=condition.retrieval,
        )
        with open_decider(self.target, settings, store=store, model=self.model) as decider:
            load = decider.author
            decider.author = lambda: self._author(condition.name, load)
            return compile_with(decider, program)

    def _author(self, condition: str, load: Callable[[], Author]) -> Author:
        if condition not in self._authors:
            self._authors[condition] = load()
        return self._authors[condition]


def _counted(result: Result, placed: Sequence[Placed]) -> Result:
    """The result with what deciding took: an op that repeats another took nothing."""
    efforts = [each.decision.effort for each in placed if not each.repeated]
    return replace(
        result,
        ops=len(placed),
        host_ops=sum(not each.symbols for each in placed),
        attempts=sum(effort.attempts for effort in efforts),
        tuning=sum(effort.tuning for effort in efforts),
        gate_runs=sum(effort.gate_runs for effort in efforts),
        tokens=sum(effort.tokens for effort in efforts),
        rejected_lines=sum(effort.rejected_lines for effort in efforts),
    )
