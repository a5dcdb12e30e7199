"""Finds the forms of a contraction whose tiles are worth a search, with as few estimates as can be.

A form has a bound, which rises while more of it is known, up to the estimate of the best of a few
tiles. The form of the least bound is looked at next; whichever is known in full and still has the
least is the best of those that are left. Example, in cycles, of three forms that pack operands:

    bounds at first                     a 100  b 120  c 900
    a's product at a few tiles          b 120  a 400  c 900
    b's product at a few tiles          b 350  a 400  c 900
    b's packing stage at its best tile  a 400  b 500  c 900
    a's packing stage at its best tile  a 450, the best   b 500  c 900

No stage of c was made.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from heapq import heapify, heappop, heappush
from math import inf

from hawk_xdsl.codegen.cube.form import Form
from hawk_xdsl.codegen.cube.tile_search import TileRanking
from hawk_xdsl.codegen.cube.tile_sizes import TileSizes


@dataclass
class RankedForm:
    """A form, the tile sizes that fit, and the estimates that were made of them."""

    form: Form
    _is_estimated: bool = field(default=False, init=False)

    @property
    def bound(self) -> float:
        """Cycles that it takes at least, as far as is known; infinite if no tile fits."""
        product = self.form.product
        unpacked = self.tiles.first() if self._is_estimated else product.bound(self.form.target)
        return product.packing_bound + unpacked

    @property
    def is_known(self) -> bool:
        """Whether the bound is the estimate of the best of a few tiles."""
        return self._is_estimated and self.form.product.is_packed

    def look(self) -> None:
        """Learn more: the cycles of the product at a few tiles, then those of a packing stage."""
        if self._is_estimated:
            self.form.product.pack_next()
        self._is_estimated = True

    @cached_property
    def tiles(self) -> TileRanking:
        """The tiles and the cycles of the product at each, without those of packing."""
        return TileRanking(list(self.form.tiles()), self.form.product_cycles)

    def ranked(self) -> list[tuple[float, TileSizes]]:
        """The tile sizes that were estimated and their cycles, the best first."""
        packing = self.form.product.packing_cycles
        return [(packing + cycles, tile) for cycles, tile in self.tiles.ranked()]

    def orders(self, count: int) -> list[tuple[float, TileSizes]]:
        """The best ``count`` tiles in other orders, and their cycles."""
        packing = self.form.product.packing_cycles
        return [
            (packing + self.tiles.at(other), other)
            for _, tile in self.tiles.ranked()[:count]
            for other in self.form.orders(tile)
        ]


def best_forms(forms: Iterable[Form], count: int) -> list[RankedForm]:
    """The so many forms of the least first estimates that have a tile, the best first."""
    waiting = [(each.bound, number, each) for number, each in enumerate(map(RankedForm, forms))]
    heapify(waiting)
    found: list[RankedForm] = []
    while waiting and len(found) < count:
        bound, number, least = heappop(waiting)
        if bound == inf:
            break
        if bound < least.bound:  # it shares a stage with a form that was looked at since
            heappush(waiting, (least.bound, number, least))
        elif least.is_known:
            found.append(least)
        else:
            least.look()
            heappush(waiting, (least.bound, number, least))
    return found
