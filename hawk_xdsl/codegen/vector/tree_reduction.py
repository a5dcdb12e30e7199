"""Reductions that the unit has no instruction for: halves of a tile are combined until one is left.

Rows are halved by rows. Along a row the halves must begin at a block of ub, so what is left of a
row, less than two blocks, is turned over and reduced by rows. Of ten rows:

    b1 = vadd b0[0:5, 0:64], b0[5:5, 0:64]
    b2 = vadd b1[0:2, 0:64], b1[2:2, 0:64]
    b3 = vadd b2[0:1, 0:64], b2[1:1, 0:64]
    b3 = vadd b3, b1[4:1, 0:64]
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hawk_xdsl.codegen.vector.buffers import TileValue, operand
from hawk_xdsl.codegen.vector.frame import LoopScope
from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.kernel_text import syntax as ast


@dataclass(frozen=True)
class _Segment:
    """Some elements of a tile along one of its dimensions."""

    tile: TileValue
    place: int
    start: int
    length: int

    def operand(self, number: int) -> ast.Tile:
        """The elements, as the operand of a statement."""
        if self.length == self.tile.shape[self.place]:
            return operand(number)
        slices = [ast.Slice(ast.Integer(0), n) for n in self.tile.shape]
        slices[self.place] = ast.Slice(ast.Integer(self.start), self.length)
        return operand(number, *slices)


@dataclass(frozen=True)
class TreeReduction:
    """Writes such reductions by one instruction of two operands; rows are whole blocks."""

    mnemonic: str
    scope: LoopScope
    block_bytes: int

    def reduce(self, whole: TileValue, places: Sequence[int]) -> TileValue:
        """The tile with some dimensions reduced; they keep an extent of one."""
        tile = whole
        for place in places:
            if tile.shape[place] > 1:
                last = place == len(tile.shape) - 1
                tile = self._row(tile) if last else self._rows(tile, place)
        axes = tuple(None if i in places else axis for i, axis in enumerate(tile.axes))
        if tile is whole:
            return self.scope.view(tile, tile.shape, axes)
        tile.axes = axes
        return tile

    def _rows(self, tile: TileValue, place: int) -> TileValue:
        """Reduces a dimension that is not the last one."""
        rest: list[_Segment] = []
        count = tile.shape[place]
        while count > 1:
            half = count // 2
            if count % 2:
                rest.append(_Segment(tile, place, count - 1, 1))
            tile = self._onto(_Segment(tile, place, 0, half), _Segment(tile, place, half, half))
            count = half
        for part in rest:
            tile = self._onto(_Segment(tile, place, 0, 1), part)
        return tile

    def _row(self, tile: TileValue) -> TileValue:
        """Reduces the last dimension: by halves that are whole blocks, the rest of it as rows."""
        if len(tile.shape) == 1:
            row = self.scope.view(tile, (1, *tile.shape), (None, *tile.axes))
            return self.scope.view(self._row(row), (1,), tile.axes)
        block = self.block_bytes // DType(tile.dtype).bytes
        place, count, axes = len(tile.shape) - 1, tile.shape[-1], tile.axes
        rest: list[_Segment] = []
        while count >= 2 * block:
            half = count // 2 // block * block
            if count > 2 * half:
                rest.append(_Segment(tile, place, 2 * half, count - 2 * half))
            tile = self._onto(_Segment(tile, place, 0, half), _Segment(tile, place, half, half))
            count = half
        parts = [_Segment(tile, place, 0, count), *rest]
        reduced, *others = [self._rows(self._turned(part), 0) for part in parts]
        for other in others:
            reduced = self._onto(_Segment(reduced, 0, 0, 1), _Segment(other, 0, 0, 1))
        shape = (*reduced.shape[1:], 1)
        turned = ast.Transpose(operand(0), (*range(1, place + 1), 0))
        return self.scope.add(turned, (reduced,), TileValue(tile.dtype, axes, shape))

    def _turned(self, part: _Segment) -> TileValue:
        """The elements with the last dimension first."""
        tile, last = part.tile, part.place
        shape, axes = (part.length, *tile.shape[:-1]), (tile.axes[-1], *tile.axes[:-1])
        turned = ast.Transpose(part.operand(0), (last, *range(last)))
        return self.scope.add(turned, (tile,), TileValue(tile.dtype, axes, shape))

    def _onto(self, first: _Segment, second: _Segment) -> TileValue:
        shape = list(first.tile.shape)
        shape[first.place] = first.length
        out = TileValue(first.tile.dtype, first.tile.axes, tuple(shape))
        both = ast.Elementwise(self.mnemonic, (first.operand(0), second.operand(1)))
        return self.scope.add(both, (first.tile, second.tile), out)
