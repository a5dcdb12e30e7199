"""One stage in a tiling of its own: kernels that are put together of several choose among these."""

from collections.abc import Mapping
from dataclasses import dataclass

from hawk_xdsl.codegen.select_instructions import Composition
from hawk_xdsl.codegen.vector.strategies import STREAMED_TILES, WHOLE_TILES
from hawk_xdsl.codegen.vector.tile_kernel import tile_kernel
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.schedule.enumerate import tiling_at, tilings
from hawk_xdsl.schedule.schedule import Schedule


@dataclass(frozen=True)
class ScheduledStage:
    """One stage, with its schedule and an estimate of its cycles."""

    syntax: ast.Stage
    schedule: Schedule
    cycles: float
    entries: tuple[str, ...]


def stage_at(
    composition: Composition, sizes: Mapping[str, int], target: Target
) -> ScheduledStage | None:
    """One stage in a tiling; ``None`` where it does not fit ub, or has no such axes."""
    axes = composition.specification.axes
    if not sizes.keys() <= axes.keys():
        return None
    whole = {axis: n for axis, n in axes.items() if axis in composition.partial_axes}
    sizes = {**whole, **sizes}
    tiling = tiling_at(composition.specification, sizes, composition.partial_axes)
    found = tile_kernel(composition, tiling, target)
    if found is None:
        return None
    strategy = STREAMED_TILES if tiling.streamed else WHOLE_TILES
    schedule = Schedule.of(strategy.name, sizes, stream=tiling.streamed)
    return ScheduledStage(found.stage, schedule, found.cycles, composition.entries)


def ranked_stages(composition: Composition, target: Target) -> list[ScheduledStage]:
    """The stage in every tiling that is worth an estimate and fits, the least estimate first."""
    found = [
        stage
        for sizes in tilings(composition.specification, target, composition.partial_axes)
        if (stage := stage_at(composition, sizes, target)) is not None
    ]
    return sorted(found, key=lambda stage: stage.cycles)
