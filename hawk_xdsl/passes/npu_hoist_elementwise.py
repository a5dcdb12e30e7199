"""npu-hoist-elementwise: elementwise ops come before the layout ops that contractions absorb."""

from dataclasses import dataclass

from xdsl.dialects import tensor
from xdsl.dialects.builtin import AffineMapAttr, TensorType
from xdsl.dialects.linalg.attrs import IteratorTypeAttr
from xdsl.dialects.linalg.ops import GenericOp, TransposeOp
from xdsl.ir import Attribute, Operation, OpResult, SSAValue
from xdsl.ir.affine import AffineMap
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from hawk_xdsl.linalg.structured import equation_of, static_shape
from hawk_xdsl.passes.function_pass import FunctionPass
from hawk_xdsl.passes.outline_dataflow import MOVES, is_unary_elementwise, only_feeds_contractions
from hawk_xdsl.passes.outline_epilogue import store_steps


class HoistElementwise(RewritePattern):
    """``f(layout(x))`` becomes ``layout(f(x))`` next to contractions.

    An elementwise op of one input is so done before the reshapes and transposes that lead to it: if
    only contractions use it, they can absorb those; if it is what the store of a contraction can
    do, that one does both.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: GenericOp, rewriter: PatternRewriter, /) -> None:
        """Moves the op before all layout ops that it follows."""
        equation = equation_of(op)
        if equation is None or not is_unary_elementwise(equation):
            return
        chain: list[Operation] = []
        source = equation.inputs[0]
        while isinstance(source, OpResult) and isinstance(source.owner, MOVES):
            chain.insert(0, source.owner)
            source = source.owner.operands[0]
        after = store_steps(equation) is not None and _is_stored_once(source, chain)
        if not chain or not (after or only_feeds_contractions(op.results[0])):
            return
        element = op.results[0].type
        assert isinstance(element, TensorType)
        value = _elementwise_on(op, source, element.element_type, rewriter)
        for move in chain:
            value = _moved(move, value, element.element_type, rewriter)
        rewriter.replace(op, [], [value])


def _is_stored_once(source: SSAValue, chain: list[Operation]) -> bool:
    """Whether a contraction's result goes this way and no other."""
    made = equation_of(source.owner) if isinstance(source.owner, Operation) else None
    values = [source, *(move.results[0] for move in chain)]
    once = all(len(list(value.uses)) == 1 for value in values)
    return made is not None and made.factors is not None and once


@dataclass(frozen=True)
class NpuHoistElementwisePass(FunctionPass):
    """Moves elementwise ops that only feed contractions before reshapes and transposes."""

    name = "npu-hoist-elementwise"
    patterns = (HoistElementwise,)


def _elementwise_on(
    op: GenericOp, source: SSAValue, element: Attribute, rewriter: PatternRewriter
) -> SSAValue:
    shape = static_shape(source)
    empty = tensor.EmptyOp([], TensorType(element, shape))
    identity = AffineMapAttr(AffineMap.identity(len(shape)))
    generic = GenericOp(
        [source],
        [empty.tensor],
        op.detach_region(op.body),
        [identity, identity],
        [IteratorTypeAttr.parallel()] * len(shape),
        [empty.tensor.type],
    )
    generic.location = op.location
    rewriter.insert([empty, generic])
    return generic.results[0]


def _moved(
    move: Operation, value: SSAValue, element: Attribute, rewriter: PatternRewriter
) -> SSAValue:
    """The layout op applied to another value, of another element type perhaps."""
    type_ = TensorType(element, static_shape(move.results[0]))
    mapping = {move.operands[0]: value}
    if isinstance(move, TransposeOp):
        empty = tensor.EmptyOp([], type_)
        new: Operation = TransposeOp(value, empty.tensor, move.permutation)
        rewriter.insert([empty, new])
    else:
        new = move.clone(value_mapper=dict[SSAValue, SSAValue](mapping))
        rewriter.insert(new)
        rewriter.replace_value_with_new_type(new.results[0], type_)
    return new.results[0]
