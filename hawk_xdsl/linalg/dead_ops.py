"""Removes ops that compute what nobody uses."""

from xdsl.ir import Block
from xdsl.rewriter import Rewriter
from xdsl.traits import IsTerminator


def erase_dead_ops(block: Block) -> None:
    """Removes ops whose results nothing uses, also inside of regions; those without results stay.

    Every op with results must be pure, as those of linalg on tensors, tensor, arith and math are.
    """
    for op in reversed(list(block.ops)):
        for region in op.regions:
            for inner in region.blocks:
                erase_dead_ops(inner)
        dead = op.results and not any(result.uses for result in op.results)
        if dead and not op.has_trait(IsTerminator):
            Rewriter.erase_op(op)
