"""Tensors without elements: nothing computes them, and a fold of them is what it starts from."""

from collections.abc import Sequence

from xdsl.dialects import arith, tensor
from xdsl.dialects.builtin import TensorType
from xdsl.dialects.linalg.ops import FillOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from hawk_xdsl.linalg.dead_ops import erase_dead_ops
from hawk_xdsl.linalg.structured import equation_of


def drop_empty(block: Block) -> None:
    """Rewrites a function's body so that no op computes on tensors without elements.

    - a result without elements is a ``tensor.empty``;
    - an op with a loop of no iteration gives what it starts from;
    - of a concatenation the operands without elements go; an insertion of nothing gives its
      destination; a padding of nothing is the padding.
    """
    for op in list(block.ops):
        for result in op.results:
            if _is_empty(result) and not isinstance(op, tensor.EmptyOp):
                result.replace_all_uses_with(_empty(result, op))
        values = _without_computing(op)
        if values is not None:
            for result, value in zip(op.results, values, strict=True):
                result.replace_all_uses_with(value)
    erase_dead_ops(block)


def _without_computing(op: Operation) -> Sequence[SSAValue] | None:
    """What the results of an op are, if that is known because something has no elements."""
    match op:
        case tensor.ConcatOp() if any(map(_is_empty, op.inputs)):
            kept = [value for value in op.inputs if not _is_empty(value)]
            op.operands = kept
            return kept if len(kept) == 1 else None
        case tensor.InsertSliceOp() if _is_empty(op.source):
            return [op.dest]
        case tensor.PadOp() if _is_empty(op.source):
            return _padding(op)
        case _:
            equation = equation_of(op)
            return equation.outputs if equation is not None and 0 in equation.sizes else None


def _is_empty(value: SSAValue) -> bool:
    return isinstance(value.type, TensorType) and 0 in value.type.get_shape()


def _empty(value: SSAValue, before: Operation) -> SSAValue:
    assert isinstance(value.type, TensorType)
    created = tensor.EmptyOp([], value.type)
    Rewriter.insert_op(created, InsertPoint.before(before))
    return created.tensor


def _padding(op: tensor.PadOp) -> Sequence[SSAValue] | None:
    end, type_ = op.region.block.last_op, op.result.type
    assert end is not None and isinstance(type_, TensorType)
    if not isinstance(end.operands[0].owner, arith.ConstantOp):
        return None
    constant, empty = end.operands[0].owner.clone(), tensor.EmptyOp([], type_)
    fill = FillOp([constant.result], [empty.tensor], [type_])
    Rewriter.insert_op([constant, empty, fill], InsertPoint.before(op))
    return fill.results
