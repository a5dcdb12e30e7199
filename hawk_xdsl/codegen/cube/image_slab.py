"""Convolutions whose image stays in l1: a slab with its halo, of which products take windows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from hawk_xdsl.codegen.cost import estimate, operands_of
from hawk_xdsl.codegen.cost.estimate import stage_cycles
from hawk_xdsl.codegen.cube.image_geometry import ImageGeometry, geometry_of
from hawk_xdsl.codegen.cube.image_stage import ImageStage, image_stages
from hawk_xdsl.codegen.cube.layouts import operand_tensor, result_tensor
from hawk_xdsl.codegen.cube.matrix_product import Matrix, MatrixProducts
from hawk_xdsl.codegen.cube.matrix_slice import Side, Tensor, row_slice
from hawk_xdsl.codegen.cube.pack import Packing
from hawk_xdsl.codegen.cube.tile_sizes import bias_bytes, side_sizes, up
from hawk_xdsl.codegen.cube.tiled_product import ACCUMULATOR, BIAS
from hawk_xdsl.dialects.kernel_text import GlobalOperand
from hawk_xdsl.dialects.kernel_text.places import L0C, L1, MATRIX_WORD
from hawk_xdsl.dialects.kernel_text.syntax import (
    Arithmetic,
    Assign,
    Factor,
    Fill,
    If,
    Integer,
    KernelText,
    Load,
    Mmad,
    Number,
    Slice,
    Stage,
    Statement,
    Store,
    Temp,
    Tile,
    Variable,
)
from hawk_xdsl.dialects.npu import Role
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.schedule.build_syntax import across, expression_of, loop, nested, part, span
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import Contraction
from hawk_xdsl.semantics.terms import Affine, Term

MOST_ROWS = 16
"""Rows of outputs that one product has at most."""

UNROLLED = 16
"""Positions of a window that are statements of their own where windows are apart."""

_UB_SHARE = 0.9
"""Of the unified buffer, what the stage of the image may fill."""


@dataclass(frozen=True)
class SlabTile:
    """``filters`` of the weights and ``rows`` rows of outputs; whether all weights stay in l1."""

    filters: int
    rows: int
    stationary: bool


@dataclass(frozen=True)
class ImageSlab:
    """A convolution as products of weights with windows of an image.

    Attributes:
        specification: what is computed.
        contraction: its roles.
        geometry: where the pixels of the image lie.
        weights: the other operand as a matrix: filters by positions and channels.
        filters: the axis of the filters.
        temps: scratch memory of packed weights.
        before: the stages that pack them.
        bias: what accumulations start from, ``None`` if there is none.
        target: for which the kernel is.
    """

    specification: Specification
    contraction: Contraction
    geometry: ImageGeometry
    weights: Matrix
    filters: str
    temps: tuple[Tensor, ...]
    before: tuple[Packing, ...]
    bias: Tensor | None
    target: Target
    _stages: dict[int, tuple[ImageStage, float]] = field(
        default_factory=dict[int, tuple[ImageStage, float]], compare=False
    )

    # --- sizes

    @property
    def _axes(self) -> Mapping[str, int]:
        return self.specification.axes

    @property
    def _width(self) -> int:
        return self.geometry.image.dtype.bytes

    @property
    def pixels_left(self) -> bool:
        """Whether pixels are the rows of the result: then its last axis is that of the filters."""
        return self.filters in self.contraction.n

    @property
    def points(self) -> tuple[tuple[str, int], ...]:
        """The axes that images are points of, with their extents."""
        return tuple((axis, self._axes[axis]) for _, axis in self.geometry.points)

    def tiles(self) -> Iterator[SlabTile]:
        """The tiles that fit."""
        grain = self.target.cube.rows
        rows = range(1, min(MOST_ROWS, self.geometry.output_rows) + 1)
        for filters in side_sizes(self._axes[self.filters], grain):
            for count in rows:
                for stationary in (True, False):
                    tile = SlabTile(filters, count, stationary)
                    if self.fits(tile):
                        yield tile

    def fits(self, tile: SlabTile) -> bool:
        """Whether the memories hold it, and twice what changes from step to step."""
        geometry, target = self.geometry, self.target
        block = target.space(Role.MATRIX).block // self._width
        depth = up(geometry.depth, max(block, target.space(Role.MATRIX).rows))
        if not 1 <= tile.rows <= geometry.output_rows or not 1 <= tile.filters:
            return False
        if tile.stationary and geometry.depth % block and geometry.taps > 1:
            return False
        filters, outputs = up(tile.filters, target.cube.rows), self.outputs(tile)
        slab = up(geometry.halo(tile.rows), 16) * depth * self._width * len(geometry.phases)
        deep = geometry.taps * depth if tile.stationary else 2 * depth
        held = filters * deep * self._width
        if self.bias is not None:
            held += 2 * bias_bytes(filters, target)
            spec = target.cube.bias
            if spec is None or not spec.holds(filters, self._accumulator):
                return False
        accumulator = filters * up(outputs, 16) * target.cube.accumulator_bytes
        return (
            2 * slab + held <= target.capacity(Role.MATRIX)
            and accumulator <= target.capacity(Role.ACCUMULATOR)
            and max(outputs, filters, geometry.depth) <= target.cube.max_extent
            and self._stage(tile.rows) is not None
        )

    def outputs(self, tile: SlabTile) -> int:
        """Columns of a product: pixels of the tile's rows, with what is between them."""
        return (tile.rows - 1) * self.geometry.pitch + self.geometry.columns.outputs

    @property
    def _accumulator(self) -> str:
        return self.target.cube.dtypes[self.contraction.lhs.dtype].accumulator

    # --- stages

    def _stage(self, rows: int) -> ImageStage | None:
        """The stage that stores the image, for tiles of so many rows of outputs."""
        pixels = self.geometry.pixels(rows)
        if pixels not in self._stages:
            block = self.target.space(Role.VECTOR).block
            tensor = operand_tensor(self.specification, self.geometry.image)
            name = f"t{len(self.temps)}"
            first = ImageStage(self.geometry, tensor, name, pixels, 1, self.points, block)
            known: dict[str, GlobalOperand] = dict(operands_of(self.specification))
            known[name] = GlobalOperand(name, first.temp.dtype, first.temp.shape)
            found = [
                (stage_cycles(stage.stage(), known, self.target), stage)
                for stage in image_stages(first, _UB_SHARE * self.target.capacity(Role.VECTOR))
            ]
            if not found:
                return None
            cycles, stage = min(found, key=lambda each: each[0])
            self._stages[pixels] = stage, cycles
        return self._stages[pixels][0]

    def kernel(self, tile: SlabTile) -> KernelText:
        """The kernel at a tile that fits."""
        image = self._stage(tile.rows)
        assert image is not None
        packed = [Temp(each.name, each.dtype, each.shape) for each in self.temps]
        stages = [packing.stage for packing in self.before]
        cube = Stage(MATRIX_WORD, (*self._outside(tile), self._across(tile, image)))
        return KernelText((*packed, image.temp), (*stages, image.stage(), cube))

    def cycles(self, tile: SlabTile) -> float:
        """Cycles of all stages, estimated."""
        return estimate(
            self.kernel(tile), operands_of(self.specification).values(), self.target
        )

    # --- the cube's stage

    def _is_whole(self, tile: SlabTile) -> bool:
        return tile.filters >= self._axes[self.filters]

    def _held_outside(self, tile: SlabTile) -> bool:
        """Whether weights stay for all tiles of a core."""
        batched = self.contraction.batch and set(self.contraction.batch) & self._weight_axes
        return tile.stationary and self._is_whole(tile) and not batched

    @cached_property
    def _weight_axes(self) -> frozenset[str]:
        weights = self.contraction.lhs if self.pixels_left is False else self.contraction.rhs
        return weights.axes

    def _outside(self, tile: SlabTile) -> list[Statement]:
        return [self._held(tile)] if self._held_outside(tile) else []

    def _held(self, tile: SlabTile) -> Assign:
        """``f = load t0[i1:64, 0:576] into l1``: the weights of a tile, as deep as all that is
        summed."""
        return Assign("f", Load(self._weights_slice(tile, None), L1))

    def _weights_slice(self, tile: SlabTile, at: Affine | None) -> Tile:
        """The weights of a tile in global memory; of one position in the windows."""
        deep = self.weights.sides[1]
        sizes = {self.filters: tile.filters, deep.name: deep.extent(self._axes)}
        whole = self.weights.slice(sizes, self._axes, matrix=True).tile
        if at is None:
            return whole
        assert whole.slices is not None
        along = Slice(expression_of(at), self.geometry.depth)
        return Tile(whole.name, (*whole.slices[:-1], along))

    def _across(self, tile: SlabTile, image: ImageStage) -> Statement:
        geometry = self.geometry
        extents = dict(self.points)
        loops = [loop(axis, extents[axis], 1) for axis in extents]
        if not self._is_whole(tile):
            loops.append(loop(self.filters, self._axes[self.filters], tile.filters))
        if tile.rows < geometry.output_rows and geometry.rows is not None:
            loops.append(loop(geometry.rows.axis, geometry.output_rows, tile.rows))
        held = [] if not tile.stationary or self._held_outside(tile) else [self._held(tile)]
        body = [
            *self._bias(tile),
            *held,
            *self._slabs(tile, image),
            self._start(tile),
            *self._products(tile),
            *self._stores(tile),
        ]
        return across(loops, body)

    def _slabs(self, tile: SlabTile, image: ImageStage) -> list[Statement]:
        """``s0 = load t1[…] into l1``: the windows of a tile, of each phase, with their halo."""
        geometry = self.geometry
        found: list[Statement] = []
        for number, phase in enumerate(geometry.phases):
            start = image.first_pixel(phase)
            if geometry.rows is not None and tile.rows < geometry.output_rows:
                start += Affine(0, ((geometry.rows.axis, geometry.pitch),))
            rows = Slice(expression_of(start), geometry.halo(tile.rows))
            source = part(image.name, rows, span(geometry.depth))
            found.append(Assign(f"s{number}", Load(source, L1)))
        return found

    def _start(self, tile: SlabTile) -> Assign:
        sides = (self.outputs(tile), tile.filters)
        shape = sides if self.pixels_left else sides[::-1]
        return Assign(ACCUMULATOR, Fill(Number(0.0), self._accumulator, shape, L0C))

    def _bias(self, tile: SlabTile) -> list[Statement]:
        if self.bias is None:
            return []
        side = Side((self.filters,), ())
        row = row_slice(self.bias, side, {self.filters: tile.filters}, self._axes)
        assert row is not None
        return [Assign(BIAS, Load(row.tile, L1))]

    def _products(self, tile: SlabTile) -> Sequence[Statement]:
        """A product for each position in the windows: loops where all are of one phase."""
        geometry = self.geometry
        if len(geometry.phases) > 1:
            return [
                statement
                for at in geometry.positions()
                for statement in self._product(tile, *self._known(at))
            ]
        weight = self._along_weights()
        shift = Affine(geometry.shift(dict.fromkeys((a for a, _, _ in geometry.windows), 0))[1])
        for sweep, pixels in ((geometry.rows, geometry.pitch), (geometry.columns, 1)):
            for axis, _, apart in () if sweep is None else sweep.windows:
                step = apart // sweep.stride if sweep is not None else 0
                shift += Affine(0, ((axis, step * pixels),))
        loops = [loop(axis, extent, 1) for axis, extent, _ in geometry.windows if extent > 1]
        return nested(loops, self._product(tile, 0, shift, weight))

    def _along_weights(self) -> Affine:
        """Where the weights of a position start."""
        index = Affine()
        for axis, extent, _ in self.geometry.windows:
            index = index.scaled(extent) + (Affine.axis(axis) if extent > 1 else Affine())
        return index.scaled(self.geometry.depth)

    def _known(self, at: Mapping[str, int]) -> tuple[int, Affine, Affine]:
        phase, shift = self.geometry.shift(at)
        weight = self._along_weights().substitute({a: Affine(i) for a, i in at.items()})
        return self.geometry.phases.index(phase), Affine(shift), weight

    def _product(
        self, tile: SlabTile, number: int, shift: Affine, weight: Affine
    ) -> list[Statement]:
        """``acc = mmad f[0:64, 64*i5:64], s0[64*i5+i6:312, 0:64].T, acc``."""
        depth = self.geometry.depth
        window = Slice(expression_of(shift), self.outputs(tile))
        pixels = part(f"s{number}", window, span(depth))
        found: list[Statement] = []
        if tile.stationary:
            along = Slice(expression_of(weight), depth)
            filters = part("f", span(tile.filters), along)
        else:
            found.append(Assign("w", Load(self._weights_slice(tile, weight), L1)))
            filters = Tile("w")
        if self.pixels_left:
            factors = Factor(pixels), Factor(filters, transposed=True)
        else:
            factors = Factor(filters), Factor(pixels, transposed=True)
        start = None if self.bias is None else Tile(BIAS)
        return [*found, Assign(ACCUMULATOR, Mmad(*factors, ACCUMULATOR, start))]

    def _stores(self, tile: SlabTile) -> list[Statement]:
        """A store for each row of outputs; of a last tile only those that there are."""
        geometry, found = self.geometry, list[Statement]()
        for row in range(tile.rows):
            store = Store(
                self._accumulated(tile, row),
                self._result(tile, row),
                relu=self.contraction.relu,
            )
            rows = geometry.rows
            if rows is None or geometry.output_rows % tile.rows == 0 or row == 0:
                found.append(store)
                continue
            at = Arithmetic("+", Variable(rows.axis), Integer(row))
            found.append(If(at, "<", Integer(geometry.output_rows), (store,)))
        return found

    def _accumulated(self, tile: SlabTile, row: int) -> Tile:
        if tile.rows == 1:
            return Tile(ACCUMULATOR)
        start = Integer(row * self.geometry.pitch)
        pixels = Slice(start, self.geometry.columns.outputs)
        sides = (pixels, span(tile.filters))
        return part(ACCUMULATOR, *(sides if self.pixels_left else sides[::-1]))

    def _result(self, tile: SlabTile, row: int) -> Tile:
        result, geometry = result_tensor(self.specification), self.geometry
        slices: list[Slice] = []
        for dim in result.index:
            axis = dim.plain
            if axis == geometry.columns.axis:
                slices.append(span(geometry.columns.outputs))
            elif axis == self.filters:
                start = Integer(0) if self._is_whole(tile) else Variable(axis)
                slices.append(Slice(start, tile.filters))
            elif geometry.rows is not None and axis == geometry.rows.axis:
                known = Affine(row)
                if tile.rows < geometry.output_rows:
                    known += Affine.axis(axis)
                slices.append(Slice(expression_of(known)))
            else:
                slices.append(Slice(Integer(0) if axis is None else Variable(axis)))
        return part(result.name, *slices)

    # --- schedules

    def schedule(self, tile: SlabTile) -> Schedule:
        """The choice of a tile, as a value."""
        geometry = self.geometry
        sizes = {axis: 1 for axis, _ in self.points} | {self.filters: tile.filters}
        if geometry.rows is not None:
            sizes[geometry.rows.axis] = tile.rows
        weights = "rhs" if self.pixels_left else "lhs"
        image = "lhs" if self.pixels_left else "rhs"
        cast = self.specification.results[0].dtype != self._accumulator
        done = (("bias", self.bias is not None), ("relu", self.contraction.relu), ("cast", cast))
        return Schedule.of(
            NAME,
            sizes,
            stationary=weights if tile.stationary else None,
            pack=(image, weights) if self.before else (image,),
            epilogue=tuple(word for word, is_done in done if is_done),
        )

    def tile_of(self, schedule: Schedule) -> SlabTile | None:
        """The tile that a schedule says; ``None``: it is the schedule of another form."""
        sizes, rows = schedule.sizes, self.geometry.rows
        tile = SlabTile(
            sizes.get(self.filters, 1),
            1 if rows is None else sizes.get(rows.axis, 1),
            schedule.stationary is not None,
        )
        return tile if self.schedule(tile) == schedule else None


