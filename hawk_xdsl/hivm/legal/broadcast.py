"""At most one operand of an instruction is repeated, and none of a comparison."""

from xdsl.dialects.builtin import MemRefType
from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from hawk_xdsl.dialects.npu import BinaryOp, VbrcOp, VcmpOp
from hawk_xdsl.hivm.emission import memref_type
from hawk_xdsl.hivm.tiles import put, tile_like


class RepeatOneOperand(RewritePattern):
    """Where both operands are repeated the first one is written out before."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: BinaryOp, rewriter: PatternRewriter) -> None:
        """Rewrite one instruction of two operands."""
        if is_repeated(op.lhs, op.out) and is_repeated(op.rhs, op.out):
            _write_out(op, 0, rewriter)


class CompareWhole(RewritePattern):
    """A comparison repeats nothing: each repeated operand is written out before."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: VcmpOp, rewriter: PatternRewriter) -> None:
        """Rewrite one comparison."""
        for place, value in enumerate((op.lhs, op.rhs)):
            if is_repeated(value, op.out):
                _write_out(op, place, rewriter)


def _write_out(op: BinaryOp | VcmpOp, place: int, rewriter: PatternRewriter) -> None:
    value = op.operands[place]
    whole = tile_like(op.out, memref_type(value).element_type, rewriter)
    put(VbrcOp(value, whole), rewriter)
    op.operands[place] = whole
    rewriter.notify_op_modified(op)


def is_repeated(value: SSAValue, out: SSAValue) -> bool:
    """Whether a tile is repeated along a dimension of the result."""
    if not isinstance(value.type, MemRefType):
        return False
    shape, whole = value.type.get_shape(), memref_type(out).get_shape()
    aligned = [1] * (len(whole) - len(shape)) + list(shape)
    return any(have == 1 != want for have, want in zip(aligned, whole, strict=True))
