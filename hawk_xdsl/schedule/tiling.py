"""A tiling: how far each axis is covered by one tile, and how operands are sliced by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod

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

    def loops(self) -> str:
        """The loop list of an ``across``: ``i0 in 0..256 step 8, i1 in 0..4 step 1``."""
        across = self.across()
        if not across:
            return "once in 0..1 step 1"
        return ", ".join(f"{a} in 0..{self.axes[a]} step {size}" for a, size in across.items())

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

    def start(self, dim: Affine) -> str:
        """The index at the first element of the tile, as kernel text."""
        positive: list[str] = []
        negative: list[str] = []
        constant = dim.constant
        for axis, factor in dim.terms:
            if axis in self.tails:
                constant += factor * self.tails[axis][0]
                continue
            if axis not in self.sizes and not is_pseudo(axis):
                continue
            name = axis if abs(factor) == 1 else f"{abs(factor)} * {axis}"
            (positive if factor > 0 else negative).append(name)
        if constant or not positive:
            positive.append(str(constant))
            if constant < 0:
                positive.pop()
                negative.append(str(-constant))
        if not positive:
            positive.append("0")
        return " - ".join([" + ".join(positive), *negative])

    def covered(self, dim: Affine) -> list[tuple[str, int]]:
        """The axes of an index that have a dimension in the tile, with their coefficients."""
        return [(a, c) for a, c in dim.terms if not is_pseudo(a) and self.in_tile(a)]

    def has_slice(self, dim: Affine) -> bool:
        """Whether a slice says what a tile reads: no window within it, and nothing backwards."""
        covered = self.covered(dim)
        return len(covered) <= 1 and all(factor > 0 for _, factor in covered)

    def slice_of(
        self, name: str, index: Sequence[Affine], shape: Sequence[int], *, rows: bool = False
    ) -> tuple[str, tuple[str | None, ...]]:
        """An access as kernel text, and the axis of each dimension of its tile.

        ``None`` stands for a unit dimension. ``rows``: where the innermost index is a point it is
        one too, since in ub the elements of a column need rows of their own. Raises
        ``UntileableError``.
        """
        parts: list[str] = []
        axes: list[str | None] = []
        covered = [axis for dim in index for axis, _ in self.covered(dim)]
        if len(set(covered)) < len(covered):
            raise UntileableError(f"two dimensions of {name} run over one axis of the tile")
        for dim, extent in zip(index, shape, strict=True):
            text, axis = self._dimension(dim, extent)
            parts.append(text)
            if ":" in text:
                axes.append(axis)
        if not axes or (rows and ":" not in parts[-1]):
            parts[-1] += ":1"
            axes.append(None)
        return f"{name}[{', '.join(parts)}]", tuple(axes)

    def _dimension(self, dim: Affine, extent: int) -> tuple[str, str | None]:
        covered = self.covered(dim)
        if len(covered) > 1:
            raise UntileableError(f"index {dim} runs over two axes of one tile")
        text = self.start(dim)
        if covered:
            axis, stride = covered[0]
            if stride < 0:
                raise UntileableError(f"index {dim} runs backwards over an axis of the tile")
            suffix = "" if stride == 1 else f":{stride}"
            return f"{text}:{self.covers(axis)}{suffix}", axis
        if not dim.terms and extent == 1:
            return "0:1", None
        return text, None
