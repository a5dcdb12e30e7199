"""A tiling: how far each axis is covered by one tile, and how operands are sliced by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.schedule.build_syntax import ONCE, expression_of, loop
from hawk_xdsl.semantics.terms import Affine, is_pseudo


class UntileableError(Exception):
    """No slice of kernel text says this access; the reason is the message."""


@dataclass(frozen=True)
class Tiling:
    """``sizes`` gives the tile's extent along each axis that a loop runs over, in elements.

    A size of 1 is a point: the axis has no dimension in the tile. Axes without a size are whole.
    ``streamed`` are those whose loop is inside a tile, a ``for``; the others' is the ``across``.
    ``tails`` gives start and extent of an axis where its loop does not come out even and the rest
    is written apart.
    """

    axes: Mapping[str, int]
    sizes: Mapping[str, int]
    streamed: frozenset[str] = frozenset()
    tails: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])

    def covers(self, axis: str) -> int:
        """Elements of the axis that one tile has; 1 for a point."""
        if axis in self.tails:
            return self.tails[axis][1]
        return min(self.sizes.get(axis, self.axes[axis]), self.axes[axis])

    def in_tile(self, axis: str) -> bool:
        """Whether the axis has a dimension in the tile."""
        return self.sizes.get(axis, 2) != 1

    def tile_axes(self) -> tuple[str, ...]:
        """The axes that have a dimension in the tile, in order."""
        return tuple(axis for axis in self.axes if self.in_tile(axis))

    def across(self) -> dict[str, int]:
        """The axes of the ``across`` and their tile sizes."""
        return {axis: size for axis, size in self.sizes.items() if axis not in self.streamed}

    def loops(self) -> tuple[ast.Loop, ...]:
        """The loops of an ``across``: ``i0 in 0..256 step 8, i1 in 0..4 step 1``."""
        loops = tuple(loop(axis, self.axes[axis], n) for axis, n in self.across().items())
        return loops or (ONCE,)

    def iterations(self) -> int:
        """How many tiles there are."""
        return prod(-(-self.axes[axis] // size) for axis, size in self.across().items())

    def ragged(self) -> frozenset[str]:
        """The axes of the ``across`` whose last tile is cut at the edge."""
        return frozenset(axis for axis, size in self.across().items() if self.axes[axis] % size)

    def tail(self, axis: str) -> "Tiling":
        """The same tiling in the rest of a streamed axis, which its loop leaves over."""
        rest = self.axes[axis] % self.sizes[axis]
        return replace(self, tails={**self.tails, axis: (self.axes[axis] - rest, rest)})

    def start(self, dim: Affine) -> ast.Expression:
        """The index at the first element of the tile.

        Axes that are whole in the tile start at 0; one in its tail starts where its loop ended.
        """
        constant = dim.constant
        terms: list[tuple[str, int]] = []
        for axis, factor in dim.terms:
            if axis in self.tails:
                constant += factor * self.tails[axis][0]
            elif axis in self.sizes or is_pseudo(axis):
                terms.append((axis, factor))
        return expression_of(Affine(constant, tuple(terms)))

    def covered(self, dim: Affine) -> list[tuple[str, int]]:
        """The axes of an index that have a dimension in the tile, with their coefficients."""
        return [(a, c) for a, c in dim.terms if not is_pseudo(a) and self.in_tile(a)]

    def has_slice(self, dim: Affine) -> bool:
        """Whether a slice says what a tile reads: no window within it, and nothing backwards."""
        covered = self.covered(dim)
        return len(covered) <= 1 and all(factor > 0 for _, factor in covered)

    def slice_of(
        self, name: str, index: Sequence[Affine], shape: Sequence[int], *, rows: bool = False
    ) -> tuple[ast.Tile, tuple[str | None, ...]]:
        """An access as a tile of an operand, and the axis of each of the tile's dimensions.

        ``None`` stands for a unit dimension. ``rows``: where the innermost index is a point it is
        one too, since in ub the elements of a column need rows of their own. Raises
        ``UntileableError``.
        """
        parts: list[ast.Slice] = []
        axes: list[str | None] = []
        covered = [axis for dim in index for axis, _ in self.covered(dim)]
        if len(set(covered)) < len(covered):
            raise UntileableError(f"two dimensions of {name} run over one axis of the tile")
        for dim, extent in zip(index, shape, strict=True):
            part, axis = self.dimension(dim, extent)
            parts.append(part)
            if part.length is not None:
                axes.append(axis)
        if not axes or (rows and parts[-1].length is None):
            parts[-1] = ast.Slice(parts[-1].start, 1)
            axes.append(None)
        return ast.Tile(name, tuple(parts)), tuple(axes)

    def dimension(self, dim: Affine, extent: int) -> tuple[ast.Slice, str | None]:
        """One dimension of an access, and the axis that it runs over in the tile, if any."""
        covered = self.covered(dim)
        if len(covered) > 1:
            raise UntileableError(f"index {dim} runs over two axes of one tile")
        start = self.start(dim)
        if covered:
            axis, stride = covered[0]
            if stride < 0:
                raise UntileableError(f"index {dim} runs backwards over an axis of the tile")
            return ast.Slice(start, self.covers(axis), stride), axis
        if not dim.terms and extent == 1:
            return ast.Slice(ast.Integer(0), 1), None
        return ast.Slice(start), None
