"""The kernel of weighted rows: products on the cube core, running maxima and sums beside it.

The cube core multiplies one tile of rows with tiles of columns in turn, and hands each product to
its vector cores; they hand back the exponentials, whose products with the values they add up. When
a larger maximum comes, all that was summed so far is multiplied by exp(old - new)::

    on cube { across m … { S(0)  for k … { S(k+1)  P(k)·V(k) }  P(last)·V(last) } }
    on vector { across m …, r … { E(0)  for k … { E(k)  acc += PV(k-1)  acc *= alpha }  … } }

Tiles pass through rings of two slots in global memory. Three pairs of flags count what is full and
what is free again: scores, weights, products. The cube core is one product ahead, so that it works
while the vector cores do.
"""

from dataclasses import dataclass

from hawk_xdsl.codegen.mixed.column_tiles import SLOTS, AllColumns, ColumnsToDiagonal, Turn
from hawk_xdsl.codegen.mixed.pointwise import Pointwise, slice_of
from hawk_xdsl.codegen.mixed.row_tiles import HALF, RowTiles
from hawk_xdsl.dialects.dtype import WIDE_FLOAT
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.places import (
    L0C,
    L1,
    MATRIX_WORD,
    MIXED_WORD,
    UB,
    VECTOR_WORD,
)
from hawk_xdsl.dialects.npu import Comparison, Move, Reduction, Rounding
from hawk_xdsl.schedule.build_syntax import loop, span
from hawk_xdsl.semantics.terms import Term
from hawk_xdsl.semantics.weighted_rows import WeightedRows

SCORES, SCORES_FREE, WEIGHTS, WEIGHTS_FREE, PRODUCTS, PRODUCTS_FREE = range(6)
"""The flags: what is full, and what is free again."""

LEAST = -3.4028234663852886e38
"""The lowest f32: a maximum with it is above minus infinity, so that no difference of maxima is of
two infinities, and a row of nothing but these has exponentials of 0."""


