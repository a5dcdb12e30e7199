"""Instructions on bits: numbers stand in tiles, and shifts bring in copies of the sign."""

from xdsl.dialects.builtin import IntegerType, MemRefType
from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from hawk_xdsl.dialects.constants import constant_of
from hawk_xdsl.dialects.npu import BINARY_OPS, BinaryOp, VbrcOp
from hawk_xdsl.hivm.emission import memref_type
from hawk_xdsl.hivm.tiles import number, put, tile_like
from hawk_xdsl.transforms.pass_error import PassError

_OF_TILES = frozenset({"vand", "vor"})


class NumberInTile(RewritePattern):
    """``vand a, 7`` becomes ``vand a, t`` with the number in every place of ``t``."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: BinaryOp, rewriter: PatternRewriter) -> None:
        """Rewrite one instruction with a number."""
        if op.ROW.mnemonic in _OF_TILES and not isinstance(op.rhs.type, MemRefType):
            op.operands[1] = filled(op.rhs, op.out, rewriter)
            rewriter.notify_op_modified(op)


class UnsignedShift(RewritePattern):
    """``vshru a, n`` becomes ``vshr a, n`` and an ``and`` with as many ones as bits are left."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: BinaryOp, rewriter: PatternRewriter) -> None:
        """Rewrite one shift."""
        element = memref_type(op.out).element_type
        if op.ROW.mnemonic != "vshru" or not isinstance(element, IntegerType):
            return
        count = constant_of(op.rhs)
        if count is None:
            raise PassError("npu.vshru by a number that is not constant has no form in HIVM")
        ones = (1 << (element.bitwidth - count)) - 1
        put(BINARY_OPS["vshr"](op.lhs, op.rhs, op.out), rewriter)
        if count:
            mask = filled(number(ones, element, rewriter), op.out, rewriter)
            put(BINARY_OPS["vand"](op.out, mask, op.out), rewriter)
        rewriter.erase(op)


def filled(value: SSAValue, like: SSAValue, rewriter: PatternRewriter) -> SSAValue:
    """A new tile with a number in every place."""
    tile = tile_like(like, value.type, rewriter)
    put(VbrcOp(value, tile), rewriter)
    return tile
