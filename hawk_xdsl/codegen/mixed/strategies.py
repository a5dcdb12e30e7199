"""The strategies of mixed kernels, and what each may choose for one op."""

from collections.abc import Iterator
from dataclasses import dataclass

from hawk_xdsl.codegen.cost.estimate import estimate, operands_of
from hawk_xdsl.codegen.mixed.column_tiles import AllColumns, ColumnsToDiagonal, cut_tiles
from hawk_xdsl.codegen.mixed.pointwise import Pointwise
from hawk_xdsl.codegen.mixed.row_tiles import RowTiles
from hawk_xdsl.codegen.mixed.running_rows import RunningRows
from hawk_xdsl.codegen.strategy import Request, wrong_entry
from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.npu import Role
from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.npu_target import Performance
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.schedule.candidate import Candidate
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.structure import Structure
from hawk_xdsl.semantics.weighted_rows import WeightedRows, weighted_rows_of

ROWS = (256, 192, 128, 96, 64, 48, 32, 16)
"""Sides of tiles that are tried: whole fractals for each of two vector cores."""

COLUMNS = (512, 256, 192, 128, 64, 32)
"""The other sides."""


@dataclass(frozen=True)
class RunningRowsStrategy:
    """Weighted rows in one mixed kernel, with running maxima and sums."""

    name: str = "running-rows"

    @property
    def structures(self) -> frozenset[Structure]:
        """As the protocol says."""
        return frozenset({Structure.WEIGHTED_ROWS})

    def check(self, entry: Entry) -> None:
        """As the protocol says: tile sizes are those of a tile of the first product."""
        for tile in entry.tiles:
            if tile.name not in ("m", "n"):
                message = f"weighted rows have tile sizes m and n, not {tile.name!r}"
                raise wrong_entry(entry, message)

    def space(self, request: Request) -> "RunningRowsSpace | None":
        """The tiles of weighted rows whose dtypes the cube takes."""
        target = request.target
        parts = weighted_rows_of(request.specification)
        if parts is None or request.composition is None or target.cross is None:
            return None
        if not _fits_target(parts, target):
            return None
        specification, composer = request.specification, request.composition.composer
        within = Pointwise.of(specification, parts, composer)
        cut = None
        if parts.band is not None:
            cut = Pointwise.of(specification, parts, composer, banded=True)
        return RunningRowsSpace(self.name, request, parts, within, cut)


RUNNING_ROWS = RunningRowsStrategy()


def _fits_target(parts: WeightedRows, target: Target) -> bool:
    """Whether the cube multiplies such factors, and can hand over what it made of them."""
    dtypes = (parts.lhs.dtype, parts.weights)
    return all(
        dtype in target.cube.dtypes
        and target.cube.dtypes[dtype].accumulator in target.cube.casts
        and "f32" in target.cube.casts[target.cube.dtypes[dtype].accumulator]
        for dtype in dtypes
    )


@dataclass(frozen=True)
class RunningRowsSpace:
    """The sides of the tiles of scores."""

    name: str
    request: Request
    parts: WeightedRows
    within: Pointwise
    cut: Pointwise | None

    def schedules(self) -> Iterator[Schedule]:
        """As the protocol says."""
        wanted = {tile.name: tile.prefer for tile in self.request.entry.tiles}
        extents = self.request.specification.axes
        rows, columns = (extents[axis] for axis in (self.parts.m, self.parts.n))
        seen: set[tuple[int, int]] = set()
        for m in wanted.get("m", ROWS):
            for n in wanted.get("n", COLUMNS):
                sides = (min(m, -(-rows // 16) * 16), min(n, columns))
                if sides not in seen and self._fits(*sides):
                    seen.add(sides)
                    yield self._schedule(*sides)

    def _schedule(self, rows: int, columns: int) -> Schedule:
        sizes = dict.fromkeys(self.parts.batch, 1)
        sizes |= {self.parts.m: rows, self.parts.n: columns}
        return Schedule.of(self.name, sizes, stream={self.parts.n})

    def candidate(self, schedule: Schedule) -> Candidate | None:
        """As the protocol says."""
        rows, columns = (schedule.sizes.get(a, 0) for a in (self.parts.m, self.parts.n))
        known = schedule.strategy == self.name and rows > 0 and columns > 0
        if not known or schedule != self._schedule(rows, columns) or not self._fits(rows, columns):
            return None
        specification, target = self.request.specification, self.request.target
        halves = target.places.vector_cores
        groups = target.mixed_groups
        extents = dict(specification.axes)
        stops = self._stops_at_diagonal
        tiles = RowTiles(self.parts.batch, self.parts.m, extents, rows, groups, growing=stops)
        met = self._columns_met(tiles, columns)
        if met is None:
            return None
        kernel = RunningRows(
            self.parts, tiles, met, self.within, self.cut, extents, halves
        ).kernel()
        names = (self.request.entry.name, *(self.cut or self.within).composition.entries)
        cycles = estimate(kernel, operands_of(specification).values(), target)
        return Candidate(kernel, schedule, cycles, names)

    @property
    def _stops_at_diagonal(self) -> bool:
        """Whether tiles of columns right of a diagonal are left out.

        Each row has to have a column, and what is beyond the last column has to be right of it.
        """
        band, extents = self.parts.band, self.request.specification.axes
        if band is None or not band.empty or band.last < 0:
            return False
        return band.last + extents[self.parts.m] <= extents[self.parts.n]

    def _columns_met(self, tiles: RowTiles, side: int) -> AllColumns | ColumnsToDiagonal | None:
        """The columns that each tile of rows meets; ``None`` if tiles of them end too late."""
        extents, band = self.request.specification.axes, self.parts.band
        rows, extent = extents[self.parts.m], extents[self.parts.n]
        if band is None or not self._stops_at_diagonal:
            return AllColumns(extent, side, band is not None)
        cut = cut_tiles(tiles.side, side, rows, band.last)
        lowest = (rows - 1) // tiles.side * tiles.side
        met = ColumnsToDiagonal(extent, side, tiles.start, band.last, cut, lowest)
        return met if met.ends else None

    def neighbours(self, schedule: Schedule, performance: Performance) -> Iterator[Schedule]:
        """None: all sides that fit are tried."""
        yield from ()

    def _fits(self, rows: int, columns: int) -> bool:
        """Whether the memories hold the tiles: one of each, and those loaded twice."""
        target, parts = self.request.target, self.parts
        halves = target.places.vector_cores
        extents = self.request.specification.axes
        deep, wide = extents[parts.d], extents[parts.e]
        factor, weight = parts.lhs.dtype.bytes, parts.weights.bytes
        l1 = rows * deep * factor + columns * deep * factor
        l1 += columns * wide * weight + rows * columns * weight
        half = rows // halves
        masks = sum(DType(read.dtype).bytes for read in self.within.reads)
        narrow = 0 if weight == 4 else weight
        positions = 0 if self.cut is None else 5
        ub = half * columns * (4 + narrow + masks + 2 + positions) + half * wide * 10
        return (
            rows % (16 * halves if rows > 16 else 16) == 0
            and half % 8 == 0
            and l1 <= target.capacity(Role.MATRIX)
            and 4 * rows * (columns + wide) <= target.capacity(Role.ACCUMULATOR)
            and ub <= target.capacity(Role.VECTOR)
        )
