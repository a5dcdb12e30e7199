"""Split-k products: k in parts, summed on different cores, then added by a vector stage."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod

from hawk_xdsl.codegen.cube.form import Form
from hawk_xdsl.codegen.cube.matrix_product import MatrixProducts
from hawk_xdsl.codegen.cube.matrix_slice import Side, Tensor, row_slice
from hawk_xdsl.codegen.cube.output_stationary import tiles_that_fit
from hawk_xdsl.codegen.cube.tile_sizes import (
    Preferred,
    SideSizes,
    TileSizes,
    fits,
    sum_chunk,
    sum_rows,
)
from hawk_xdsl.codegen.cube.tiled_product import TiledProduct
from hawk_xdsl.dialects.dtype import WIDE_FLOAT
from hawk_xdsl.dialects.kernel_text.places import UB, VECTOR_WORD
from hawk_xdsl.dialects.kernel_text.syntax import (
    Arithmetic,
    Assign,
    Cast,
    Elementwise,
    Integer,
    KernelText,
    Load,
    Loop,
    Reduce,
    Slice,
    Stage,
    Statement,
    Store,
    Temp,
    Tile,
    Variable,
    View,
)
from hawk_xdsl.dialects.npu import Reduction, Rounding
from hawk_xdsl.schedule.build_syntax import across, loop, part, span
from hawk_xdsl.semantics.specification import Specification

PART = Variable("part")
"""Where a part of k starts."""

ROWS = Variable("rows")
"""Which row of the result a vector core begins with."""


@dataclass(frozen=True)
class SplitK(Form):
    """Small results with long sums: each core sums one part of k of one tile of the result.

    The parts meet in scratch memory in f32; a vector stage adds them and rounds once::

        temp t0 f32[4, 16, 16]
        on cube {
          across part in 0..4096 step 1024 {
            acc = fill 0.0 f32[16, 16] in l0c
            for i2 in part..part+1024 step 512 {
              …
            }
            store acc into t0[part//1024, 0:16, 0:16]
          }
        }
        on vector {
          across e in 0..256 step 64 {
            b = load t0[0:4, e:64] into ub
            p = vreduce sum b axis 0
            store p into y0[e:64]
          }
        }

    A bias is added in that stage, to parts of rows instead of elements in a line::

        across rows in 0..16 step 2, i1 in 0..16 step 16 {
          r = load x2[i1:16] into ub
          w = view r as [1, 1, 16]
          b = load t0[0:4, rows:2, i1:16] into ub
          p = vreduce sum b axis 0
          p = vadd p, w
          store p into y0[rows:2, i1:16]
        }

    ``bias`` is the row, ``None`` if there is none; the product itself starts from zero.
    """

    bias: Tensor | None = None

    strategy = "split-k"

    @property
    def epilogue(self) -> tuple[str, ...]:
        """Nothing: parts are no results yet."""
        return ()

    def tiles(self) -> Iterator[TileSizes]:
        """Tile sizes to choose from: all fit."""
        problem, cores = self.product.problem, self.target.cores[self.target.matrix_core]
        for tile in tiles_that_fit(self.sizes):
            count = problem.outer * -(-problem.m // tile.m) * -(-problem.n // tile.n)
            steps = -(-problem.k // tile.k)
            for split in range(2, min(cores // count, steps) + 1):
                if steps % split == 0 and self.product.divides(tile):
                    yield replace(tile, split=split)

    def fits(self, tile: TileSizes) -> bool:
        """Whether memory holds the tile and the loops can run over it."""
        steps = -(-self.product.problem.k // tile.k)
        return (
            tile.split > 1
            and fits(self.product.problem, tile, self.target)
            and self.product.divides(tile)
            and steps % tile.split == 0
        )

    def unpacked(self, tile: TileSizes) -> KernelText:
        """As the form says."""
        tiled, result = TiledProduct(self.product, tile), self.product.specification.results[0]
        extent = self.product.problem.k
        length = -(-extent // tile.k) // tile.split * tile.k
        parts = Temp(f"t{len(self.product.temps)}", WIDE_FLOAT, (tile.split, *result.shape))
        out = tiled.out
        number = Slice(Arithmetic("//", PART, Integer(length)))
        dest = part(parts.name, number, *(out.slices or ()))
        body = tiled.result_tile(
            tiled.step(), dest, self._reduction_loops(tiled, length), self.epilogue
        )
        loops = [*tiled.result_loops(), loop(PART.name, extent, length)]
        return tiled.kernel([across(loops, body)], [parts], [self._sum(parts, tile)])

    def _reduction_loops(self, tiled: TiledProduct, length: int) -> list[Loop]:
        """The loops over what is summed, that over tiles of k only over those of a part."""
        *points, last = tiled.reduction_loops()
        return [*points, replace(last, start=PART, stop=Arithmetic("+", PART, Integer(length)))]

    def _sum(self, parts: Temp, tile: TileSizes) -> Stage:
        """The vector stage that adds the parts and rounds to the dtype of the result."""
        result = self.product.specification.results[0]
        row: list[Statement] = []
        if self.bias is None:
            chunk = sum_chunk(self.product.problem, tile.split, self.target)
            loops, here = [loop("e", prod(result.shape), chunk)], [Slice(Variable("e"), chunk)]
        else:
            loops, here, row = self._rows(self.bias, tile.split)
        body: list[Statement] = [
            *row,
            Assign("b", Load(part(parts.name, span(tile.split), *here), UB)),
            Assign("p", Reduce(Reduction.SUM, Tile("b"), (0,))),
        ]
        if row:
            body.append(Assign("p", Elementwise("vadd", (Tile("p"), Tile("w")))))
        if self.product.relu:
            body.append(Assign("p", Elementwise("vrelu", (Tile("p"),))))
        if result.dtype != WIDE_FLOAT:
            body.append(Assign("s", Cast(Tile("p"), result.dtype, Rounding.RINT)))
        total = Tile("p" if result.dtype == WIDE_FLOAT else "s")
        body.append(Store(total, part(result.name, *here)))
        return Stage(VECTOR_WORD, (across(loops, body),))

    def _rows(self, bias: Tensor, split: int) -> tuple[list[Loop], list[Slice], list[Statement]]:
        """The loops over parts of rows, where they lie, and what makes the bias of one."""
        axes, result = self.product.specification.axes, self.product.specification.results[0]
        side = _row_side(self.product.specification, bias)
        assert side is not None
        columns = side.extent(axes)
        rows, width = sum_rows(prod(result.shape) // columns, columns, split, self.target)
        row = row_slice(bias, side, {side.name: width}, axes)
        assert row is not None
        statements: list[Statement] = [Assign("r", Load(row.tile, UB))]
        if bias.dtype != WIDE_FLOAT:
            statements.append(Assign("f", Cast(Tile("r"), WIDE_FLOAT, Rounding.RINT)))
        wide = "r" if bias.dtype == WIDE_FLOAT else "f"
        statements.append(Assign("w", View(wide, (1, 1, width))))
        loops = [loop(ROWS.name, prod(result.shape) // columns, rows)]
        if width < columns:
            loops.append(loop(side.name, columns, width))
        start = Variable(side.name) if width < columns else Integer(0)
        return loops, [Slice(ROWS, rows), Slice(start, width)], statements


def _row_side(specification: Specification, bias: Tensor) -> Side | None:
    """The last axes of a result with one dimension before them, if a bias runs along these."""
    index = specification.results[0].index
    axes = [dim.plain for dim in index[1:]]
    if len(index) < 2 or None in axes:
        return None
    side = Side(tuple(axis for axis in axes if axis is not None), ())
    sizes = {side.name: 1}
    along = {axis for dim in bias.index for axis in dim.axes} == set(side.flat)
    found = row_slice(bias, side, sizes, specification.axes) if along else None
    return None if found is None or found.divides else side


def split_k(products: MatrixProducts, preferred: Preferred) -> Iterator[Form]:
    """One form of each layout where the vector unit can add: in f32, where the result lies."""
    has_relu = WIDE_FLOAT in products.target.vector.ops.get("vrelu", {})
    for product in products.every():
        may_end = product.accumulator == WIDE_FLOAT and (has_relu or not product.relu)
        bias = product.bias
        starts = bias is None or _row_side(product.specification, bias) is not None
        if product.layout.direct_out and may_end and starts:
            problem = replace(product.problem, bias=False)
            unbiased = replace(product, bias=None, problem=problem)
            yield SplitK(unbiased, SideSizes(problem, products.target, preferred), bias)
