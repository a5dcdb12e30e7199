"""The strategy of finished sums, and what it may choose for one op."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from hawk_xdsl.codegen.cast_steps import NoInstructionError
from hawk_xdsl.codegen.cost.estimate import operands_of, stage_cycles
from hawk_xdsl.codegen.cube.matrix_product import MatrixProduct, MatrixProducts
from hawk_xdsl.codegen.mixed.finished_sums import (
    CHUNK,
    PART,
    FinishedSumsKernel,
    FinishedTiles,
)
from hawk_xdsl.codegen.mixed.pointwise import Pointwise
from hawk_xdsl.codegen.strategy import Request, wrong_entry
from hawk_xdsl.dialects.dtype import WIDE_FLOAT, DType
from hawk_xdsl.dialects.kernel_text import GlobalOperand
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.npu import Role
from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.npu_target import Performance
from hawk_xdsl.schedule.candidate import Candidate
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.finished_sums import FinishedSums, finished_sums_of, sum_specification
from hawk_xdsl.semantics.structure import Structure, contraction_of

ROWS = (256, 192, 128, 96, 64, 32, 16)
"""Rows of a tile that are tried: whole fractals for each of two vector cores."""

COLUMNS = (512, 384, 256, 192, 128, 96, 64, 32, 16)
"""Columns of a tile that are tried."""

STEPS = (1024, 512, 384, 256, 192, 128, 96, 64, 32, 16)
"""Steps of what is summed that are tried; the largest that fits is taken."""

TRIED = 12
"""Tiles that are estimated in full: the best by a rough count."""

UB_SHARE = 0.9
"""Of the unified buffer, what buffers may fill: the planner's order of lives may leave gaps."""


@dataclass(frozen=True)
class FinishedSumsStrategy:
    """Products whose sums vector cores finish while the cube core goes on."""

    name: str = "finished-sums"

    @property
    def structures(self) -> frozenset[Structure]:
        """As the protocol says."""
        return frozenset({Structure.FINISHED_SUMS})

    def check(self, entry: Entry) -> None:
        """As the protocol says: tile sizes are those of a tile of the result."""
        for tile in entry.tiles:
            if tile.name not in ("m", "n"):
                message = f"finished sums have tile sizes m and n, not {tile.name!r}"
                raise wrong_entry(entry, message)

    def takes(self, request: Request) -> bool:
        """Whether the cube takes the sums, so that nobody need leave them to the vector unit."""
        space = self.space(request)
        return space is not None and next(space.tiles(), None) is not None

    def space(self, request: Request) -> "FinishedSumsSpace | None":
        """The tiles of finished sums whose dtypes the cube takes."""
        target, specification = request.target, request.specification
        parts = finished_sums_of(specification)
        if parts is None or request.composition is None or target.cross is None:
            return None
        products = _products(request, parts)
        if products is None:
            return None
        root, composer = parts.result.term, request.composition.composer
        try:
            pointwise = Pointwise.over(specification, root, parts.sums, parts.axes, composer)
        except NoInstructionError:
            return None
        return FinishedSumsSpace(self.name, request, parts, products, pointwise)


FINISHED_SUMS = FinishedSumsStrategy()


def _products(request: Request, parts: FinishedSums) -> tuple[MatrixProduct, ...] | None:
    """One product for each sum, of matrices as they lie, whose sides are the last two axes."""
    found: list[MatrixProduct] = []
    for number, total in enumerate(parts.sums):
        own = sum_specification(request.specification, parts, total, f"t{number}")
        contraction = contraction_of(own)
        if contraction is None or contraction.lhs.dtype not in request.target.cube.dtypes:
            return None
        if request.target.cube.dtypes[contraction.lhs.dtype].accumulator != WIDE_FLOAT:
            return None
        products = MatrixProducts.of(own, contraction, request.target).every()
        fitting = (p for p in products if _is_plain(p, parts))
        product = next(fitting, None)
        if product is None:
            return None
        found.append(product)
    return tuple(found)


def _is_plain(product: MatrixProduct, parts: FinishedSums) -> bool:
    layout = product.layout
    sides = (layout.m.flat, layout.n.flat) == ((parts.axes[-2],), (parts.axes[-1],))
    points = set(layout.outer) == set(parts.axes[:-2])
    return sides and points and not product.packed and layout.direct_out and len(layout.k.flat) == 1


