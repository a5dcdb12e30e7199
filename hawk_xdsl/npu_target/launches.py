"""Kernels that are launched one after the other: what each moves, and the time of all."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

from hawk_xdsl.dialects.kernel_text import StageKernel
from hawk_xdsl.dialects.npu import Core, Join
from hawk_xdsl.npu_target.l2.cache import L2Cache, cache_of, traffic_of
from hawk_xdsl.npu_target.l2.traffic import Traffic
from hawk_xdsl.npu_target.performance import Performance, total
from hawk_xdsl.npu_target.simulation import time_kernel
from hawk_xdsl.npu_target.steps import StepCounter
from hawk_xdsl.npu_target.target import Target


@dataclass(frozen=True)
class Gap:
    """What lies before a kernel of a network: its launch, or how it joins the launch before it."""

    what: Join | None
    cycles: float


def traffic_of_stages(stages: Iterable[StageKernel], target: Target) -> list[Traffic | None]:
    """What each stage moves through an L2 that is empty before the first of them."""
    l2 = cache_of(target)
    return [traffic_of(stage.op, target, l2, stage.operands) for stage in stages]


def time_stages(
    stages: Iterable[StageKernel],
    target: Target,
    *,
    limit: float = inf,
    block_steps: float = inf,
    l2: L2Cache | None = None,
) -> Performance | None:
    """How long planned and synchronised kernels take one after the other, without their values.

    Each finds in L2 what those before it have left; between them lies what
    ``target.launch.between`` says. Stages beyond the limit are not asked for.

    Args:
        stages: the kernels; equal names of operands are the same tensor.
        target: where they run.
        limit: cycles that all of them and what lies between them may take.
        block_steps: steps that the first block of each may take.
        l2: what earlier launches have left, which remembers these; empty if not given.

    Returns:
        Their sum; ``None`` beyond a limit.

    Raises:
        Trap: as ``time_kernel``.
    """
    l2 = l2 or cache_of(target)
    timed: list[Performance] = []
    cores: list[Core] = []
    for stage in stages:
        cores.append(stage.op.core.data)
        between = target.launch.between(cores)
        left = limit - sum(run.cycles for run in timed) - between
        found = time_kernel(
            stage.op,
            target,
            left,
            StepCounter(block_steps),
            traffic_of(stage.op, target, l2, stage.operands),
        )
        if found is None or found.cycles > left:
            return None
        timed.append(found)
    return total(timed, target.launch.between(cores))
