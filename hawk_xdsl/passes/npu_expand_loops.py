"""npu-expand-loops: splits loops whose result is only used expanded: no reshape parts its users."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from xdsl.dialects import tensor
from xdsl.dialects.builtin import AffineMapAttr, TensorType
from xdsl.dialects.linalg.abstract_ops import LinalgStructuredOperation
from xdsl.dialects.linalg.attrs import IteratorTypeAttr
from xdsl.dialects.linalg.ops import FillOp, GenericOp, IndexOp
from xdsl.ir import Operation, SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineExpr, AffineMap
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from hawk_xdsl.linalg.structured import Equation, equation_of, static_shape
from hawk_xdsl.linalg.view import view_through
from hawk_xdsl.linalg.view_ops import emit_reshape
from hawk_xdsl.passes.function_pass import FunctionPass
from hawk_xdsl.passes.outline_dataflow import is_compute, is_generator, is_layout, layout_path


class ExpandLoops(RewritePattern):
    """Gives a structured op the loops that its only users, expansions of its result, ask for.

    An elementwise op or a reduction on [batch · tokens, features] is done on [batch, tokens,
    features] if others that it could be grouped with work there. A contraction is split where one
    of its operands has a layout in which the split axes are not neighbours, such as heads taken
    out of a batch. Its operands are expanded instead. Nothing happens if the op has several
    results, if a loop that would be split runs through a window, or if only unit axes are added.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(
        self, op: LinalgStructuredOperation, rewriter: PatternRewriter, /
    ) -> None:
        """Replaces the op and the expansions that use it."""
        equation = None if is_layout(op) or is_generator(op) else equation_of(op)
        if equation is None:
            return
        factors = _wanted_factors(equation, op.results[0]) if len(op.results) == 1 else None
        if factors is None or not _can_split(equation, factors):
            return
        if not _is_useful(equation, factors):
            return
        new = _split(equation, factors, rewriter)
        for use in list(op.results[0].uses):
            expansion = use.operation

            def emit(created: Operation, before: Operation = expansion) -> SSAValue:
                return rewriter.insert(created, InsertPoint.before(before)).results[0]

            shape = static_shape(expansion.results[0])
            reshaped = emit_reshape(new.results[0], shape, emit)
            rewriter.replace(expansion, [], [reshaped])
        rewriter.erase(op)


@dataclass(frozen=True)
class NpuExpandLoopsPass(FunctionPass):
    """Splits loops whose results are only used expanded, the last op first."""

    name = "npu-expand-loops"
    patterns = (ExpandLoops,)
    backwards = True


def _is_useful(equation: Equation, factors: dict[int, tuple[int, ...]]) -> bool:
    """Whether the op with split loops can be grouped with others that it could not be before."""
    if equation.factors is not None:
        return any(_is_apart(equation, i, factors) for i in range(len(equation.inputs)))
    return any(_is_joinable(use.operation) for use in equation.op.results[0].uses)


def _wanted_factors(equation: Equation, result: SSAValue) -> dict[int, tuple[int, ...]] | None:
    """For each loop to be split, the extents to split it into; ``None`` if there is none."""
    users = [use.operation for use in result.uses]
    expansions = [user for user in users if isinstance(user, tensor.ExpandShapeOp)]
    if not expansions or len(expansions) != len(users):
        return None
    first = expansions[0]
    if any(other.result.type != first.result.type for other in expansions):
        return None
    shape = static_shape(first.result)
    found: dict[int, tuple[int, ...]] = {}
    for axis, group in enumerate(first.reassociation.data):
        extents = tuple(shape[i.value.data] for i in group.data if shape[i.value.data] != 1)
        index = equation.indices[-1][axis]
        if len(extents) > 1:
            if index is None or index.loop is None:
                return None
            found[index.loop] = extents
    return found or None


def _is_joinable(expansion: Operation) -> bool:
    """Whether an expanded value goes straight into an op that is no contraction."""
    equations = [equation_of(use.operation) for use in expansion.results[0].uses]
    users = (use.operation for use in expansion.results[0].uses)
    computing = (is_compute(user) for user in users)
    return any(
        equation is not None and equation.factors is None and computes
        for equation, computes in zip(equations, computing, strict=True)
    )


