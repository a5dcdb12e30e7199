"""Contractions that hold all of k of one factor in l1, while tiles of the other stream past it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hawk_xdsl.codegen.cube.cost import (
    STEP_OVERHEAD,
    TileSizes,
    fits,
    move_cycles_of,
    side_parts,
    step_depths,
    up,
)
from hawk_xdsl.codegen.cube.matrix_view import Side, spelled
from hawk_xdsl.codegen.cube.pack import flat_index
from hawk_xdsl.codegen.cube.plan import PART, Plan
from hawk_xdsl.dialects.npu import Core, Scope
from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.npu_target.cost import mmad_cycles
from hawk_xdsl.npu_target.dtypes import NUMPY_DTYPES
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.schedule.candidate import Candidate, fill_holes, waves
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.terms import Affine

FACTORS = ("lhs", "rhs")
"""Which factor may be stationary."""


SAMPLED = 100
"""Tiles that the first estimate of a layout looks at, at most about twice as many."""


@dataclass(frozen=True)
class HeldPlan:
    """A plan of which one factor is held: ``once`` for all tiles, or a panel an iteration.

    The ``parts`` of its tile sizes are into how many ranges the streamed side is dealt.
    """

    plan: Plan
    held: str
    once: bool

    @property
    def _sides(self) -> tuple[Side, Side]:
        """The side of the held factor and that of the streamed one."""
        layout = self.plan.layout
        return (layout.m, layout.n) if self.held == "lhs" else (layout.n, layout.m)

    @property
    def possible(self) -> bool:
        """Whether the loops of the template can run over these tensors."""
        held, streamed = self._sides
        if self.once:
            return not self.plan.layout.batch and not held.points
        return not streamed.points

    def _of(self, tile: TileSizes) -> tuple[int, int]:
        return (tile.m, tile.n) if self.held == "lhs" else (tile.n, tile.m)

    def _extents(self) -> tuple[int, int]:
        problem = self.plan.problem
        return (problem.m, problem.n) if self.held == "lhs" else (problem.n, problem.m)

    def tiles(self, target: Target) -> Iterator[TileSizes]:
        """The tiles to choose from."""
        problem, cores = self.plan.problem, target.cores[Core.CUBE]
        held, streamed = self._extents()
        depths = [k for k in step_depths(problem, target) if problem.k % k == 0]
        for own in (held,) if self.once else side_parts(held, 16):
            panels = problem.outer * -(-held // own)
            for other in side_parts(streamed, 16):
                count = -(-streamed // other)
                most = 1 if self.once else max(1, 2 * cores // panels)
                for parts in (p for p in range(1, min(count, most) + 1) if count % p == 0):
                    if not self.once and panels * parts < min(cores, panels * count) / 2:
                        continue
                    for k in depths:
                        m, n = (own, other) if self.held == "lhs" else (other, own)
                        tile = TileSizes(m, n, k, parts)
                        if self.allows(tile, target):
                            yield tile

    def allows(self, tile: TileSizes, target: Target) -> bool:
        """Whether all fits, and parts of the panel are whole fractals."""
        problem = self.plan.problem
        own, other = self._of(tile)
        held, streamed = self._extents()
        grain = max(16, target.cube.depth_bytes // problem.width)
        if not fits(problem, replace(tile, parts=1), target) or problem.k % tile.k:
            return False
        if (problem.folds > 1 or tile.k < problem.k) and tile.k % grain:
            return False
        if -(-streamed // other) % tile.parts or not self.plan.divides(tile):
            return False
        panel = up(own, 16) * up(problem.k * problem.folds, grain) * problem.width
        step = up(other, 16) * up(tile.k, grain) * problem.width
        return panel + 2 * step <= target.scopes[Scope.L1].bytes and (not self.once or own == held)

    def cycles(self, tile: TileSizes, target: Target) -> float:
        """Cycles of all stages."""
        plan, problem = self.plan, self.plan.problem
        own, other = self._of(tile)
        held, streamed = self._extents()
        cores, width = target.cores[Core.CUBE], problem.width
        count = -(-streamed // other)
        if self.once:
            iterations, inner = problem.outer * count, 1
        else:
            iterations = problem.outer * -(-held // own) * tile.parts
            inner = count // tile.parts
        per_byte = min(iterations, cores) / target.global_bandwidth
        load = target.paths[Scope.GLOBAL, Scope.L1]
        store = target.paths[Scope.L0C, Scope.GLOBAL]
        depth = problem.k * problem.folds
        along = (problem.lhs_rows_along_k, problem.rhs_rows_along_k)
        held_along, other_along = along if self.held == "lhs" else along[::-1]
        rows, columns = (own, depth) if held_along else (depth, own)
        panel = move_cycles_of(load, rows, columns * width, per_byte)
        rows, columns = (other, tile.k) if other_along else (tile.k, other)
        step = move_cycles_of(load, rows, columns * width, per_byte) + STEP_OVERHEAD
        product = mmad_cycles(tile.m, tile.k, tile.n, problem.dtype, width, target)
        product += 2 * target.sync.flag
        steps = problem.folds * problem.k // tile.k
        size = tile.m * tile.n * NUMPY_DTYPES[problem.out_dtype].itemsize
        drained = move_cycles_of(store, tile.m, size // tile.m, per_byte)
        worked = steps * product
        if up(tile.m, 16) * up(tile.n, 16) * 8 > target.scopes[Scope.L0C].bytes:
            worked += drained
        moved = steps * step + size * per_byte
        rounds = waves(iterations, cores)
        packed = sum(stage.estimate for stage in (*plan.before, *plan.after))
        if self.once:
            return packed + panel + max(rounds * moved + product, step + rounds * worked) + drained
        each = panel + max(inner * moved + product, step + inner * worked)
        return packed + rounds * each + drained

    def first_estimate(self, target: Target) -> float:
        """Cycles at the best of the tiles, of which some are left out if there are many."""
        tiles = list(self.tiles(target))
        some = tiles[:: 1 + len(tiles) // SAMPLED]
        return min((self.cycles(tile, target) for tile in some), default=float("inf"))

    def candidate(self, entry: Entry, tile: TileSizes, cycles: float, target: Target) -> Candidate:
        """The kernel text at a tile."""
        text = fill_holes(entry.artifact.text or "", self._holes(tile), entry=entry)
        return Candidate(text, self.schedule(tile), cycles, (entry.name,))

    def schedule(self, tile: TileSizes) -> Schedule:
        """The schedule at a tile: the streamed side passes inside the loop over panels."""
        if self.once:
            return self.plan.schedule_of("stationary-operand", tile, stationary=self.held)
        _, streamed = self._sides
        return self.plan.schedule_of(
            "stationary-panels",
            tile,
            ranges=self._range(tile) if tile.parts > 1 else None,
            streamed=streamed,
            stationary=self.held,
        )

    def tile_of(self, schedule: Schedule) -> TileSizes | None:
        """The tile of a schedule; ``None`` if it is one of another layout."""
        tile, ranges = self.plan.tile_of(schedule), schedule.sizes.get(PART)
        if tile is None or ranges is None:
            return tile
        _, streamed = self._extents()
        return replace(tile, parts=-(-streamed // ranges))

    def _range(self, tile: TileSizes) -> int:
        """Elements of the streamed side that one core passes by a panel."""
        _, streamed = self._extents()
        _, other = self._of(tile)
        return -(-streamed // other) // tile.parts * other

    def _holes(self, tile: TileSizes) -> dict[str, str]:
        axes, layout = self.plan.specification.axes, self.plan.layout
        holes = self.plan.holes(tile)
        own, _ = self._of(tile)
        side, streamed = self._sides
        matrix = self.plan.lhs if self.held == "lhs" else self.plan.rhs
        whole = next(s for s in matrix.sides if s != side)
        sizes = {side.name: own, whole.name: whole.extent(axes)}
        panel = matrix.cut(sizes, axes, matrix=True)
        k_first = panel.transposed == (self.held == "lhs")
        part = self._part(tile, own, k_first)
        part += ".T" if panel.transposed else ""
        factors = {"a": holes["a"].replace("a", "s"), "b": holes["b"].replace("b", "s")}
        factors["a" if self.held == "lhs" else "b"] = part
        extent = streamed.extent(axes)
        _, other = self._of(tile)
        length = self._range(tile)
        panels = [f"{axis} in 0..{axes[axis]} step 1" for axis in layout.outer]
        if own < side.extent(axes):
            panels.append(f"{side.name} in 0..{side.extent(axes)} step {own}")
        if tile.parts > 1:
            panels.append(f"part in 0..{extent} step {length}")
        first = "part..part + " if tile.parts > 1 else "0.."
        stop = length if tile.parts > 1 else extent
        return {
            **holes,
            **factors,
            "panel": panel.text,
            "stream": holes["rhs" if self.held == "lhs" else "lhs"],
            "panels": ", ".join(panels) or "once in 0..1 step 1",
            "columns": f"{streamed.name} in {first}{stop} step {other}",
        }

    def _part(self, tile: TileSizes, own: int, k_first: bool) -> str:
        """The part of the panel that a step multiplies."""
        axes, k = self.plan.specification.axes, self.plan.layout.k
        start = flat_index(k.points, axes).scaled(k.extent(axes))
        if tile.k < k.extent(axes):
            start += Affine.axis(k.name)
        if not start.terms:
            return "f"
        along = f"{spelled(start)}:{tile.k}"
        return f"f[{along}, 0:{own}]" if k_first else f"f[0:{own}, {along}]"
