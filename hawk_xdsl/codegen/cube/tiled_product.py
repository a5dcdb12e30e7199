"""A matrix product at tile sizes: the loops, slices and statements its strategies are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from hawk_xdsl.codegen.cube.matrix_product import MatrixProduct
from hawk_xdsl.codegen.cube.matrix_slice import MatrixSlice, row_slice
from hawk_xdsl.codegen.cube.tile_sizes import TileSizes
from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.kernel_text.places import L0C, L1, MATRIX_WORD
from hawk_xdsl.dialects.kernel_text.syntax import (
    Assign,
    Factor,
    Fill,
    KernelText,
    Load,
    Loop,
    Mmad,
    Number,
    Stage,
    Statement,
    Store,
    Temp,
    Tile,
)
from hawk_xdsl.schedule.build_syntax import loop, nested

ACCUMULATOR = "acc"
"""The name of the buffer in l0c that a tile of the result is summed in."""

BIAS = "r"
"""The name of the row in l1 that an accumulation starts from."""


@dataclass(frozen=True)
class TiledProduct:
    """A matrix product, and the elements of a tile along each side."""

    product: MatrixProduct
    tile: TileSizes

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Elements of a tile by side; sides without a tile size are whole."""
        axes, layout = self.product.specification.axes, self.product.layout
        chosen = ((layout.m, self.tile.m), (layout.n, self.tile.n), (layout.k, self.tile.k))
        sizes = {side.name: min(size, side.extent(axes)) for side, size in chosen}
        for side in (*self.product.lhs.sides, *self.product.rhs.sides):
            sizes.setdefault(side.name, side.extent(axes))
        return sizes

    @property
    def lhs(self) -> MatrixSlice:
        """The tile of the left operand that a step multiplies."""
        return self.product.lhs.slice(self.sizes, self.product.specification.axes, matrix=True)

    @property
    def rhs(self) -> MatrixSlice:
        """The tile of the right operand that a step multiplies."""
        return self.product.rhs.slice(self.sizes, self.product.specification.axes, matrix=True)

    @property
    def out(self) -> Tile:
        """Where a tile of the result is stored."""
        return self.product.out.slice(
            self.sizes, self.product.specification.axes, matrix=False
        ).tile

    def result_loops(self) -> list[Loop]:
        """The loops over tiles of the result; a side that a tile covers whole has none."""
        axes, layout = self.product.specification.axes, self.product.layout
        points = [loop(axis, axes[axis], 1) for axis in layout.outer]
        return points + [
            loop(side.name, side.extent(axes), self.sizes[side.name])
            for side in (layout.m, layout.n)
            if self.sizes[side.name] < side.extent(axes)
        ]

    def reduction_loops(self) -> list[Loop]:
        """The loops over what is summed, the one over tiles of k innermost, if there is one."""
        axes, k = self.product.specification.axes, self.product.layout.k
        loops = [loop(axis, axes[axis], 1) for axis in k.points]
        if self.sizes[k.name] < k.extent(axes):
            loops.append(loop(k.name, k.extent(axes), self.sizes[k.name]))
        return loops

    def start(self) -> Assign:
        """``acc = fill 0.0 f32[m, n] in l0c``."""
        dtype, layout = self.product.accumulator, self.product.layout
        shape = (self.sizes[layout.m.name], self.sizes[layout.n.name])
        zero = Number(0 if DType(dtype).is_integer else 0.0)
        return Assign(ACCUMULATOR, Fill(zero, dtype, shape, L0C))

    def step(self) -> list[Assign]:
        """A step that loads a tile of both operands and multiplies them."""
        lhs, rhs = self.lhs, self.rhs
        product = self.multiplied(
            Factor(Tile("a"), lhs.transposed), Factor(Tile("b"), rhs.transposed)
        )
        return [loaded("a", lhs), loaded("b", rhs), product]

    def result_tile(
        self,
        step: Sequence[Statement],
        dest: Tile,
        loops: Sequence[Loop],
        epilogue: tuple[str, ...],
    ) -> tuple[Statement, ...]:
        """A tile of the result: a step for each iteration of loops, then stored."""
        store = Store(Tile(ACCUMULATOR), dest, relu="relu" in epilogue)
        return (*self.bias(), self.start(), *nested(loops, step), store)

    def bias(self) -> list[Assign]:
        """``r = load x2[i1:256] into l1``: the row that the accumulation starts from, if any."""
        if self.product.bias is None:
            return []
        axes, n = self.product.specification.axes, self.product.layout.n
        row = row_slice(self.product.bias, n, self.sizes, axes)
        assert row is not None
        return [Assign(BIAS, Load(row.tile, L1))]

    def multiplied(self, lhs: Factor, rhs: Factor) -> Assign:
        """``acc = mmad lhs, rhs, acc``, or with a bias ``acc = mmad lhs, rhs, acc, r``."""
        bias = None if self.product.bias is None else Tile(BIAS)
        return Assign(ACCUMULATOR, Mmad(lhs, rhs, ACCUMULATOR, bias))

    def kernel(
        self, cube: Sequence[Statement], temps: Sequence[Temp] = (), last: Sequence[Stage] = ()
    ) -> KernelText:
        """The kernel without packing: the cube stage and further stages."""
        packed = [Temp(each.name, each.dtype, each.shape) for each in self.product.temps]
        return KernelText((*packed, *temps), (Stage(MATRIX_WORD, tuple(cube)), *last))


def loaded(name: str, source: MatrixSlice) -> Assign:
    """``name = load … into l1``."""
    return Assign(name, Load(source.tile, L1))
