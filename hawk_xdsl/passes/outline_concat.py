"""Concatenations of many tensors as concatenations of concatenations."""

from collections.abc import Sequence

from xdsl.dialects import tensor
from xdsl.dialects.builtin import TensorType
from xdsl.ir import Block, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from hawk_xdsl.linalg.structured import static_shape
from hawk_xdsl.semantics.loops import MOST_PIECES


def split_concatenations(block: Block) -> None:
    """Lets no concatenation have more operands than a specification may have pieces.

    80 rows become three stacks of 32, 32 and 16 rows, which are copied once more.
    """
    for op in list(block.ops):
        if not isinstance(op, tensor.ConcatOp) or len(op.inputs) <= MOST_PIECES:
            continue
        parts: Sequence[SSAValue] = list(op.inputs)
        while len(parts) > MOST_PIECES:
            chunks = [parts[i : i + MOST_PIECES] for i in range(0, len(parts), MOST_PIECES)]
            parts = [_joined(op, chunk) for chunk in chunks]
        op.operands = parts


def _joined(op: tensor.ConcatOp, parts: Sequence[SSAValue]) -> SSAValue:
    if len(parts) == 1:
        return parts[0]
    type_, dim = parts[0].type, op.dim.value.data
    assert isinstance(type_, TensorType)
    shape = list(static_shape(parts[0]))
    shape[dim] = sum(static_shape(part)[dim] for part in parts)
    joined = op.clone()
    joined.operands = parts
    Rewriter.insert_op(joined, InsertPoint.before(op))
    result = TensorType(type_.element_type, shape)
    Rewriter.replace_value_with_new_type(joined.results[0], result)
    return joined.results[0]
