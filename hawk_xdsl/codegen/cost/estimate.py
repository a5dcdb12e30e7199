"""The estimate of a kernel text: the cycles of its stages, one after the other."""

from collections.abc import Iterable, Mapping
from math import inf

from hawk_xdsl.codegen.cost.allocation import places
from hawk_xdsl.codegen.cost.bounds import pipe_bound
from hawk_xdsl.codegen.cost.resolve import resolve
from hawk_xdsl.codegen.cost.timeline import Timeline
from hawk_xdsl.dialects.kernel_text import GlobalOperand
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.semantics.specification_form import Specification


def estimate(tree: ast.KernelText, operands: Iterable[GlobalOperand], target: Target) -> float:
    """Cycles of a kernel text on the busiest core, and of what lies between its stages.

    Args:
        tree: the kernel text.
        operands: the inputs and outputs that it names; its temps it declares itself.
        target: its tables, cores and memory spaces.

    Raises:
        HawkError: for an instruction or a path that the target does not have.
    """
    temps = (GlobalOperand(temp.name, temp.dtype, temp.shape) for temp in tree.temps)
    known = {operand.name: operand for operand in (*operands, *temps)}
    written = frozenset(temp.name for temp in tree.temps)
    stages = sum(stage_cycles(stage, known, target, temps=written) for stage in tree.stages)
    cores = [target.places.core(stage.core) or target.vector_core for stage in tree.stages]
    return stages + target.launch.between(cores)


def stage_cycles(
    stage: ast.Stage,
    operands: Mapping[str, GlobalOperand],
    target: Target,
    limit: float = inf,
    temps: frozenset[str] = frozenset(),
) -> float:
    """Cycles of one stage, or a lower bound of them that reaches the limit.

    ``temps`` are what earlier stages have written. Of a mixed kernel it is the part that works
    longest: what its cores wait for one another is not in it. Raises as :func:`estimate`.
    """
    if stage.parts:
        parts = (stage_cycles(part, operands, target, limit, temps) for part in stage.parts)
        return (target.launch.mixed or 0.0) + max(parts)
    resolved = resolve(stage, operands, temps, target)
    if limit < inf and (least := pipe_bound(resolved.nodes)) >= limit:
        return least
    where = places(resolved.buffers, resolved.loops, target)
    timeline = Timeline(target, resolved.active, where)
    timeline.run(resolved.nodes)
    return timeline.cycles


def operands_of(specification: Specification) -> dict[str, GlobalOperand]:
    """What kernels of a specification read and write in global memory, by name."""
    tensors = (*specification.operands, *specification.outputs)
    return {each.name: GlobalOperand(each.name, each.dtype, each.shape) for each in tensors}
