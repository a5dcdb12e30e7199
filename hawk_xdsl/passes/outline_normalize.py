"""Structural clean-up before grouping: dead results, splat operands, accumulators, broadcasts."""

from collections.abc import Sequence

from xdsl.dialects import arith, tensor
from xdsl.dialects.builtin import (
    AffineMapAttr,
    AnyFloat,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    TensorType,
)
from xdsl.dialects.linalg.abstract_ops import LinalgStructuredOperation
from xdsl.dialects.linalg.attrs import IteratorTypeAttr
from xdsl.dialects.linalg.ops import BroadcastOp, FillOp, GenericOp, TransposeOp, YieldOp
from xdsl.ir import Attribute, Block, Operation, OpResult, Region, SSAValue
from xdsl.ir.affine import AffineMap
from xdsl.rewriter import InsertPoint, Rewriter

from hawk_xdsl.linalg.dead_ops import erase_dead_ops
from hawk_xdsl.linalg.structured import equation_of, static_shape
from hawk_xdsl.passes.outline_dataflow import (
    MOVES,
    is_unary_elementwise,
    only_feeds_contractions,
)
from hawk_xdsl.passes.outline_expand import expand_loops
from hawk_xdsl.passes.outline_widths import narrow_sums


def normalize(block: Block) -> None:
    """Rewrites a function's body without changing what it computes, up to the order of additions.

    - results nobody uses leave their ``linalg.generic`` (the indices of a maximum, say);
    - a selection of the larger of two values becomes a maximum;
    - an input that is a constant or a fill becomes a scalar constant in the body;
    - an input made by ``linalg.broadcast`` is read through its indexing map instead;
    - a contraction starts from zero, and what it started from is added afterwards;
    - one whose i64 sums are cut to i32 sums in i32;
    - elementwise ops of one input that only feed contractions are done before the reshapes and
      transposes that lead to them, so that the contractions can absorb those;
    - an op whose result is only used with axes split may compute it so: see ``expand_loops``.
    """
    for op in list(block.ops):
        if isinstance(op, GenericOp):
            _drop_dead_results(op)
    for op in list(block.ops):
        if isinstance(op, GenericOp):
            _name_maxima(op)
            _read_through_broadcasts(_take_scalars(op))
    for op in list(block.ops):
        if isinstance(op, LinalgStructuredOperation):
            _start_from_zero(op)
    for op in list(block.ops):
        if isinstance(op, LinalgStructuredOperation):
            narrow_sums(op)
    for op in list(block.ops):
        if isinstance(op, GenericOp):
            _move_before_layout(op)
    erase_dead_ops(block)
    for op in reversed(list(block.ops)):
        expand_loops(op)
    erase_dead_ops(block)


def is_zero(value: SSAValue) -> bool:
    """Whether a tensor is filled with zero."""
    found = scalar_of(value)
    return found is not None and found.value.data == 0


def scalar_of(value: SSAValue) -> FloatAttr | IntegerAttr | None:
    """The number that a scalar is, or that every element of a tensor is, if that is known."""
    op = value.owner
    match op:
        case FillOp():
            return scalar_of(op.inputs[0])
        case arith.ConstantOp(value=FloatAttr() | IntegerAttr() as number):
            return number
        case arith.ConstantOp(value=DenseIntOrFPElementsAttr() as dense) if dense.is_splat():
            return dense.get_attrs()[0]
        case tensor.ExpandShapeOp() | tensor.CollapseShapeOp():
            return scalar_of(op.src)
        case BroadcastOp():
            return scalar_of(op.input)
        case TransposeOp():
            return scalar_of(op.inputs[0])
        case _:
            return None


