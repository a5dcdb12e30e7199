"""Contractions of one operand with several weights become one, with the weights side by side.

Queries, keys and values, or a gate and what it opens, are products of the same rows. As one product
with more columns they share what is loaded and fill the cores once; whoever used one of them reads
its columns::

    q = x · a + b;  k = x · c + d        y = x · [a c] + [b d];  q = y[:, :n];  k = y[:, n:]

What is the same for all of them and point by point (a bias, a narrowing) is done once, too.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

from xdsl.dialects import tensor
from xdsl.dialects.builtin import TensorType
from xdsl.dialects.func import ReturnOp
from xdsl.dialects.linalg.ops import FillOp, GenericOp, IndexOp, TransposeOp
from xdsl.ir import Block, BlockArgument, Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from hawk_xdsl.frontend.constant_folding import folded
from hawk_xdsl.frontend.program import Program
from hawk_xdsl.linalg.dead_ops import erase_dead_ops
from hawk_xdsl.linalg.structured import Equation, equation_of, static_shape
from hawk_xdsl.passes.outline_dataflow import is_layout, is_widening

Emit = Callable[[Operation], SSAValue]


def shared_operands_joined(program: Program) -> Program:
    """The program with contractions joined that differ in their weights alone.

    Only products of parameters are, since these are put side by side when the program is compiled,
    and only those whose result some op uses: what the program returns stays a tensor of its own.
    The given program is not changed.
    """
    module = program.module.clone()
    joined = replace(program, module=module)
    block = joined.function.body.block
    parameters = frozenset(block.args[: len(program.parameters)])
    groups: dict[Hashable, list[_Product]] = {}
    for op in block.ops:
        found = _product(op, parameters)
        if found is not None:
            groups.setdefault(found.key, []).append(found)
    done = [_join(group, parameters) for group in groups.values() if len(group) > 1]
    if not any(done):
        return program
    erase_dead_ops(block)
    return folded(joined)


@dataclass(frozen=True)
class _Product:
    """A contraction of a value with parameters.

    Attributes:
        equation: its loops and maps.
        weights: which of its two inputs is made of parameters.
        axis: the axis of the weights that runs along the last axis of the result.
    """

    equation: Equation
    weights: int
    axis: int

    @property
    def op(self) -> Operation:
        return self.equation.op

    @property
    def columns(self) -> int:
        """Extent of the last axis of the result."""
        return static_shape(self.op.results[0])[-1]

    @property
    def key(self) -> Hashable:
        """The same for products that may be joined."""
        equation, [init] = self.equation, self.equation.outputs
        assert isinstance(init.owner, FillOp)
        loop = _last_loop(equation)
        sizes = tuple(n for d, n in enumerate(equation.sizes) if d != loop)
        types = [value.type.element_type for value in _tensors(*equation.inputs, init)]
        shared = equation.inputs[1 - self.weights]
        structure = (self.op.name, equation.maps, equation.parallel, sizes, tuple(types))
        return (shared, self.weights, self.axis, init.owner.inputs[0], structure)


def _tensors(*values: SSAValue) -> Iterator[SSAValue[TensorType]]:
    for value in values:
        yield SSAValue.get(value, type=TensorType)


def _last_loop(equation: Equation) -> int | None:
    """The loop that the last axis of the result runs along."""
    index = equation.indices[-1][-1] if equation.indices[-1] else None
    return None if index is None else index.loop


def _product(op: Operation, parameters: frozenset[BlockArgument]) -> _Product | None:
    """An op as a product with weights whose columns are those of the result."""
    equation = equation_of(op)
    if equation is None or equation.factors is None or len(equation.inputs) != 2:
        return None
    made = [_root(value) in parameters for value in equation.inputs]
    loop = _last_loop(equation)
    if made[0] == made[1] or loop is None or not equation.parallel[loop]:
        return None
    weights = made.index(True)
    axes = [a for a, i in enumerate(equation.indices[weights]) if i and i.coefficients[loop]]
    plain = len(axes) == 1 and _is_loop(equation, weights, axes[0], loop)
    own = loop not in equation.maps[1 - weights].used_dims()
    if not plain or not own or not isinstance(equation.outputs[0].owner, FillOp):
        return None
    return _Product(equation, weights, axes[0])


def _is_loop(equation: Equation, operand: int, axis: int, loop: int) -> bool:
    index = equation.indices[operand][axis]
    return index is not None and index.loop == loop


def _root(value: SSAValue) -> SSAValue:
    """What a value is a transposed or widened form of."""
    owner = value.owner
    if isinstance(owner, Operation) and (isinstance(owner, TransposeOp) or _is_widened(owner)):
        return _root(owner.operands[0])
    return value


def _is_widened(op: Operation) -> bool:
    """Whether an op only widens; what else there is of constants was folded."""
    if not isinstance(op, GenericOp):
        return False
    equation = equation_of(op)
    return equation is not None and is_widening(equation)


def _join(products: Sequence[_Product], parameters: frozenset[BlockArgument]) -> bool:
    """Make one product of several, if there are such; whether there were."""
    same = _kept([each for each in products if _are_alike(products[0], each)], parameters)
    if len(same) < 2:
        return False
    anchor = same[0].op
    chain = _chain(same, parameters)

    def emit(op: Operation) -> SSAValue:
        Rewriter.insert_op(op, InsertPoint.before(anchor))
        return op.results[0]

    joint = _multiplied(same, emit)
    last = [each.op for each in same]
    for step in chain:
        joint = _stepped(step, last, joint, emit)
        last = step
    offset = 0
    for op, product in zip(last, same, strict=True):
        shape = list(static_shape(op.results[0]))
        offsets = [0] * (len(shape) - 1) + [offset]
        cut = tensor.ExtractSliceOp.from_static_parameters(joint, offsets, shape)
        op.results[0].replace_all_uses_with(emit(cut))
        offset += product.columns
    return True


def _are_alike(product: _Product, other: _Product) -> bool:
    """Whether two products differ in which parameters their weights are made of alone."""
    weights = [each.equation.inputs[each.weights] for each in (product, other)]
    return _is_same(product.op, other.op) and _is_made_alike(weights)


def _kept(products: Sequence[_Product], parameters: frozenset[BlockArgument]) -> Sequence[_Product]:
    """Those of which the program does not return what would be a slice."""
    while len(products) > 1:
        chain = _chain(products, parameters)
        last = chain[-1] if chain else [each.op for each in products]
        kept = [each for each, op in zip(products, last, strict=True) if not _is_returned(op)]
        if len(kept) == len(products):
            return kept
        products = kept
    return ()


def _multiplied(products: Sequence[_Product], emit: Emit) -> SSAValue:
    """One product with all weights side by side."""
    first = products[0]
    equation, [init] = first.equation, first.equation.outputs
    assert isinstance(init.owner, FillOp)
    weights = [each.equation.inputs[each.weights] for each in products]
    operands = list(equation.inputs)
    operands[first.weights] = _beside(weights, first.axis, emit)
    type_ = _wider(init, sum(each.columns for each in products))
    empty = emit(tensor.EmptyOp([], type_))
    operands.append(emit(FillOp([init.owner.inputs[0]], [empty], [type_])))
    return emit(_again(first.op, operands, type_))


def _stepped(
    step: Sequence[Operation], before: Sequence[Operation], joint: SSAValue, emit: Emit
) -> SSAValue:
    """One pointwise op instead of one for each product."""
    equations = [equation for op in step if (equation := equation_of(op)) is not None]
    first = equations[0]
    operands: list[SSAValue] = []
    for place, value in enumerate(first.inputs):
        values = [equation.inputs[place] for equation in equations]
        if value is before[0].results[0]:
            operands.append(joint)
        elif all(other is value for other in values):
            operands.append(value)
        else:
            axis = _axis_along(first, place)
            assert axis is not None
            operands.append(_beside(values, axis, emit))
    type_ = _wider(first.outputs[0], static_shape(joint)[-1])
    operands.append(emit(tensor.EmptyOp([], type_)))
    return emit(_again(first.op, operands, type_))


def _wider(like: SSAValue, columns: int) -> TensorType:
    [value] = _tensors(like)
    return TensorType(value.type.element_type, [*static_shape(value)[:-1], columns])


def _again(op: Operation, operands: Sequence[SSAValue], type_: TensorType) -> Operation:
    """The same op on other operands."""
    made = type(op).create(
        operands=operands,
        result_types=[type_],
        properties=op.properties.copy(),
        attributes=op.attributes.copy(),
        regions=[region.clone() for region in op.regions],
    )
    made.location = op.location
    return made


def _beside(values: Sequence[SSAValue], axis: int, emit: Emit) -> SSAValue:
    """Parameters side by side along an axis, transposed and widened as each of them is."""
    owners = [value.owner for value in values]
    shape = list(static_shape(values[0]))
    shape[axis] = sum(static_shape(value)[axis] for value in values)
    [first] = _tensors(values[0])
    type_ = TensorType(first.type.element_type, shape)
    head = owners[0]
    if isinstance(head, Operation):
        sources = [owner.operands[0] for owner in owners if isinstance(owner, Operation)]
        turned = isinstance(head, TransposeOp)
        source = _beside(sources, head.permutation.get_values()[axis] if turned else axis, emit)
        return emit(_again(head, [source, emit(tensor.EmptyOp([], type_))], type_))
    return emit(tensor.ConcatOp(values, axis, type_))


def _is_made_alike(values: Sequence[SSAValue]) -> bool:
    """Whether values are parameters, or the same of values that are made alike."""
    owners = [value.owner for value in values]
    if all(isinstance(owner, Block) for owner in owners):
        return True
    ops = [owner for owner in owners if isinstance(owner, Operation)]
    if len(ops) < len(owners) or not all(_is_same(op, ops[0]) for op in ops):
        return False
    return _is_made_alike([op.operands[0] for op in ops])


def _is_same(op: Operation, other: Operation) -> bool:
    """Whether two ops do the same, whatever their operands are."""
    left, right = equation_of(op), equation_of(other)
    alike = op.name == other.name and op.properties == other.properties
    if left is not None and right is not None:
        alike &= left.maps == right.maps and left.parallel == right.parallel
    return alike and all(
        mine.is_structurally_equivalent(its)
        for mine, its in zip(op.regions, other.regions, strict=True)
    )


def _chain(
    products: Sequence[_Product], parameters: frozenset[BlockArgument]
) -> list[list[Operation]]:
    """The pointwise ops that follow all products alike, one list for each step."""
    steps: list[list[Operation]] = []
    current = [each.op for each in products]
    anchor = products[0].op
    while (step := _next(current, anchor, parameters)) is not None:
        steps.append(step)
        current = step
    return steps


def _next(
    current: Sequence[Operation], anchor: Operation, parameters: frozenset[BlockArgument]
) -> list[Operation] | None:
    users = [list({use.operation: None for use in op.results[0].uses}) for op in current]
    if any(len(each) != 1 or not isinstance(each[0], GenericOp) for each in users):
        return None
    step = [each[0] for each in users]
    equations = [equation for op in step if (equation := equation_of(op)) is not None]
    if len(equations) < len(step) or not all(_is_pointwise(each) for each in equations):
        return None
    if not all(_is_same(op, step[0]) for op in step):
        return None
    first = equations[0]
    for place in range(len(first.inputs)):
        values = [equation.inputs[place] for equation in equations]
        own = [value is op.results[0] for value, op in zip(values, current, strict=True)]
        axis = _axis_along(first, place)
        if all(own):
            if axis != len(static_shape(values[0])) - 1:
                return None
        elif any(own):
            return None
        elif all(value is values[0] for value in values) and _is_free(first, place):
            if not _is_before(values[0], anchor):
                return None
        elif axis is None or not _are_parameters(values, parameters):
            return None
    return step


def _are_parameters(values: Sequence[SSAValue], parameters: frozenset[BlockArgument]) -> bool:
    made = all(_root(value) in parameters for value in values)
    return made and _is_made_alike(values)


def _is_pointwise(equation: Equation) -> bool:
    """Whether an op computes each element of its result from elements alone."""
    return (
        len(equation.outputs) == 1
        and not equation.reduced
        and not equation.reads_accumulator
        and _last_loop(equation) is not None
        and not any(isinstance(inner, IndexOp | tensor.ExtractOp) for inner in equation.body.ops)
    )


def _axis_along(equation: Equation, place: int) -> int | None:
    """The axis of an input that runs along the last axis of the result, if one does."""
    loop = _last_loop(equation)
    found = [a for a, i in enumerate(equation.indices[place]) if i is not None and i.loop == loop]
    return found[0] if len(found) == 1 else None


def _is_free(equation: Equation, place: int) -> bool:
    """Whether an input is the same along the last axis of the result."""
    return _last_loop(equation) not in equation.maps[place].used_dims()


def _is_before(value: SSAValue, anchor: Operation) -> bool:
    return isinstance(value.owner, Block) or value.owner.is_before_in_block(anchor)


def _is_returned(op: Operation) -> bool:
    """Whether the program returns a result, perhaps in another layout."""
    users = [use.operation for use in op.results[0].uses]
    return any(isinstance(u, ReturnOp) or (is_layout(u) and _is_returned(u)) for u in users)
