"""The products of weights with windows of an image that lies in l1: the cube's stage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hawk_xdsl.codegen.cube.image_geometry import ImageGeometry
from hawk_xdsl.codegen.cube.image_stage import ImageStage
from hawk_xdsl.codegen.cube.layouts import result_tensor
from hawk_xdsl.codegen.cube.matrix_product import Matrix
from hawk_xdsl.codegen.cube.matrix_slice import Side, Tensor, flat_index, row_slice
from hawk_xdsl.codegen.cube.tiled_product import ACCUMULATOR, BIAS
from hawk_xdsl.dialects.dtype import WIDE_FLOAT
from hawk_xdsl.dialects.kernel_text.places import L0C, L1, MATRIX_WORD
from hawk_xdsl.dialects.kernel_text.syntax import (
    Arithmetic,
    Assign,
    Factor,
    Fill,
    If,
    Integer,
    Load,
    Mmad,
    Number,
    Slice,
    Stage,
    Statement,
    Store,
    Tile,
    Variable,
)
from hawk_xdsl.schedule.build_syntax import across, expression_of, loop, nested, part, span
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import Contraction
from hawk_xdsl.semantics.terms import Affine


@dataclass(frozen=True)
class SlabTile:
    """A tile of outputs.

    Attributes:
        filters: of the weights.
        rows: of outputs.
        columns: of outputs; all of a row, unless there is one row only.
        stationary: whether the weights of all positions stay in l1.
    """

    filters: int
    rows: int
    columns: int
    stationary: bool


@dataclass(frozen=True)
class Convolution:
    """A contraction one of whose operands is an image.

    Attributes:
        specification: what is computed.
        contraction: its roles.
        geometry: where the pixels of the image lie.
        weights: the other operand as a matrix: filters by positions and channels.
        turned: whether it lies the other way round.
        filters: the axis of the filters.
        bias: what accumulations start from, ``None`` if there is none.
    """

    specification: Specification
    contraction: Contraction
    geometry: ImageGeometry
    weights: Matrix
    turned: bool
    filters: str
    bias: Tensor | None

    @property
    def axes(self) -> Mapping[str, int]:
        """The extents of all axes."""
        return self.specification.axes

    @property
    def pixels_left(self) -> bool:
        """Whether pixels are the rows of the result: then its last axis is that of the filters."""
        return self.filters in self.contraction.n

    @property
    def points(self) -> tuple[tuple[str, int], ...]:
        """The axes that images are points of, with their extents."""
        return tuple((axis, self.axes[axis]) for _, axis in self.geometry.points)

    @property
    def weight_axes(self) -> frozenset[str]:
        """The axes that the weights change with."""
        read = self.contraction.rhs if self.pixels_left else self.contraction.lhs
        return read.axes

    def outputs(self, tile: SlabTile) -> int:
        """Pixels of a product: those of the rows of a tile, with what is between them."""
        return (tile.rows - 1) * self.geometry.pitch + tile.columns


@dataclass(frozen=True)
class WindowProducts:
    """The cube's stage at a tile::

    f = load t0[0:64, 0:576] into l1
    across i0 in 0..2 step 1, i2 in 0..54 step 5 {
      s0 = load t1[3648*i0+64*i2:440, 0:64] into l1
      acc = fill 0.0 f32[64, 310] in l0c
      for i5 in 0..3 step 1 {
        for i6 in 0..3 step 1 {
          acc = mmad f[0:64, 192*i5+64*i6:64], s0[64*i5+i6:310, 0:64].T, acc
        }
      }
      store acc[0:64, 0:54] into y0[i0, 0:64, i2, 0:54]
      if i2+1 < 54 { … }
    }
    """

    convolution: Convolution
    tile: SlabTile
    image: ImageStage

    def stage(self) -> Stage:
        """The stage."""
        outside = [self._held()] if self._held_outside else []
        return Stage(MATRIX_WORD, (*outside, self._across()))

    @property
    def _is_whole(self) -> bool:
        return self.tile.filters >= self.convolution.axes[self.convolution.filters]

    @property
    def _in_columns(self) -> bool:
        return self.tile.columns < self.convolution.geometry.columns.outputs

    @property
    def _held_outside(self) -> bool:
        """Whether weights stay for all tiles of a core."""
        each = self.convolution.weight_axes.intersection(self.convolution.contraction.batch)
        return self.tile.stationary and self._is_whole and not each

    def _held(self) -> Assign:
        """``f = load t0[i1:64, 0:576] into l1``: weights of a tile, at all positions."""
        return Assign("f", Load(self._weights_slice(None), L1))

    def _weights_slice(self, at: Affine | None) -> Tile:
        """The weights of a tile in global memory; of one position in the windows."""
        own = self.convolution
        deep = own.weights.sides[1]
        sizes = {own.filters: self.tile.filters, deep.name: deep.extent(own.axes)}
        whole = own.weights.slice(sizes, own.axes, matrix=True).tile
        if at is None:
            return whole
        assert whole.slices is not None
        along = Slice(expression_of(at), own.geometry.depth)
        *outer, first, second = whole.slices
        return Tile(whole.name, (*outer, *((along, second) if own.turned else (first, along))))

    def _across(self) -> Statement:
        geometry = self.convolution.geometry
        loops = [loop(axis, extent, 1) for axis, extent in self.convolution.points]
        if not self._is_whole:
            filters = self.convolution.filters
            loops.append(loop(filters, self.convolution.axes[filters], self.tile.filters))
        if self.tile.rows < geometry.output_rows and geometry.rows is not None:
            loops.append(loop(geometry.rows.axis, geometry.output_rows, self.tile.rows))
        if self._in_columns:
            columns = geometry.columns
            loops.append(loop(columns.axis, columns.outputs, self.tile.columns))
        inside = self.tile.stationary and not self._held_outside
        held = [self._held()] if inside else []
        body = [
            *self._bias(),
            *held,
            *self._slabs(),
            self._start(),
            *self._first(),
            *self._products(),
            *self._stores(),
        ]
        return across(loops, body)

    def _slabs(self) -> list[Statement]:
        """``s0 = load t1[…] into l1``: the windows of a tile, of each phase, with their halo."""
        geometry = self.convolution.geometry
        found: list[Statement] = []
        for number, phase in enumerate(geometry.phases):
            start = self.image.first_pixel(phase)
            if geometry.rows is not None and self.tile.rows < geometry.output_rows:
                start += Affine(0, ((geometry.rows.axis, geometry.pitch),))
            if self._in_columns:
                start += Affine.axis(geometry.columns.axis)
            halo = geometry.halo(self.tile.rows, self.tile.columns)
            rows = Slice(expression_of(start), halo)
            source = part(self.image.name, rows, span(geometry.depth))
            found.append(Assign(f"s{number}", Load(source, L1)))
        return found

    def _start(self) -> Assign:
        sides = (self.convolution.outputs(self.tile), self.tile.filters)
        shape = sides if self.convolution.pixels_left else sides[::-1]
        return Assign(ACCUMULATOR, Fill(Number(0.0), WIDE_FLOAT, shape, L0C))

    def _bias(self) -> list[Statement]:
        own = self.convolution
        if own.bias is None:
            return []
        sizes = {own.filters: self.tile.filters}
        row = row_slice(own.bias, Side((own.filters,), ()), sizes, own.axes)
        assert row is not None
        found: list[Statement] = [Assign(BIAS, Load(row.tile, L1))]
        if not own.pixels_left:
            ones = part(self.image.ones_name, span(1), span(own.outputs(self.tile)))
            found.append(Assign("o", Load(ones, L1)))
        return found

    def _first(self) -> list[Statement]:
        """``acc = mmad r.T, o, acc``: a bias of each filter, times ones, before all products."""
        if self.convolution.bias is None or self.convolution.pixels_left:
            return []
        factors = Factor(Tile(BIAS), transposed=True), Factor(Tile("o"))
        return [Assign(ACCUMULATOR, Mmad(*factors, ACCUMULATOR))]

    def _products(self) -> Sequence[Statement]:
        """A product for each position in the windows: loops where all are of one phase."""
        geometry = self.convolution.geometry
        if len(geometry.phases) > 1:
            return [
                statement
                for at in geometry.positions()
                for statement in self._product(*self._known(at))
            ]
        weight = self._along_weights()
        shift = Affine(geometry.shift(dict.fromkeys((a for a, _, _ in geometry.windows), 0))[1])
        for sweep, pixels in ((geometry.rows, geometry.pitch), (geometry.columns, 1)):
            for axis, _, apart in () if sweep is None else sweep.windows:
                step = apart // sweep.stride if sweep is not None else 0
                shift += Affine(0, ((axis, step * pixels),))
        loops = [loop(axis, extent, 1) for axis, extent, _ in geometry.windows if extent > 1]
        return nested(loops, self._product(0, shift, weight))

    def _along_weights(self) -> Affine:
        """Where the weights of a position start."""
        geometry = self.convolution.geometry
        axes = [axis for axis, extent, _ in geometry.windows if extent > 1]
        return flat_index(axes, self.convolution.axes).scaled(geometry.depth)

    def _known(self, at: Mapping[str, int]) -> tuple[int, Affine, Affine]:
        phase, shift = self.convolution.geometry.shift(at)
        weight = self._along_weights().substitute({a: Affine(i) for a, i in at.items()})
        return self.convolution.geometry.phases.index(phase), Affine(shift), weight

    def _product(self, number: int, shift: Affine, weight: Affine) -> list[Statement]:
        """``acc = mmad f[0:64, 64*i5:64], s0[64*i5+i6:312, 0:64].T, acc``."""
        own = self.convolution
        depth = own.geometry.depth
        window = Slice(expression_of(shift), self.convolution.outputs(self.tile))
        pixels = part(f"s{number}", window, span(depth))
        found: list[Statement] = []
        if self.tile.stationary:
            along = Slice(expression_of(weight), depth)
            sides = (span(self.tile.filters), along)
            filters = part("f", *(sides[::-1] if own.turned else sides))
        else:
            found.append(Assign("w", Load(self._weights_slice(weight), L1)))
            filters = Tile("w")
        if own.pixels_left:
            factors = Factor(pixels), Factor(filters, not own.turned)
        else:
            factors = Factor(filters, own.turned), Factor(pixels, transposed=True)
        starts = own.bias is not None and own.pixels_left
        start = Tile(BIAS) if starts else None
        return [*found, Assign(ACCUMULATOR, Mmad(*factors, ACCUMULATOR, start))]

    def _stores(self) -> list[Statement]:
        """A store for each row of outputs; of a last tile only those that there are."""
        geometry, found = self.convolution.geometry, list[Statement]()
        for row in range(self.tile.rows):
            store = Store(
                self._accumulated(row),
                self._result(row),
                relu=self.convolution.contraction.relu,
            )
            rows = geometry.rows
            if rows is None or geometry.output_rows % self.tile.rows == 0 or row == 0:
                found.append(store)
                continue
            at = Arithmetic("+", Variable(rows.axis), Integer(row))
            found.append(If(at, "<", Integer(geometry.output_rows), (store,)))
        return found

    def _accumulated(self, row: int) -> Tile:
        if self.tile.rows == 1:
            return Tile(ACCUMULATOR)
        start = Integer(row * self.convolution.geometry.pitch)
        pixels = Slice(start, self.convolution.geometry.columns.outputs)
        sides = (pixels, span(self.tile.filters))
        return part(ACCUMULATOR, *(sides if self.convolution.pixels_left else sides[::-1]))

    def _result(self, row: int) -> Tile:
        result, geometry = result_tensor(self.convolution.specification), self.convolution.geometry
        slices: list[Slice] = []
        for dim in result.index:
            axis = dim.plain
            if axis is None:
                slices.append(Slice(Integer(0)))
            elif axis == geometry.columns.axis:
                start = Variable(axis) if self._in_columns else Integer(0)
                slices.append(Slice(start, self.tile.columns))
            elif axis == self.convolution.filters:
                start = Integer(0) if self._is_whole else Variable(axis)
                slices.append(Slice(start, self.tile.filters))
            elif geometry.rows is not None and axis == geometry.rows.axis:
                known = Affine(row)
                if self.tile.rows < geometry.output_rows:
                    known += Affine.axis(axis)
                slices.append(Slice(expression_of(known)))
            else:
                slices.append(Slice(Variable(axis)))
        return part(result.name, *slices)
