"""Convolutions whose image stays in l1: a slab with its halo, of which products take windows."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from hawk_xdsl.codegen.cost import estimate, operands_of
from hawk_xdsl.codegen.cost.estimate import stage_cycles
from hawk_xdsl.codegen.cube.image_geometry import ImageGeometry, geometry_of
from hawk_xdsl.codegen.cube.image_products import Convolution, SlabTile, WindowProducts
from hawk_xdsl.codegen.cube.image_stage import ImageStage, image_stages
from hawk_xdsl.codegen.cube.layouts import operand_tensor
from hawk_xdsl.codegen.cube.matrix_product import MatrixProducts
from hawk_xdsl.codegen.cube.matrix_slice import Side, Tensor
from hawk_xdsl.codegen.cube.pack import Packing
from hawk_xdsl.codegen.cube.tile_sizes import bias_bytes, side_sizes, up
from hawk_xdsl.dialects.dtype import WIDE_FLOAT
from hawk_xdsl.dialects.kernel_text import GlobalOperand
from hawk_xdsl.dialects.kernel_text.syntax import KernelText, Temp
from hawk_xdsl.dialects.npu import Role
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.terms import Term

MOST_ROWS = 16
"""Rows of outputs that one product has at most."""

UNROLLED = 64
"""Positions of a window that are statements of their own where windows are apart."""

_UB_SHARE = 0.9
"""Of the unified buffer, what the stage of the image may fill."""


@dataclass(frozen=True)
class ImageSlab:
    """A convolution as products of weights with windows of an image.

    Attributes:
        convolution: what is computed.
        temps: scratch memory of packed weights.
        before: the stages that pack them.
        target: for which the kernel is.
    """

    convolution: Convolution
    temps: tuple[Tensor, ...]
    before: tuple[Packing, ...]
    target: Target
    _stages: dict[tuple[int, int], ImageStage | None] = field(
        default_factory=dict[tuple[int, int], ImageStage | None], compare=False
    )

    @property
    def geometry(self) -> ImageGeometry:
        """Where the pixels of the image lie."""
        return self.convolution.geometry

    def tiles(self) -> Iterator[SlabTile]:
        """The tiles that fit."""
        grain = self.target.cube.rows
        rows, columns = self.geometry.output_rows, self.geometry.columns.outputs
        sizes = [(count, columns) for count in range(1, min(MOST_ROWS, rows) + 1)]
        if self.geometry.rows is None:
            sizes = [(1, size) for size in side_sizes(columns, grain)]
        for filters in side_sizes(self.convolution.axes[self.convolution.filters], grain):
            for count, size in sizes:
                for stationary in (True, False):
                    tile = SlabTile(filters, count, size, stationary)
                    if self.fits(tile):
                        yield tile

    def fits(self, tile: SlabTile) -> bool:
        """Whether the memories hold it, and twice what changes from step to step."""
        geometry, own, target = self.geometry, self.convolution, self.target
        if not 1 <= tile.rows <= geometry.output_rows or tile.filters < 1:
            return False
        if tile.columns != geometry.columns.outputs and geometry.rows is not None:
            return False
        if own.axes[own.filters] % tile.filters or not self._fits_l1(tile):
            return False
        filters, outputs = up(tile.filters, target.cube.rows), own.outputs(tile)
        accumulator = filters * up(outputs, target.cube.columns) * target.cube.accumulator_bytes
        return (
            accumulator <= target.capacity(Role.ACCUMULATOR)
            and max(outputs, filters, geometry.depth) <= target.cube.max_extent
            and self._stage(tile) is not None
        )

    def _fits_l1(self, tile: SlabTile) -> bool:
        """Two slabs, the weights, and what accumulations start from."""
        geometry, own, target = self.geometry, self.convolution, self.target
        space, width = target.space(Role.MATRIX), geometry.image.dtype.bytes
        block = space.block // width
        ragged = geometry.depth % block > 0 and geometry.taps > 1 and not own.turned
        if tile.stationary and ragged:
            return False  # weights of a position would start inside a band
        depth, filters = up(geometry.depth, max(block, space.rows)), up(tile.filters, space.rows)
        slab = up(geometry.halo(tile.rows, tile.columns), space.rows) * depth * len(geometry.phases)
        weights = filters * depth * (geometry.taps if tile.stationary else 2)
        held = (slab + weights) * width
        if own.bias is not None and not own.pixels_left:
            held += (up(filters, block) + up(own.outputs(tile), block)) * space.rows * width
        elif own.bias is not None:
            spec = target.cube.bias
            if spec is None or not spec.holds(filters, WIDE_FLOAT):
                return False
            held += 2 * bias_bytes(filters, target)
        return held <= target.capacity(Role.MATRIX)

    def _stage(self, tile: SlabTile) -> ImageStage | None:
        """The stage that stores the image, for tiles of outputs."""
        pixels = self.geometry.pixels(tile.rows, tile.columns)
        own = self.convolution
        multiplied = own.bias is not None and not own.pixels_left
        key = (pixels, own.outputs(tile) if multiplied else 0)
        if key not in self._stages:
            block = self.target.space(Role.VECTOR).block
            specification = self.convolution.specification
            tensor = operand_tensor(specification, self.geometry.image)
            name, points = f"t{len(self.temps)}", self.convolution.points
            geometry = self.geometry
            sizes = (pixels, 1, geometry.depth, geometry.pitch)
            first = ImageStage(geometry, tensor, name, *sizes, points, block, key[1])
            known: dict[str, GlobalOperand] = dict(operands_of(specification))
            known |= {t.name: GlobalOperand(t.name, t.dtype, t.shape) for t in first.temps}
            stages = image_stages(first, _UB_SHARE * self.target.capacity(Role.VECTOR))
            self._stages[key] = min(
                stages,
                key=lambda stage: stage_cycles(stage.stage(), known, self.target),
                default=None,
            )
        return self._stages[key]

    def kernel(self, tile: SlabTile) -> KernelText:
        """The kernel at a tile that fits."""
        image = self._stage(tile)
        assert image is not None
        packed = [Temp(each.name, each.dtype, each.shape) for each in self.temps]
        stages = [packing.stage for packing in self.before]
        cube = WindowProducts(self.convolution, tile, image).stage()
        return KernelText((*packed, *image.temps), (*stages, image.stage(), cube))

    def cycles(self, kernel: KernelText) -> float:
        """Cycles of all stages, estimated."""
        operands = operands_of(self.convolution.specification).values()
        return estimate(kernel, operands, self.target)

    def schedule(self, tile: SlabTile) -> Schedule:
        """The choice of a tile, as a value."""
        geometry = self.geometry
        own = self.convolution
        sizes = {axis: 1 for axis, _ in own.points} | {own.filters: tile.filters}
        if geometry.rows is not None:
            sizes[geometry.rows.axis] = tile.rows
        elif tile.columns < geometry.columns.outputs:
            sizes[geometry.columns.axis] = tile.columns
        image, weights = ("lhs", "rhs") if own.pixels_left else ("rhs", "lhs")
        cast = own.specification.results[0].dtype != WIDE_FLOAT
        done = (("bias", own.bias is not None), ("relu", own.contraction.relu), ("cast", cast))
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
        columns = self.geometry.columns
        tile = SlabTile(
            sizes.get(self.convolution.filters, 1),
            1 if rows is None else sizes.get(rows.axis, 1),
            sizes.get(columns.axis, columns.outputs),
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
    if target.cube.dtypes[contraction.lhs.dtype].accumulator != WIDE_FLOAT:
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
        same = bias.dtype == contraction.lhs.dtype or filters in contraction.n
        if contraction.bias.axes != {filters} or not same:
            return None
    if matrix is None:
        return None
    axes = products.specification.axes
    sizes = {filters: 1, deep.name: deep.extent(axes)}
    turned = matrix.slice(sizes, axes, matrix=True).transposed
    convolution = Convolution(
        products.specification, contraction, geometry, matrix, turned, filters, bias
    )
    return ImageSlab(convolution, tuple(temps), tuple(before), products.target)
