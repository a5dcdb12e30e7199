"""From the ops of a program to decided kernels: grouped, joined where one kernel does it faster."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import inf

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.tensor import PadOp

from hawk_xdsl.codegen.mixed.strategies import RUNNING_ROWS
from hawk_xdsl.codegen.strategies import BORDERED
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.passes.npu_decide import Placed, decide_module
from hawk_xdsl.passes.npu_join_rows import NpuJoinRowsPass
from hawk_xdsl.passes.npu_outline import NpuOutlinePass
from hawk_xdsl.propose.decide import Decider, UndecidableError
from hawk_xdsl.propose.settings import Progress, Sources
from hawk_xdsl.semantics.weighted_rows import weighted_rows_of


@dataclass(frozen=True)
class Listeners:
    """Who is told meanwhile.

    Attributes:
        progress: gets a line for each stage.
        on_outlined: gets how many ops are undecided, again if they are grouped again.
        on_decision: gets each decision.
    """

    progress: Progress
    on_outlined: Callable[[int], None]
    on_decision: Callable[[Placed], None]


def decide_program(
    ctx: Context, program: ModuleOp, decider: Decider, told: Listeners
) -> tuple[ModuleOp, list[Placed]]:
    """A program with a kernel for every op, and what was decided; the program stays as it is.

    Paddings are borders of windows, unless nobody has a kernel for that. Rows that were joined, and
    that nobody writes a mixed kernel for, are decided op by op too; the faster way stays. Raises
    ``UndecidableError`` for an op that has no kernel either way.
    """
    if not _has_borders(ctx, program, decider):
        return _decided(ctx, program, decider, told, borders=False)
    with suppress(UndecidableError):
        found = _decided(ctx, program, decider, told, borders=True)
        if not any(map(_is_left_bordered, found[1])):
            return found
    told.progress("grouping ops again, with paddings of their own")
    return _decided(ctx, program, decider, told, borders=False)


def _decided(
    ctx: Context, program: ModuleOp, decider: Decider, told: Listeners, *, borders: bool
) -> tuple[ModuleOp, list[Placed]]:
    told.progress("grouping ops")
    module = _grouped(ctx, program, decider, borders=borders)
    count = _undecided(module)
    if _joins_rows(decider):
        NpuJoinRowsPass().apply(ctx, module)
    told.on_outlined(_undecided(module))
    if _undecided(module) == count:
        return module, decide_module(module, decider, told.on_decision)
    joined: list[Placed] = []
    with suppress(UndecidableError):
        joined = decide_module(module, decider, told.on_decision)
    if joined and not any(map(_is_left_joined, joined)):
        return module, joined
    told.progress("grouping ops again, without joined rows")
    other = _grouped(ctx, program, decider, borders=borders)
    told.on_outlined(count)
    apart = decide_module(other, decider, told.on_decision)
    if joined and _cycles(joined, decider) < _cycles(apart, decider):
        return module, joined
    return other, apart


def _cycles(placed: Sequence[Placed], decider: Decider) -> float:
    """What kernels take one after the other; infinite with an op on the host."""
    launch = decider.target.launch
    gap = launch.chain if launch.barrier is None else launch.barrier
    verdicts = [each.decision.verdict for each in placed]
    return sum(inf if verdict is None else verdict.cycles + gap for verdict in verdicts)


def _grouped(ctx: Context, program: ModuleOp, decider: Decider, *, borders: bool) -> ModuleOp:
    module = program.clone()
    NpuOutlinePass(
        decider.target.cube.biases("f32"), epilogues=decider.settings.epilogues, borders=borders
    ).apply(ctx, module)
    return module


def _has_borders(ctx: Context, program: ModuleOp, decider: Decider) -> bool:
    """Whether paddings can be borders of windows, and somebody who is asked loads them so."""
    settings, target = decider.settings, decider.target
    asked = settings.sources in (Sources.ALL, Sources.COMPOSITION, Sources.REPLAY)
    known = any(entry.artifact.strategy in BORDERED for entry in decider.entries)
    if not (settings.epilogues and asked and known and target.vector.ops.get("vtranspose")):
        return False
    if not any(isinstance(op, PadOp) for op in program.walk()):
        return False
    apart, joined = (_grouped(ctx, program, decider, borders=b) for b in (False, True))
    return _undecided(joined) < _undecided(apart)


def _is_left_bordered(placed: Placed) -> bool:
    """Whether it has borders and no kernel."""
    decision = placed.decision
    specification = decision.specification
    return decision.verdict is None and (specification is None or specification.has_borders)


def _undecided(module: ModuleOp) -> int:
    return sum(op.name == UndecidedOp.name for op in module.walk())


def _is_left_joined(placed: Placed) -> bool:
    """Whether it is joined rows without a mixed kernel, which alone makes joining worth while."""
    decision = placed.decision
    if decision.specification is None or weighted_rows_of(decision.specification) is None:
        return False
    program = decision.verdict.program if decision.verdict is not None else None
    return program is None or not any(kernel.op.is_mixed for kernel in program.kernels)


def _joins_rows(decider: Decider) -> bool:
    """Whether somebody who is asked writes mixed kernels of weighted rows, and the target runs."""
    settings = decider.settings
    asked = settings.sources in (Sources.ALL, Sources.COMPOSITION, Sources.REPLAY)
    known = any(entry.artifact.strategy == RUNNING_ROWS.name for entry in decider.entries)
    return settings.join_rows and asked and known and decider.target.cross is not None
