"""npu-drop-empty: nothing computes tensors without elements, or reduces them."""

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, tensor
from xdsl.dialects.builtin import TensorType
from xdsl.dialects.linalg.ops import FillOp
from xdsl.ir import Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern

from hawk_xdsl.linalg.structured import equation_of
from hawk_xdsl.passes.function_pass import FunctionPass


class NameEmptyResults(RewritePattern):
    """A result without elements is a ``tensor.empty``."""

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter, /) -> None:
        """Replaces the uses of such results."""
        if isinstance(op, tensor.EmptyOp):
            return
        for result in op.results:
            if _is_empty(result) and isinstance(result.type, TensorType):
                created = rewriter.insert(tensor.EmptyOp([], result.type))
                rewriter.replace_all_uses_with(result, created.tensor)


class SkipEmptyOperands(RewritePattern):
    """What an op computes of tensors without elements is known before it runs.

    - An op with a loop of no iteration gives what it starts from.
    - Of a concatenation, the operands without elements go.
    - An insertion of nothing gives its destination, and a padding of nothing is the padding.
    """

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter, /) -> None:
        """Replaces the uses of the op's results."""
        values = _without_computing(op, rewriter)
        for result, value in zip(op.results, values or (), strict=values is not None):
            rewriter.replace_all_uses_with(result, value)


@dataclass(frozen=True)
class NpuDropEmptyPass(FunctionPass):
    """Rewrites functions so that no op computes on tensors without elements."""

    name = "npu-drop-empty"
    patterns = (NameEmptyResults, SkipEmptyOperands)


def _without_computing(op: Operation, rewriter: PatternRewriter) -> Sequence[SSAValue] | None:
    """What the results of an op are, if that is known because something has no elements."""
    match op:
        case tensor.ConcatOp() if any(map(_is_empty, op.inputs)):
            kept = [value for value in op.inputs if not _is_empty(value)]
            op.operands = kept
            return kept if len(kept) == 1 else None
        case tensor.InsertSliceOp() if _is_empty(op.source):
            return [op.dest]
        case tensor.PadOp() if _is_empty(op.source):
            return _padding(op, rewriter)
        case _:
            equation = equation_of(op)
            return equation.outputs if equation is not None and 0 in equation.sizes else None


def _is_empty(value: SSAValue) -> bool:
    return isinstance(value.type, TensorType) and 0 in value.type.get_shape()


def _padding(op: tensor.PadOp, rewriter: PatternRewriter) -> Sequence[SSAValue] | None:
    end, type_ = op.region.block.last_op, op.result.type
    assert end is not None and isinstance(type_, TensorType)
    if not isinstance(end.operands[0].owner, arith.ConstantOp):
        return None
    constant, empty = end.operands[0].owner.clone(), tensor.EmptyOp([], type_)
    fill = FillOp([constant.result], [empty.tensor], [type_])
    rewriter.insert([constant, empty, fill])
    return fill.results