NAME = "image-slab"
"""The name of the strategy."""


def image_slab(products: MatrixProducts) -> ImageSlab | None:
    """A contraction as a convolution whose image stays in l1, if it is one."""
    specification, contraction, target = (
        products.specification, products.contraction, products.target,
    )  # fmt: skip
    if target.cube.dtypes[contraction.lhs.dtype].accumulator != "f32":
        return None
    for image, weights, filters in (
        (contraction.rhs, contraction.lhs, contraction.m),
        (contraction.lhs, contraction.rhs, contraction.n),
    ):
        tensor = operand_tensor(specification, image)
        geometry = geometry_of(
            image, tensor.shape, contraction, specification.axes, target.cube.rows
        )
        if geometry is None or len(filters) != 1:
            continue
        found = _with_weights(products, geometry, weights, filters[0])
        if found is not None:
            return found
    return None


def _with_weights(
    products: MatrixProducts, geometry: ImageGeometry, weights: Term, filters: str
) -> ImageSlab | None:
    if len(geometry.phases) > 1 and geometry.taps > UNROLLED:
        return None
    temps: list[Tensor] = []
    before: list[Packing] = []
    deep = Side((*(axis for axis, _, _ in geometry.windows), geometry.channels), ())
    matrix = products.operand(weights, (Side((filters,), ()), deep), temps, before)
    contraction = products.contraction
    bias = None
    if contraction.bias is not None:
        bias = operand_tensor(products.specification, contraction.bias)
        if contraction.bias.axes != {filters}:
            return None
    if matrix is None or matrix.slice(
        {filters: 1, deep.name: deep.extent(products.specification.axes)},
        products.specification.axes, matrix=True,
    ).transposed:
        return None
    return ImageSlab(
        products.specification, contraction, geometry, matrix, filters,
        tuple(temps), tuple(before), bias, products.target,
    )  # fmt: skip
