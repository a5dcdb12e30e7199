"""A padded load is a fill and a load into a view.

The vendor's compiler takes a load of [3, 8] into [3, 16] with padding for one row of 24 into 48, so
that rows move.
"""

from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from hawk_xdsl.dialects.npu import LoadOp, Scope, VbrcOp, scope_of
from hawk_xdsl.hivm.emission import memref_type
from hawk_xdsl.hivm.tiles import extents_of, leading_part, put
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
        if memref_type(op.source).get_shape() != memref_type(op.dest).get_shape():
            put(VbrcOp(op.pad, op.dest), rewriter)
        view = leading_part(op.dest, extents_of(op.source), rewriter)
        rewriter.replace(op, LoadOp(op.source, view))
