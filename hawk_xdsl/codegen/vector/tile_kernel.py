"""The kernel of one tiling: a loop over tiles, what comes before it, and what it may take."""

from dataclasses import dataclass

from hawk_xdsl.codegen.cost import operands_of, stage_cycles
from hawk_xdsl.codegen.select_instructions import Composition
from hawk_xdsl.codegen.vector.tile_body import write_tile
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.places import VECTOR_WORD
from hawk_xdsl.dialects.npu import Role
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.schedule.tiling import Tiling, UntileableError


@dataclass(frozen=True)
class TileKernel:
    """One stage and an estimate of its cycles."""

    stage: ast.Stage
    cycles: float


def tile_kernel(
    composition: Composition, tiling: Tiling, target: Target, *, slabs: bool = False
) -> TileKernel | None:
    """The kernel of a tiling; ``None`` where the tiles do not fit the unified buffer.

    What no tile changes (a bias, a scale) is loaded once, before the loop that is distributed over
    the cores; each tile is loaded, computed and stored inside it. ``slabs``: what windows run over
    is loaded once, with its halo.
    """
    try:
        body = write_tile(composition, tiling, target, slabs=slabs)
    except UntileableError:
        return None
    if body.bytes(target.vector) > target.capacity(Role.VECTOR):
        return None
    stage = ast.Stage(VECTOR_WORD, body.statements(tiling))
    operands = operands_of(composition.specification)
    return TileKernel(stage, stage_cycles(stage, operands, target))
