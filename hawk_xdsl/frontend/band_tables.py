"""Tables of two numbers with a step along a diagonal become formulas of positions.

A causal mask is one: ``table[i, j]`` is one number where ``j - i <= last`` and another elsewhere.
As a formula nobody loads it, and a kernel can leave out what is masked as a whole.
"""

from dataclasses import dataclass

import numpy as np
from xdsl.dialects import arith, tensor
from xdsl.dialects.builtin import (
    AffineMapAttr,
    AnyFloat,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    TensorType,
    i1,
)
from xdsl.dialects.linalg.attrs import IteratorTypeAttr
from xdsl.dialects.linalg.ops import GenericOp, IndexOp, YieldOp
from xdsl.ir import Attribute, Block, Operation, Region
from xdsl.ir.affine import AffineMap

from hawk_xdsl.dialects.dtype import Array

FEWEST_ELEMENTS = 1024
"""A smaller table is loaded sooner than it is computed."""


@dataclass(frozen=True)
class BandTable:
    """``inside`` where column - row is at most ``last``, else ``outside``: of the last two axes."""

    last: int
    inside: float
    outside: float


def band_table_of(array: Array) -> BandTable | None:
    """The formula of an array; ``None`` if it has none, or is small."""
    if array.ndim < 2 or array.size < FEWEST_ELEMENTS:
        return None
    rows, columns = array.shape[-2:]
    bits = array.view(f"u{array.dtype.itemsize}").reshape(-1, rows, columns)
    inside, outside = bits[0, -1, 0], bits[0, 0, -1]
    counts = (bits[0] == inside).sum(axis=1)
    partial = np.flatnonzero((counts > 0) & (counts < columns))
    if inside == outside or not partial.size:
        return None
    last = int(counts[partial[0]]) - int(partial[0]) - 1
    below = np.arange(columns)[None, :] - np.arange(rows)[:, None] <= last
    if not np.array_equal(np.where(below, inside, outside)[None].repeat(len(bits), 0), bits):
        return None
    return BandTable(last, array[..., -1, 0].flat[0].item(), array[..., 0, -1].flat[0].item())


def band_ops(band: BandTable, type_: TensorType[Attribute]) -> list[Operation]:
    """The ops that compute such a table; the last one's result is it."""
    rank, element = len(type_.get_shape()), type_.element_type
    body = Block(arg_types=[element])
    row, column = IndexOp(rank - 2), IndexOp(rank - 1)
    step = arith.SubiOp(column.result, row.result, IndexType())
    last = arith.ConstantOp(IntegerAttr(band.last, IndexType()))
    within = arith.CmpiOp(
        step.result, last.result, "sle" if element != i1 or band.inside else "sgt"
    )
    body.add_ops([row, column, step, last, within])
    result = within.result
    if element != i1:
        sides = [_constant(number, element) for number in (band.inside, band.outside)]
        chosen = arith.SelectOp(within.result, *(side.result for side in sides))
        body.add_ops([*sides, chosen])
        result = chosen.result
    body.add_op(YieldOp(result))
    empty = tensor.EmptyOp([], type_)
    maps = [AffineMapAttr(AffineMap.identity(rank))]
    kinds = [IteratorTypeAttr.parallel()] * rank
    return [empty, GenericOp([], [empty.tensor], Region(body), maps, kinds, [type_])]


def _constant(number: float, element: Attribute) -> arith.ConstantOp:
    if isinstance(element, AnyFloat):
        return arith.ConstantOp(FloatAttr(float(number), element))
    assert isinstance(element, IntegerType)
    return arith.ConstantOp(IntegerAttr(int(number), element))
