"""There is no negation: a product with -1 is one, of signed zeros and NaN too."""

from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from hawk_xdsl.dialects.npu import BINARY_OPS, UnaryOp
from hawk_xdsl.hivm.emission import memref_type
from hawk_xdsl.hivm.tiles import number


class NegationAsProduct(RewritePattern):
    """``vneg a`` becomes ``vmul a, -1``."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: UnaryOp, rewriter: PatternRewriter) -> None:
        """Rewrite one negation."""
        if op.ROW.mnemonic == "vneg":
            minus = number(-1, memref_type(op.out).element_type, rewriter)
            rewriter.replace(op, BINARY_OPS["vmul"](op.input, minus, op.out))
