"""Finds the best tile sizes of a product with few estimates: some of all, then near the best."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import inf

import numpy as np

from hawk_xdsl.codegen.cube.tile_sizes import TileSizes

FIRST = 6
"""Tile sizes at which forms are compared."""

SPREAD = 24
"""Tile sizes, far from each other, that are estimated before the search goes on from the best."""

STARTS = 2
"""The best of these, from which the search goes on to better neighbours."""

MOST_ESTIMATES = 192
"""Tile sizes of one product that are estimated at most, but for the last step."""

SIDES = ("m", "n", "k", "split")


@dataclass
class TileRanking:
    """The estimates of tile sizes, each made once.

    A step of the search goes to the best of the tiles that differ along one side, by whatever is
    worth trying there, or along two against each other, by one place in its list. Example: if 192
    is the size next to 128 along m, and 192 the one below 256 along n, then from 128 × 256 × 64 to
    512 × 256 × 64 or to 192 × 192 × 64. With single places along one side too, the search stayed
    up to 18 % above the best of all tiles (products of 512 × 768 × 1024 and their like).

    Attributes:
        tiles: all that fit.
        estimate: their cycles.
        cycles: of those that were estimated.
    """

    tiles: Sequence[TileSizes]
    estimate: Callable[[TileSizes], float]
    cycles: dict[TileSizes, float] = field(default_factory=dict[TileSizes, float])

    @property
    def first_tiles(self) -> list[TileSizes]:
        """A few tiles, at which forms are compared."""
        return self._spread[:FIRST]

    def first(self) -> float:
        """Cycles at the best of a few tiles; infinite if none fits."""
        return min(map(self.at, self.first_tiles), default=inf)

    def ranked(self) -> list[tuple[float, TileSizes]]:
        """The tile sizes that were estimated and their cycles, the best first."""
        for tile in self._spread:
            self.at(tile)
        for start in sorted(self.cycles, key=self.at)[:STARTS]:
            self._descend(start)
        return sorted(((cycles, tile) for tile, cycles in self.cycles.items()), key=_cycles)

    @cached_property
    def _spread(self) -> list[TileSizes]:
        """Some of all tiles, the largest first, then each as far as possible from those before.

        The distance is in factors of two, summed over the sides.
        """
        if not self.tiles:
            return []
        points = np.log2([[tile.m, tile.n, tile.k, tile.split] for tile in self.tiles])
        chosen = [int(np.argmax(points.sum(axis=1)))]
        far = np.abs(points - points[chosen[0]]).sum(axis=1)
        while len(chosen) < SPREAD and far.max() > 0:
            chosen.append(int(np.argmax(far)))
            far = np.minimum(far, np.abs(points - points[chosen[-1]]).sum(axis=1))
        return [self.tiles[number] for number in chosen]

    def _descend(self, tile: TileSizes) -> None:
        """Go on to the best neighbour for as long as it is better."""
        while len(self.cycles) < MOST_ESTIMATES:
            best = min(self._neighbours(tile), key=self.at, default=tile)
            if self.at(best) >= self.at(tile):
                return
            tile = best

    def at(self, tile: TileSizes) -> float:
        """Cycles at tile sizes."""
        if tile not in self.cycles:
            self.cycles[tile] = self.estimate(tile)
        return self.cycles[tile]

    @cached_property
    def _sizes(self) -> dict[str, list[int]]:
        """The sizes along each side, in order."""
        return {side: sorted({getattr(tile, side) for tile in self.tiles}) for side in SIDES}

    @cached_property
    def _fitting(self) -> frozenset[TileSizes]:
        return frozenset(self.tiles)

    def _neighbours(self, tile: TileSizes) -> Iterator[TileSizes]:
        changes = [{side: size} for side in SIDES for size in self._sizes[side]]
        changes += [
            {side: up, other: down}
            for side in SIDES
            for other in SIDES
            if side != other
            for up in self._next(tile, side)
            for down in self._next(tile, other)
            if up > getattr(tile, side) and down < getattr(tile, other)
        ]
        for change in changes:
            near = replace(tile, **change)
            if near in self._fitting:
                yield near

    def _next(self, tile: TileSizes, side: str) -> list[int]:
        """The sizes below and above along a side."""
        sizes = self._sizes[side]
        place = sizes.index(getattr(tile, side))
        return [*sizes[max(0, place - 1) : place], *sizes[place + 1 : place + 2]]


def _cycles(found: tuple[float, TileSizes]) -> float:
    return found[0]
