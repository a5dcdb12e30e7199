"""A form of a contraction: its matrices in one layout, as one strategy multiplies them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from hawk_xdsl.codegen.cost import estimate, operands_of
from hawk_xdsl.codegen.cube.matrix_product import MatrixProduct
from hawk_xdsl.codegen.cube.matrix_slice import ONE
from hawk_xdsl.codegen.cube.tile_sizes import SideSizes, TileSizes
from hawk_xdsl.dialects.kernel_text.syntax import KernelText
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.schedule.schedule import Schedule


@dataclass(frozen=True)
class Form(ABC):
    """The tile sizes that a strategy may choose for a product, and the kernel at each of them."""

    strategy: ClassVar[str]
    """The name of the strategy."""

    product: MatrixProduct
    sizes: SideSizes

    @property
    def target(self) -> Target:
        """The target that the kernel is for."""
        return self.sizes.target

    @abstractmethod
    def tiles(self) -> Iterator[TileSizes]:
        """The tile sizes to choose from: all fit."""

    def orders(self, tile: TileSizes) -> Iterator[TileSizes]:
        """The same tile in other orders of tiles that fit."""
        del tile
        yield from ()

    @abstractmethod
    def fits(self, tile: TileSizes) -> bool:
        """Whether memory holds the tile and the strategy's loops can run over it."""

    @abstractmethod
    def unpacked(self, tile: TileSizes) -> KernelText:
        """The kernel at tile sizes that fit, without the stages that pack and unpack."""

    def kernel(self, tile: TileSizes) -> KernelText:
        """The kernel at tile sizes that fit."""
        product, own = self.product, self.unpacked(tile)
        before = (packing.stage for packing in product.before)
        after = (packing.stage for packing in product.after)
        return KernelText(own.temps, (*before, *own.stages, *after))

    def product_cycles(self, tile: TileSizes) -> float:
        """Cycles of the stages that neither pack nor unpack, estimated."""
        operands = operands_of(self.product.specification).values()
        return estimate(self.unpacked(tile), operands, self.target)

    def cycles(self, tile: TileSizes) -> float:
        """Cycles of all stages, estimated; those that pack are the same at every tile."""
        return self.product.packing_cycles + self.product_cycles(tile)

    def allows(self, tile: TileSizes) -> bool:
        """Whether the tile fits and is among those that the template prefers."""
        return self.fits(tile) and self.sizes.allows(tile)

    def schedule(self, tile: TileSizes) -> Schedule:
        """The choice of this form and of a tile, as a value.

        Every side has a size, also where it is whole: the names of the loops tell layouts apart.
        """
        layout = self.product.layout
        results = dict.fromkeys(layout.outer, 1) | {layout.m.name: tile.m, layout.n.name: tile.n}
        summed = dict.fromkeys(layout.k.points, 1) | {layout.k.name: tile.k}
        tiles = {side: size for side, size in (results | summed).items() if side != ONE}
        return Schedule.of(
            self.strategy,
            tiles,
            stream=(summed.keys() | self.streamed()) - {ONE},
            stationary=self.product.stationary,
            split_k=tile.split,
            pack=self.product.packed,
            epilogue=self.epilogue,
        )

    @property
    def epilogue(self) -> tuple[str, ...]:
        """What the store of an accumulator does besides."""
        return self.product.epilogue

    def split_of(self, schedule: Schedule) -> int:
        """Into how many parts a schedule divides k, or the side that it streams."""
        return schedule.split_k

    def group_of(self, schedule: Schedule) -> int:
        """How many tiles along m follow each other before the next ones along n."""
        del schedule
        return 1

    def streamed(self) -> frozenset[str]:
        """The sides of the result whose loop runs inside an iteration of the ``across``."""
        return frozenset()

    def tile_of(self, schedule: Schedule) -> TileSizes | None:
        """The tile that a schedule of this form says; ``None``: it is the schedule of another."""
        layout, sizes = self.product.layout, schedule.sizes
        m, n, k = (sizes.get(side.name, 1) for side in (layout.m, layout.n, layout.k))
        tile = TileSizes(m, n, k, self.split_of(schedule), self.group_of(schedule))
        return tile if self.schedule(tile) == schedule else None