@dataclass(frozen=True)
class RunningRows:
    """One kernel: tiles of rows, and the tiles of columns that each meets.

    ``extents`` are those of the axes; a group of cores has ``halves`` vector cores. ``within`` are
    the logits of a tile whose columns every row has, ``cut`` those of others, if there are any.
    """

    parts: WeightedRows
    rows: RowTiles
    columns: AllColumns | ColumnsToDiagonal
    within: Pointwise
    cut: Pointwise | None
    extents: dict[str, int]
    halves: int

    def kernel(self) -> ast.KernelText:
        """The whole text."""
        columns = self.extents[self.parts.e]
        blocks = min(self.rows.groups, self.rows.count)
        shapes = (
            ("t0", WIDE_FLOAT, self.columns.side),
            ("t1", str(self.parts.weights), self.columns.side),
            ("t2", WIDE_FLOAT, columns),
        )
        temps = tuple(
            ast.Temp(name, dtype, (blocks, SLOTS, self.rows.side, width))
            for name, dtype, width in shapes
        )
        cube = ast.Stage(MATRIX_WORD, (ast.Across(self.rows.loops(), tuple(self._cube())),))
        half = loop(HALF, self.rows.side, self._half)
        across = ast.Across((*self.rows.loops(), half), tuple(self._vector()))
        parts = (cube, ast.Stage(VECTOR_WORD, (across,)))
        return ast.KernelText(temps, (ast.Stage(MIXED_WORD, (), None, parts),))

    # Places

    def _ring(self, name: str, turn: Turn, rows: ast.Slice, width: int) -> ast.Tile:
        slot = ast.Slice(turn.slot(self.columns.side))
        return ast.Tile(name, (ast.Slice(self.rows.group()), slot, rows, span(width)))

    def _read(self, term: Term, sides: dict[str, ast.Slice]) -> ast.Tile:
        """A part of an operand: the given axes as sides, the others as points."""
        return ast.Tile(term.operand, tuple(slice_of(dim, sides) for dim in term.index))

    def _transposed(self, term: Term, first: str) -> bool:
        """Whether a matrix lies with an axis as its columns."""
        return first in term.index[-1].axes

    # The cube core

    def _cube(self) -> list[ast.Statement]:
        body: list[ast.Statement] = [*SLOTS * [ast.Signal(WEIGHTS_FREE, Move.LOAD)]]
        parts = self.parts
        sides = {parts.m: self._rows_slice(), parts.d: span(self.extents[parts.d])}
        body.append(ast.Assign("q", self._loaded(parts.lhs, sides, L1)))
        body += self._score(Turn(0))
        for over, turn in self.columns.before_last():
            body += _within(over, [*self._score(turn.next), *self._weigh(turn)])
        body += self._weigh(self.columns.last_turn)
        for flag in (SCORES_FREE, PRODUCTS_FREE):
            body += SLOTS * [ast.Await(flag, Move.STORE)]
        return body

    def _score(self, turn: Turn) -> list[ast.Statement]:
        """One tile of the first product, handed to the vector cores."""
        parts, width = self.parts, self.columns.width(turn)
        sides = {parts.n: self.columns.slice(turn), parts.d: span(self.extents[parts.d])}
        names = ("q", "b", "s") if width == self.columns.side else ("q", "bl", "sl")
        left, right, total = names
        straight = self._transposed(parts.rhs, parts.n)
        return [
            ast.Assign(right, self._loaded(parts.rhs, sides, L1)),
            ast.Assign(total, ast.Fill(_ZERO, WIDE_FLOAT, (self.rows.side, width), L0C)),
            ast.Assign(
                total,
                ast.Mmad(
                    ast.Factor(ast.Tile(left), self._transposed(parts.lhs, parts.m)),
                    ast.Factor(ast.Tile(right), not straight),
                    total,
                ),
            ),
            ast.Await(SCORES_FREE, Move.STORE),
            ast.Store(ast.Tile(total), self._ring("t0", turn, span(self.rows.side), width)),
            ast.Signal(SCORES, Move.STORE),
        ]

    def _weigh(self, turn: Turn) -> list[ast.Statement]:
        """The weights of one tile times its values, handed to the vector cores."""
        parts, width, columns = self.parts, self.columns.width(turn), self.extents[self.parts.e]
        sides = {parts.n: self.columns.slice(turn), parts.e: span(columns)}
        whole = width == self.columns.side
        values, weights, total = ("v", "w", "o") if whole else ("vl", "wl", "ol")
        straight = self._transposed(parts.values, parts.e)
        ring = self._ring("t1", turn, span(self.rows.side), width)
        return [
            ast.Assign(values, self._loaded(parts.values, sides, L1)),
            ast.Await(WEIGHTS, Move.LOAD),
            ast.Assign(weights, ast.Load(ring, L1)),
            ast.Signal(WEIGHTS_FREE, Move.LOAD),
            ast.Assign(total, ast.Fill(_ZERO, WIDE_FLOAT, (self.rows.side, columns), L0C)),
            ast.Assign(
                total,
                ast.Mmad(
                    ast.Factor(ast.Tile(weights)),
                    ast.Factor(ast.Tile(values), not straight),
                    total,
                ),
            ),
            ast.Await(PRODUCTS_FREE, Move.STORE),
            ast.Store(ast.Tile(total), self._ring("t2", turn, span(self.rows.side), columns)),
            ast.Signal(PRODUCTS, Move.STORE),
        ]

    # The vector cores

    def _vector(self) -> list[ast.Statement]:
        columns = self.extents[self.parts.e]
        body: list[ast.Statement] = []
        for flag in (SCORES_FREE, PRODUCTS_FREE):
            body += SLOTS * [ast.Signal(flag, Move.LOAD)]
        fill = ast.Fill(_ZERO, WIDE_FLOAT, (self._half, columns), UB)
        body += [ast.Assign("acc", fill), *self._places()]
        body += self._exponentials(Turn(0), first=True)
        for over, turn in self.columns.after_first():
            inner = [*self._exponentials(turn, first=False), *self._added(turn.before)]
            body += _within(over, [*inner, _assign("acc", "vmul", "acc", "al")])
        body += [*self._added(self.columns.last_turn), *self._end()]
        return [*body, *SLOTS * [ast.Await(WEIGHTS_FREE, Move.STORE)]]

    @property
    def _half(self) -> int:
        return self.rows.side // self.halves

    def _exponentials(self, turn: Turn, *, first: bool) -> list[ast.Statement]:
        """Maxima, exponentials and sums of one tile, whose exponentials the cube core gets."""
        width = self.columns.width(turn)
        tile = "a" if width == self.columns.side else "al0"
        half = ast.Slice(ast.Variable(HALF), self._half)
        body: list[ast.Statement] = [
            ast.Await(SCORES, Move.LOAD),
            ast.Assign(tile, ast.Load(self._ring("t0", turn, half, width), UB)),
            ast.Signal(SCORES_FREE, Move.LOAD),
        ]
        sides = {
            self.parts.m: self._half_slice(),
            self.parts.n: self.columns.slice(turn),
        }
        padded = self.rows.is_cut or self.columns.padded
        if self.columns.is_cut(turn):
            assert self.cut is not None
            body += self._condition(turn)
            held = ast.Tile("held", (span(self._half), span(width)))
            made, name = self.cut.statements([tile], sides, f"c{width}x", padded, held, "gap")
        else:
            made, name = self.within.statements([tile], sides, f"z{width}x", padded)
        body += made
        largest = ast.Reduce(Reduction.MAX, ast.Tile(name), (1,))
        if first:
            body.append(ast.Assign("top", largest))
            if self.parts.empty:
                body.append(_assign("most", "copy", "top"))
                body.append(_assign("top", "vmax", "top", LEAST))
        else:
            body += [
                ast.Assign("here", largest),
                *([_assign("most", "vmax", "most", "here")] if self.parts.empty else []),
                _assign("now", "vmax", "top", "here"),
                _assign("al", "vsub", "top", "now"),
                _assign("al", "vexp", "al"),
                _assign("top", "copy", "now"),
            ]
        body += [_assign(name, "vsub", name, "top"), _assign(name, "vexp", name)]
        handed = name
        if self.parts.weights != WIDE_FLOAT:
            handed = f"h{width}"
            cast = ast.Cast(ast.Tile(name), str(self.parts.weights), Rounding.RINT)
            body.append(ast.Assign(handed, cast))
        body += [
            ast.Await(WEIGHTS_FREE, Move.STORE),
            ast.Store(ast.Tile(handed), self._ring("t1", turn, half, width)),
            ast.Signal(WEIGHTS, Move.STORE),
        ]
        total = ast.Reduce(Reduction.SUM, ast.Tile(name), (1,))
        if first:
            return [*body, ast.Assign("whole", total)]
        return [
            *body,
            ast.Assign("more", total),
            _assign("whole", "vmul", "whole", "al"),
            _assign("whole", "vadd", "whole", "more"),
        ]

    def _added(self, turn: Turn) -> list[ast.Statement]:
        """One product with values, added to the result."""
        half = ast.Slice(ast.Variable(HALF), self._half)
        ring = self._ring("t2", turn, half, self.extents[self.parts.e])
        return [
            ast.Await(PRODUCTS, Move.LOAD),
            ast.Assign("t", ast.Load(ring, UB)),
            ast.Signal(PRODUCTS_FREE, Move.LOAD),
            _assign("acc", "vadd", "acc", "t"),
        ]

    def _end(self) -> list[ast.Statement]:
        """The quotient, and its store."""
        parts, result = self.parts, self.parts.result
        name, share = "acc", "share"
        body: list[ast.Statement] = [
            ast.Assign("one", ast.Fill(ast.Number(1.0), WIDE_FLOAT, (self._half, 1), UB)),
            _assign("share", "vdiv", "one", "whole"),
        ]
        if parts.empty:
            least = ast.Compare(Comparison.EQ, ast.Tile("most"), ast.Number(float("-inf")))
            chosen = (ast.Tile("none"), _ZERO, ast.Tile("share"))
            body += [
                ast.Assign("none", least),
                ast.Assign(share := "kept", ast.Elementwise("vsel", chosen)),
            ]
        body.append(_assign("acc", "vmul", "acc", share))
        if result.dtype != WIDE_FLOAT:
            cast = ast.Cast(ast.Tile(name), result.dtype, Rounding.RINT)
            body.append(ast.Assign(name := "out", cast))
        # Fewer rows than a vector core has: the first one stores them all.
        count, wide = min(self._half, self.extents[parts.m]), span(self.extents[parts.e])
        here = self._half_slice() if count == self._half else span(count)
        sides = {parts.m: here, parts.e: wide}
        dest = ast.Tile(result.name, tuple(slice_of(dim, sides) for dim in result.index))
        stored = ast.Tile(name) if count == self._half else ast.Tile(name, (span(count), wide))
        store = ast.Store(stored, dest)
        if not self.rows.is_cut:
            return [*body, store]
        row = ast.Arithmetic("+", self.rows.start, ast.Variable(HALF))
        return [*body, ast.If(row, "<", ast.Integer(self.extents[parts.m]), (store,))]

    # Sides

    def _rows_slice(self) -> ast.Slice:
        return ast.Slice(self.rows.start, self.rows.side)

    def _half_slice(self) -> ast.Slice:
        start = ast.Arithmetic("+", self.rows.start, ast.Variable(HALF))
        return ast.Slice(start, self._half)

    def _loaded(self, term: Term, sides: dict[str, ast.Slice], space: str) -> ast.Load:
        beyond = self.rows.is_cut and self.parts.m in sides
        beyond = beyond or (self.columns.padded and self.parts.n in sides)
        return ast.Load(self._read(term, sides), space, _ZERO if beyond else None)

    # Columns that a row has

    def _places(self) -> list[ast.Statement]:
        """The positions of rows, and of the columns of the first tile."""
        if self.cut is None:
            return []
        names, shapes = ("j", "i"), ((self.columns.side,), (self._half, 1))
        made = zip(names, shapes, strict=True)
        return [
            *(ast.Assign(name, ast.Arange(WIDE_FLOAT, shape, 0)) for name, shape in made),
            *_moved("i", self.rows.start),
            _assign("i", "vadd", "i", HALF),
        ]

    def _condition(self, turn: Turn) -> list[ast.Statement]:
        """The condition on positions of a tile: how far columns are right of the diagonal."""
        band = self.parts.band
        assert band is not None
        column: float | str = turn.number * self.columns.side
        if isinstance(turn.base, ast.Variable):
            column = turn.base.name
        relation = Comparison.LE if band.within else Comparison.GT
        compared = ast.Compare(relation, ast.Tile("gap"), ast.Number(float(band.last)))
        moved = [_assign("jk", "vadd", "j", column)] if column else []
        return [
            *moved,
            _assign("gap", "vsub", "jk" if moved else "j", "i"),
            ast.Assign("held", compared),
        ]


_ZERO = ast.Number(0.0)


def _assign(name: str, mnemonic: str, *operands: str | float) -> ast.Assign:
    given = tuple(ast.Tile(o) if isinstance(o, str) else ast.Number(o) for o in operands)
    return ast.Assign(name, ast.Elementwise(mnemonic, given))


def _within(over: ast.Loop | None, body: list[ast.Statement]) -> list[ast.Statement]:
    """A body in a loop, or as it is."""
    return body if over is None else [ast.For(over, tuple(body))]


def _moved(name: str, by: ast.Expression) -> list[ast.Statement]:
    """A buffer plus an index; one that is computed gets a name, as an operand must have."""
    if isinstance(by, ast.Variable):
        return [_assign(name, "vadd", name, by.name)]
    over = ast.Loop("at", by, ast.Arithmetic("+", by, ast.Integer(1)), 1)
    return [ast.For(over, (_assign(name, "vadd", name, "at"),))]
