"""How values reach linalg ops: which ops lay data out, which compute, and the paths between."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, tensor
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, TensorType
from xdsl.dialects.linalg.ops import BroadcastOp, FillOp, GenericOp, IndexOp, TransposeOp
from xdsl.ir import BlockArgument, Operation, SSAValue
from xdsl.ir.affine import AffineMap

from hawk_xdsl.linalg.splat import splat_of
from hawk_xdsl.linalg.structured import Equation, equation_of, static_shape
from hawk_xdsl.linalg.view import view_through

LAYOUT_OPS = (
    tensor.ExpandShapeOp,
    tensor.CollapseShapeOp,
    tensor.ExtractSliceOp,
    tensor.CastOp,
    TransposeOp,
    BroadcastOp,
)
"""Ops that only say where data comes from; the op that uses the data absorbs them."""

MOVES = (tensor.ExpandShapeOp, tensor.CollapseShapeOp, TransposeOp)
"""Layout ops that keep every element, once."""

COPIES = (tensor.ConcatOp, tensor.InsertSliceOp, tensor.PadOp)
"""Ops whose elements come from several places: each is a group of its own.

A padding too: absorbed by a convolution it would keep the multiplications off the cube, since no
affine index says "here the tensor, there the padding".
"""


@dataclass(frozen=True)
class LayoutPath:
    """How a value comes from its root: the layout ops in between, in order.

    The root is an argument, or the result of an op that computes.
    """

    root: SSAValue
    chain: tuple[Operation, ...]


@dataclass(frozen=True)
class AxisUse:
    """An axis of a tensor that a loop runs along, index for index."""

    tensor: SSAValue
    axis: int
    loop: int


def is_generator(op: Operation) -> bool:
    """Whether an op makes its value from nothing, so that it can be repeated at every use."""
    match op:
        case arith.ConstantOp(value=DenseIntOrFPElementsAttr() as dense):
            return splat_of(dense) is not None
        case FillOp():
            return isinstance(op.inputs[0].owner, arith.ConstantOp)
        case _:
            return isinstance(op, arith.ConstantOp | tensor.EmptyOp)


def is_layout(op: Operation) -> bool:
    """Whether an op only lays data out, named or as a ``linalg.generic`` that copies."""
    if isinstance(op, LAYOUT_OPS):
        return len(op.operands) - isinstance(op, TransposeOp | BroadcastOp) == 1
    equation = None if isinstance(op, FillOp) else equation_of(op)
    if equation is None:
        return False
    return _is_copy(equation) or (is_widening(equation) and only_feeds_contractions(op.results[0]))


def _is_copy(equation: Equation) -> bool:
    return (
        len(equation.inputs) == len(equation.outputs) == 1
        and not equation.reduced
        and equation.yielded[0] is equation.body.args[0]
        and equation.body.args[0].type == equation.body.args[1].type
        and equation.maps[1] == AffineMap.identity(len(equation.sizes))
        and isinstance(equation.inputs[0].type, TensorType)
    )


def is_plain_copy(op: GenericOp) -> bool:
    """Whether an op does nothing to its only input."""
    end = op.body.block.last_op
    assert end is not None
    maps = {attribute.data for attribute in op.indexing_maps}
    whole = len(op.inputs) == len(op.outputs) == len(maps) == 1 and op.inputs[0].type == (
        op.outputs[0].type
    )
    return whole and list(end.operands) == [op.body.block.args[0]]


def is_widening(equation: Equation) -> bool:
    """Whether each element of the result is one of the only input, in a wider dtype."""
    widened = equation.yielded[0].owner
    return (
        isinstance(widened, arith.ExtFOp | arith.ExtSIOp)
        and is_unary_elementwise(equation)
        and widened.input is equation.body.args[0]
    )


def is_unary_elementwise(equation: Equation) -> bool:
    """Whether each element of the result is a function of that element of the only input."""
    reads_index = any(isinstance(inner, IndexOp) for inner in equation.body.ops)
    return (
        len(equation.inputs) == len(equation.outputs) == 1
        and isinstance(equation.inputs[0].type, TensorType)
        and not equation.reduced
        and not equation.reads_accumulator
        and not reads_index
        and all(m == AffineMap.identity(len(equation.sizes)) for m in equation.maps)
    )


def only_feeds_contractions(value: SSAValue) -> bool:
    """Whether every user, behind layout ops and unary elementwise ones, is a contraction."""
    for use in value.uses:
        equation = equation_of(use.operation)
        if equation is not None and equation.factors is not None:
            continue
        passes_on = isinstance(use.operation, (*MOVES, tensor.ExtractSliceOp)) or (
            equation is not None and is_unary_elementwise(equation)
        )
        if not passes_on or not only_feeds_contractions(use.operation.results[0]):
            return False
    return bool(value.uses)


def is_compute(op: Operation) -> bool:
    """Whether an op becomes part of a group."""
    if is_generator(op) or is_layout(op):
        return False
    if isinstance(op, COPIES):
        values = (*op.operands, *op.results)
        return all(isinstance(v.type, TensorType) and -1 not in static_shape(v) for v in values)
    if equation_of(op) is None:
        return False
    scalars = (value for value in external_values(op) if not isinstance(value.type, TensorType))
    return all(isinstance(value.owner, arith.ConstantOp) for value in scalars)


def external_values(op: Operation) -> list[SSAValue]:
    """The operands of an op, then what its regions use from outside of it, each once."""
    found: dict[SSAValue, None] = dict.fromkeys(op.operands)
    for inner in op.walk():
        for value in inner.operands:
            if not _is_inside(value, op):
                found.setdefault(value)
    return list(found)


def _is_inside(value: SSAValue, op: Operation) -> bool:
    owner = value.owner.parent_op() if isinstance(value, BlockArgument) else value.owner
    while isinstance(owner, Operation):
        if owner is op:
            return not any(value is result for result in op.results)
        owner = owner.parent_op()
    return False


def layout_path(value: SSAValue, roots: frozenset[SSAValue]) -> LayoutPath:
    """The path to a value, back to its root; values in ``roots`` are roots whatever makes them."""
    chain: list[Operation] = []
    while value not in roots and isinstance(value.owner, Operation) and is_layout(value.owner):
        chain.insert(0, value.owner)
        value = value.owner.operands[0]
    return LayoutPath(value, tuple(chain))


def input_ways(op: Operation, roots: frozenset[SSAValue]) -> Iterator[tuple[SSAValue, LayoutPath]]:
    """The tensors that an op reads from other ops or arguments, and how they get there."""
    for value in external_values(op):
        path = layout_path(value, roots)
        made = isinstance(path.root.owner, Operation) and is_generator(path.root.owner)
        if isinstance(value.type, TensorType) and not made:
            yield value, path


def reads_in_step(op: Operation, value: SSAValue, path: LayoutPath) -> bool:
    """Whether ``op`` reads the path's root index for index, but for added or dropped unit axes.

    Not so if it reads transposed or sliced data, windows, or at indices read from data.
    """
    equation = equation_of(op)
    view, covered = view_through(static_shape(path.root), path.chain)
    if equation is None or view.same_axes is None or covered != len(path.chain):
        return False
    positions = [i for i, operand in enumerate(equation.operands) if operand is value]
    captured = any(use.operation.parent_block() is equation.body for use in value.uses)
    indices = [index for position in positions for index in equation.indices[position]]
    plain = all(i is not None and (i.loop is not None or not any(i.coefficients)) for i in indices)
    return bool(positions) and not captured and plain


def axis_uses(op: Operation, value: SSAValue, path: LayoutPath) -> Iterator[AxisUse]:
    """The axes of a value that ``op`` reads, and of the path's root, that loops of it run along."""
    equation = equation_of(op)
    if equation is None:
        return
    view, covered = view_through(static_shape(path.root), path.chain)
    axes = view.same_axes if covered == len(path.chain) else None
    for operand, indices in zip(equation.operands, equation.indices, strict=True):
        for axis, index in enumerate(indices if operand is value else ()):
            if index is None or index.loop is None:
                continue
            yield AxisUse(value, axis, index.loop)
            root_axis = axes[axis] if axes is not None else None
            if root_axis is not None:
                yield AxisUse(path.root, root_axis, index.loop)


