"""What the rewrites before grouping share: patterns for the ops directly in a function's body."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern

from hawk_xdsl.linalg.dead_ops import erase_dead_ops
from hawk_xdsl.transforms.npu_pass import NpuPass


@dataclass(frozen=True)
class FunctionPass(NpuPass):
    """Applies patterns one after the other, each once to every op, in the order of the program.

    Only ops directly in a function's body are rewritten: an ``npu.undecided`` stays as it is.
    ``backwards`` says that it starts at the end. Ops that nothing uses any more are erased.
    """

    patterns: ClassVar[Sequence[type[RewritePattern]]] = ()
    backwards: ClassVar[bool] = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Rewrites each function with a body of one block."""
        for function in functions_of(op):
            for pattern in self.patterns:
                self._apply(pattern(), function.body.block)
            erase_dead_ops(function.body.block)

    def _apply(self, pattern: RewritePattern, block: Block) -> None:
        ops = list(block.ops)
        for op in reversed(ops) if self.backwards else ops:
            if op.parent is block:  # it may have been erased with an earlier one
                pattern.match_and_rewrite(op, PatternRewriter(op))


def functions_of(module: ModuleOp) -> Iterator[FuncOp]:
    """The functions with a body of one block, nested ones too."""
    for op in module.walk():
        if isinstance(op, FuncOp) and len(op.body.blocks) == 1:
            yield op
