"""The kernel of one tiling: a loop over tiles, what comes before it, and what it may take."""

from dataclasses import dataclass

from hawk_xdsl.codegen.select_instructions import Composition
from hawk_xdsl.codegen.vector.cost import estimate
from hawk_xdsl.codegen.vector.tile_body import write_tile
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.npu import Core, Scope
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.schedule.tiling import Tiling, UntileableError


@dataclass(frozen=True)
class TileKernel:
    """The statements of one stage and an estimate of its cycles."""

    statements: tuple[ast.Statement, ...]
    cycles: float

    @property
    def stage(self) -> ast.Stage:
        """The stage of these statements."""
        return ast.Stage(Core.VECTOR, self.statements)


def tile_kernel(composition: Composition, tiling: Tiling, target: Target) -> TileKernel | None:
    """The kernel of a tiling; ``None`` where the tiles do not fit the unified buffer.

    What no tile changes (a bias, a scale) is loaded once, before the loop that is distributed over
    the cores; each tile is loaded, computed and stored inside it.
    """
    try:
        body = write_tile(composition, tiling, target)
    except UntileableError:
        return None
    if body.bytes() > target.scopes[Scope.UB].bytes:
        return None
    return TileKernel(body.statements(tiling), estimate(body, tiling, target))
