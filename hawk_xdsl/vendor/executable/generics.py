"""Element-wise loops over tiles, as ``linalg.generic``."""

from collections.abc import Callable, Sequence

from xdsl.builder import Builder
from xdsl.dialects.builtin import AffineMapAttr, MemRefType
from xdsl.dialects.linalg.attrs import IteratorType, IteratorTypeAttr
from xdsl.dialects.linalg.ops import GenericOp, YieldOp
from xdsl.ir import Block, Region, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr, AffineMap
from xdsl.pattern_rewriter import PatternRewriter
from xdsl.rewriter import InsertPoint

from hawk_xdsl.dialects.hivm import element_of, shape_of

Compute = Callable[[Builder, list[SSAValue]], SSAValue]
"""Puts ops that compute an element from those of the sources, and gives their result."""


def elementwise(
    sources: Sequence[SSAValue], dest: SSAValue, compute: Compute, rewriter: PatternRewriter
) -> None:
    """``dest[i…] = compute(sources[i…])`` before the matched op; scalars are sources, too."""
    tiles = [source for source in sources if isinstance(source.type, MemRefType)]
    shape = shape_of(dest)
    block = Block(arg_types=[element_of(tile) for tile in (*tiles, dest)])
    numbers = iter(block.args)
    elements = [next(numbers) if source in tiles else source for source in sources]
    builder = Builder(InsertPoint.at_end(block))
    builder.insert(YieldOp(compute(builder, elements)))
    maps = [AffineMapAttr(_map(shape_of(tile), shape)) for tile in (*tiles, dest)]
    parallel = [IteratorTypeAttr(IteratorType.PARALLEL)] * len(shape)
    rewriter.insert(GenericOp(tiles, [dest], Region(block), maps, parallel))


Combine = Callable[[Builder, list[SSAValue]], list[SSAValue]]
"""Combines an element with what was found before; gives what is found now."""


def reduction(
    source: SSAValue,
    dests: Sequence[SSAValue],
    axes: Sequence[int],
    combine: Combine,
    rewriter: PatternRewriter,
) -> None:
    """``dests[…, 0, …] = combine(source[…, i, …], dests[…, 0, …])`` for each i of the axes."""
    rank = len(shape_of(source))
    block = Block(arg_types=[element_of(tile) for tile in (source, *dests)])
    builder = Builder(InsertPoint.at_end(block))
    builder.insert(YieldOp(*combine(builder, list(block.args))))
    reduced: list[AffineExpr] = [
        AffineConstantExpr(0) if axis in axes else AffineDimExpr(axis) for axis in range(rank)
    ]
    maps = [AffineMap.identity(rank), *[AffineMap(rank, 0, tuple(reduced))] * len(dests)]
    kinds = [
        IteratorTypeAttr(IteratorType.REDUCTION if axis in axes else IteratorType.PARALLEL)
        for axis in range(rank)
    ]
    attributes = [AffineMapAttr(each) for each in maps]
    rewriter.insert(GenericOp([source], dests, Region(block), attributes, kinds))


def _map(shape: Sequence[int], to: Sequence[int]) -> AffineMap:
    """Where an element of a tile comes from: extents of 1 are repeated."""
    expressions: list[AffineExpr] = [
        AffineConstantExpr(0) if have == 1 != want else AffineDimExpr(axis)
        for axis, (have, want) in enumerate(zip(shape, to, strict=True))
    ]
    return AffineMap(len(to), 0, tuple(expressions))
