"""A plan of a contraction: its matrices, what is packed before and after, and the kernel text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod

from hawk_xdsl.codegen.cube.cost import (
    Problem,
    TileSizes,
    estimate,
    fits,
    sum_piece,
    tile_sizes,
)
from hawk_xdsl.codegen.cube.matrix_view import ONE, Cut, Layout, Side, cut
from hawk_xdsl.codegen.cube.pack import Packer, Packing, Tensor, flat_index
from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.schedule.candidate import Candidate, fill_holes
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import Contraction
from hawk_xdsl.semantics.terms import Affine

PART = "part"
"""The loop over parts of a sum, or over ranges of the side that passes a panel."""


@dataclass(frozen=True)
class Matrix:
    """A tensor that is cut into tiles of two sides."""

    tensor: Tensor
    sides: tuple[Side, Side]

    def cut(self, sizes: Mapping[str, int], axes: Mapping[str, int], *, matrix: bool) -> Cut:
        """The slice of one tile."""
        tensor = self.tensor
        found = cut(tensor.name, tensor.index, tensor.shape, self.sides, sizes, axes, matrix=matrix)
        assert found is not None
        return found


@dataclass(frozen=True)
class Plan:
    """A layout, the matrices that the cube reads and writes, and the stages that pack them."""

    specification: Specification
    layout: Layout
    lhs: Matrix
    rhs: Matrix
    out: Matrix
    temps: tuple[Tensor, ...]
    before: tuple[Packing, ...]
    after: tuple[Packing, ...]
    problem: Problem
    accumulator: str
    split: bool
    packed: tuple[str, ...]

    @property
    def can_split(self) -> bool:
        """Whether parts of k can be summed by the vector unit: in f32, where the result lies."""
        return self.layout.direct_out and self.accumulator == "f32"

    def tiles(self, target: Target) -> Iterator[TileSizes]:
        """The tiles to choose from."""
        for tile in tile_sizes(self.problem, target, split=self.split):
            if self.divides(tile):
                yield tile

    def allows(self, tile: TileSizes, target: Target) -> bool:
        """Whether a tile fits and, where it must, divides its side."""
        if (tile.parts > 1) != self.split:
            return False
        steps = -(-self.problem.k // tile.k)
        return fits(self.problem, tile, target) and self.divides(tile) and steps % tile.parts == 0

    def divides(self, tile: TileSizes) -> bool:
        """Whether a tile divides the sides that it must."""
        sides = ((self.layout.m, tile.m), (self.layout.n, tile.n), (self.layout.k, tile.k))
        axes = self.specification.axes
        return all(
            side.extent(axes) % size == 0
            for side, size in sides
            if side.name in self.layout.divides
        )

    def first_estimate(self, target: Target) -> float:
        """Cycles at the best of a few tiles; infinite if none fits."""
        every = list(self.tiles(target))
        some = [tile for tile in every if _is_usual(tile, self.problem)] or every
        return min((self.cycles(tile, target) for tile in some), default=float("inf"))

    def cycles(self, tile: TileSizes, target: Target) -> float:
        """Cycles of all stages."""
        packed = sum(stage.estimate for stage in (*self.before, *self.after))
        return packed + estimate(self.problem, tile, target)

    def candidate(self, entry: Entry, tile: TileSizes, cycles: float, target: Target) -> Candidate:
        """The kernel text at a tile."""
        split = self._split_holes(tile, target) if self.split else {}
        holes = {**self.holes(tile), **split}
        text = fill_holes(entry.artifact.text or "", holes, entry=entry)
        return Candidate(text, self.schedule(tile), cycles, (entry.name,))

    def schedule(self, tile: TileSizes) -> Schedule:
        """The schedule at a tile: loops over tiles of the result, then those of the sum."""
        strategy = "split-k" if self.split else "output-stationary"
        return self.schedule_of(strategy, tile, split_k=tile.parts)

    def schedule_of(
        self,
        strategy: str,
        tile: TileSizes,
        *,
        split_k: int = 1,
        ranges: int | None = None,
        streamed: Side | None = None,
        stationary: str | None = None,
    ) -> Schedule:
        """A schedule of the layout's loops; a ``streamed`` side runs inside a tile, as k does.

        ``ranges`` are the elements of the ranges that it is distributed in, if it is.
        """
        layout = self.layout
        sizes = dict.fromkeys((*layout.outer, *layout.k.points), 1)
        sizes |= {layout.m.name: tile.m, layout.n.name: tile.n, layout.k.name: tile.k}
        outside = [side.name for side in (layout.m, layout.n) if side != streamed]
        if ranges is not None:
            outside.append(PART)
            sizes[PART] = ranges
        inside = [*([streamed.name] if streamed else []), *layout.k.points, layout.k.name]
        order = [*layout.outer, *outside, *inside]
        return Schedule.of(
            strategy,
            {name: sizes[name] for name in order if name != ONE},
            stream=frozenset(inside) - {ONE},
            stationary=stationary,
            split_k=split_k,
            pack=self.packed,
        )

    def tile_of(self, schedule: Schedule) -> TileSizes | None:
        """The tile of a schedule; ``None`` if it is one of another layout."""
        sizes = {ONE: 1, **schedule.sizes}
        names = [side.name for side in (self.layout.m, self.layout.n, self.layout.k)]
        if not all(name in sizes for name in names):
            return None
        m, n, k = (sizes[name] for name in names)
        return TileSizes(m, n, k, schedule.split_k)

    def _split_holes(self, tile: TileSizes, target: Target) -> dict[str, str]:
        """The holes of a template that sums parts of k apart."""
        result, k, axes = self.specification.results[0], self.layout.k, self.specification.axes
        chunk = -(-k.extent(axes) // tile.k) // tile.parts * tile.k
        holes = self.holes(tile)
        partials = f"t{len(self.temps)}"
        temps = [holes["temps"], f"temp {partials} f32{[tile.parts, *result.shape]}"]
        start, last = f"part in 0..{k.extent(axes)} step {chunk}", f"for {k.name} in 0.."
        folds = holes["folds"].replace(
            f"{last}{k.extent(axes)} ", f"for {k.name} in part..part + {chunk} "
        )
        cast = f"s = vcast p to {result.dtype} round rint" if result.dtype != "f32" else ""
        return {
            "temps": "\n".join(line for line in temps if line),
            "across": f"{holes['across']}, {start}",
            "folds": folds,
            "partials": partials,
            "partial": holes["out"].replace(f"{result.name}[", f"{partials}[part // {chunk}, ", 1),
            "count": str(prod(result.shape)),
            "piece": str(sum_piece(self.problem, tile.parts, target)),
            "parts": str(tile.parts),
            "cast": cast,
            "sum": "s" if cast else "p",
            "result": result.name,
        }

    def holes(self, tile: TileSizes) -> dict[str, str]:
        """What fills a template in which every step loads both factors."""
        axes, layout = self.specification.axes, self.layout
        named = ((layout.m, tile.m), (layout.n, tile.n), (layout.k, tile.k))
        sizes = {side.name: min(size, side.extent(axes)) for side, size in named}
        for side in (*self.lhs.sides, *self.rhs.sides):
            sizes.setdefault(side.name, side.extent(axes))
        m, n = sizes[layout.m.name], sizes[layout.n.name]
        lhs = self.lhs.cut(sizes, axes, matrix=True)
        rhs = self.rhs.cut(sizes, axes, matrix=True)
        out = self.out.cut(sizes, axes, matrix=False)
        across = [f"{axis} in 0..{axes[axis]} step 1" for axis in layout.outer]
        across += [
            f"{side.name} in 0..{side.extent(axes)} step {sizes[side.name]}"
            for side in (layout.m, layout.n)
            if sizes[side.name] < side.extent(axes)
        ]
        folds = [f"for {axis} in 0..{axes[axis]} step 1 {{" for axis in layout.k.points]
        k = layout.k
        if sizes[k.name] < k.extent(axes):
            folds.append(f"for {k.name} in 0..{k.extent(axes)} step {sizes[k.name]} {{")
        zero = "0" if self.accumulator.startswith("i") else "0.0"
        return {
            "temps": "\n".join(f"temp {t.name} {t.dtype}{list(t.shape)}" for t in self.temps),
            "before": "\n".join(f"on vector {{\n{stage.text}\n}}" for stage in self.before),
            "after": "\n".join(f"on vector {{\n{stage.text}\n}}" for stage in self.after),
            "across": ", ".join(across) or "once in 0..1 step 1",
            "acc": f"{zero} {self.accumulator}[{m}, {n}]",
            "folds": "\n".join(folds),
            "ends": "\n".join("}" for _ in folds),
            "lhs": lhs.text,
            "rhs": rhs.text,
            "a": "a.T" if lhs.transposed else "a",
            "b": "b.T" if rhs.transposed else "b",
            "out": out.text,
        }


def _is_usual(tile: TileSizes, problem: Problem) -> bool:
    """Whether a tile is among the few that layouts are compared at."""
    return (
        tile.m in (128, 64, 16, problem.m)
        and tile.n in (256, 128, 64, 16, problem.n)
        and tile.k in (512, 128, 64, problem.k)
    )


def plan_of(
    specification: Specification,
    contraction: Contraction,
    layout: Layout,
    packer: Packer,
    *,
    held: str | None = None,
    split: bool = False,
) -> Plan | None:
    """The plan of a layout; ``None`` where a tensor can neither be cut nor packed.

    The factor ``held``, lhs or rhs, has all of k in one dimension, whatever steps it is summed in.
    """
    axes = specification.axes
    m, n, k = layout.m, layout.n, layout.k
    whole = Side((*k.points, *k.flat), ())
    operands = {operand.name: operand for operand in specification.operands}
    temps: list[Tensor] = []
    before: list[Packing] = []
    after: list[Packing] = []
    factors: list[Matrix] = []
    packed: list[str] = []
    for role, term, sides, direct in (
        ("lhs", contraction.lhs, (m, whole if held == "lhs" else k), layout.direct_lhs),
        ("rhs", contraction.rhs, (whole if held == "rhs" else k, n), layout.direct_rhs),
    ):
        operand = operands[term.operand]
        tensor = Tensor(operand.name, operand.dtype, operand.shape, term.index)
        if whole in sides:
            sizes = {side.name: side.extent(axes) for side in sides}
            direct = cut(tensor.name, tensor.index, tensor.shape, sides, sizes, axes) is not None
        if not direct:
            axis = tensor.index[-1].terms[-1][0] if tensor.index and tensor.index[-1].terms else ""
            last = next((side for side in sides if axis in side.flat), sides[1])
            first = sides[0] if last is sides[1] else sides[1]
            points = tuple(axis for axis in axes if axis in term.axes - {*first.flat, *last.flat})
            temp, groups = _temp(f"t{len(temps)}", operand.dtype, points, (first, last), axes)
            stage = packer.packing(tensor, temp, groups)
            if stage is None:
                return None
            tensor = _named(temp, points, (first, last))
            temps.append(tensor)
            before.append(stage)
            packed.append(role)
        factors.append(Matrix(tensor, sides))
    result = specification.results[0]
    out = Tensor(result.name, result.dtype, result.shape, result.index)
    if not layout.direct_out:
        temp, _ = _temp(f"t{len(temps)}", result.dtype, layout.outer, (m, n), axes)
        written = [(dim.plain,) if dim.plain is not None else () for dim in result.index]
        stage = packer.packing(temp, out, written)
        if stage is None:
            return None
        out = _named(temp, layout.outer, (m, n))
        temps.append(out)
        after.append(stage)
        packed.append("out")
    problem = Problem(
        outer=prod(axes[axis] for axis in layout.outer),
        folds=prod(axes[axis] for axis in k.points),
        m=m.extent(axes),
        n=n.extent(axes),
        k=k.extent(axes),
        dtype=contraction.lhs.dtype,
        out_dtype=result.dtype,
        lhs_rows_along_k=_rows_along(factors[0], factors[0].sides[1]),
        rhs_rows_along_k=_rows_along(factors[1], factors[1].sides[0]),
    )
    return Plan(
        specification,
        layout,
        factors[0],
        factors[1],
        Matrix(out, (m, n)),
        tuple(temps),
        tuple(before),
        tuple(after),
        problem,
        packer.target.cube.dtypes[contraction.lhs.dtype].accumulator,
        split,
        tuple(packed),
    )


def _rows_along(matrix: Matrix, side: Side) -> bool:
    """Whether the last dimension of a matrix's tensor runs along a side."""
    index = matrix.tensor.index
    return bool(index) and bool(index[-1].axes & {*side.flat, side.name})


def _temp(
    name: str,
    dtype: str,
    points: tuple[str, ...],
    sides: tuple[Side, Side],
    axes: Mapping[str, int],
) -> tuple[Tensor, list[tuple[str, ...]]]:
    """Scratch memory that holds matrices of two sides, one for each point."""
    groups = [*((axis,) for axis in points), *(side.flat for side in sides)]
    shape = tuple(prod(axes[axis] for axis in group) for group in groups)
    index = tuple(
        Affine.axis(group[0]) if len(group) == 1 else flat_index(group, axes) for group in groups
    )
    return Tensor(name, dtype, shape, index), groups


def _named(temp: Tensor, points: tuple[str, ...], sides: tuple[Side, Side]) -> Tensor:
    """The same scratch memory at an index that has each side under its name."""
    index = (*points, *(side.name for side in sides))
    dims = tuple(Affine() if name == ONE else Affine.axis(name) for name in index)
    return replace(temp, index=dims)
