"""npu-sink-expansions: what is done to a contraction's result comes before its axes are split.

A kernel of dynamic shapes needs it: behind the split of ``3 * n`` rows into ``3 × n`` a row is
``n * i0 + i1``, which no affine expression over the extent and the loops says.
"""

from dataclasses import dataclass

from xdsl.dialects import tensor
from xdsl.dialects.builtin import AffineMapAttr, TensorType
from xdsl.dialects.linalg.attrs import IteratorTypeAttr
from xdsl.dialects.linalg.ops import GenericOp, IndexOp
from xdsl.dialects.tensor import ExpandShapeOp
from xdsl.ir import Operation, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr, AffineMap
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from hawk_xdsl.linalg.structured import Equation, equation_of, static_shape
from hawk_xdsl.passes.function_pass import FunctionPass


class SinkExpansion(RewritePattern):
    """``f(expand(x), row)`` becomes ``expand(f(x, row))`` where nothing else needs the split axes.

    ``x`` is the result of a contraction, or of an op that was moved before. Example: rows of
    ``189×32`` as ``3×63×32``, plus a bias of 32; the bias is added to ``189×32``.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: GenericOp, rewriter: PatternRewriter, /) -> None:
        """Moves the op before the expansion of its only input that has the split axes."""
        equation = equation_of(op)
        if equation is None or not _is_elementwise(equation):
            return
        for number, value in enumerate(equation.inputs):
            if not _is_split_contraction(value):
                continue
            assert isinstance(value.owner, ExpandShapeOp)
            groups = _groups(value.owner)
            maps = [_map_before(m, groups) for m in equation.maps[: len(equation.inputs)]]
            maps[number] = AffineMap.identity(len(groups))
            if equation.maps[number] == equation.maps[-1] and None not in maps:
                _sink(op, equation, number, [m for m in maps if m is not None], rewriter)
                return


@dataclass(frozen=True)
class NpuSinkExpansionsPass(FunctionPass):
    """Moves elementwise ops before the expansion of the contraction that they follow."""

    name = "npu-sink-expansions"
    patterns = (SinkExpansion,)


def _is_split_contraction(value: SSAValue) -> bool:
    """Whether it is the expansion of a contraction, or of what is computed from one."""
    if not isinstance(value.owner, ExpandShapeOp):
        return False
    source: SSAValue = value.owner.src
    while True:
        made = equation_of(source.owner) if isinstance(source.owner, Operation) else None
        if made is None or len(list(source.uses)) > 1:
            return False
        if made.factors is not None:
            return True
        if made.reduced or not made.inputs or made.maps[0] != made.maps[-1]:
            return False
        source = made.inputs[0]


def _is_elementwise(equation: Equation) -> bool:
    return (
        len(equation.outputs) == 1
        and not equation.reduced
        and not equation.reads_accumulator
        and equation.maps[-1] == AffineMap.identity(len(equation.sizes))
        and not any(isinstance(inner, IndexOp) for inner in equation.body.ops)
    )


def _groups(op: ExpandShapeOp) -> list[tuple[int, ...]]:
    """The axes of the result that each axis of the source becomes."""
    return [tuple(axis.value.data for axis in group) for group in op.reassociation]


def _map_before(map_: AffineMap, groups: list[tuple[int, ...]]) -> AffineMap | None:
    """A map over the loops before the expansion; ``None`` if it needs an axis that is split."""
    whole = {group[0]: number for number, group in enumerate(groups) if len(group) == 1}
    results: list[AffineExpr] = []
    for result in map_.results:
        if isinstance(result, AffineConstantExpr):
            results.append(result)
        elif isinstance(result, AffineDimExpr) and result.position in whole:
            results.append(AffineExpr.dimension(whole[result.position]))
        else:
            return None
    return AffineMap(len(groups), 0, tuple(results))


def _sink(
    op: GenericOp,
    equation: Equation,
    number: int,
    maps: list[AffineMap],
    rewriter: PatternRewriter,
) -> None:
    expansion = equation.inputs[number].owner
    assert isinstance(expansion, ExpandShapeOp)
    source = expansion.src
    result = op.results[0].type
    assert isinstance(result, TensorType)
    shape = static_shape(source)
    empty = tensor.EmptyOp([], TensorType(result.element_type, shape))
    inputs: list[SSAValue] = list(equation.inputs)
    inputs[number] = source
    generic = GenericOp(
        inputs,
        [empty.tensor],
        op.detach_region(op.body),
        [AffineMapAttr(each) for each in (*maps, AffineMap.identity(len(shape)))],
        [IteratorTypeAttr.parallel()] * len(shape),
        [empty.tensor.type],
    )
    generic.location = op.location
    split = expansion.clone(value_mapper={source: generic.results[0]})
    rewriter.insert([empty, generic, split])
    rewriter.replace_value_with_new_type(split.results[0], result)
    rewriter.replace(op, [], [split.results[0]])
    if not list(expansion.results[0].uses):
        rewriter.erase(expansion)  # another use of the source would keep the next op from moving