def result_uses(op: Operation) -> list[AxisUse]:
    """The axes of its results that loops of ``op`` run along."""
    equation = equation_of(op)
    if equation is None:
        return []
    first = len(equation.inputs)
    return [
        AxisUse(result, axis, index.loop)
        for position, result in enumerate(op.results)
        for axis, index in enumerate(equation.indices[first + position])
        if index is not None and index.loop is not None
    ]


def sunk_layout(op: Operation) -> tuple[Operation, ...]:
    """The reshapes and transposes that alone use the result of a contraction, if they permute it.

    They are done when the result is stored.
    """
    chain: list[Operation] = []
    value = op.results[0]
    while len(users := [use.operation for use in value.uses]) == 1:
        if not isinstance(users[0], tensor.ExpandShapeOp | tensor.CollapseShapeOp | TransposeOp):
            break
        chain.append(users[0])
        value = users[0].results[0]
    view, covered = view_through(static_shape(op.results[0]), chain)
    return tuple(chain) if covered == len(chain) and view.is_permuted else ()


def label_of(members: Sequence[Operation]) -> str:
    """What a group is, by its structure alone."""
    equations = [e for e in map(equation_of, members) if e is not None and not _is_copy(e)]
    for equation in equations:
        if equation.factors is not None:
            left, right = (equation.loops_of(factor) for factor in equation.factors)
            if _has_windows(equation):
                return "conv"
            return "batch_matmul" if any(equation.parallel[d] for d in left & right) else "matmul"
    if any(equation.reduced for equation in equations):
        return "window" if any(_has_windows(e) for e in equations if e.reduced) else "rows"
    if any(isinstance(inner, tensor.ExtractOp) for op in members for inner in op.walk()):
        return "gather"
    if any(isinstance(op, tensor.PadOp) for op in members):
        return "pad"
    return "elementwise" if equations else "layout"


def _has_windows(equation: Equation) -> bool:
    indices = (index for operand in equation.indices for index in operand)
    return any(i is not None and sum(map(bool, i.coefficients)) > 1 for i in indices)
