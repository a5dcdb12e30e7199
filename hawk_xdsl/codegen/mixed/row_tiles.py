"""Which tiles of rows there are, and which group of cores works on which.

Tiles are distributed in turn. Where those further down have more to do, they go the other way
round, and the last round, which may not be full, has the smallest of all: of 64 tiles on 24 groups
first 15 to 0 and 63 to 56, then 55 to 32, then 31 to 16, so that group 0 has 15, 55 and 31. That is
104 units of work where the tile of number i has i + 1; in their own order the most would be 120.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.schedule.build_syntax import loop, trips_of

HALF = "r"
"""The loop over the parts of a tile of rows that each vector core has."""


@dataclass(frozen=True)
class RowTiles:
    """Tiles of ``side`` rows along ``axis``, for each point of the ``batch``.

    Attributes:
        batch: axes that are loops.
        axis: the axis of rows.
        extents: those of all axes.
        side: the rows of a tile.
        groups: groups of cores that work at once.
        growing: whether tiles further down have more to do.
    """

    batch: Sequence[str]
    axis: str
    extents: Mapping[str, int]
    side: int
    groups: int
    growing: bool

    @property
    def count(self) -> int:
        """All tiles."""
        return self._rows * self._batches

    @property
    def _rows(self) -> int:
        return -(-self.extents[self.axis] // self.side)

    @property
    def _batches(self) -> int:
        return prod(self.extents[axis] for axis in self.batch)

    @property
    def is_cut(self) -> bool:
        """Whether the last tile of rows goes beyond the end."""
        return self.extents[self.axis] % self.side != 0

    def loops(self) -> tuple[ast.Loop, ...]:
        """The loops that are distributed, the slowest first."""
        batch = (loop(axis, self.extents[axis], 1) for axis in self.batch)
        if self.growing:
            return (loop(self.axis, self._rows, 1), *batch)
        return (*batch, loop(self.axis, self.extents[self.axis], self.side))

    @property
    def start(self) -> ast.Expression:
        """The first row of a tile."""
        if not self.growing:
            return ast.Variable(self.axis)
        first = self._rows - 1 + (self.count % self.groups) // self._batches
        below = ast.Arithmetic("-", ast.Integer(first), ast.Variable(self.axis))
        number = ast.Arithmetic("%", below, ast.Integer(self._rows))
        return ast.Arithmetic("*", number, ast.Integer(self.side)) if self.side > 1 else number

    def group(self) -> ast.Expression:
        """The number of the group that works on a tile."""
        return group_of(self.loops(), self.groups)


def group_of(loops: Sequence[ast.Loop], groups: int) -> ast.Expression:
    """The number of the group that has an iteration of loops that are distributed in turn."""
    total: ast.Expression | None = None
    for each in loops:
        here: ast.Expression = ast.Variable(each.variable)
        if each.step > 1:
            here = ast.Arithmetic("//", here, ast.Integer(each.step))
        if total is not None:
            before = ast.Arithmetic("*", total, ast.Integer(trips_of(each)))
            here = ast.Arithmetic("+", before, here)
        total = here
    assert total is not None
    return ast.Arithmetic("%", total, ast.Integer(groups))
