"""A gather takes one row of indices."""

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import DYNAMIC_INDEX, IndexType, IntegerAttr, MemRefType
from xdsl.ir import Block, Region, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from hawk_xdsl.dialects.npu import VgatherOp, strides_of
from hawk_xdsl.hivm.emission import Extent, memref_type
from hawk_xdsl.hivm.tiles import extents_of, part
from hawk_xdsl.transforms.pass_error import PassError


class GatherByRows(RewritePattern):
    """Rows that are padded are gathered one after the other, in a loop."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: VgatherOp, rewriter: PatternRewriter) -> None:
        """Rewrite one gather of padded rows."""
        if _one_row(op.indices) and _one_row(op.out):
            return
        if memref_type(op.indices).get_num_dims() != 2:
            raise PassError("npu.vgather of padded rows in more than two dimensions")
        rows, columns = extents_of(op.indices)
        first, last, step = (_bound(each, rewriter) for each in (0, rows, 1))
        body = Block(arg_types=[IndexType()])
        body.add_op(scf.YieldOp())
        rewriter.insert(scf.ForOp(first, last, step, [], Region(body)))
        rewriter.insertion_point = InsertPoint.at_start(body)
        row = body.args[0]
        indices, out = (
            part(tile, [row, 0], [1, columns], [True, False], rewriter)
            for tile in (op.indices, op.out)
        )
        rewriter.insert(VgatherOp(op.input, indices, out))
        rewriter.erase(op)


def _bound(extent: Extent, rewriter: PatternRewriter) -> SSAValue:
    if isinstance(extent, SSAValue):
        return extent
    return rewriter.insert(arith.ConstantOp(IntegerAttr(extent, IndexType()))).result


def _one_row(value: SSAValue) -> bool:
    """Whether a tile's elements follow one another."""
    type_ = memref_type(value)
    if type_.get_num_dims() == 1:
        return True
    packed = MemRefType(type_.element_type, type_.get_shape())
    return DYNAMIC_INDEX not in type_.get_shape() and strides_of(type_) == strides_of(packed)
