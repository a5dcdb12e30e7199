"""npu-normalize: structural clean-up: dead results, splat operands, broadcasts, accumulators."""

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, tensor
from xdsl.dialects.builtin import (
    AffineMapAttr,
    AnyFloat,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    TensorType,
)
from xdsl.dialects.linalg.abstract_ops import LinalgStructuredOperation
from xdsl.dialects.linalg.attrs import IteratorTypeAttr
from xdsl.dialects.linalg.ops import BroadcastOp, FillOp, GenericOp, YieldOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.ir.affine import AffineMap
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from hawk_xdsl.linalg.dead_ops import erase_dead_ops
from hawk_xdsl.linalg.splat import is_zero, scalar_of
from hawk_xdsl.linalg.structured import equation_of
from hawk_xdsl.passes.function_pass import FunctionPass


class DropDeadResults(RewritePattern):
    """Results nobody uses leave their ``linalg.generic``: the indices of a maximum, say."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: GenericOp, rewriter: PatternRewriter, /) -> None:
        """Drops outputs that nothing uses and that no other output's value depends on."""
        end = op.body.block.last_op
        assert end is not None
        first = len(op.inputs)
        arguments = op.body.block.args[first:]
        dead = [
            i
            for i, result in enumerate(op.results)
            if not result.uses and _only_feeds(arguments[i], end, i)
        ]
        kept = [i for i in range(len(op.results)) if i not in dead]
        if not dead or not kept:
            return
        maps = _maps(op)
        rewriter.replace(end, YieldOp(*(end.operands[i] for i in kept)))
        erase_dead_ops(op.body.block)
        for i in reversed(dead):
            op.body.block.erase_arg(op.body.block.args[first + i])
        outputs = [op.outputs[i] for i in kept]
        maps = maps[:first] + [maps[first + i] for i in kept]
        new = _replaced_generic(op, list(op.inputs), maps, rewriter, outputs)
        results = dict(zip(kept, new.results, strict=True))
        rewriter.replace(op, [], [results.get(i) for i in range(len(op.results))])


class NameMaxima(RewritePattern):
    """``select(x > c or unordered, x, c)`` becomes ``maximumf(x, c)``: the same, also for NaN.

    Not if c is -0.0, since ``maximumf`` orders the zeros and the comparison does not.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: GenericOp, rewriter: PatternRewriter, /) -> None:
        """Replaces such selections in the body of a ``linalg.generic``."""
        selections = list(op.body.block.ops)
        for select in selections:
            if not isinstance(select, arith.SelectOp):
                continue
            comparison, bound = select.cond.owner, scalar_of(select.rhs)
            if not isinstance(comparison, arith.CmpfOp) or comparison.predicate.value.data != 9:
                continue
            same = comparison.lhs is select.lhs and comparison.rhs is select.rhs
            if same and bound is not None and not str(bound.value.data).startswith("-0.0"):
                rewriter.replace(select, arith.MaximumfOp(select.lhs, select.rhs))


class TakeScalars(RewritePattern):
    """An input whose elements are all one known number becomes a constant of the body."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: GenericOp, rewriter: PatternRewriter, /) -> None:
        """Replaces a ``linalg.generic`` by one without such inputs."""
        block, maps = op.body.block, _maps(op)
        numbers = [scalar_of(value) for value in op.inputs]
        keeps_loops = _maps_cover_loops(op, [i for i, n in enumerate(numbers) if n is None])
        if not any(numbers) or not keeps_loops:
            return
        for position in reversed(range(len(numbers))):
            number = numbers[position]
            if number is None:
                continue
            argument = block.args[position]
            constant = rewriter.insert(arith.ConstantOp(number), InsertPoint.at_start(block))
            argument.replace_all_uses_with(constant.result)
            block.erase_arg(argument)
            del maps[position]
        kept = [value for value, number in zip(op.inputs, numbers, strict=True) if number is None]
        rewriter.replace(op, [], _replaced_generic(op, kept, maps, rewriter).results)


