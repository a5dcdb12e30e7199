"""Tile sizes of a matrix product: what fits, and which are worth trying."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.npu import Role
from hawk_xdsl.npu_target.target import Target

OperandName = Literal["lhs", "rhs"]
"""One of the two matrices that are multiplied."""

Preferred = Mapping[str, tuple[int, ...]]
"""The only sizes to try along some of the sides ``m``, ``n`` and ``k``, in elements."""

COUNTS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64)
"""Into how many equal tiles m or n is cut, up to what the memory spaces hold."""

SIZES = (512, 256, 192, 176, 160, 128, 96, 64, 48, 32, 16)
"""Sizes of tiles along m and n that are tried whatever the extent, in elements."""

STEPS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 48)
"""Into how many equal steps k is cut, up to what the memory spaces hold."""

STEP_SIZES = (1024, 512, 384, 256, 192, 128, 64, 32)
"""Sizes of steps of k that are tried whatever the extent, in elements."""


@dataclass(frozen=True)
class Problem:
    """A matrix product as the cube sees it.

    Attributes:
        outer: how many products of m × k by k × n there are.
        reduction_points: how many of them each result is the sum of.
        m: rows of a product.
        n: its columns.
        k: what is summed in it.
        dtype: of both operands.
        bias: whether accumulations start from a row, which the unit's table must hold.
    """

    outer: int
    reduction_points: int
    m: int
    n: int
    k: int
    dtype: str
    bias: bool = False

    @cached_property
    def width(self) -> int:
        """Bytes of an element of an operand."""
        return DType(self.dtype).bytes


@dataclass(frozen=True)
class TileSizes:
    """Elements of a tile of the result, and of k in a step.

    ``split`` is into how many parts the strategy divides k, or the side that it streams. ``group``
    is how many tiles along m follow each other before the next ones along n: 1 is row-major order.
    """

    m: int
    n: int
    k: int
    split: int = 1
    group: int = 1


@dataclass(frozen=True)
class SideSizes:
    """The sizes to try along each side of a product on a target.

    ``preferred`` sizes are cut to the extent.
    """

    problem: Problem
    target: Target
    preferred: Preferred

    def m(self) -> list[int]:
        """Rows of a tile of the result."""
        return self._preferred("m", self.problem.m) or side_sizes(
            self.problem.m, self.target.cube.rows
        )

    def n(self) -> list[int]:
        """Columns of a tile of the result."""
        return self._preferred("n", self.problem.n) or side_sizes(
            self.problem.n, self.target.cube.columns
        )

    def k(self) -> list[int]:
        """What a step sums."""
        return self._preferred("k", self.problem.k) or step_sizes(self.problem, self.target)

    def allows(self, tile: TileSizes) -> bool:
        """Whether each size is among the preferred ones of its side, if there are any."""
        problem = self.problem
        chosen = (("m", problem.m, tile.m), ("n", problem.n, tile.n), ("k", problem.k, tile.k))
        return all(
            size in (self._preferred(side, extent) or [size]) for side, extent, size in chosen
        )

    def _preferred(self, side: str, extent: int) -> list[int]:
        return list(dict.fromkeys(min(size, extent) for size in self.preferred.get(side, ())))


def fits(problem: Problem, tile: TileSizes, target: Target) -> bool:
    """Whether memory holds the accumulator and a tile of both operands."""
    m, n = up(tile.m, target.cube.rows), up(tile.n, target.cube.columns)
    k, largest = up(tile.k, step_grain(problem, target)), target.cube.max_extent
    accumulator = m * n * target.cube.accumulator_bytes
    operands = (m + n) * k * problem.width
    if problem.bias:
        operands += bias_bytes(n, target)
        spec = target.cube.bias
        if spec is None or not spec.holds(n, target.cube.dtypes[problem.dtype].accumulator):
            return False
    return (
        accumulator <= target.capacity(Role.ACCUMULATOR)
        and operands <= target.capacity(Role.MATRIX)
        and max(tile.m, tile.n, tile.k) <= largest
    )


def bias_bytes(n: int, target: Target) -> int:
    """Bytes that a row of n biases takes beside the operands at most: of whole fractals."""
    return target.space(Role.MATRIX).rows * n * target.cube.accumulator_bytes


def side_sizes(extent: int, grain: int) -> list[int]:
    """Tile sizes along m or n: equal parts in whole grains, exact divisors, and usual sizes."""
    sizes: dict[int, None] = {}
    for count in COUNTS:
        size = min(up(-(-extent // count), grain), extent)
        sizes.setdefault(size)
        if extent % count == 0:
            sizes.setdefault(extent // count)
        if size <= grain:
            break
    sizes.update(dict.fromkeys(size for size in SIZES if size < extent))
    return list(sizes)


def step_sizes(problem: Problem, target: Target) -> list[int]:
    """Steps of k: equal parts in whole grains, and usual sizes."""
    grain = step_grain(problem, target)
    sizes = [min(up(-(-problem.k // count), grain), problem.k) for count in STEPS]
    sizes += [size for size in STEP_SIZES if size < problem.k]
    return list(dict.fromkeys(sizes))


def step_grain(problem: Problem, target: Target) -> int:
    """Elements along k that an operand's tile is padded to: of fractals of both, or of rows."""
    space = target.space(Role.MATRIX)
    return max(space.rows, space.block // problem.width)


def up(value: int, multiple: int) -> int:
    """The next multiple from a value on."""
    return -(-value // multiple) * multiple


def sum_chunk(problem: Problem, split: int, target: Target) -> int:
    """Elements of the result that a vector core sums at a time: all parts of them are in ub."""
    count = problem.outer * problem.m * problem.n
    lanes = target.vector.lanes
    share = up(-(-count // target.cores[target.vector_core]), lanes)
    most = target.capacity(Role.VECTOR) // 4 // (4 * (split + 1)) // lanes * lanes
    return min(count, max(lanes, min(share, most)))


def sum_rows(rows: int, columns: int, split: int, target: Target) -> tuple[int, int]:
    """Rows and columns of a result that a vector core sums at a time, with a row that is added.

    Rows are cut where one does not fit with all its parts, into whole lanes that divide it.
    """
    lanes = target.vector.lanes
    most = target.capacity(Role.VECTOR) // 4 // (4 * (split + 2))
    width = columns
    while width > most:
        half = width // 2
        width = half if width % 2 == 0 and half % lanes == 0 else most // lanes * lanes
    share = -(-rows // target.cores[target.vector_core])
    return min(share, max(1, most // up(width, lanes))), width
