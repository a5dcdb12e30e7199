"""Puts decided kernels in the place of an undecided op: symbols, launches and free reshapes."""

from collections.abc import Sequence
from math import prod

from xdsl.builder import Builder
from xdsl.dialects import tensor
from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, MemRefType, TensorType, i64
from xdsl.ir import Attribute, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from hawk_xdsl.dialects.kernel_text import Program
from hawk_xdsl.dialects.npu import LaunchOp, UndecidedOp
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.specification_form import FULL_I32


def launch_instead(
    op: UndecidedOp, specification: Specification, program: Program, symbols: Sequence[str]
) -> None:
    """Replaces the op by launches of the program's kernels, which go by ``symbols``.

    The kernels see each tensor in the specification's shape: reshaping it costs nothing. A launch
    says which of its integers must lie in a range that is narrower than 32 bits.
    """
    confined = {o.name: o.range for o in specification.operands if o.range not in (None, FULL_I32)}
    builder = Builder(InsertPoint.before(op))
    values: dict[str, SSAValue] = {}
    for operand in specification.operands:
        source = op.inputs[operand.source]
        values[operand.name] = reshaped(builder, source, operand.shape)
    results = {result.name: result.position for result in specification.outputs}
    for stage, symbol in zip(program.kernels, symbols, strict=True):
        types: list[Attribute] = []
        for name, argument in zip(stage.writes, stage.op.outputs, strict=True):
            assert isinstance(argument.type, MemRefType)
            element = argument.type.element_type
            if name in results:
                declared = op.results[results[name]].type
                assert isinstance(declared, TensorType)
                element = declared.element_type
            types.append(TensorType(element, argument.type.get_shape()))
        launch = builder.insert(LaunchOp(symbol, [values[name] for name in stage.reads], types))
        launch.confine([confined.get(name) for name in stage.reads])
        values.update(zip(stage.writes, launch.results, strict=True))
    replacements: list[SSAValue] = []
    for result, position in results.items():
        declared = op.results[position].type
        assert isinstance(declared, TensorType)
        replacements.append(reshaped(builder, values[result], declared.get_shape()))
    Rewriter.replace_op(op, [], replacements)


def reshaped(builder: Builder, value: SSAValue, shape: Sequence[int]) -> SSAValue:
    """The same elements in another shape, by ``tensor.expand_shape`` and ``collapse_shape``."""
    assert isinstance(value.type, TensorType)
    element, source = value.type.element_type, tuple(value.type.get_shape())
    target = tuple(shape)
    if source == target:
        return value
    if (groups := grouping(target, source)) is not None:
        op = tensor.ExpandShapeOp(
            value, [], _reassociation(groups), target, TensorType(element, target)
        )
        return builder.insert(op).result
    if (groups := grouping(source, target)) is not None:
        collapse = tensor.CollapseShapeOp.build(
            operands=[value],
            result_types=[TensorType(element, target)],
            properties={"reassociation": _reassociation(groups)},
        )
        return builder.insert(collapse).result
    return reshaped(builder, reshaped(builder, value, (prod(source),)), target)


def grouping(fine: Sequence[int], coarse: Sequence[int]) -> list[list[int]] | None:
    """Which dimensions of ``fine`` make up each one of ``coarse``, if they do in order."""
    if not coarse:
        return [] if prod(fine) == 1 else None
    groups: list[list[int]] = []
    position = 0
    for extent in coarse:
        group: list[int] = []
        product = 1
        while position < len(fine) and (not group or product < extent):
            product *= fine[position]
            group.append(position)
            position += 1
        if not group or product != extent:
            return None
        groups.append(group)
    if any(extent != 1 for extent in fine[position:]):
        return None
    groups[-1].extend(range(position, len(fine)))
    return groups


def _reassociation(groups: Sequence[Sequence[int]]) -> ArrayAttr[ArrayAttr[IntegerAttr]]:
    return ArrayAttr(ArrayAttr(IntegerAttr(i, i64) for i in group) for group in groups)
