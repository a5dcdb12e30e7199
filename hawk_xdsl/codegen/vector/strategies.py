"""Tiles on the vector unit: reduced axes whole in each tile, or streamed through it in chunks."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from hawk_xdsl.codegen.select_instructions import Composition
from hawk_xdsl.codegen.strategy import Request, wrong_entry
from hawk_xdsl.codegen.vector.tile_kernel import tile_kernel
from hawk_xdsl.codegen.vector.window_reads import has_windows
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.npu_target import Performance
from hawk_xdsl.schedule.candidate import Candidate
from hawk_xdsl.schedule.enumerate import tiling_at, tilings
from hawk_xdsl.schedule.even_tiles import even_tilings
from hawk_xdsl.schedule.neighbours import refinements
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.structure import Structure


@dataclass(frozen=True)
class Tiles:
    """One loop nest over tiles. ``streams``: some axis comes in chunks, in a loop inside a tile.

    ``slabs``: of windows the chunks are positions in a slab that is loaded once, with its halo.
    """

    name: str
    structure: Structure
    streams: bool
    slabs: bool = False

    @property
    def structures(self) -> frozenset[Structure]:
        """As the protocol says."""
        return frozenset({self.structure})

    def check(self, entry: Entry) -> None:
        """As the protocol says: tile sizes are those of axes."""
        for tile in entry.tiles:
            if not re.fullmatch(r"i\d+", tile.name):
                known = "tile sizes are of axes, i0 and so on"
                raise wrong_entry(entry, f"{known}, not of {tile.name!r}")

    def space(self, request: Request) -> "TileSpace | None":
        """The tilings of what rewrites and instructions know how to compute."""
        if request.composition is None:
            return None
        if self.slabs and not has_windows(request.composition.specification):
            return None
        return TileSpace(self, request, request.composition)


WHOLE_TILES = Tiles("whole-tiles", Structure.TILES, streams=False)
STREAMED_TILES = Tiles("streamed-tiles", Structure.STREAM, streams=True)
WINDOW_SLABS = Tiles("window-slabs", Structure.STREAM, streams=True, slabs=True)


@dataclass(frozen=True)
class TileSpace:
    """Tile sizes by axis. Which loops run inside a tile follows from them: those over axes that
    are reduced, and over those of one region of the result only."""

    strategy: Tiles
    request: Request
    composition: Composition

    def schedules(self) -> Iterator[Schedule]:
        """As the protocol says."""
        seen: set[Schedule] = set()
        for sizes in self._tilings():
            for schedule in map(self._schedule, self._preferred(sizes)):
                if schedule not in seen and bool(schedule.stream) == self.strategy.streams:
                    seen.add(schedule)
                    yield schedule

    def _tilings(self) -> Iterator[Mapping[str, int]]:
        yield from tilings(self.composition.specification, self.request.target)
        if self.strategy.slabs:
            yield from even_tilings(self.composition.specification, self.request.target)

    def candidate(self, schedule: Schedule) -> Candidate | None:
        """As the protocol says."""
        if schedule != self._schedule(schedule.sizes) or bool(schedule.stream) != (
            self.strategy.streams
        ):
            return None
        tiling = tiling_at(self.composition.specification, schedule.sizes)
        slabs = self.strategy.slabs
        found = tile_kernel(self.composition, tiling, self.request.target, slabs=slabs)
        if found is None:
            return None
        names = (self.request.entry.name, *self.composition.entries)
        syntax = ast.KernelText((), (found.stage,))
        return Candidate(syntax, schedule, found.cycles, names)

    def neighbours(self, schedule: Schedule, performance: Performance) -> Iterator[Schedule]:
        """As the protocol says; an axis that was whole may be streamed now."""
        extents = self.composition.specification.axes
        cores = self.request.target.cores[self.request.target.vector_core]
        for near in refinements(
            schedule, extents, cores, self.request.target.granules, performance
        ):
            yield self._schedule(near.sizes)

    def _preferred(self, sizes: Mapping[str, int]) -> Iterator[Mapping[str, int]]:
        """The sizes with each of those that the entry lists for some axes in the place of others.

        With ``[[entry.tile]]`` ``i0`` of 4 or 8, ``{i0: 3, i1: 64}`` is tried as 4 × 64 and 8 × 64.
        """
        axes = self.composition.specification.axes
        tiles = [tile for tile in self.request.entry.tiles if tile.name in axes]
        for chosen in product(*(tile.prefer for tile in tiles)):
            wanted = {tile.name: size for tile, size in zip(tiles, chosen, strict=True)}
            both = {**sizes, **wanted}
            yield {axis: both[axis] for axis in axes if axis in both} if wanted else sizes

    def _schedule(self, sizes: Mapping[str, int]) -> Schedule:
        tiling = tiling_at(self.composition.specification, sizes)
        return Schedule.of(self.strategy.name, sizes, stream=tiling.streamed)