def _replaced_generic(
    op: GenericOp,
    inputs: Sequence[SSAValue],
    maps: Sequence[AffineMap],
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
    Rewriter.insert_op(new, InsertPoint.before(op))
    return new


def _maps(op: GenericOp) -> list[AffineMap]:
    return [attr.data for attr in op.indexing_maps]


def _drop_dead_results(op: GenericOp) -> None:
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
    Rewriter.replace_op(end, YieldOp(*(end.operands[i] for i in kept)))
    erase_dead_ops(op.body.block)
    for i in reversed(dead):
        op.body.block.erase_arg(op.body.block.args[first + i])
    outputs = [op.outputs[i] for i in kept]
    new = _replaced_generic(
        op, list(op.inputs), maps[:first] + [maps[first + i] for i in kept], outputs
    )
    for i, result in zip(kept, new.results, strict=True):
        op.results[i].replace_all_uses_with(result)
    Rewriter.erase_op(op)


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


def _name_maxima(op: GenericOp) -> None:
    """``select(x > c or unordered, x, c)`` becomes ``maximumf(x, c)``: the same, also for NaN.

    Not if c is -0.0, since ``maximumf`` orders the zeros and the comparison does not.
    """
    for select in list(op.body.block.ops):
        if not isinstance(select, arith.SelectOp):
            continue
        comparison, bound = select.cond.owner, scalar_of(select.rhs)
        if not isinstance(comparison, arith.CmpfOp) or comparison.predicate.value.data != 9:
            continue
        same = comparison.lhs is select.lhs and comparison.rhs is select.rhs
        if same and bound is not None and not str(bound.value.data).startswith("-0.0"):
            Rewriter.replace_op(select, arith.MaximumfOp(select.lhs, select.rhs))


def _take_scalars(op: GenericOp) -> GenericOp:
    """Turns inputs whose elements are all one known number into constants of the body."""
    block, maps = op.body.block, _maps(op)
    numbers = [scalar_of(value) for value in op.inputs]
    keeps_loops = _maps_cover_loops(op, [i for i, n in enumerate(numbers) if n is None])
    if not any(numbers) or not keeps_loops:
        return op
    for position in reversed(range(len(numbers))):
        number = numbers[position]
        if number is None:
            continue
        argument = block.args[position]
        constant = arith.ConstantOp(number)
        assert block.first_op is not None
        Rewriter.insert_op(constant, InsertPoint.before(block.first_op))
        argument.replace_all_uses_with(constant.result)
        block.erase_arg(argument)
        del maps[position]
    kept = [value for value, number in zip(op.inputs, numbers, strict=True) if number is None]
    new = _replaced_generic(op, kept, maps)
    Rewriter.replace_op(op, [], new.results)
    return new


def _maps_cover_loops(op: GenericOp, inputs: Sequence[int]) -> bool:
    """Whether these inputs and the outputs alone still say how far every loop runs."""
    maps = _maps(op)
    left = [maps[i] for i in inputs] + maps[len(op.inputs) :]
    results = tuple(result for m in left for result in m.results)
    return AffineMap(maps[0].num_dims, 0, results).inverse_permutation() is not None


def _read_through_broadcasts(op: GenericOp) -> None:
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
        Rewriter.replace_op(op, [], _replaced_generic(op, inputs, maps).results)


def _start_from_zero(op: LinalgStructuredOperation) -> None:
    """Splits ``init + contraction`` into the contraction and an elementwise addition."""
    equation = equation_of(op)
    if equation is None or equation.factors is None or is_zero(equation.outputs[0]):
        return
    start, type_ = equation.outputs[0], op.results[0].type
    assert isinstance(type_, TensorType)
    constant = arith.ConstantOp(_zero(type_.element_type))
    empty = tensor.EmptyOp([], type_)
    fill = FillOp([constant.result], [empty.tensor], [type_])
    Rewriter.insert_op([constant, empty, fill], InsertPoint.before(op))
    op.operands[len(equation.inputs)] = fill.results[0]
    added = _sum_of(start, op.results[0], type_)
    added[-1].location = op.location
    Rewriter.insert_op(added, InsertPoint.after(op))
    op.results[0].replace_uses_with_if(
        added[-1].results[0], lambda use: use.operation is not added[-1]
    )
    generic = added[-1]
    assert isinstance(generic, GenericOp)
    _read_through_broadcasts(generic)


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


def _move_before_layout(op: GenericOp) -> None:
    """``f(layout(x))`` becomes ``layout(f(x))``, as often as possible."""
    equation = equation_of(op)
    if equation is None or not is_unary_elementwise(equation):
        return
    if not only_feeds_contractions(op.results[0]):
        return
    chain: list[Operation] = []
    source = equation.inputs[0]
    while isinstance(source, OpResult) and isinstance(source.owner, MOVES):
        chain.insert(0, source.owner)
        source = source.owner.operands[0]
    if not chain:
        return
    element = op.results[0].type
    assert isinstance(element, TensorType)
    value = _elementwise_on(op, source, element.element_type)
    for move in chain:
        value = _moved(move, value, element.element_type, op)
    op.results[0].replace_all_uses_with(value)
    Rewriter.erase_op(op)


def _elementwise_on(op: GenericOp, source: SSAValue, element: Attribute) -> SSAValue:
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
    Rewriter.insert_op([empty, generic], InsertPoint.before(op))
    return generic.results[0]


def _moved(move: Operation, value: SSAValue, element: Attribute, before: Operation) -> SSAValue:
    """The layout op applied to another value, of another element type perhaps."""
    type_ = TensorType(element, static_shape(move.results[0]))
    mapping = {move.operands[0]: value}
    if isinstance(move, TransposeOp):
        empty = tensor.EmptyOp([], type_)
        new: Operation = TransposeOp(value, empty.tensor, move.permutation)
        Rewriter.insert_op([empty, new], InsertPoint.before(before))
    else:
        new = move.clone(value_mapper=dict[SSAValue, SSAValue](mapping))
        Rewriter.insert_op(new, InsertPoint.before(before))
        Rewriter.replace_value_with_new_type(new.results[0], type_)
    return new.results[0]
