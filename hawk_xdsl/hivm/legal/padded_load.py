"""A padded load is a fill and a load into a view.

The vendor's compiler takes a load of [3, 8] into [3, 16] with padding for one row of 24 into 48, so
that rows move. And a load writes whole blocks: of a row of 19 numbers of f32 the third block ends
after 24, so that a load into a view would write five beyond it. Such rows are loaded into a tile of
their own, and an instruction of the vector unit, which writes what it is told, moves them.
"""

from xdsl.dialects.builtin import DYNAMIC_INDEX, IntegerType
from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from hawk_xdsl.dialects.npu import BINARY_OPS, LoadOp, Scope, VbrcOp, element_bytes, scope_of
from hawk_xdsl.hivm.emission import memref_type
from hawk_xdsl.hivm.tiles import extents_of, leading_part, number, put, tile_of
from hawk_xdsl.transforms.pass_error import PassError


class FillThenLoad(RewritePattern):
    """``load x into b pad p`` becomes ``vbrc p into b`` and ``load x into b[0:n, 0:m]``."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: LoadOp, rewriter: PatternRewriter) -> None:
        """Rewrite one load."""
        if op.pad is None:
            return
        if scope_of(op.dest) != Scope.UB:
            raise PassError(f"npu.load with padding into {scope_of(op.dest)} has no form in HIVM")
        source, dest = memref_type(op.source), memref_type(op.dest)
        if source.get_shape() != dest.get_shape():
            put(VbrcOp(op.pad, op.dest), rewriter)
        view = leading_part(op.dest, extents_of(op.source), rewriter)
        if source.get_shape()[-1:] == dest.get_shape()[-1:] or _ends_on_block(op.source):
            rewriter.replace(op, LoadOp(op.source, view))
        else:
            _load_beside(op, view, rewriter)


def _ends_on_block(value: SSAValue) -> bool:
    """Whether rows are whole blocks, as far as is known."""
    type_ = memref_type(value)
    extent = type_.get_shape()[-1]
    return extent != DYNAMIC_INDEX and extent * element_bytes(type_) % Scope.UB.block == 0


def _load_beside(op: LoadOp, view: SSAValue, rewriter: PatternRewriter) -> None:
    """Load into another tile, and move the elements by an instruction that changes none."""
    type_ = memref_type(op.dest)
    whole = tile_of(type_.get_shape(), type_.element_type, rewriter)
    beside = leading_part(whole, extents_of(op.source), rewriter)
    put(LoadOp(op.source, beside), rewriter)
    integers = isinstance(type_.element_type, IntegerType)
    neutral = number(0 if integers else 1, type_.element_type, rewriter)
    kind = BINARY_OPS["vadd" if integers else "vmul"]
    rewriter.replace(op, kind(beside, neutral, view))
