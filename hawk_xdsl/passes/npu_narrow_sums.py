"""npu-narrow-sums: sums of products whose high bits nothing needs are kept in 32 bits.

torch-mlir sums products of integers in i64 and cuts the sums to the result's type afterwards. The
low bits of a sum depend on the low bits of its parts only, so i32 does.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.dialects import arith, tensor
from xdsl.dialects.builtin import AffineMapAttr, IntegerAttr, IntegerType, TensorType, i32, i64
from xdsl.dialects.linalg.abstract_ops import LinalgStructuredOperation
from xdsl.dialects.linalg.attrs import IteratorTypeAttr
from xdsl.dialects.linalg.ops import FillOp, GenericOp, YieldOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from hawk_xdsl.linalg.structured import Equation, equation_of
from hawk_xdsl.passes.function_pass import FunctionPass
from hawk_xdsl.passes.outline_dataflow import is_plain_copy

_KEEP_LOW_BITS = (arith.AddiOp, arith.SubiOp, arith.MuliOp)
_EXTEND = (arith.ExtSIOp, arith.ExtUIOp)


class NarrowSum(RewritePattern):
    """A contraction that sums in i64 sums in i32, if all that uses it cuts it to that."""

    @op_type_rewrite_pattern
    def match_and_rewrite(
        self, op: LinalgStructuredOperation, rewriter: PatternRewriter, /
    ) -> None:
        """Replaces the contraction, and leaves out the cuts that cut nothing any more."""
        equation = equation_of(op)
        if equation is None or equation.factors is None:
            return
        type_ = equation.outputs[0].type
        if not isinstance(type_, TensorType) or type_.element_type != i64:
            return
        cuts = _cuts(op.results[0])
        body = _narrow_body(equation)
        if not cuts or body is None:
            return
        narrow = _narrow_contraction(equation, body, TensorType(i32, type_.get_shape()), rewriter)
        users = [use.operation for use in op.results[0].uses]
        rewriter.replace(op, [], [narrow])
        for cut in cuts:
            argument = cut.operands[0]
            if argument.type == i64:
                argument = rewriter.replace_value_with_new_type(argument, i32)
            if cut.result.type == i32:
                rewriter.replace(cut, [], [argument])
        for user in users:
            if isinstance(user, GenericOp) and is_plain_copy(user):
                rewriter.replace(user, [], user.inputs)


@dataclass(frozen=True)
class NpuNarrowSumsPass(FunctionPass):
    """Sums products of integers in i32 instead of i64 where the results are cut to that."""

    name = "npu-narrow-sums"
    patterns = (NarrowSum,)


def _narrow_contraction(
    equation: Equation, body: Block, type_: TensorType[IntegerType], rewriter: PatternRewriter
) -> SSAValue:
    """The contraction with a body in 32 bits, from zero."""
    zero = arith.ConstantOp(IntegerAttr(0, i32))
    empty = tensor.EmptyOp([], type_)
    fill = FillOp([zero.result], [empty.tensor], [type_])
    kinds = [IteratorTypeAttr.parallel(), IteratorTypeAttr.reduction()]
    generic = GenericOp(
        list(equation.inputs),
        [fill.results[0]],
        Region(body),
        [AffineMapAttr(indexing) for indexing in equation.maps],
        [kinds[not parallel] for parallel in equation.parallel],
        [type_],
    )
    generic.location = equation.op.location
    rewriter.insert([zero, empty, fill, generic])
    return generic.results[0]


def _cuts(value: SSAValue) -> list[arith.TruncIOp]:
    """The ops that cut a tensor's elements to 32 bits or less; none if anything else uses them."""
    found: list[arith.TruncIOp] = []
    for use in value.uses:
        user = use.operation
        if not isinstance(user, GenericOp) or use.index >= len(user.inputs):
            return []
        for inner in user.body.block.args[use.index].uses:
            if not isinstance(inner.operation, arith.TruncIOp):
                return []
            found.append(inner.operation)
    return found


def _narrow_body(equation: Equation) -> Block | None:
    """The body with i32 for i64; ``None`` where its high bits matter."""
    block = Block(arg_types=[i32 if arg.type == i64 else arg.type for arg in equation.body.args])
    if any(arg.type == i64 for arg in equation.body.args[: len(equation.inputs)]):
        return None
    became: dict[SSAValue, SSAValue] = dict(zip(equation.body.args, block.args, strict=True))
    for op in equation.body.ops:
        if isinstance(op, YieldOp):
            block.add_op(YieldOp(*(became[value] for value in op.operands)))
            continue
        new = _narrow(op, became)
        if new is None:
            return None
        if isinstance(new, Operation):
            block.add_op(new)
            became[op.results[0]] = new.results[0]
        else:
            became[op.results[0]] = new
    return block


def _narrow(op: Operation, became: Mapping[SSAValue, SSAValue]) -> Operation | SSAValue | None:
    """An op of the body in 32 bits, or the value that stands for its result."""
    if isinstance(op, _KEEP_LOW_BITS) and op.result.type == i64:
        return type(op)(became[op.lhs], became[op.rhs])
    if isinstance(op, _EXTEND) and op.result.type == i64:
        source = became[op.input]
        assert isinstance(source.type, IntegerType)
        if source.type == i32:
            return source if isinstance(op, arith.ExtSIOp) else None
        return type(op)(source, i32)
    return None
