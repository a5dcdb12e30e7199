"""What windows run over but no result does: weights, loaded before the loops over positions."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from hawk_xdsl.codegen.vector.buffers import (
    Axes,
    Statement,
    TileValue,
    operand,
)
from hawk_xdsl.codegen.vector.frame import LoopScope, TilingFrame, matched_operands
from hawk_xdsl.codegen.vector.slab import SlabReader
from hawk_xdsl.codegen.vector.widths import stored_dtype
from hawk_xdsl.codegen.vector.window_reads import alike, slides, windowed_reads, windowed_terms
from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.places import UB
from hawk_xdsl.schedule.build_syntax import expression_of
from hawk_xdsl.schedule.tiling import UntileableError
from hawk_xdsl.semantics.terms import Affine, Term

RESIDENT_BYTES = 32768
"""Weights that are loaded at once, before the loop over tiles: a sixth of ub."""


@dataclass(frozen=True)
class WindowPart:
    """What a position of the windows has of a tile; without axes it may be a scalar."""

    tile: TileValue
    axes: Axes
    slices: tuple[ast.Slice, ...] = ()

    @property
    def is_scalar(self) -> bool:
        """Whether it was read as a scalar."""
        return not self.tile.shape

    def operand(self, position: int) -> ast.Tile:
        """As an operand of a statement."""
        return operand(position, *self.slices)


class WindowWeights:
    """What windows run over but no result does: loaded whole for a tile, taken by position."""

    def __init__(
        self, frame: TilingFrame, reader: SlabReader, term: Term, scope: LoopScope
    ) -> None:
        self.frame = frame
        self.reader = reader
        self.term = term
        self.scope = scope
        self.reads = [
            read for read in windowed_reads(term, term.bound) if not slides(read, term.bound)
        ]
        self.loaded: dict[Term, TileValue] = {}
        self.turned: dict[Term, TileValue] = {}

    def load(self) -> None:
        """The loads, and what is computed of weights alone, before the loops over positions."""
        for read in self.reads:
            self.loaded[read] = self._load(read)
        for term in windowed_terms(self.term, self.term.bound):
            below = windowed_reads(term, self.term.bound)
            if term.args and below and all(read in self.loaded for read in below):
                self._compute(term, below)
        for term in windowed_terms(self.term, self.term.bound):
            for weight in () if term in self.loaded else term.args:
                self._turn(weight)

    def _turn(self, weight: Term) -> None:
        """The tile of weights that are columns or rows at each position, not scalars."""
        value = self.loaded.get(weight)
        if value is None or weight in self.turned or not any(value.axes):
            return
        present = [axis for axis in value.axes if axis is not None]
        wanted = self.frame.aligned(present, self.term)
        [read, *_] = windowed_reads(weight, self.term.bound)
        self.turned[weight] = self._turned(value, list(self._positions(read)), wanted)

    def _is_small(self, read: Term) -> bool:
        """Whether all weights are loaded once, before the loop over tiles, and read as scalars."""
        free = read.axes - self.term.bound
        size = prod(self.frame.shapes[read.operand]) * DType(stored_dtype(read.dtype)).bytes
        return size <= RESIDENT_BYTES and not any(map(self.frame.tiling.in_tile, free))

    def _load_all(self, read: Term) -> TileValue:
        """All weights as one row, before the loop over tiles."""
        top = self.scope.chain()[0]
        if read not in top.values:
            count = prod(self.frame.shapes[read.operand])
            out = TileValue(stored_dtype(read.dtype), (None,), (count,))
            load = ast.Load(ast.Tile(read.operand, (ast.Slice(ast.Integer(0), count),)), UB)
            top.block.items.append(Statement(load, (), out))
            top.values[read] = out
        return top.values[read]

    def _load(self, read: Term) -> TileValue:
        if self._is_small(read):
            return self._load_all(read)
        shape = self.frame.shapes[read.operand]
        slices: list[ast.Slice] = []
        axes: list[str | None] = []
        lengths: list[int] = []
        for dim, extent in zip(read.index, shape, strict=True):
            if dim.axes & self.term.bound:
                slices.append(ast.Slice(ast.Integer(0), extent))
                axes.append(None)
                lengths.append(extent)
                continue
            part, axis = self.scope.tiling.dimension(dim, extent)
            slices.append(part)
            if part.length is not None:
                axes.append(axis)
                lengths.append(part.length)
        if slices[-1].length is None:
            slices[-1] = ast.Slice(slices[-1].start, 1)
            axes.append(None)
            lengths.append(1)
        out = TileValue(stored_dtype(read.dtype), tuple(axes), tuple(lengths))
        load = ast.Load(ast.Tile(read.operand, tuple(slices)), UB, self.reader.loader.pad(read))
        self.scope.block.items.append(Statement(load, (), out))
        return out

    def _compute(self, term: Term, reads: Sequence[Term]) -> None:
        """Of weights alone, such as a cast."""
        if not alike(reads):
            return
        instruction, matched = self.frame.composition.chosen[term]

        def value_of(value: Term) -> TileValue:
            if value not in self.loaded:
                raise UntileableError("weights are computed with something else")
            return self.loaded[value]

        given, operands = matched_operands(matched, value_of)
        first = self.loaded[reads[0]]
        out = TileValue(stored_dtype(term.dtype), first.axes, first.shape)
        statement = instruction.statement.filled(given, out.dtype, ())
        if not all(map(self._is_small, reads)):
            self.loaded[term] = self.scope.add(statement, operands, out)
            return
        top = self.scope.chain()[0]
        if term not in top.values:
            top.values[term] = top.add(statement, operands, out)
        self.loaded[term] = top.values[term]

    def part(self, term: Term, read: Term, scope: LoopScope) -> WindowPart:
        """The weights of a position: a scalar, or a tile that broadcasts to the result's."""
        value = self.loaded[term]
        places = self._positions(read)
        present = [axis for axis in value.axes if axis is not None]
        if not present:
            index = [places.get(place, ast.Integer(0)) for place in range(len(value.shape))]
            scalar = TileValue(value.dtype, (), ())
            scope.add(ast.Read(operand(0).name, tuple(index)), (value,), scalar)
            return WindowPart(scalar, ())
        wanted, turned = self.frame.aligned(present, self.term), self.turned[term]
        slices = [ast.Slice(place) for place in places.values()]
        slices += [ast.Slice(ast.Integer(0), n) for n in turned.shape[len(places) :]]
        return WindowPart(turned, wanted, tuple(slices))

    def _positions(self, read: Term) -> dict[int, ast.Expression]:
        """The dimensions of the loaded tile that windows run over, and the index in each."""
        if self._is_small(read):
            return {0: expression_of(self._linear(read))}
        found: dict[int, ast.Expression] = {}
        place = 0
        for dim, extent in zip(read.index, self.frame.shapes[read.operand], strict=True):
            if dim.axes & self.term.bound:
                found[place] = expression_of(dim)
                place += 1
                continue
            part, _ = self.scope.tiling.dimension(dim, extent)
            place += part.length is not None
        return found

    def _linear(self, read: Term) -> Affine:
        """The index of an element in the row of all."""
        index, stride = Affine(), 1
        shape = self.frame.shapes[read.operand]
        for dim, extent in zip(read.index[::-1], shape[::-1], strict=True):
            index += dim.scaled(stride)
            stride *= extent
        return index

    def _turned(self, value: TileValue, places: list[int], wanted: Axes) -> TileValue:
        """The tile with the dimensions of windows first, and rows that are whole blocks.

        Of ``[4, 3, 3]`` where the first dimension is wanted as a column: ``[3, 3, 4, 1]``.
        """
        rest = [place for place in range(len(value.shape)) if place not in places]
        rest = [place for place in rest if value.axes[place] is not None]
        order = [*places, *rest]
        if wanted[-1] is None:
            row = (1, *value.shape)
            value = self.scope.reshaped(value, row, (None, *value.axes))
            order = [*(place + 1 for place in order), 0]
        if len(order) != len(value.shape):
            raise UntileableError("weights have a dimension of one element")
        if order != sorted(order):
            axes = tuple(value.axes[place] for place in order)
            out = TileValue(value.dtype, axes, tuple(value.shape[place] for place in order))
            value = self.scope.add(ast.Transpose(operand(0), tuple(order)), (value,), out)
        extents = self.frame.tile(value.dtype, wanted, self.scope).shape
        shape = (*value.shape[: len(places)], *extents)
        return self.scope.reshaped(value, shape, (*(None for _ in places), *wanted))
