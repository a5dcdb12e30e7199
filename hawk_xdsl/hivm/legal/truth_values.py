"""Truth values are bits on the core and bytes in global memory: they are converted between."""

from dataclasses import dataclass

from xdsl.dialects.builtin import f16, i8
from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from hawk_xdsl.dialects.npu import (
    UNARY_OPS,
    Comparison,
    LoadOp,
    Rounding,
    StoreOp,
    VbrcOp,
    VcastOp,
    VcmpOp,
    VselOp,
)
from hawk_xdsl.hivm.emission import memref_type
from hawk_xdsl.hivm.legal.broadcast import is_repeated
from hawk_xdsl.hivm.tiles import number, put, tile_like
from hawk_xdsl.transforms.buffers import root_of


@dataclass
class LoadedTruth(RewritePattern):
    """A loaded mask: its bytes are cast to f16 and compared with 0."""

    truth: frozenset[SSAValue]

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: LoadOp, rewriter: PatternRewriter) -> None:
        """Rewrite one load."""
        if op.pad is not None or root_of(op.dest) not in self.truth:
            return
        octets, halves = (tile_like(op.dest, element, rewriter) for element in (i8, f16))
        put(LoadOp(op.source, octets), rewriter)
        put(VcastOp(octets, halves), rewriter)
        zero = number(0, f16, rewriter)
        rewriter.replace(op, VcmpOp(Comparison.NE, halves, zero, op.dest))


@dataclass
class StoredTruth(RewritePattern):
    """A stored truth value: 1 or 0 is selected in f16 and cast to a byte."""

    truth: frozenset[SSAValue]

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: StoreOp, rewriter: PatternRewriter) -> None:
        """Rewrite one store."""
        if root_of(op.source) not in self.truth:
            return
        halves, octets = (tile_like(op.source, element, rewriter) for element in (f16, i8))
        put(_as_numbers(op.source, halves, rewriter), rewriter)
        put(VcastOp(halves, octets), rewriter)
        rewriter.replace(op, StoreOp(octets, op.dest))


@dataclass
class CastTruth(RewritePattern):
    """A truth value as a number, or back: 1 or 0 is selected, what is 1 or more is true.

    Numbers are f16, where the dtype has no selection. Other roundings than towards 0 stay.
    """

    truth: frozenset[SSAValue]

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: VcastOp, rewriter: PatternRewriter) -> None:
        """Rewrite one cast."""
        if root_of(op.input) in self.truth:
            rewriter.replace(op, _as_numbers(op.input, op.out, rewriter))
        elif root_of(op.out) in self.truth and op.rounding.data is Rounding.TRUNC:
            size = tile_like(op.input, memref_type(op.input).element_type, rewriter)
            put(UNARY_OPS["vabs"](op.input, size), rewriter)
            one = number(1, memref_type(op.input).element_type, rewriter)
            rewriter.replace(op, VcmpOp(Comparison.GE, size, one, op.out))


@dataclass
class RepeatedTruth(RewritePattern):
    """A condition, or a truth value, that is repeated: as numbers, which are compared with 0."""

    truth: frozenset[SSAValue]

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: VselOp | VbrcOp, rewriter: PatternRewriter) -> None:
        """Rewrite one selection or repetition."""
        value = op.condition if isinstance(op, VselOp) else op.input
        if not is_repeated(value, op.out):
            return
        if isinstance(op, VselOp):
            whole = tile_like(op.out, i8, rewriter)
            self._repeat(value, whole, rewriter)
            op.operands[0] = whole
            rewriter.notify_op_modified(op)
        elif root_of(value) in self.truth:
            self._repeat(value, op.out, rewriter)
            rewriter.erase(op)

    @staticmethod
    def _repeat(value: SSAValue, whole: SSAValue, rewriter: PatternRewriter) -> None:
        narrow, wide = (tile_like(tile, f16, rewriter) for tile in (value, whole))
        put(_as_numbers(value, narrow, rewriter), rewriter)
        put(VbrcOp(narrow, wide), rewriter)
        put(VcmpOp(Comparison.NE, wide, number(0, f16, rewriter), whole), rewriter)


def _as_numbers(value: SSAValue, out: SSAValue, rewriter: PatternRewriter) -> VselOp:
    element = memref_type(out).element_type
    return VselOp(value, number(1, element, rewriter), number(0, element, rewriter), out)