class ReadThroughBroadcasts(RewritePattern):
    """An input made by ``linalg.broadcast`` is read through its indexing map instead."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: GenericOp, rewriter: PatternRewriter, /) -> None:
        """Replaces a ``linalg.generic`` by one of what was broadcast."""
        maps, inputs = _maps(op), list(op.inputs)
        for position, value in enumerate(inputs):
            while isinstance(value.owner, BroadcastOp):
                added = value.owner.dimensions.get_values()
                kept = [e for axis, e in enumerate(maps[position].results) if axis not in added]
                maps[position] = AffineMap(maps[position].num_dims, 0, tuple(kept))
                value = value.owner.input
                inputs[position] = value
        results = tuple(result for m in maps for result in m.results)
        covered = AffineMap(maps[0].num_dims, 0, results).inverse_permutation() is not None
        if covered and any(a is not b for a, b in zip(inputs, op.inputs, strict=True)):
            rewriter.replace(op, [], _replaced_generic(op, inputs, maps, rewriter).results)


class StartFromZero(RewritePattern):
    """A contraction starts from zero, and what it started from is added afterwards."""

    @op_type_rewrite_pattern
    def match_and_rewrite(
        self, op: LinalgStructuredOperation, rewriter: PatternRewriter, /
    ) -> None:
        """Splits ``init + contraction`` into the contraction and an elementwise addition."""
        equation = equation_of(op)
        if equation is None or equation.factors is None or is_zero(equation.outputs[0]):
            return
        start, type_ = equation.outputs[0], op.results[0].type
        assert isinstance(type_, TensorType)
        constant = arith.ConstantOp(_zero(type_.element_type))
        empty = tensor.EmptyOp([], type_)
        fill = FillOp([constant.result], [empty.tensor], [type_])
        rewriter.insert([constant, empty, fill])
        op.operands[len(equation.inputs)] = fill.results[0]
        added = _sum_of(start, op.results[0], type_)
        added[-1].location = op.location
        rewriter.insert(added, InsertPoint.after(op))
        total = added[-1].results[0]
        rewriter.replace_uses_with_if(
            op.results[0], total, lambda use: use.operation is not added[-1]
        )
        rewriter.notify_op_modified(op)


@dataclass(frozen=True)
class NpuNormalizePass(FunctionPass):
    """Cleans functions up without changing what they compute, up to the order of additions."""

    name = "npu-normalize"
    patterns = (
        *(DropDeadResults, NameMaxima, TakeScalars, ReadThroughBroadcasts),
        *(StartFromZero, ReadThroughBroadcasts),  # the added start may have been broadcast
    )


def _replaced_generic(
    op: GenericOp,
    inputs: Sequence[SSAValue],
    maps: Sequence[AffineMap],
    rewriter: PatternRewriter,
    outputs: Sequence[SSAValue] | None = None,
) -> GenericOp:
    """A generic with the body of ``op``, which is emptied, and other operands."""
    outputs = list(op.outputs) if outputs is None else list(outputs)
    new = GenericOp(
        inputs,
        outputs,
        op.detach_region(op.body),
        [AffineMapAttr(m) for m in maps],
        op.iterator_types,
        [value.type for value in outputs],
    )
    new.location = op.location
    return rewriter.insert(new)


def _maps(op: GenericOp) -> list[AffineMap]:
    return [attr.data for attr in op.indexing_maps]


def _only_feeds(argument: SSAValue, end: Operation, output: int) -> bool:
    """Whether an accumulator reaches no yielded value but its own output's."""
    reached, waiting = {argument}, [argument]
    while waiting:
        for use in waiting.pop().uses:
            if use.operation is end and use.index != output:
                return False
            fresh = [result for result in use.operation.results if result not in reached]
            reached.update(fresh)
            waiting.extend(fresh)
    return True


def _maps_cover_loops(op: GenericOp, inputs: Sequence[int]) -> bool:
    """Whether these inputs and the outputs alone still say how far every loop runs."""
    maps = _maps(op)
    left = [maps[i] for i in inputs] + maps[len(op.inputs) :]
    results = tuple(result for m in left for result in m.results)
    return AffineMap(maps[0].num_dims, 0, results).inverse_permutation() is not None


def _zero(element: Attribute) -> FloatAttr | IntegerAttr:
    if isinstance(element, AnyFloat):
        return FloatAttr(0.0, element)
    assert isinstance(element, IntegerType)
    return IntegerAttr(0, element)


def _sum_of(left: SSAValue, right: SSAValue, type_: TensorType[Attribute]) -> list[Operation]:
    element, rank = type_.element_type, len(type_.get_shape())
    body = Block(arg_types=[element] * 3)
    addition = arith.AddfOp if isinstance(element, AnyFloat) else arith.AddiOp
    total = addition(body.args[1], body.args[0])
    body.add_ops([total, YieldOp(total.result)])
    empty = tensor.EmptyOp([], type_)
    identity = AffineMapAttr(AffineMap.identity(rank))
    parallel = [IteratorTypeAttr.parallel()] * rank
    return [
        empty,
        GenericOp([left, right], [empty.tensor], Region(body), [identity] * 3, parallel, [type_]),
    ]
