"""Writes a view, or a plain reshape, as tensor and linalg ops."""

from collections.abc import Callable, Sequence
from math import prod

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    IntegerAttr,
    TensorType,
    i64,
)
from xdsl.dialects.linalg.ops import BroadcastOp, TransposeOp
from xdsl.dialects.tensor import CollapseShapeOp, EmptyOp, ExpandShapeOp, ExtractSliceOp
from xdsl.ir import Attribute, Operation, SSAValue

from hawk_xdsl.linalg.structured import static_shape
from hawk_xdsl.linalg.view import TensorView

Emit = Callable[[Operation], SSAValue]
"""Inserts an op of one result and gives that."""


def emit_reshape(value: SSAValue, shape: Sequence[int], emit: Emit) -> SSAValue:
    """The same elements under another shape: at most one collapse and one expansion.

    What has no axes is broadcast to axes of one element: xDSL 0.74 verifies no expansion of it.
    """
    source = static_shape(value)
    if source == tuple(shape):
        return value
    if not source:
        empty = emit(EmptyOp([], TensorType(_element(value), shape)))
        return emit(BroadcastOp(value, empty, DenseArrayBase.from_list(i64, range(len(shape)))))
    groups = _matching_groups(source, shape)
    coarse = tuple(prod(source[d] for d in old) for old, _ in groups)
    if coarse != source:
        value = emit(_collapse(value, coarse, [old for old, _ in groups]))
    if coarse != tuple(shape):
        value = emit(_expand(value, shape, [new for _, new in groups]))
    return value


def emit_source_reshape(value: SSAValue, view: TensorView, emit: Emit) -> SSAValue:
    """The part of a view that moves nothing: the source, its axes taken apart into factors."""
    if view.is_reshape:
        return emit_reshape(value, view.shape, emit)
    return emit_reshape(value, [factor.extent for factor in view.factors], emit)


def emit_moves(value: SSAValue, view: TensorView, emit: Emit) -> SSAValue:
    """The part that moves elements, on what ``emit_source_reshape`` gives: slice and transpose.

    A reshape to ``view.shape`` completes the view.
    """
    if view.is_sliced:
        value = emit(_slice(value, view))
    taken = sorted(view.order)
    permutation = [taken.index(position) for position in view.order]
    if permutation != sorted(permutation):
        value = _transpose(value, permutation, emit)
    return value


def _matching_groups(
    source: Sequence[int], target: Sequence[int]
) -> list[tuple[list[int], list[int]]]:
    """Runs of axes of both shapes with equal products; unit axes at the end join the last run."""
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(source) and j < len(target):
        old, new = [i], [j]
        left, right = source[i], target[j]
        i, j = i + 1, j + 1
        while left != right:
            if left < right:
                old.append(i)
                left, i = left * source[i], i + 1
            else:
                new.append(j)
                right, j = right * target[j], j + 1
        groups.append((old, new))
    if groups:
        groups[-1][0].extend(range(i, len(source)))
        groups[-1][1].extend(range(j, len(target)))
    return groups


def _association(groups: Sequence[Sequence[int]]) -> ArrayAttr[ArrayAttr[IntegerAttr]]:
    return ArrayAttr([ArrayAttr([IntegerAttr(d, i64) for d in group]) for group in groups])


def _element(value: SSAValue) -> Attribute:
    assert isinstance(value.type, TensorType)
    return value.type.element_type


def _collapse(
    value: SSAValue, shape: Sequence[int], groups: Sequence[Sequence[int]]
) -> CollapseShapeOp:
    return CollapseShapeOp(
        operands=[value],
        result_types=[TensorType(_element(value), shape)],
        properties={"reassociation": _association(groups)},
    )


def _expand(
    value: SSAValue, shape: Sequence[int], groups: Sequence[Sequence[int]]
) -> ExpandShapeOp:
    type_ = TensorType(_element(value), shape)
    return ExpandShapeOp(value, [], _association(groups), list(shape), type_)


def _slice(value: SSAValue, view: TensorView) -> ExtractSliceOp:
    factors = view.factors
    shape = [factors[position].length for position in sorted(view.order)]
    return ExtractSliceOp(
        value,
        [factor.offset for factor in factors],
        [factor.length for factor in factors],
        [factor.step for factor in factors],
        TensorType(_element(value), shape),
    )


def _transpose(value: SSAValue, permutation: Sequence[int], emit: Emit) -> SSAValue:
    shape = [static_shape(value)[axis] for axis in permutation]
    empty = emit(EmptyOp([], TensorType(_element(value), shape)))
    return emit(TransposeOp(value, empty, DenseArrayBase.from_list(i64, permutation)))
