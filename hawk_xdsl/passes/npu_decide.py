"""npu-decide: a verified kernel for every undecided op: reused, by template, or by the model."""

from collections.abc import Callable
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr, UnitAttr

from hawk_xdsl.compiler import open_decider
from hawk_xdsl.dialects.npu import KernelOp, UndecidedOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import (
    RetrievalMode,
)
from hawk_xdsl.passes.launching import launch_instead
from hawk_xdsl.propose.decide import Decider
from hawk_xdsl.propose.decision import Decision
from hawk_xdsl.propose.settings import Budget, Settings, Sources
from hawk_xdsl.transforms.npu_pass import NpuPass
from hawk_xdsl.transforms.pass_error import PassError


@dataclass(frozen=True)
class Placed:
    """A decision and the symbols of the kernels that came of it; none on the host."""

    decision: Decision
    symbols: tuple[str, ...]
    repeated: bool


def decide_module(
    module: ModuleOp, decider: Decider, on_decision: Callable[[Placed], None] = lambda placed: None
) -> list[Placed]:
    """Replaces every undecided op that got a kernel, in program order; returns what was decided.

    Raises ``UndecidableError`` for the first op without a kernel that may not stay on the host.
    """
    taken = {op.sym_name.data for op in module.walk() if isinstance(op, KernelOp)}
    symbols: dict[str, tuple[str, ...]] = {}
    placed: list[Placed] = []
    undecided = [op for op in module.walk() if isinstance(op, UndecidedOp)]
    decider.prepare([(op, _symbol(op, taken)) for op in undecided])
    for op in undecided:
        name = _symbol(op, taken)
        decision = decider.decide(op, name)
        placed.append(_place(module, op, decision, name, symbols, taken))
        on_decision(placed[-1])
    return placed


def _place(
    module: ModuleOp,
    op: UndecidedOp,
    decision: Decision,
    name: str,
    symbols: dict[str, tuple[str, ...]],
    taken: set[str],
) -> Placed:
    if decision.verdict is None or decision.specification is None:
        op.host = UnitAttr()
        return Placed(decision, (), False)
    program = decision.verdict.program
    assert program is not None
    digest = decision.specification.digest
    repeated = digest in symbols
    if not repeated:
        added: list[str] = []
        for stage in program.kernels:
            kernel = stage.op.clone()
            # Decided in another grouping of the program, it may have a name that is taken here.
            added.append(_free(kernel.sym_name.data, taken))
            kernel.sym_name = StringAttr(added[-1])
            module.body.block.add_op(kernel)
            taken.add(added[-1])
        symbols[digest] = tuple(added)
        taken.add(name)
    launch_instead(op, decision.specification, program, symbols[digest])
    return Placed(decision, symbols[digest], repeated)


def _symbol(op: UndecidedOp, taken: set[str]) -> str:
    base = "".join(c if c.isalnum() else "_" for c in op.label.data) if op.label else "kernel"
    return _free(base, taken)


def _free(base: str, taken: set[str]) -> str:
    """The name, with a number behind it if it is taken."""
    name, number = base, 0
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    return name


@dataclass(frozen=True)
class NpuDecidePass(NpuPass):
    """Decides every ``npu.undecided`` of a module.

    Args:
        target: the name of a target or the path of its TOML file.
        sources: who is asked: all, model, templates, composition, or replay (kernels of the store).
        attempts: complete kernel texts an op until one is right.
        tuning: further ones that may make it faster; also the schedule search's patience.
        retrieval: how entries are found for the model: none, syntactic, semantic, or fused.
        seconds: most seconds of the model an op; a safety stop.
        seed: seeds the gate's inputs and the model's sampling.
        host_fallback: whether an op without a kernel stays on the host instead of an error.
        fresh: whether the store's kernels and failures are passed over.
        store: the knowledge store, a file or an address.
        model: a Hugging Face directory or id.
    """

    name = "npu-decide"

    target: str = "ascend910b1"
    sources: str = "all"
    attempts: int = 8
    tuning: int = 4
    retrieval: str = "fused"
    seconds: float = 60.0
    seed: int = 0
    host_fallback: bool = False
    fresh: bool = False
    store: str | None = None
    model: str | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Raises ``PassError`` for wrong options and for an op that nobody can decide."""
        try:
            settings = self._settings()
            with open_decider(self.target, settings, store=self.store, model=self.model) as decider:
                decide_module(op, decider)
        except PassError:
            raise
        except HawkError as error:
            raise PassError(error.message, file=error.file, line=error.line) from error

    def _settings(self) -> Settings:
        if self.sources not in tuple(Sources):
            raise PassError(f"sources={self.sources}: expected one of {', '.join(Sources)}")
        if self.retrieval not in tuple(RetrievalMode):
            raise PassError(
                f"retrieval={self.retrieval}: expected one of {', '.join(RetrievalMode)}"
            )
        return Settings(
            sources=Sources(self.sources),
            budget=Budget(self.attempts, self.tuning, self.seconds, patience=self.tuning),
            host_fallback=self.host_fallback,
            seed=self.seed,
            retrieval=RetrievalMode(self.retrieval),
            fresh=self.fresh,
        )
