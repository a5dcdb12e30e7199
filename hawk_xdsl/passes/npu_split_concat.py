"""npu-split-concat: concatenations of many tensors become concatenations of concatenations."""

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import tensor
from xdsl.dialects.builtin import TensorType
from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from hawk_xdsl.linalg.structured import static_shape
from hawk_xdsl.passes.function_pass import FunctionPass
from hawk_xdsl.semantics.loops import MOST_REGIONS


class SplitConcatenation(RewritePattern):
    """Lets a concatenation have no more operands than a specification may have regions.

    80 rows become three stacks of 32, 32 and 16 rows, which are copied once more.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: tensor.ConcatOp, rewriter: PatternRewriter, /) -> None:
        """Concatenates chunks of the operands first, until few enough are left."""
        if len(op.inputs) <= MOST_REGIONS:
            return
        parts: Sequence[SSAValue] = list(op.inputs)
        while len(parts) > MOST_REGIONS:
            chunks = [parts[i : i + MOST_REGIONS] for i in range(0, len(parts), MOST_REGIONS)]
            parts = [_joined(op, chunk, rewriter) for chunk in chunks]
        op.operands = parts
        rewriter.notify_op_modified(op)


@dataclass(frozen=True)
class NpuSplitConcatPass(FunctionPass):
    """Splits concatenations of more tensors than a specification may have regions."""

    name = "npu-split-concat"
    patterns = (SplitConcatenation,)


def _joined(op: tensor.ConcatOp, parts: Sequence[SSAValue], rewriter: PatternRewriter) -> SSAValue:
    if len(parts) == 1:
        return parts[0]
    type_, dim = parts[0].type, op.dim.value.data
    assert isinstance(type_, TensorType)
    shape = list(static_shape(parts[0]))
    shape[dim] = sum(static_shape(part)[dim] for part in parts)
    joined = op.clone()
    joined.operands = parts
    rewriter.insert(joined)
    result = TensorType(type_.element_type, shape)
    return rewriter.replace_value_with_new_type(joined.results[0], result)
