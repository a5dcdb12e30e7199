"""Which tiles of columns a tile of rows meets, and the loops over them.

All rows meet all columns, or only those up to a diagonal (``Band``). Rows 128 to 191 with tiles of
64 columns up to their own meet tiles 0 to 2; of the last one, which the diagonal cuts, no row but
the last has all columns. The first tile counts as cut always: for the first rows it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.schedule.build_syntax import loop

SLOTS = 2
"""Slots of a ring; both kinds of cores work on one of them each."""

TURN = "k"
"""The loop over tiles of columns."""

CUT = "c"
"""The loop over those that the diagonal cuts."""


@dataclass(frozen=True)
class Turn:
    """A turn of the pipeline: the ``number``-th, or that many after what an expression counts.

    ``base`` counts columns, of which each turn takes a tile.
    """

    number: int
    base: ast.Expression | None = None

    @property
    def next(self) -> "Turn":
        """The turn after it."""
        return Turn(self.number + 1, self.base)

    @property
    def before(self) -> "Turn":
        """The turn before it."""
        return Turn(self.number - 1, self.base)

    def columns(self, side: int) -> ast.Expression:
        """Columns of the turns before it."""
        if self.base is None:
            return ast.Integer(self.number * side)
        return plus(self.base, self.number * side)

    def slot(self, side: int) -> ast.Expression:
        """The slot of a ring that its tile passes through."""
        if self.base is None:
            return ast.Integer(self.number % SLOTS)
        here: ast.Expression = ast.Arithmetic("//", self.base, ast.Integer(side))
        return ast.Arithmetic("%", plus(here, self.number % SLOTS), ast.Integer(SLOTS))


@dataclass(frozen=True)
class AllColumns:
    """Every tile of rows meets ``extent`` columns, ``side`` at a time; the last may be narrower.

    Where ``banded``, a condition on positions may hold or not in every tile.
    """

    extent: int
    side: int
    banded: bool = False

    padded = False

    def is_cut(self, turn: Turn) -> bool:
        """Whether some rows may not have all columns of a turn."""
        return self.banded

    @property
    def _count(self) -> int:
        return -(-self.extent // self.side)

    @property
    def _whole(self) -> int:
        return self.extent // self.side

    def slice(self, turn: Turn) -> ast.Slice:
        """The columns of a turn."""
        return ast.Slice(turn.columns(self.side), self.width(turn))

    def width(self, turn: Turn) -> int:
        """How many these are."""
        if turn.base is not None:
            return self.side
        return min(self.side, self.extent - turn.number * self.side)

    def after_first(self) -> Iterator[tuple[ast.Loop | None, Turn]]:
        """Every turn but the first, in order; those of a loop together."""
        done = 1
        if self._whole > 2:
            last = ast.Integer(self._whole * self.side)
            over = ast.Loop(TURN, ast.Integer(self.side), last, self.side)
            yield over, Turn(0, ast.Variable(TURN))
            done = self._whole
        for number in range(done, self._count):
            yield None, Turn(number)

    def before_last(self) -> Iterator[tuple[ast.Loop | None, Turn]]:
        """Every turn but the last, in order; those of a loop together."""
        done = 0
        if self._count > 2 and self._whole > 1:
            yield loop(TURN, (self._whole - 1) * self.side, self.side), Turn(0, ast.Variable(TURN))
            done = self._whole - 1
        for number in range(done, self._count - 1):
            yield None, Turn(number)

    @property
    def last_turn(self) -> Turn:
        """The last turn."""
        return Turn(self._count - 1)


@dataclass(frozen=True)
class ColumnsToDiagonal:
    """A tile of rows meets the tiles of columns up to ``n - m <= last``.

    Attributes:
        extent: all columns.
        side: the columns of a tile.
        row: the first row of a tile of rows.
        last: how far a row's last column is to the right of the diagonal; at least 0.
        cut: how many tiles the diagonal may cut; the first row of each tile of rows has a column
            of the first of them.
        lowest: the largest that ``row`` may be.
    """

    extent: int
    side: int
    row: ast.Expression
    last: int
    cut: int
    lowest: int

    def is_cut(self, turn: Turn) -> bool:
        """Whether some rows may not have all columns of a turn."""
        return turn.base is None or turn.base == ast.Variable(CUT)

    @property
    def padded(self) -> bool:
        """Whether loads may go beyond the end; all that is there is right of the diagonal."""
        return self.extent % self.side != 0

    @property
    def _whole(self) -> ast.Expression:
        """Tiles of which every row has every column."""
        return ast.Arithmetic("//", plus(self.row, self.last), ast.Integer(self.side))

    @property
    def _most(self) -> int:
        """The most that these are."""
        return (self.lowest + self.last) // self.side

    def _columns(self, tiles: ast.Expression) -> ast.Expression:
        return ast.Arithmetic("*", tiles, ast.Integer(self.side))

    @property
    def _last(self) -> ast.Expression:
        """The first column of the last tile."""
        return self._columns(plus(self._whole, self.cut - 1))

    @property
    def ends(self) -> bool:
        """Whether the last tile of the last rows begins before the end."""
        return (self._most + self.cut - 1) * self.side < self.extent

    def slice(self, turn: Turn) -> ast.Slice:
        """The columns of a turn."""
        return ast.Slice(turn.columns(self.side), self.side)

    def width(self, turn: Turn) -> int:
        """How many these are."""
        return self.side

    def after_first(self) -> Iterator[tuple[ast.Loop | None, Turn]]:
        """Every turn but the first, in order; those of a loop together."""
        side, most = ast.Integer(self.side), self._most
        if most > 1:
            within = ast.Loop(TURN, side, self._columns(self._whole), self.side)
            yield within, Turn(0, ast.Variable(TURN))
        if most == 0:
            for number in range(1, self.cut):
                yield None, Turn(number)
            return
        # The first tile was the first turn: it is 1 if there are none of which a row has all.
        some = ast.Arithmetic("//", plus(self._whole, most - 1), ast.Integer(most))
        first = ast.Arithmetic("-", plus(self._whole, 1), some)
        stop = plus(self._last, self.side)
        yield ast.Loop(CUT, self._columns(first), stop, self.side), Turn(0, ast.Variable(CUT))

    def before_last(self) -> Iterator[tuple[ast.Loop | None, Turn]]:
        """Every turn but the last, in order; those of a loop together."""
        if self._most + self.cut > 1:
            over = ast.Loop(TURN, ast.Integer(0), self._last, self.side)
            yield over, Turn(0, ast.Variable(TURN))

    @property
    def last_turn(self) -> Turn:
        """The last turn."""
        return Turn(0, self._last)


def cut_tiles(rows: int, columns: int, extent: int, last: int) -> int:
    """The most tiles of columns that the diagonal cuts in a tile of rows, of ``extent`` rows."""
    starts = range(0, extent, rows)
    tops = ((min(start + rows, extent) - 1 + last) // columns for start in starts)
    return max(top - (start + last) // columns + 1 for start, top in zip(starts, tops, strict=True))


def plus(expression: ast.Expression, number: int) -> ast.Expression:
    """An expression and a number, which may be negative."""
    if number == 0:
        return expression
    if isinstance(expression, ast.Integer) and expression.value + number >= 0:
        return ast.Integer(expression.value + number)
    sign = "+" if number > 0 else "-"
    return ast.Arithmetic(sign, expression, ast.Integer(abs(number)))
