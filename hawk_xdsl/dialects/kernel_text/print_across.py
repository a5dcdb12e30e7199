"""The loop over blocks back to the loops of ``across``."""

from collections.abc import Sequence

from xdsl.dialects import affine, scf
from xdsl.dialects.builtin import AffineMapAttr, DenseArrayBase
from xdsl.ir import SSAValue

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.build_across import AcrossLoop, across_maps
from hawk_xdsl.dialects.kernel_text.errors import KernelTextError
from hawk_xdsl.dialects.kernel_text.print_index import (
    affine_expression,
    index_expression,
    integer,
)
from hawk_xdsl.dialects.npu.kernel_extents import ACROSS, STOPS


def across_loops(
    op: scf.ForOp, extents: Sequence[str]
) -> list[tuple[SSAValue, ast.Expression, ast.Expression, int]]:
    """Value, start, stop and step of each loop, checked against what the loop claims.

    Args:
        op: the loop over blocks.
        extents: the names of the kernel's extents.

    Raises:
        KernelTextError: for a loop over blocks that ``across`` does not make.
    """
    iteration = op.body.block.args[0]
    applies = [
        inner
        for inner in op.body.block.ops
        if isinstance(inner, affine.ApplyOp) and iteration in inner.mapOperands
    ]
    attribute = op.attributes.get(ACROSS)
    if not isinstance(attribute, DenseArrayBase):
        loops = [AcrossLoop(_plain_range(op, applies))]
        stops: list[ast.Expression] = [integer(loops[0].range.stop)]
    else:
        numbers = [int(number) for number in attribute.get_values()]
        loops, stops = _claimed(op, numbers, extents)
    values = _loop_values(applies, loops) if applies or len(loops) > 1 else [iteration]
    return [
        (value, integer(loop.range.start), stop, loop.range.step)
        for value, loop, stop in zip(values, loops, stops, strict=True)
    ]


def _claimed(
    op: scf.ForOp, numbers: Sequence[int], extents: Sequence[str]
) -> tuple[list[AcrossLoop], list[ast.Expression]]:
    """The loops and their stops, as the attributes say."""
    if not numbers or len(numbers) % 3 or min(numbers[2::3]) < 1:
        raise KernelTextError(f"{ACROSS} needs a start, stop and step a variable")
    ranges = [range(*numbers[i : i + 3]) for i in range(0, len(numbers), 3)]
    found = op.attributes.get(STOPS)
    if not isinstance(found, AffineMapAttr):
        return [AcrossLoop(each) for each in ranges], [integer(each.stop) for each in ranges]
    results = found.data.results
    if len(results) != len(ranges) or found.data.num_dims != len(extents):
        raise KernelTextError(f"{STOPS} needs a stop a variable, over the kernel's extents")
    names = [ast.Variable(name) for name in extents]
    loops = [
        AcrossLoop(each, is_dynamic=bool(result.used_dims()))
        for each, result in zip(ranges, results, strict=True)
    ]
    return loops, [affine_expression(result, names) for result in results]


def _plain_range(op: scf.ForOp, applies: Sequence[affine.ApplyOp]) -> range:
    """The range of the one variable of a loop over blocks that does not say it."""
    total = index_expression(op.ub, {})
    if not isinstance(total, ast.Integer) or len(applies) > 1:
        raise KernelTextError("a loop over blocks without its ranges has no text form")
    if not applies:
        return range(total.value)
    map_ = applies[0].map.data
    start = map_.eval([0], [])[0]
    step = map_.eval([1], [])[0] - start
    if step < 1 or start < 0:
        raise KernelTextError("a loop over blocks that does not count up has no text form")
    return range(start, start + step * total.value, step)


def _loop_values(applies: Sequence[affine.ApplyOp], loops: Sequence[AcrossLoop]) -> list[SSAValue]:
    """The loop variables of ``across``, checked against the ranges it claims."""
    maps = across_maps(loops)
    if len(applies) != len(maps) or any(
        apply.map.data.results[0] != map_.results[0]
        for apply, map_ in zip(applies, maps, strict=True)
    ):
        raise KernelTextError("a loop over blocks does not compute the ranges it claims")
    return [apply.result for apply in applies]
