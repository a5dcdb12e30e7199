"""How values reach linalg ops: which ops only lay data out, which compute, and the ways between."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, tensor
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, TensorType
from xdsl.dialects.linalg.ops import BroadcastOp, FillOp, TransposeOp
from xdsl.ir import BlockArgument, Operation, SSAValue
from xdsl.ir.affine import AffineMap

from hawk_xdsl.semantics.equation import Equation, equation_of, static_shape
from hawk_xdsl.semantics.layout import view_through

LAYOUT_OPS = (
    tensor.ExpandShapeOp,
    tensor.CollapseShapeOp,
    tensor.ExtractSliceOp,
    tensor.PadOp,
    tensor.CastOp,
    TransposeOp,
    BroadcastOp,
)
"""Ops that only say where data comes from; the op that uses the data absorbs them."""

COPIES = (tensor.ConcatOp, tensor.InsertSliceOp)
"""Ops that put several tensors together: each is a group of its own."""


@dataclass(frozen=True)
class Way:
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
            return dense.is_splat()
        case FillOp():
            return isinstance(op.inputs[0].owner, arith.ConstantOp)
        case _:
            return isinstance(op, arith.ConstantOp | tensor.EmptyOp)


def is_layout(op: Operation) -> bool:
    """Whether an op only lays data out, named or as a ``linalg.generic`` that copies."""
    if isinstance(op, tensor.PadOp):
        return not (op.low or op.high) and _pads_with_constant(op)
    if isinstance(op, LAYOUT_OPS):
        return len(op.operands) - isinstance(op, TransposeOp | BroadcastOp) == 1
    equation = None if isinstance(op, FillOp) else equation_of(op)
    return equation is not None and _is_copy(equation)


def _pads_with_constant(op: tensor.PadOp) -> bool:
    end = op.region.block.last_op
    return end is not None and isinstance(end.operands[0].owner, arith.ConstantOp)


def _is_copy(equation: Equation) -> bool:
    return (
        len(equation.inputs) == len(equation.outputs) == 1
        and not equation.reduced
        and equation.yielded[0] is equation.body.args[0]
        and equation.body.args[0].type == equation.body.args[1].type
        and equation.maps[1] == AffineMap.identity(len(equation.sizes))
        and isinstance(equation.inputs[0].type, TensorType)
    )


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


def way_to(value: SSAValue, roots: frozenset[SSAValue]) -> Way:
    """The way to a value, back to its root; values in ``roots`` are roots whatever makes them."""
    chain: list[Operation] = []
    while value not in roots and isinstance(value.owner, Operation) and is_layout(value.owner):
        chain.insert(0, value.owner)
        value = value.owner.operands[0]
    return Way(value, tuple(chain))


def input_ways(op: Operation, roots: frozenset[SSAValue]) -> Iterator[tuple[SSAValue, Way]]:
    """The tensors that an op reads from other ops or arguments, and how they get there."""
    for value in external_values(op):
        way = way_to(value, roots)
        made = isinstance(way.root.owner, Operation) and is_generator(way.root.owner)
        if isinstance(value.type, TensorType) and not made:
            yield value, way


def axis_uses(op: Operation, value: SSAValue, way: Way) -> list[AxisUse] | None:
    """The axes of the way's root that loops of ``op`` run along when it reads ``value``.

    ``None`` if it reads in any other way: transposed, sliced, in windows or at data's indices.
    """
    equation = equation_of(op)
    view, covered = view_through(static_shape(way.root), way.chain)
    axes = view.same_axes
    if equation is None or axes is None or covered != len(way.chain):
        return None
    uses: list[AxisUse] = []
    positions = [i for i, operand in enumerate(equation.operands) if operand is value]
    if not positions or _is_captured(equation, value):
        return None
    for position in positions:
        for axis, index in zip(axes, equation.indices[position], strict=True):
            if index is None or (index.loop is None and any(index.coefficients)):
                return None
            if index.loop is not None and axis is not None:
                uses.append(AxisUse(way.root, axis, index.loop))
    return uses


def _is_captured(equation: Equation, value: SSAValue) -> bool:
    inner = (use.operation.parent_block() for use in value.uses)
    return any(block is equation.body for block in inner)


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
    last = next((i for i in reversed(range(len(chain))) if isinstance(chain[i], TransposeOp)), -1)
    permuting = chain[: last + 1]
    view, covered = view_through(static_shape(op.results[0]), permuting)
    return tuple(permuting) if covered == len(permuting) and view.is_permuted else ()


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
    return "elementwise" if equations else "layout"


def _has_windows(equation: Equation) -> bool:
    indices = (index for operand in equation.indices for index in operand)
    return any(i is not None and sum(map(bool, i.coefficients)) > 1 for i in indices)
