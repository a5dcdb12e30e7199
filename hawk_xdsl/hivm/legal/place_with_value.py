"""A reduction that finds a place also gives the value: it needs a tile for that."""

from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from hawk_xdsl.dialects.npu import VreduceOp
from hawk_xdsl.hivm.emission import memref_type
from hawk_xdsl.hivm.instructions import WITH_INDEX, value_before
from hawk_xdsl.hivm.tiles import put, tile_like


class PlaceWithValue(RewritePattern):
    """``vreduce argmax a`` becomes ``vreduce max a`` and itself, which HIVM has as one."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: VreduceOp, rewriter: PatternRewriter) -> None:
        """Rewrite one reduction."""
        if op.kind.data not in WITH_INDEX or value_before(op) is not None:
            return
        value = tile_like(op.out, memref_type(op.input).element_type, rewriter)
        axes = [int(axis) for axis in op.axes.get_values()]
        put(VreduceOp(WITH_INDEX[op.kind.data][0], op.input, value, axes), rewriter)
