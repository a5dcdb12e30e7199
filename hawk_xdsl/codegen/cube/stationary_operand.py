"""Products one of whose operands stays in l1, as deep as k, while tiles of the other stream."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from hawk_xdsl.codegen.cube.form import Form
from hawk_xdsl.codegen.cube.matrix_product import MatrixProducts
from hawk_xdsl.codegen.cube.matrix_slice import MatrixSlice, Side, flat_index
from hawk_xdsl.codegen.cube.tile_sizes import (
    OperandName,
    Preferred,
    SideSizes,
    TileSizes,
    bias_bytes,
    fits,
    step_grain,
    up,
)
from hawk_xdsl.codegen.cube.tiled_product import TiledProduct, loaded
from hawk_xdsl.dialects.kernel_text.syntax import (
    Arithmetic,
    Factor,
    For,
    Integer,
    KernelText,
    Loop,
    Slice,
    Statement,
    Tile,
    Variable,
)
from hawk_xdsl.dialects.npu import Role
from hawk_xdsl.schedule.build_syntax import across, expression_of, loop, part, span
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.terms import Affine

_T = TypeVar("_T")

OPERANDS: tuple[OperandName, ...] = ("lhs", "rhs")

PART = Variable("part")
"""Where a part of the streamed side starts."""


@dataclass(frozen=True)
class _StationaryForm(Form):
    """What the strategies share that keep an operand in l1."""

    @property
    def _is_lhs(self) -> bool:
        return self.product.stationary == "lhs"

    def _pair(self, m: _T, n: _T) -> tuple[_T, _T]:
        """Of m and n first what is of the stationary operand's side, then of the streamed one."""
        return (m, n) if self._is_lhs else (n, m)

    @property
    def sides(self) -> tuple[Side, Side]:
        """The side of the stationary operand and that of the streamed one."""
        layout = self.product.layout
        return self._pair(layout.m, layout.n)

    @property
    def _extents(self) -> tuple[int, int]:
        problem = self.product.problem
        return self._pair(problem.m, problem.n)

    def fits(self, tile: TileSizes) -> bool:
        """Whether memory holds the tile and the loops can run over it."""
        problem, target = self.product.problem, self.target
        own, other = self._pair(tile.m, tile.n)
        grain = step_grain(problem, target)
        if problem.k % tile.k or not fits(problem, tile, target):
            return False
        if (problem.reduction_points > 1 or tile.k < problem.k) and tile.k % grain:
            return False
        _, streamed = self._extents
        if -(-streamed // other) % tile.split or not self.product.divides(tile):
            return False
        depth = up(problem.k * problem.reduction_points, grain)
        own_grain, other_grain = self._pair(target.cube.rows, target.cube.columns)
        panel = up(own, own_grain) * depth * problem.width
        step = up(other, other_grain) * up(tile.k, grain) * problem.width
        if problem.bias:
            step += bias_bytes(up(tile.n, target.cube.columns), target)
        return panel + 2 * step <= target.capacity(Role.MATRIX)

    def panel(self, own: int) -> MatrixSlice:
        """``own`` rows or columns of the stationary operand, as deep as all that is summed."""
        axes = self.product.specification.axes
        side, _ = self.sides
        matrix = self.product.lhs if self._is_lhs else self.product.rhs
        deep = next(each for each in matrix.sides if each != side)
        sizes = {side.name: own, deep.name: deep.extent(axes)}
        return matrix.slice(sizes, axes, matrix=True)

    def step(self, tiled: TiledProduct) -> list[Statement]:
        """A step that loads a tile of the streamed operand and multiplies it by a part of ``f``."""
        own, _ = self._pair(tiled.tile.m, tiled.tile.n)
        panel = self.panel(own)
        factor = Factor(self._part(tiled.tile.k, own, panel), panel.transposed)
        if self._is_lhs:
            product = tiled.multiplied(factor, Factor(Tile("s"), tiled.rhs.transposed))
            return [loaded("s", tiled.rhs), product]
        product = tiled.multiplied(Factor(Tile("s"), tiled.lhs.transposed), factor)
        return [loaded("s", tiled.lhs), product]

    def _part(self, step: int, own: int, panel: MatrixSlice) -> Tile:
        """What a step multiplies of a panel: ``f[i2:64, 0:128]``, or all of it."""
        axes, k = self.product.specification.axes, self.product.layout.k
        start = flat_index(k.points, axes).scaled(k.extent(axes))
        if step < k.extent(axes):
            start += Affine.axis(k.name)
        if not start.terms:
            return Tile("f")
        along = Slice(expression_of(start), step)
        k_first = panel.transposed == self._is_lhs
        return part("f", along, span(own)) if k_first else part("f", span(own), along)


@dataclass(frozen=True)
class StationaryOperand(_StationaryForm):
    """Each core loads all of one operand once; tiles of the result take their part of it::

    f = load x1[0:64, 0:96] into l1
    across i0 in 0..4096 step 128 {
      acc = fill 0.0 f32[128, 96] in l0c
      s = load x0[i0:128, 0:64] into l1
      acc = mmad s, f, acc
      store acc into y0[i0:128, 0:96]
    }
    """

    strategy = "stationary-operand"

    def tiles(self) -> Iterator[TileSizes]:
        """Tile sizes to choose from: all fit."""
        problem = self.product.problem
        own, _ = self._extents
        _, others = self._pair(self.sizes.m, self.sizes.n)
        for other in others():
            for k in self.sizes.k():
                m, n = self._pair(own, other)
                tile = TileSizes(m, n, k)
                if problem.k % k == 0 and self.allows(tile):
                    yield tile

    def fits(self, tile: TileSizes) -> bool:
        """Whether memory holds the tile and the loops can run over it."""
        whole, _ = self._extents
        own, _ = self._pair(tile.m, tile.n)
        return own == whole and tile.split == 1 and super().fits(tile)

    def unpacked(self, tile: TileSizes) -> KernelText:
        """As the form says."""
        tiled = TiledProduct(self.product, tile)
        own, _ = self._pair(tile.m, tile.n)
        body = tiled.result_tile(
            self.step(tiled), tiled.out, tiled.reduction_loops(), self.epilogue
        )
        return tiled.kernel([loaded("f", self.panel(own)), across(tiled.result_loops(), body)])


@dataclass(frozen=True)
class StationaryPanels(_StationaryForm):
    """Each core loads a panel of one operand and keeps it for a row of tiles of the result::

        across i0 in 0..4096 step 256, part in 0..2048 step 1024 {
          f = load x0[i0:256, 0:512] into l1
          for i1 in part..part+1024 step 256 {
            acc = fill 0.0 f32[256, 256] in l0c
            for i2 in 0..512 step 128 {
              s = load x1[i2:128, i1:256] into l1
              acc = mmad f[0:256, i2:128], s, acc
            }
            store acc into y0[i0:256, i1:256]
          }
        }

    Where panels are fewer than cores, the streamed side is divided into parts.
    """

    strategy = "stationary-panels"

    def tiles(self) -> Iterator[TileSizes]:
        """Tile sizes to choose from: all fit."""
        problem, target = self.product.problem, self.target
        depths = [k for k in self.sizes.k() if problem.k % k == 0]
        extent, streamed = self._extents
        own_sizes, other_sizes = self._pair(self.sizes.m, self.sizes.n)
        for own in own_sizes():
            panels = problem.outer * -(-extent // own)
            for other in other_sizes():
                count = -(-streamed // other)
                for split in _splits(panels, count, target.cores[target.matrix_core]):
                    for k in depths:
                        m, n = self._pair(own, other)
                        tile = TileSizes(m, n, k, split)
                        if self.allows(tile):
                            yield tile

    def schedule(self, tile: TileSizes) -> Schedule:
        """The choice of this form and of a tile, the loops as they are nested.

        Parts of the streamed side are a loop of their own, ``part``.
        """
        plain = super().schedule(replace(tile, split=1))
        own, streamed = (side.name for side in self.sides)
        loops = [*self.product.layout.outer, own, PART.name, streamed]
        sizes = plain.sizes if tile.split == 1 else {**plain.sizes, PART.name: self._length(tile)}
        nest = {name: sizes[name] for name in dict.fromkeys((*loops, *sizes)) if name in sizes}
        return plain.with_sizes(nest)

    def split_of(self, schedule: Schedule) -> int:
        """Into how many parts a schedule divides the side that it streams."""
        _, streamed = self._extents
        return -(-streamed // schedule.sizes.get(PART.name, streamed))

    def streamed(self) -> frozenset[str]:
        """The side of the result whose loop runs inside an iteration of the ``across``."""
        _, side = self.sides
        return frozenset({side.name})

    def unpacked(self, tile: TileSizes) -> KernelText:
        """As the form says."""
        tiled = TiledProduct(self.product, tile)
        own, _ = self._pair(tile.m, tile.n)
        body = tiled.result_tile(
            self.step(tiled), tiled.out, tiled.reduction_loops(), self.epilogue
        )
        columns = For(self._tile_loop(tile), body)
        return tiled.kernel(
            [across(self._panel_loops(tile), [loaded("f", self.panel(own)), columns])]
        )

    def _length(self, tile: TileSizes) -> int:
        """Elements of the streamed side in a part: whole tiles of it."""
        _, streamed = self._extents
        _, other = self._pair(tile.m, tile.n)
        return -(-streamed // other) // tile.split * other

    def _panel_loops(self, tile: TileSizes) -> list[Loop]:
        axes = self.product.specification.axes
        extent, streamed = self._extents
        own, _ = self._pair(tile.m, tile.n)
        side, _ = self.sides
        loops = [loop(axis, axes[axis], 1) for axis in self.product.layout.outer]
        if own < extent:
            loops.append(loop(side.name, extent, own))
        if tile.split > 1:
            loops.append(loop(PART.name, streamed, self._length(tile)))
        return loops

    def _tile_loop(self, tile: TileSizes) -> Loop:
        """The loop over the tiles of the streamed side that a panel is multiplied by."""
        _, extent = self._extents
        _, side = self.sides
        _, other = self._pair(tile.m, tile.n)
        if tile.split == 1:
            return loop(side.name, extent, other)
        end = Arithmetic("+", PART, Integer(self._length(tile)))
        return Loop(side.name, PART, end, other)


def _splits(panels: int, count: int, cores: int) -> Iterator[int]:
    """Into how many equal parts ``count`` tiles may be divided, so that most cores have work."""
    most = max(1, 2 * cores // panels)
    for split in range(1, min(count, most) + 1):
        if count % split == 0 and panels * split >= min(cores, panels * count) / 2:
            yield split


def stationary_operand(products: MatrixProducts, preferred: Preferred) -> Iterator[Form]:
    """Two forms of each layout, without an axis that the stationary operand would change along."""
    for product in products.every(OPERANDS):
        form = StationaryOperand(product, SideSizes(product.problem, products.target, preferred))
        if not product.layout.batch and not form.sides[0].points:
            yield form


def stationary_panels(products: MatrixProducts, preferred: Preferred) -> Iterator[Form]:
    """Two forms of each layout whose streamed side has an axis, and none outside the tile."""
    for product in products.every(OPERANDS):
        form = StationaryPanels(product, SideSizes(product.problem, products.target, preferred))
        streamed = form.sides[1]
        if streamed.flat and not streamed.points:
            yield form
