"""Output-stationary products: a tile of the result stays in l0c while both operands pass."""

from collections.abc import Iterator
from dataclasses import dataclass

from hawk_xdsl.codegen.cube.form import Form
from hawk_xdsl.codegen.cube.matrix_product import MatrixProducts
from hawk_xdsl.codegen.cube.tile_sizes import Preferred, SideSizes, TileSizes, fits
from hawk_xdsl.codegen.cube.tiled_product import TiledProduct
from hawk_xdsl.dialects.kernel_text.syntax import KernelText
from hawk_xdsl.schedule.build_syntax import across


@dataclass(frozen=True)
class OutputStationary(Form):
    """Each core sums one tile of the result at a time, and loads both operands in every step::

    across i0 in 0..512 step 128, i1 in 0..768 step 256 {
      acc = fill 0.0 f32[128, 256] in l0c
      for i2 in 0..1024 step 64 {
        a = load x0[i0:128, i2:64] into l1
        b = load x1[i2:64, i1:256] into l1
        acc = mmad a, b, acc
      }
      store acc into y0[i0:128, i1:256]
    }
    """

    strategy = "output-stationary"

    def tiles(self) -> Iterator[TileSizes]:
        """Tile sizes to choose from: all fit."""
        for tile in tiles_that_fit(self.sizes):
            if self.product.divides(tile):
                yield tile

    def fits(self, tile: TileSizes) -> bool:
        """Whether memory holds the tile and the loops can run over it."""
        return (
            tile.split == 1
            and fits(self.product.problem, tile, self.target)
            and self.product.divides(tile)
        )

    def unpacked(self, tile: TileSizes) -> KernelText:
        """As the form says."""
        tiled = TiledProduct(self.product, tile)
        body = tiled.result_tile(tiled.step(), tiled.out, tiled.reduction_loops(), self.epilogue)
        return tiled.kernel([across(tiled.result_loops(), body)])


def output_stationary(products: MatrixProducts, preferred: Preferred) -> Iterator[Form]:
    """One form of each layout."""
    for product in products.every():
        yield OutputStationary(product, SideSizes(product.problem, products.target, preferred))


def tiles_that_fit(sizes: SideSizes) -> Iterator[TileSizes]:
    """Every choice of sizes whose tiles l0c and l1 hold."""
    for m in sizes.m():
        for n in sizes.n():
            for k in sizes.k():
                tile = TileSizes(m, n, k)
                if fits(sizes.problem, tile, sizes.target):
                    yield tile
