"""npu-scalars-to-tensors: a number that is read from a tensor stays one of its elements."""

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import tensor
from xdsl.dialects.builtin import (
    AffineMapAttr,
    ArrayAttr,
    IndexType,
    ModuleOp,
    TensorType,
)
from xdsl.dialects.linalg.attrs import IteratorTypeAttr
from xdsl.dialects.linalg.ops import FillOp, GenericOp, YieldOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.ir.affine import AffineMap
from xdsl.rewriter import InsertPoint, Rewriter

from hawk_xdsl.dialects.constants import constant_of
from hawk_xdsl.linalg.dead_ops import erase_dead_ops
from hawk_xdsl.linalg.structured import static_shape
from hawk_xdsl.passes.function_pass import functions_of
from hawk_xdsl.passes.outline_dataflow import external_values
from hawk_xdsl.transforms.npu_pass import NpuPass


@dataclass(frozen=True)
class NpuScalarsToTensorsPass(NpuPass):
    """Arithmetic between ``tensor.extract`` and ``linalg.fill`` becomes ops on tensors.

    ``x.sum().item() * 2`` is an extract, a scalar multiplication and a fill; here they become a
    ``linalg.generic`` without loops on ``tensor<f32>``, and a copy of its result. Numbers that a
    body takes from outside become operands. Only numbers at known places are followed.
    """

    name = "npu-scalars-to-tensors"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Rewrites each function with a body of one block."""
        for function in functions_of(op):
            rewriting = _ScalarRewriting()
            for each in list(function.body.block.ops):
                rewriting.visit(each)
            erase_dead_ops(function.body.block)


class _ScalarRewriting:
    """Knows the tensor without axes of each scalar that was read from one."""

    def __init__(self) -> None:
        self._tensor_of: dict[SSAValue, SSAValue] = {}

    def visit(self, op: Operation) -> None:
        """Rewrites an op of the function's body, those before it being done."""
        if isinstance(op, tensor.ExtractOp):
            self._extract(op)
            return
        scalars = [value for value in external_values(op) if value in self._tensor_of]
        if not scalars:
            return
        if isinstance(op, FillOp):
            self._fill(op)
        elif isinstance(op, GenericOp):
            self._captured(op, scalars)
        elif not op.regions and len(op.results) == 1 and _is_scalar(op.results[0].type):
            self._tensor_of[op.results[0]] = _alone(op, scalars, self._tensor_of)

    def _extract(self, op: tensor.ExtractOp) -> None:
        places = [constant_of(index) for index in op.indices]
        known = [place for place in places if place is not None]
        if len(known) != len(places) or not _is_scalar(op.result.type):
            return
        value = op.tensor
        if known:
            type_ = TensorType(op.result.type, [1] * len(known))
            ones = [1] * len(known)
            cut = tensor.ExtractSliceOp.from_static_parameters(value, known, ones)
            flat = tensor.CollapseShapeOp.build(
                operands=[cut.results[0]],
                result_types=[TensorType(op.result.type, [])],
                properties={"reassociation": ArrayAttr([])},
            )
            assert cut.results[0].type == type_
            Rewriter.insert_op([cut, flat], InsertPoint.before(op))
            value = flat.results[0]
        self._tensor_of[op.result] = value

    def _fill(self, op: FillOp) -> None:
        """A fill with the number becomes a copy of its tensor to every place."""
        [result] = op.results
        element, rank = op.inputs[0].type, len(static_shape(result))
        block = Block(arg_types=[element, element])
        block.add_op(YieldOp(block.args[0]))
        maps = [AffineMap(rank, 0, ()), AffineMap.identity(rank)]
        given = [self._tensor_of[op.inputs[0]]]
        _replace(op, _generic(given, list(op.outputs), block, maps))

    def _captured(self, op: GenericOp, scalars: Sequence[SSAValue]) -> None:
        """Numbers that a body takes from outside become the op's last inputs."""
        body = op.detach_region(op.body)
        maps = [attribute.data for attribute in op.indexing_maps]
        count = len(op.inputs)
        inputs = [self._tensor_of.get(value, value) for value in op.inputs]
        for value in scalars:
            if not any(value is other for other in op.inputs):
                argument = body.block.insert_arg(value.type, count)
                maps.insert(count, AffineMap(maps[0].num_dims, 0, ()))
                inputs.append(self._tensor_of[value])
                value.replace_uses_with_if(
                    argument, lambda use: use.operation.parent_block() is body.block
                )
                count += 1
        types = [result.type for result in op.results]
        attributes = [AffineMapAttr(m) for m in maps]
        new = GenericOp(inputs, list(op.outputs), body, attributes, op.iterator_types, types)
        _replace(op, new)


def _is_scalar(type_: Attribute) -> bool:
    return not isinstance(type_, TensorType | IndexType)


def _alone(
    op: Operation, scalars: Sequence[SSAValue], tensor_of: dict[SSAValue, SSAValue]
) -> SSAValue:
    """A scalar op as one of tensors without axes."""
    result = op.results[0].type
    block = Block(arg_types=[*(value.type for value in scalars), result])
    clone = op.clone(value_mapper=dict(zip(scalars, block.args, strict=False)))
    block.add_ops([clone, YieldOp(clone.results[0])])
    empty = tensor.EmptyOp([], TensorType(result, []))
    maps = [AffineMap(0, 0, ())] * (len(scalars) + 1)
    new = _generic([tensor_of[value] for value in scalars], [empty.tensor], block, maps)
    new.location = op.location
    Rewriter.insert_op([empty, new], InsertPoint.before(op))
    return new.results[0]


def _generic(
    inputs: Sequence[SSAValue], outputs: Sequence[SSAValue], block: Block, maps: list[AffineMap]
) -> GenericOp:
    parallel = [IteratorTypeAttr.parallel()] * maps[-1].num_dims
    attributes = [AffineMapAttr(m) for m in maps]
    types = [value.type for value in outputs]
    return GenericOp(inputs, outputs, Region(block), attributes, parallel, types)


def _replace(op: Operation, new: GenericOp) -> None:
    new.location = op.location
    Rewriter.insert_op(new, InsertPoint.before(op))
    for old, result in zip(op.results, new.results, strict=True):
        old.replace_all_uses_with(result)
    Rewriter.erase_op(op)
