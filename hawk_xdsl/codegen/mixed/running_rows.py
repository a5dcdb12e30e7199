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
from math import prod

from hawk_xdsl.codegen.mixed.pointwise import Pointwise, slice_of
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

SLOTS = 2
"""Slots of a ring; both kinds of cores work on one of them each."""

SCORES, SCORES_FREE, WEIGHTS, WEIGHTS_FREE, PRODUCTS, PRODUCTS_FREE = range(6)
"""The flags: what is full, and what is free again."""

HALF = "r"
"""The loop over the parts of a tile of rows that each vector core has."""

LEAST = -3.4028234663852886e38
"""The lowest f32: a maximum with it is above minus infinity, so that no difference of maxima is of
two infinities, and a row of nothing but these has exponentials of 0."""


@dataclass(frozen=True)
class RunningRows:
    """One kernel: ``rows`` and ``columns`` are the sides of a tile of scores.

    ``extents`` are those of the axes; ``cores`` blocks run at once, with ``halves`` vector cores
    each.
    """

    parts: WeightedRows
    pointwise: Pointwise
    extents: dict[str, int]
    rows: int
    columns: int
    cores: int
    halves: int

    def kernel(self) -> ast.KernelText:
        """The whole text."""
        columns = self.extents[self.parts.e]
        blocks = min(self.cores, self._tiles)
        shapes = (
            ("t0", WIDE_FLOAT, self.columns),
            ("t1", str(self.parts.weights), self.columns),
            ("t2", WIDE_FLOAT, columns),
        )
        temps = tuple(
            ast.Temp(name, dtype, (blocks, SLOTS, self.rows, width))
            for name, dtype, width in shapes
        )
        cube = ast.Stage(MATRIX_WORD, (ast.Across(self._loops(), tuple(self._cube())),))
        half = loop(HALF, self.rows, self.rows // self.halves)
        across = ast.Across((*self._loops(), half), tuple(self._vector()))
        parts = (cube, ast.Stage(VECTOR_WORD, (across,)))
        return ast.KernelText(temps, (ast.Stage(MIXED_WORD, (), None, parts),))

    # Loops, places

    @property
    def _tiles(self) -> int:
        rows = -(-self.extents[self.parts.m] // self.rows)
        return rows * prod(self.extents[axis] for axis in self.parts.batch)

    def _loops(self) -> tuple[ast.Loop, ...]:
        batch = (loop(axis, self.extents[axis], 1) for axis in self.parts.batch)
        return (*batch, loop(self.parts.m, self.extents[self.parts.m], self.rows))

    def _block(self) -> ast.Expression:
        """The number of the block that works on a tile: tiles are distributed in turn."""
        axes = (*self.parts.batch, self.parts.m)
        total: ast.Expression | None = None
        for axis in axes:
            here: ast.Expression = ast.Variable(axis)
            count = self.extents[axis]
            if axis == self.parts.m and self.rows > 1:
                here = ast.Arithmetic("//", here, ast.Integer(self.rows))
                count = -(-count // self.rows)
            if total is not None:
                before = ast.Arithmetic("*", total, ast.Integer(count))
                here = ast.Arithmetic("+", before, here)
            total = here
        assert total is not None
        return ast.Arithmetic("%", total, ast.Integer(self.cores))

    def _ring(self, name: str, number: "_Number", rows: ast.Slice, width: int) -> ast.Tile:
        slot = ast.Slice(number.slot(self.columns))
        return ast.Tile(name, (ast.Slice(self._block()), slot, rows, span(width)))

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
        body += self._score(_Number(0))
        count = -(-self.extents[parts.n] // self.columns)
        whole = self.extents[parts.n] // self.columns
        if count > 2 and whole > 1:
            inner = [*self._score(_Number(1, "k")), *self._weigh(_Number(0, "k"))]
            last = (whole - 1) * self.columns
            body.append(ast.For(loop("k", last, self.columns), tuple(inner)))
            done = whole - 1
        else:
            done = 0
        for number in range(done, count):
            if number + 1 < count:
                body += self._score(_Number(number + 1))
            body += self._weigh(_Number(number))
        for flag in (SCORES_FREE, PRODUCTS_FREE):
            body += SLOTS * [ast.Await(flag, Move.STORE)]
        return body

    def _score(self, number: "_Number") -> list[ast.Statement]:
        """One tile of the first product, handed to the vector cores."""
        parts, width = self.parts, self._width(number)
        sides = {parts.n: number.slice(self.columns, width), parts.d: span(self.extents[parts.d])}
        names = ("q", "b", "s") if width == self.columns else ("q", "bl", "sl")
        left, right, total = names
        straight = self._transposed(parts.rhs, parts.n)
        return [
            ast.Assign(right, self._loaded(parts.rhs, sides, L1)),
            ast.Assign(total, ast.Fill(_ZERO, WIDE_FLOAT, (self.rows, width), L0C)),
            ast.Assign(
                total,
                ast.Mmad(
                    ast.Factor(ast.Tile(left), self._transposed(parts.lhs, parts.m)),
                    ast.Factor(ast.Tile(right), not straight),
                    total,
                ),
            ),
            ast.Await(SCORES_FREE, Move.STORE),
            ast.Store(ast.Tile(total), self._ring("t0", number, span(self.rows), width)),
            ast.Signal(SCORES, Move.STORE),
        ]

    def _weigh(self, number: "_Number") -> list[ast.Statement]:
        """The weights of one tile times its values, handed to the vector cores."""
        parts, width, columns = self.parts, self._width(number), self.extents[self.parts.e]
        sides = {parts.n: number.slice(self.columns, width), parts.e: span(columns)}
        whole = width == self.columns
        values, weights, total = ("v", "w", "o") if whole else ("vl", "wl", "ol")
        straight = self._transposed(parts.values, parts.e)
        ring = self._ring("t1", number, span(self.rows), width)
        return [
            ast.Assign(values, self._loaded(parts.values, sides, L1)),
            ast.Await(WEIGHTS, Move.LOAD),
            ast.Assign(weights, ast.Load(ring, L1)),
            ast.Signal(WEIGHTS_FREE, Move.LOAD),
            ast.Assign(total, ast.Fill(_ZERO, WIDE_FLOAT, (self.rows, columns), L0C)),
            ast.Assign(
                total,
                ast.Mmad(
                    ast.Factor(ast.Tile(weights)),
                    ast.Factor(ast.Tile(values), not straight),
                    total,
                ),
            ),
            ast.Await(PRODUCTS_FREE, Move.STORE),
            ast.Store(ast.Tile(total), self._ring("t2", number, span(self.rows), columns)),
            ast.Signal(PRODUCTS, Move.STORE),
        ]

    # The vector cores

    def _vector(self) -> list[ast.Statement]:
        parts, columns = self.parts, self.extents[self.parts.e]
        body: list[ast.Statement] = []
        for flag in (SCORES_FREE, PRODUCTS_FREE):
            body += SLOTS * [ast.Signal(flag, Move.LOAD)]
        fill = ast.Fill(_ZERO, WIDE_FLOAT, (self._half, columns), UB)
        body += [ast.Assign("acc", fill), *self._exponentials(_Number(0), first=True)]
        count = -(-self.extents[parts.n] // self.columns)
        whole = self.extents[parts.n] // self.columns
        done = 1
        if whole > 2:
            inner = [
                *self._exponentials(_Number(0, "k"), first=False),
                *self._added(_Number(-1, "k")),
                _assign("acc", "vmul", "acc", "al"),
            ]
            last = ast.Integer(whole * self.columns)
            over = ast.Loop("k", ast.Integer(self.columns), last, self.columns)
            body.append(ast.For(over, tuple(inner)))
            done = whole
        for number in range(done, count):
            body += self._exponentials(_Number(number), first=False)
            body += self._added(_Number(number - 1))
            body.append(_assign("acc", "vmul", "acc", "al"))
        body += [*self._added(_Number(count - 1)), *self._end()]
        return [*body, *SLOTS * [ast.Await(WEIGHTS_FREE, Move.STORE)]]

    @property
    def _half(self) -> int:
        return self.rows // self.halves

    def _exponentials(self, number: "_Number", *, first: bool) -> list[ast.Statement]:
        """Maxima, exponentials and sums of one tile, whose exponentials the cube core gets."""
        width = self._width(number)
        tile = "a" if width == self.columns else "al0"
        half = ast.Slice(ast.Variable(HALF), self._half)
        body: list[ast.Statement] = [
            ast.Await(SCORES, Move.LOAD),
            ast.Assign(tile, ast.Load(self._ring("t0", number, half, width), UB)),
            ast.Signal(SCORES_FREE, Move.LOAD),
        ]
        sides = {
            self.parts.m: self._half_slice(),
            self.parts.n: number.slice(self.columns, width),
        }
        made, name = self.pointwise.statements(tile, sides, f"z{width}x", self._is_cut)
        body += made
        largest = ast.Reduce(Reduction.MAX, ast.Tile(name), (1,))
        if first:
            body.append(ast.Assign("top", largest))
            if self.parts.empty:
                body += [_assign("most", "copy", "top"), _assign("top", "vmax", "top", LEAST)]
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
            ast.Store(ast.Tile(handed), self._ring("t1", number, half, width)),
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

    def _added(self, number: "_Number") -> list[ast.Statement]:
        """One product with values, added to the result."""
        half = ast.Slice(ast.Variable(HALF), self._half)
        ring = self._ring("t2", number, half, self.extents[self.parts.e])
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
        sides = {parts.m: self._half_slice(), parts.e: span(self.extents[parts.e])}
        dest = ast.Tile(result.name, tuple(slice_of(dim, sides) for dim in result.index))
        store = ast.Store(ast.Tile(name), dest)
        if not self._is_cut:
            return [*body, store]
        row = ast.Arithmetic("+", ast.Variable(parts.m), ast.Variable(HALF))
        return [*body, ast.If(row, "<", ast.Integer(self.extents[parts.m]), (store,))]

    # Sides

    @property
    def _is_cut(self) -> bool:
        """Whether the last tile of rows goes beyond the end."""
        return self.extents[self.parts.m] % self.rows != 0

    def _width(self, number: "_Number") -> int:
        """The columns of a tile: the last one may have fewer."""
        if number.variable is not None:
            return self.columns
        return min(self.columns, self.extents[self.parts.n] - number.first * self.columns)

    def _rows_slice(self) -> ast.Slice:
        return ast.Slice(ast.Variable(self.parts.m), self.rows)

    def _half_slice(self) -> ast.Slice:
        start = ast.Arithmetic("+", ast.Variable(self.parts.m), ast.Variable(HALF))
        return ast.Slice(start, self._half)

    def _loaded(self, term: Term, sides: dict[str, ast.Slice], space: str) -> ast.Load:
        pad = _ZERO if self._is_cut and self.parts.m in sides else None
        return ast.Load(self._read(term, sides), space, pad)


@dataclass(frozen=True)
class _Number:
    """The number of a tile of columns: ``first``, or that many after the tile at a variable."""

    first: int
    variable: str | None = None

    def start(self, columns: int) -> ast.Expression:
        """Its first column."""
        if self.variable is None:
            return ast.Integer(self.first * columns)
        here = ast.Variable(self.variable)
        if not self.first:
            return here
        return ast.Arithmetic("+", here, ast.Integer(self.first * columns))

    def slot(self, columns: int) -> ast.Expression:
        """The slot of a ring that it passes through."""
        if self.variable is None:
            return ast.Integer(self.first % SLOTS)
        here = ast.Arithmetic("//", ast.Variable(self.variable), ast.Integer(columns))
        if self.first % SLOTS:
            here = ast.Arithmetic("+", here, ast.Integer(self.first % SLOTS))
        return ast.Arithmetic("%", here, ast.Integer(SLOTS))

    def slice(self, columns: int, width: int) -> ast.Slice:
        """Its columns."""
        return ast.Slice(self.start(columns), width)


_ZERO = ast.Number(0.0)


def _assign(name: str, mnemonic: str, *operands: str | float) -> ast.Assign:
    given = tuple(ast.Tile(o) if isinstance(o, str) else ast.Number(o) for o in operands)
    return ast.Assign(name, ast.Elementwise(mnemonic, given))