def _is_apart(equation: Equation, operand: int, factors: dict[int, tuple[int, ...]]) -> bool:
    """Whether an operand is laid out from a source where the parts of a loop are not neighbours."""
    path = layout_path(equation.operands[operand], frozenset())
    view, covered = view_through(static_shape(path.root), path.chain)
    if covered != len(path.chain) or view.is_reshape:
        return False
    for axis, index in enumerate(equation.indices[operand]):
        lengths = tuple(view.factors[p].length for p in view.axes[axis])
        if index is not None and index.loop in factors and lengths == factors[index.loop]:
            return True
    return False


def _can_split(equation: Equation, factors: dict[int, tuple[int, ...]]) -> bool:
    reads = (inner.dim.value.data for inner in equation.body.ops if isinstance(inner, IndexOp))
    if any(loop in factors for loop in reads):
        return False
    for operand in equation.indices:
        for index in operand:
            if index is None:
                return False
            if index.loop is None and any(index.coefficients[loop] for loop in factors):
                return False
    return True


def _split(
    equation: Equation, factors: dict[int, tuple[int, ...]], rewriter: PatternRewriter
) -> GenericOp:
    op = equation.op
    assert isinstance(op, LinalgStructuredOperation)
    parts: list[list[int]] = []
    for loop in range(len(equation.sizes)):
        first = sum(map(len, parts))
        parts.append(list(range(first, first + len(factors.get(loop, (0,))))))
    total = sum(map(len, parts))
    operands: list[SSAValue] = []
    maps: list[AffineMapAttr] = []
    for value, indexing in zip(equation.operands, equation.maps, strict=True):
        shape, results = _expanded_axes(value, indexing, factors, parts)
        operands.append(_reshaped(value, shape, rewriter))
        maps.append(AffineMapAttr(AffineMap(total, 0, tuple(results))))
    kinds = [
        IteratorTypeAttr.parallel() if parallel else IteratorTypeAttr.reduction()
        for parallel, part in zip(equation.parallel, parts, strict=True)
        for _ in part
    ]
    count = len(equation.inputs)
    body = op.detach_region(op.body)
    new = GenericOp(
        operands[:count], operands[count:], body, maps, kinds, [v.type for v in operands[count:]]
    )
    for inner in list(body.block.ops):
        if isinstance(inner, IndexOp):
            [renumbered] = parts[inner.dim.value.data]
            rewriter.replace(inner, IndexOp(renumbered))
    new.location = op.location
    return rewriter.insert(new)


def _expanded_axes(
    value: SSAValue,
    indexing: AffineMap,
    factors: dict[int, tuple[int, ...]],
    parts: Sequence[Sequence[int]],
) -> tuple[list[int], list[AffineExpr]]:
    """The shape of an operand with its axes split, and its indices over the new loops."""
    if not isinstance(value.type, TensorType):
        return [], []
    shape: list[int] = []
    results: list[AffineExpr] = []
    renamed = [AffineExpr.dimension(part[0]) for part in parts]
    for extent, expression in zip(static_shape(value), indexing.results, strict=True):
        loop = expression.position if isinstance(expression, AffineDimExpr) else None
        if loop in factors:
            shape.extend(factors[loop])
            results.extend(AffineExpr.dimension(part) for part in parts[loop])
        else:
            shape.append(extent)
            results.append(expression.replace_dims_and_symbols(renamed, []))
    return shape, results


def _reshaped(value: SSAValue, shape: Sequence[int], rewriter: PatternRewriter) -> SSAValue:
    """An operand under another shape; empty and filled tensors are made anew in that shape."""
    if not isinstance(value.type, TensorType) or static_shape(value) == tuple(shape):
        return value
    assert prod(static_shape(value)) == prod(shape)

    def emit(created: Operation) -> SSAValue:
        return rewriter.insert(created).results[0]

    owner = value.owner
    if isinstance(owner, tensor.EmptyOp):
        return emit(tensor.EmptyOp([], TensorType(value.type.element_type, shape)))
    if isinstance(owner, FillOp):
        empty = _reshaped(owner.outputs[0], shape, rewriter)
        return emit(FillOp([owner.inputs[0]], [empty], [empty.type]))
    if isinstance(owner, tensor.CollapseShapeOp) and static_shape(owner.src) == tuple(shape):
        return owner.src
    return emit_reshape(value, shape, emit)
