"""Runs one case under one condition: from PyTorch to what came of it."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from xdsl.dialects.func import FuncOp

from hawk_xdsl.bench.comparison import CaseComparison, compare_on_fresh_inputs
from hawk_xdsl.bench.conditions import Condition
from hawk_xdsl.bench.imports import Imports
from hawk_xdsl.bench.result import CaseResult, CaseVerdict, Task
from hawk_xdsl.bench.suite import Case
from hawk_xdsl.compiled import Compiled
from hawk_xdsl.compiler import open_decider
from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.program import Program
from hawk_xdsl.knowledge_store import Entry, KnowledgeStore
from hawk_xdsl.language_model.authoring import Author
from hawk_xdsl.language_model.local_model import LocalModel
from hawk_xdsl.passes.npu_decide import Placed
from hawk_xdsl.pipeline import compile_with
from hawk_xdsl.propose.settings import Budget, Settings

FREE = frozenset(
    {
        *("npu.launch", "func.return", "tensor.expand_shape", "tensor.collapse_shape"),
        *("tensor.empty", "arith.constant"),
    }
)
"""What @main may hold beside regions that stay on the host, without computing anything itself."""


@dataclass
class Runner:
    """Runs cases; every case starts from the package's knowledge, and what ``learned`` adds.

    ``learned`` are the entries of each condition with synthesis. ``model`` is loaded when it is
    first asked; ``given`` is its name, as it was asked for.
    """

    cases: Mapping[str, Case]
    conditions: Mapping[str, Condition]
    imports: Imports
    target: str
    model: Callable[[], LocalModel]
    given: str | None
    budget: Budget
    learned: dict[str, Sequence[Entry]] = field(default_factory=dict[str, Sequence[Entry]])

    def run(self, task: Task) -> CaseResult:
        """What comes of a task; ``seconds`` are those of grouping, deciding and planning."""
        case = self.cases[task.case]
        result = CaseResult.of(task, case, CaseVerdict.IMPORT)
        try:
            program = self.imports.program(case)
        except HawkError as error:
            return replace(result, reason=error.message)
        started = time.monotonic()
        try:
            return self._decided(result, case, program, task.seed)
        except HawkError as error:
            seconds = time.monotonic() - started
            return replace(result, verdict=CaseVerdict.ERROR, reason=str(error), seconds=seconds)

    def study(self, task: Task, store: Path) -> int:
        """Decides a case with a store that keeps what happens; how many ops it has."""
        try:
            program = self.imports.program(self.cases[task.case])
            return len(self._compiled(program, task, store).placed)
        except HawkError:
            return 0

    def _decided(self, result: CaseResult, case: Case, program: Program, seed: int) -> CaseResult:
        with tempfile.TemporaryDirectory() as folder:
            store = Path(folder) / "knowledge.sqlite"
            with KnowledgeStore(store) as opened:
                for entry in self.learned.get(result.condition, ()):
                    opened.add_entry(entry)
            started = time.monotonic()
            compiled = self._compiled(program, result.task, store)
            seconds = round(time.monotonic() - started, 3)
            with KnowledgeStore(store) as opened:
                codes = Counter(o.trap_code for o in opened.outcomes() if o.trap_code)
        result = _counted(replace(result, traps=dict(codes), seconds=seconds), compiled.placed)
        host = [placed.decision for placed in compiled.placed if not placed.symbols]
        compared = CaseComparison(None)
        if len(host) < len(compiled.placed) or not host:
            compared = compare_on_fresh_inputs(case, compiled, seed)
        if compared.mistake is not None:
            return replace(result, verdict=CaseVerdict.WRONG, reason=compared.mistake)
        if host:
            reason = f"{host[0].label}: {host[0].reason}"
            return replace(result, verdict=CaseVerdict.HOST, reason=reason)
        if outside := _computed_outside(compiled):
            return replace(result, verdict=CaseVerdict.HOST, reason=f"{outside} is in no kernel")
        bounds = [placed.decision.bound for placed in compiled.placed]
        return replace(
            result,
            verdict=CaseVerdict.RIGHT,
            first=all(p.decision.first_right == 1 for p in compiled.placed),
            cycles=compared.cycles,
            bound=sum(bound.cycles for bound in bounds if bound is not None),
        )

    def _compiled(self, program: Program, task: Task, store: Path) -> Compiled:
        condition = self.conditions[task.condition]
        settings = Settings(
            sources=condition.sources,
            budget=self.budget,
            host_fallback=True,
            seed=task.seed,
            retrieval=condition.retrieval,
        )
        with open_decider(self.target, settings, store=store, model=self.given) as decider:
            decider.author = lambda: Author.of(
                self.model(), decider.entries, decider.target, condition.retrieval
            )
            return compile_with(decider, program)


def _computed_outside(compiled: Compiled) -> str | None:
    """An op of @main that is neither a launch nor free."""
    names = [
        op.name
        for function in compiled.module.ops
        if isinstance(function, FuncOp)
        for op in function.body.block.ops
    ]
    return next((name for name in names if name not in FREE), None)


def _counted(result: CaseResult, placed: Sequence[Placed]) -> CaseResult:
    """The result with what deciding took: an op that repeats another took nothing."""
    efforts = [each.decision.effort for each in placed if not each.repeated]
    return replace(
        result,
        ops=len(placed),
        host_ops=sum(not each.symbols for each in placed),
        attempts=sum(effort.attempts for effort in efforts),
        tuning=sum(effort.tuning for effort in efforts),
        gate_runs=sum(effort.gate_runs for effort in efforts),
        timings=sum(effort.timings for effort in efforts),
        tokens=sum(effort.tokens for effort in efforts),
        rejected_lines=sum(effort.rejected_lines for effort in efforts),
        cut_short=sum(each.decision.timed_out for each in placed if not each.repeated),
    )