@dataclass(frozen=True)
class FinishedSumsSpace:
    """The tiles of the result, and how many columns follow each other on a core."""

    name: str
    request: Request
    parts: FinishedSums
    products: tuple[MatrixProduct, ...]
    pointwise: Pointwise

    def schedules(self) -> Iterator[Schedule]:
        """As the protocol says."""
        tiles = sorted(self.tiles(), key=self._roughly)[:TRIED]
        yield from (self._schedule(tile) for tile in tiles)

    def tiles(self) -> Iterator[FinishedTiles]:
        """The tiles that fit."""
        wanted = {tile.name: tile.prefer for tile in self.request.entry.tiles}
        rows, columns = self._extents
        for m in dict.fromkeys(min(m, rows) for m in wanted.get("m", ROWS)):
            for n in dict.fromkeys(min(n, columns) for n in wanted.get("n", COLUMNS)):
                k = self._step(m, n)
                if k is None or rows % m or columns % n:
                    continue
                count = columns // n
                chunk = self._chunk(m, n)
                for each in range(1, count + 1):
                    tile = FinishedTiles(m, n, k, n * each, chunk)
                    if count % each == 0 and self._fits(tile):
                        yield tile

    def _roughly(self, tile: FinishedTiles) -> tuple[float, int]:
        """Cycles of the cube core with most tiles: of its products, or of loads from L2."""
        target, problem = self.request.target, self.products[0].problem
        rows, columns = self._extents
        parts = problem.outer * (rows // tile.rows) * (columns // tile.part)
        here = -(-parts // target.mixed_groups) * (tile.part // tile.columns)
        count = len(self.products)
        macs = tile.rows * tile.columns * problem.k * count
        depth = target.cube.depth_bytes // problem.width
        cube = macs / (target.cube.rows * target.cube.columns * depth)
        sides = tile.rows + count * tile.columns
        bandwidth = target.l2.hits[0][1] if target.l2 else target.global_bandwidth
        rate = bandwidth / target.mixed_groups
        loads = sides * problem.k * problem.width / rate
        handed = count * tile.rows * tile.columns * DType(WIDE_FLOAT).bytes / rate
        return (here + 1) * (max(cube, loads) + handed), -tile.part

    @property
    def _extents(self) -> tuple[int, int]:
        axes = self.request.specification.axes
        return axes[self.parts.axes[-2]], axes[self.parts.axes[-1]]

    def _schedule(self, tile: FinishedTiles) -> Schedule:
        sizes = dict.fromkeys(self.parts.axes[:-2], 1)
        m, n = self.parts.axes[-2:]
        k = self.products[0].layout.k.name
        sizes |= {m: tile.rows, PART: tile.part, n: tile.columns, k: tile.k, CHUNK: tile.chunk}
        return Schedule.of(self.name, sizes, stream={n, k})

    def candidate(self, schedule: Schedule) -> Candidate | None:
        """As the protocol says."""
        m, n = self.parts.axes[-2:]
        k = self.products[0].layout.k.name
        names = (m, n, k, PART, CHUNK)
        sizes = [schedule.sizes.get(name, 0) for name in names]
        tile = FinishedTiles(*sizes)
        if min(sizes) < 1 or schedule != self._schedule(tile):
            return None
        if not self._fits(tile):
            return None
        specification, target = self.request.specification, self.request.target
        kernel = FinishedSumsKernel(
            self.parts,
            self.products,
            self.pointwise,
            specification.axes,
            tile,
            target.mixed_groups,
            target.places.vector_cores,
        ).kernel()
        entries = (self.request.entry.name, *self.pointwise.composition.entries)
        return Candidate(kernel, schedule, self._cycles(kernel, tile), entries)

    def _cycles(self, kernel: ast.KernelText, tile: FinishedTiles) -> float:
        """Those of the kind of cores that works longest, and of the other one for one tile."""
        target, specification = self.request.target, self.request.specification
        known = operands_of(specification)
        known |= {t.name: GlobalOperand(t.name, t.dtype, t.shape) for t in kernel.temps}
        temps = frozenset(temp.name for temp in kernel.temps)
        [stage] = kernel.stages
        parts = [stage_cycles(part, known, target, temps=temps) for part in stage.parts]
        rows, columns = self._extents
        count = (rows // tile.rows) * (columns // tile.part) * self.products[0].problem.outer
        handed = -(-count // target.mixed_groups) * (tile.part // tile.columns)
        wait = target.cross.hand_over if target.cross is not None else 0.0
        return (target.launch.mixed or 0.0) + max(parts) + min(parts) / handed + wait

    def neighbours(self, schedule: Schedule, performance: Performance) -> Iterator[Schedule]:
        """None: the best tiles are estimated."""
        yield from ()

    def _step(self, rows: int, columns: int) -> int | None:
        """The largest step of what is summed of which l1 holds two."""
        problem, capacity = self.products[0].problem, self.request.target.capacity(Role.MATRIX)
        width = 2 * (rows + len(self.products) * columns) * problem.width
        sizes = (min(step, problem.k) for step in STEPS)
        return next((k for k in sizes if width * k <= capacity and problem.k % k == 0), None)

    def _fits(self, tile: FinishedTiles) -> bool:
        """Whether the memories hold the tiles."""
        target, halves = self.request.target, self.request.target.places.vector_cores
        rows, columns = self._extents
        half, count = tile.rows // halves, len(self.products)
        chunk = self._chunk(tile.rows, tile.columns)
        grain = target.cube.rows
        whole = tile.rows % (grain * halves if tile.rows > grain else grain) == 0
        return (
            whole
            and half % 8 == 0
            and tile.columns % grain == 0
            and rows % tile.rows == columns % tile.part == tile.part % tile.columns == 0
            and self.products[0].problem.k % tile.k == 0
            and 4 * count * tile.rows * tile.columns <= target.capacity(Role.ACCUMULATOR)
            and chunk > 0
            and tile.chunk == chunk
        )

    def _chunk(self, rows: int, columns: int) -> int:
        """The most rows that a vector core's buffers hold at a time; 0 if none."""
        target = self.request.target
        half = rows // target.places.vector_cores
        most = UB_SHARE * target.capacity(Role.VECTOR) / (columns * self._bytes)
        return next((n for n in range(half, 0, -1) if half % n == 0 and n <= most), 0)

    @cached_property
    def _bytes(self) -> int:
        """Bytes of an element of all buffers of the vector cores, those that are loaded twice."""
        m, n = self.parts.axes[-2:]
        sides = {axis: ast.Slice(ast.Integer(0), 16) for axis in (m, n)}
        names = [f"s{number}" for number in range(len(self.products))]
        made, _ = self.pointwise.statements(names, sides, "z", padded=False)
        buffers = {each.name for each in made if isinstance(each, ast.Assign)} | {*names}
        wide = DType(WIDE_FLOAT).bytes
        return wide * (len(buffers) + len(names) + len(self.parts.reads) + 1)
