"""The vendor's compiler fails on a reciprocal of a view of extents known only at run time."""

from xdsl.dialects.builtin import DYNAMIC_INDEX
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from hawk_xdsl.dialects.npu import BINARY_OPS, UnaryOp, VbrcOp
from hawk_xdsl.hivm.emission import memref_type
from hawk_xdsl.hivm.tiles import number, put, tile_like


class ReciprocalAsQuotient(RewritePattern):
    """``vrec a`` becomes ``vdiv 1, a`` with the ones in a tile."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: UnaryOp, rewriter: PatternRewriter) -> None:
        """Rewrite one reciprocal."""
        if op.ROW.mnemonic != "vrec" or DYNAMIC_INDEX not in memref_type(op.out).get_shape():
            return
        element = memref_type(op.out).element_type
        ones = tile_like(op.out, element, rewriter)
        put(VbrcOp(number(1, element, rewriter), ones), rewriter)
        rewriter.replace(op, BINARY_OPS["vdiv"](ones, op.input, op.out))
