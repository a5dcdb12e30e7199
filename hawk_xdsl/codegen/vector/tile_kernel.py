"""A template of tiles, filled for one tiling: its text and what it may take."""

from hawk_xdsl.codegen.select_instructions import Composition
from hawk_xdsl.codegen.vector.cost import estimate
from hawk_xdsl.codegen.vector.tile_body import write_tile
from hawk_xdsl.dialects.kernel_text.unparse import loop_text
from hawk_xdsl.dialects.npu import Scope
from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.schedule.candidate import fill_holes
from hawk_xdsl.schedule.tiling import Tiling, UntileableError


def filled(
    entry: Entry, composition: Composition, tiling: Tiling, target: Target
) -> tuple[str, float] | None:
    """The text and its estimate in cycles; ``None`` where the tiles do not fit ub.

    Raises ``HawkError`` for a hole that nothing fills.
    """
    try:
        body = write_tile(composition, tiling, target)
    except UntileableError:
        return None
    if body.bytes() > target.scopes[Scope.UB].bytes:
        return None
    holes = {"across": ", ".join(map(loop_text, tiling.loops())), **body.holes()}
    text = fill_holes(entry.artifact.text or "", holes, entry=entry)
    return text, estimate(body, tiling, target)
