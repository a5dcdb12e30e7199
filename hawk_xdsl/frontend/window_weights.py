"""Weights of convolutions as the cube loads them: filters, positions in a window, channels.

What is summed at one position is then next to each other, and no kernel has to reorder it::

    conv(x, w: [filters, channels, 3, 3])    conv(x, v: [filters, 3, 3, channels])
"""

from collections.abc import Sequence
from dataclasses import replace

from xdsl.dialects import tensor
from xdsl.dialects.builtin import AffineMapAttr, DenseArrayBase, TensorType, i64
from xdsl.dialects.linalg.attrs import IteratorTypeAttr
from xdsl.dialects.linalg.ops import GenericOp, TransposeOp
from xdsl.ir import BlockArgument, SSAValue
from xdsl.ir.affine import AffineMap
from xdsl.rewriter import InsertPoint, Rewriter

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.frontend.constant_folding import with_parameters
from hawk_xdsl.frontend.program import Program
from hawk_xdsl.linalg.dead_ops import erase_dead_ops
from hawk_xdsl.linalg.structured import Equation, equation_of


def window_weights_ordered(program: Program) -> Program:
    """The program with such weights reordered when it is compiled.

    Only parameters are. The given program is not changed.
    """
    module = program.module.clone()
    ordered = replace(program, module=module)
    block = ordered.function.body.block
    parameters = frozenset(block.args[: len(program.parameters)])
    equations = [equation for op in block.ops if (equation := equation_of(op)) is not None]
    turned = [op for each in equations if (op := _order(each, parameters)) is not None]
    if not turned:
        return program
    erase_dead_ops(block)
    values: dict[SSAValue, Array] = {
        op.results[0]: _values(op, program.parameters) for op in turned
    }
    return with_parameters(ordered, values)


def _values(op: TransposeOp, parameters: Sequence[Array]) -> Array:
    """What a transposed parameter holds."""
    source = op.operands[0]
    assert isinstance(source, BlockArgument)
    return parameters[source.index].transpose(op.permutation.get_values()).copy()


def _order(equation: Equation, parameters: frozenset[BlockArgument]) -> TransposeOp | None:
    """Transpose the weights of a convolution, if it is one, and read them so."""
    if equation.factors is None or len(equation.inputs) != 2:
        return None
    weights = [n for n, value in enumerate(equation.inputs) if value in parameters]
    if len(weights) != 1:
        return None
    [own] = weights
    permutation = _permutation(equation, own)
    if permutation is None or permutation == sorted(permutation):
        return None
    op, value = equation.op, equation.inputs[own]
    assert isinstance(value.type, TensorType)
    shape = value.type.get_shape()
    type_ = TensorType(value.type.element_type, [shape[axis] for axis in permutation])
    empty = tensor.EmptyOp([], type_)
    order = DenseArrayBase.from_list(i64, permutation)
    turned = TransposeOp(value, empty.results[0], order, type_)
    inputs, maps = list(equation.inputs), list(equation.maps)
    inputs[own] = turned.results[0]
    before = maps[own]
    results = tuple(before.results[axis] for axis in permutation)
    maps[own] = AffineMap(before.num_dims, before.num_symbols, results)
    generic = GenericOp(
        inputs,
        list(equation.outputs),
        op.regions[0].clone(),
        [AffineMapAttr(each) for each in maps],
        [
            IteratorTypeAttr.parallel() if parallel else IteratorTypeAttr.reduction()
            for parallel in equation.parallel
        ],
        [result.type for result in op.results],
    )
    generic.location = op.location
    Rewriter.insert_op([empty, turned, generic], InsertPoint.before(op))
    op.results[0].replace_all_uses_with(generic.results[0])
    Rewriter.erase_op(op)
    return turned


def _permutation(equation: Equation, own: int) -> list[int] | None:
    """The weights' axes: those of the result, then those of windows, then what is summed besides.

    ``None`` where no windows move along the other factor, or an axis is no loop.
    """
    windows = {
        loop
        for index in equation.indices[1 - own]
        if index is not None and sum(map(bool, index.coefficients)) > 1
        for loop, factor in enumerate(index.coefficients)
        if factor and not equation.parallel[loop]
    }
    loops = [index.loop if index is not None else None for index in equation.indices[own]]
    known = [loop for loop in loops if loop is not None]
    if len(known) < len(loops) or not windows.intersection(known):
        return None
    kinds = [0 if equation.parallel[n] else 1 if n in windows else 2 for n in known]
    return sorted(range(len(known)), key=lambda axis: kinds[axis])
