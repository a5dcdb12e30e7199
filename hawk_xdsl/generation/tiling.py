"""A tiling: how far each axis is covered by one tile, and how operands are sliced by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hawk_xdsl.semantics.terms import Affine


class UntileableError(Exception):
    """No slice of kernel text says this access; the reason is the message."""


@dataclass(frozen=True)
class Tiling:
    """``sizes`` gives the tile's extent along each axis that a loop runs over, in elements.

    A size of 1 is a point: the axis has no dimension in the tile. Axes without a size are whole.
    """

    axes: Mapping[str, int]
    sizes: Mapping[str, int]

    def covers(self, axis: str) -> int:
        """Elements of the axis that one tile has; 1 for a point."""
        return min(self.sizes.get(axis, self.axes[axis]), self.axes[axis])

    def in_tile(self, axis: str) -> bool:
        """Whether the axis has a dimension in the tile."""
        return self.sizes.get(axis, 2) != 1

    def tile_axes(self) -> tuple[str, ...]:
        """The axes that have a dimension in the tile, in order."""
        return tuple(axis for axis in self.axes if self.in_tile(axis))

    def loops(self) -> str:
        """The loop list of an ``across``: ``i0 in 0..256 step 8, i1 in 0..4 step 1``."""
        if not self.sizes:
            return "once in 0..1 step 1"
        return ", ".join(f"{a} in 0..{self.axes[a]} step {size}" for a, size in self.sizes.items())

    def iterations(self) -> int:
        """How many tiles there are."""
        count = 1
        for axis, size in self.sizes.items():
            count *= -(-self.axes[axis] // size)
        return count

    def slice_of(
        self, name: str, index: Sequence[Affine], shape: Sequence[int]
    ) -> tuple[str, tuple[str | None, ...]]:
        """An access as kernel text, and the axis of each dimension of its tile.

        ``None`` stands for a unit dimension. Raises ``UntileableError``.
        """
        parts: list[str] = []
        axes: list[str | None] = []
        for dim, extent in zip(index, shape, strict=True):
            text, axis = self._dimension(dim, extent)
            parts.append(text)
            if ":" in text:
                axes.append(axis)
        if not axes:
            parts[-1] += ":1"
            axes.append(None)
        return f"{name}[{', '.join(parts)}]", tuple(axes)

    def _dimension(self, dim: Affine, extent: int) -> tuple[str, str | None]:
        covered = [(a, c) for a, c in dim.terms if self.in_tile(a)]
        if len(covered) > 1:
            raise UntileableError(f"index {dim} runs over two axes of one tile")
        start = [self._start(axis, factor) for axis, factor in dim.terms]
        words = [word for word in start if word]
        if dim.constant or not words:
            words.append(str(dim.constant))
        text = " + ".join(words)
        if covered:
            axis, stride = covered[0]
            suffix = "" if stride == 1 else f":{stride}"
            return f"{text}:{self.covers(axis)}{suffix}", axis
        if not dim.terms and extent == 1:
            return "0:1", None
        return text, None

    def _start(self, axis: str, factor: int) -> str:
        if axis not in self.sizes:
            return ""
        return axis if factor == 1 else f"{factor} * {axis}"
