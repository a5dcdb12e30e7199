"""The kernel of finished sums: products on the cube core, what is made of them beside it.

The cube core sums tile by tile and hands each over; its vector cores finish one tile while it sums
the next. Two products of the same rows are summed together, so that these are loaded once::

    on cube { across m …, part … { for n in part.. { for k { acc += a · b }  store acc into t0 } } }
    on vector { across m …, part …, r … { for n in part.. { x = load t0  …  store x into y } } }

Tiles pass through a ring of two slots in global memory. One flag counts those that are full,
another one those that are free again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from hawk_xdsl.codegen.cube.matrix_product import MatrixProduct
from hawk_xdsl.codegen.cube.tile_sizes import TileSizes
from hawk_xdsl.codegen.cube.tiled_product import TiledProduct, loaded
from hawk_xdsl.codegen.mixed.column_tiles import SLOTS
from hawk_xdsl.codegen.mixed.pointwise import Pointwise, slice_of
from hawk_xdsl.codegen.mixed.row_tiles import HALF, group_of
from hawk_xdsl.dialects.dtype import WIDE_FLOAT
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.places import MATRIX_WORD, MIXED_WORD, UB, VECTOR_WORD
from hawk_xdsl.dialects.npu import Move
from hawk_xdsl.schedule.build_syntax import loop, nested, span, trips_of
from hawk_xdsl.semantics.finished_sums import FinishedSums

FULL, FREE = range(2)
"""The flags: a slot is full, or free again."""

CHUNK = "q"
"""The loop over rows of such a part, as many as ub holds with all that is made of them."""

PART = "part"
"""The loop over parts of the columns."""


@dataclass(frozen=True)
class FinishedTiles:
    """The sides of a tile of the result, the step of what is summed, and the columns of a part.

    ``chunk`` are the rows that a vector core finishes at a time.
    """

    rows: int
    columns: int
    k: int
    part: int
    chunk: int


@dataclass(frozen=True)
class FinishedSumsKernel:
    """One kernel. ``cores`` blocks run at once, with ``halves`` vector cores each."""

    parts: FinishedSums
    products: Sequence[MatrixProduct]
    pointwise: Pointwise
    extents: Mapping[str, int]
    tiles: FinishedTiles
    cores: int
    halves: int

    def kernel(self) -> ast.KernelText:
        """The whole text."""
        shape = (min(self.cores, self.count), SLOTS, self.tiles.rows, self.tiles.columns)
        temps = tuple(ast.Temp(self._ring(p), WIDE_FLOAT, shape) for p in self._numbers)
        cube = ast.Stage(MATRIX_WORD, (ast.Across(self._loops(), tuple(self._cube())),))
        half = loop(HALF, self.tiles.rows, self._half)
        vector = ast.Across((*self._loops(), half), tuple(self._vector()))
        bodies = (cube, ast.Stage(VECTOR_WORD, (vector,)))
        return ast.KernelText(temps, (ast.Stage(MIXED_WORD, (), None, bodies),))

    @property
    def count(self) -> int:
        """How many parts of rows of tiles there are."""
        return prod(map(trips_of, self._loops()))

    @property
    def _numbers(self) -> range:
        return range(len(self.products))

    @property
    def _half(self) -> int:
        return self.tiles.rows // self.halves

    @property
    def _sides(self) -> tuple[str, str]:
        """The axes of rows and of columns."""
        return self.parts.axes[-2], self.parts.axes[-1]

    def _ring(self, number: int) -> str:
        return f"t{number}"

    def _loops(self) -> tuple[ast.Loop, ...]:
        m, n = self._sides
        points = tuple(loop(axis, self.extents[axis], 1) for axis in self.parts.axes[:-2])
        rows = loop(m, self.extents[m], self.tiles.rows)
        return (*points, rows, loop(PART, self.extents[n], self.tiles.part))

    def _slot(self, number: int, rows: ast.Slice) -> ast.Tile:
        _, n = self._sides
        turn = ast.Arithmetic("//", ast.Variable(n), ast.Integer(self.tiles.columns))
        slot = ast.Slice(ast.Arithmetic("%", turn, ast.Integer(SLOTS)))
        block = ast.Slice(group_of(self._loops(), self.cores))
        return ast.Tile(self._ring(number), (block, slot, rows, span(self.tiles.columns)))

    def _over_columns(self, body: Sequence[ast.Statement]) -> ast.Statement:
        _, n = self._sides
        end = ast.Arithmetic("+", ast.Variable(PART), ast.Integer(self.tiles.part))
        return ast.For(ast.Loop(n, ast.Variable(PART), end, self.tiles.columns), tuple(body))

    # The cube core

    def _cube(self) -> list[ast.Statement]:
        sizes = TileSizes(self.tiles.rows, self.tiles.columns, self.tiles.k)
        tiled = [TiledProduct(product, sizes) for product in self.products]
        body: list[ast.Statement] = [
            ast.Assign(_sum(p), each.start().value) for p, each in enumerate(tiled)
        ]
        loops = [each.reduction_loops() for each in tiled]
        if all(each == loops[0] for each in loops):
            body += nested(loops[0], self._steps(tiled, list(self._numbers)))
        else:
            for number in self._numbers:
                body += nested(loops[number], self._steps(tiled, [number]))
        rows = span(self.tiles.rows)
        body += [
            ast.Await(FREE, Move.STORE),
            *(ast.Store(ast.Tile(_sum(p)), self._slot(p, rows)) for p in self._numbers),
            ast.Signal(FULL, Move.STORE),
        ]
        return [self._over_columns(body), *SLOTS * [ast.Await(FREE, Move.STORE)]]

    def _steps(self, tiled: Sequence[TiledProduct], numbers: Sequence[int]) -> list[ast.Statement]:
        """A step of some of the sums; what several of them multiply is loaded once."""
        body: list[ast.Statement] = []
        names: dict[ast.Tile, str] = {}
        for number in numbers:
            factors: list[ast.Factor] = []
            for side, found in (("a", tiled[number].lhs), ("b", tiled[number].rhs)):
                if found.tile not in names:
                    names[found.tile] = f"{side}{number}"
                    body.append(loaded(names[found.tile], found))
                factors.append(ast.Factor(ast.Tile(names[found.tile]), found.transposed))
            product = ast.Mmad(factors[0], factors[1], _sum(number), None)
            body.append(ast.Assign(_sum(number), product))
        return body

    # The vector cores

    def _vector(self) -> list[ast.Statement]:
        chunks = loop(CHUNK, self._half, self.tiles.chunk)
        whole = self.tiles.chunk == self._half
        body: list[ast.Statement] = [
            ast.Await(FULL, Move.LOAD),
            *nested([] if whole else [chunks], self._finished()),
            ast.Signal(FREE, Move.LOAD),
        ]
        return [*SLOTS * [ast.Signal(FREE, Move.LOAD)], self._over_columns(body)]

    def _finished(self) -> list[ast.Statement]:
        """Some rows of a tile: loaded, made, stored."""
        m, n = self._sides
        here: ast.Expression = ast.Variable(HALF)
        if self.tiles.chunk < self._half:
            here = ast.Arithmetic("+", here, ast.Variable(CHUNK))
        row = ast.Arithmetic("+", ast.Variable(m), here)
        sides = {
            m: ast.Slice(row, self.tiles.chunk),
            n: ast.Slice(ast.Variable(n), self.tiles.columns),
        }
        names = [f"s{number}" for number in self._numbers]
        made, name = self.pointwise.statements(names, sides, "z", padded=False)
        result = self.parts.result
        dest = ast.Tile(result.name, tuple(slice_of(dim, sides) for dim in result.index))
        rows = ast.Slice(here, self.tiles.chunk)
        loads = (ast.Load(self._slot(number, rows), UB) for number in self._numbers)
        return [
            *(ast.Assign(each, load) for each, load in zip(names, loads, strict=True)),
            *made,
            ast.Store(ast.Tile(name), dest),
        ]


def _sum(number: int) -> str:
    return f"acc{number}"
