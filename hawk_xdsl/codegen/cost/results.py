"""What vector instructions give: the row of the cost table, and the result's dtype and extents."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from hawk_xdsl.codegen.cost.tiles import TileRef
from hawk_xdsl.dialects.dtype import INDEX
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.npu import Reduction
from hawk_xdsl.npu_target.cost import VectorWork

Rearranged: TypeAlias = (
    ast.Cast | ast.Reduce | ast.Cumulate | ast.Transpose | ast.Arange | ast.Broadcast
)
"""Statements whose result has another dtype or shape than broadcasting gives."""


@dataclass(frozen=True, slots=True)
class TileResult:
    """The work of an instruction and the tile it makes: its extents, and what of them exists."""

    work: VectorWork
    dtype: str
    shape: tuple[int, ...]
    valid: tuple[int, ...]


def result_of_arange(node: ast.Arange) -> TileResult:
    """The result of ``varange``, which has no source."""
    return TileResult(VectorWork("varange", node.dtype), node.dtype, node.shape, node.shape)


def result_of(
    node: ast.Cast | ast.Reduce | ast.Cumulate | ast.Transpose | ast.Broadcast,
    source: TileRef | None,
) -> TileResult:
    """The result of an instruction on a tile; ``None`` stands for a scalar that is broadcast."""
    if source is None:
        assert isinstance(node, ast.Broadcast)
        return TileResult(VectorWork("vbrc", INDEX), INDEX, node.shape, node.shape)
    shape, valid, dtype = source.shape, source.valid, source.dtype
    match node:
        case ast.Cast():
            return TileResult(
                VectorWork("vcast", f"{dtype}-{node.dtype}"), node.dtype, shape, valid
            )
        case ast.Reduce():
            work = VectorWork(f"vreduce_{node.kind}", dtype, node.axes)
            is_index = node.kind in (Reduction.ARGMAX, Reduction.ARGMIN)
            shape = tuple(1 if i in node.axes else n for i, n in enumerate(shape))
            valid = tuple(1 if i in node.axes else n for i, n in enumerate(valid))
            return TileResult(work, INDEX if is_index else dtype, shape, valid)
        case ast.Cumulate():
            return TileResult(
                VectorWork(f"vcumulate_{node.kind}", dtype, (node.axis,)), dtype, shape, valid
            )
        case ast.Transpose():
            shape = tuple(shape[axis] for axis in node.permutation)
            valid = tuple(valid[axis] for axis in node.permutation)
            return TileResult(VectorWork("vtranspose", dtype), dtype, shape, valid)
        case ast.Broadcast():
            first = len(node.shape) - len(shape)
            valid = tuple(
                n if i < first or shape[i - first] == 1 else valid[i - first]
                for i, n in enumerate(node.shape)
            )
            return TileResult(VectorWork("vbrc", dtype), dtype, node.shape, valid)


def broadcast(tiles: Sequence[TileRef]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shape that tiles broadcast to, as in numpy, and what of it exists."""
    first = tiles[0]
    if all(tile.shape == first.shape for tile in tiles):
        return first.shape, first.valid
    rank = max(len(tile.shape) for tile in tiles)
    shape, valid = [1] * rank, [1] * rank
    for tile in tiles:
        for axis, extent in enumerate(tile.shape, rank - len(tile.shape)):
            if extent != 1:
                shape[axis] = extent
                valid[axis] = tile.valid[axis - rank + len(tile.shape)]
    return tuple(shape), tuple(valid)
