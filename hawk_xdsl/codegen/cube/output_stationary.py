"""Output-stationary products: a tile of the result stays in l0c while both operands pass."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hawk_xdsl.codegen.cube.form import Form
from hawk_xdsl.codegen.cube.matrix_product import MatrixProducts
from hawk_xdsl.codegen.cube.tile_sizes import Preferred, SideSizes, TileSizes, fits
from hawk_xdsl.codegen.cube.tiled_product import TiledProduct
from hawk_xdsl.dialects.kernel_text.rewrite import rewritten
from hawk_xdsl.dialects.kernel_text.syntax import Across, Arithmetic, KernelText, Node, Variable
from hawk_xdsl.schedule.build_syntax import across, loop
from hawk_xdsl.schedule.schedule import Schedule

GROUP = Variable("group")
"""The loop over groups of tiles that follow each other."""


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

    Cores that work at the same time load the same tiles, which L2 then has. In groups they have
    tiles of few rows and few columns, and not of one row and all columns::

        across group in 0..4096 step 1024, i1 in 0..4096 step 256, i0 in 0..1024 step 128 {
          …
            a = load x0[group+i0:128, i2:64] into l1
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
            and tile.group in (1, *self._groups(tile))
            and fits(self.product.problem, tile, self.target)
            and self.product.divides(tile)
        )

    def unpacked(self, tile: TileSizes) -> KernelText:
        """As the form says."""
        tiled = TiledProduct(self.product, tile)
        body = tiled.result_tile(tiled.step(), tiled.out, tiled.reduction_loops(), self.epilogue)
        nest = across(tiled.result_loops(), body)
        return tiled.kernel([nest if tile.group == 1 else self._grouped(nest, tile)])

    def orders(self, tile: TileSizes) -> Iterator[TileSizes]:
        """In groups of rows, where not all that is read is at hand anyway."""
        l2, problem = self.target.l2, self.product.problem
        read = (problem.m + problem.n) * problem.k * problem.width
        if l2 is not None and read > l2.hits[0][0]:
            for group in self._groups(tile):
                yield replace(tile, group=group)

    def schedule(self, tile: TileSizes) -> Schedule:
        """The choice of this form and of a tile; a group is a loop of its own around the tiles."""
        plain = super().schedule(replace(tile, group=1))
        if tile.group == 1:
            return plain
        layout = self.product.layout
        outer, length = dict.fromkeys(layout.outer, 1), tile.group * tile.m
        nest = {**outer, GROUP.name: length, layout.n.name: tile.n, layout.m.name: tile.m}
        return plain.with_sizes({**nest, **plain.sizes, **nest})

    def group_of(self, schedule: Schedule) -> int:
        """How many tiles along m a group has."""
        m = schedule.sizes.get(self.product.layout.m.name, 1)
        return schedule.sizes.get(GROUP.name, m) // m

    def _groups(self, tile: TileSizes) -> list[int]:
        """Into groups of how many tiles those along m can be divided, up to one for each core."""
        problem = self.product.problem
        count, cores = -(-problem.m // tile.m), self.target.cores[self.target.matrix_core]
        if tile.n >= problem.n:
            return []
        return [group for group in range(2, min(count - 1, cores) + 1) if count % group == 0]

    def _grouped(self, nest: Across, tile: TileSizes) -> Across:
        """The same loops, those along m in groups."""
        m, length = self.product.layout.m, tile.group * tile.m
        *points, rows, columns = nest.loops
        groups = loop(GROUP.name, self.product.problem.m, length)
        inner = loop(rows.variable, length, tile.m)

        def shifted(node: Node) -> Node:
            is_row = node == Variable(m.name)
            return Arithmetic("+", GROUP, Variable(m.name)) if is_row else node

        body = tuple(rewritten(statement, shifted) for statement in nest.body)
        return across([*points, groups, columns, inner], body)


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
