"""The estimate of a kernel text: the cycles of its stages, one after the other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hawk_xdsl.codegen.cost.allocation import places
from hawk_xdsl.codegen.cost.resolve import resolve
from hawk_xdsl.codegen.cost.timeline import Timeline
from hawk_xdsl.dialects.kernel_text import GlobalOperand
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.npu import Pipe
from hawk_xdsl.npu_target.target import Target


@dataclass(frozen=True)
class Estimate:
    """What a kernel text takes on the busiest core.

    Attributes:
        cycles: of all stages.
        busy: cycles that each pipe works, at full trips and until loops are steady.
    """

    cycles: float
    busy: Mapping[Pipe, float]


def estimate(tree: ast.KernelText, operands: Iterable[GlobalOperand], target: Target) -> Estimate:
    """Cycles of a kernel text, without building its kernels.

    Args:
        tree: the kernel text.
        operands: the inputs and outputs that it names; its temps it declares itself.
        target: its tables, cores and scopes.

    Raises:
        HawkError: for an instruction or a path that the target does not have.
    """
    known = {operand.name: operand for operand in operands}
    known |= {temp.name: GlobalOperand(temp.name, temp.dtype, temp.shape) for temp in tree.temps}
    cycles, busy = 0.0, [0.0] * len(target.all_pipes)
    for stage in tree.stages:
        resolved = resolve(stage, known, target)
        where = places(resolved.buffers, resolved.loops, target)
        timeline = Timeline(target, resolved.active, where)
        timeline.run(resolved.nodes)
        cycles += timeline.cycles
        busy = [a + b for a, b in zip(busy, timeline.busy, strict=True)]
    return Estimate(cycles, dict(zip(target.all_pipes, busy, strict=True)))
