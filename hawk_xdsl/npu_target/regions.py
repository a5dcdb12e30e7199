"""Which bytes an access touches, whether two accesses meet, and who touched them last."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Extent:
    """Bytes in a memory: runs of ``run`` bytes from ``start``, repeated by ``repeats``.

    ``repeats`` are (count, stride in bytes), outermost first; each count is at least 2.
    """

    start: int
    run: int
    repeats: tuple[tuple[int, int], ...]

    @property
    def end(self) -> int:
        """One past the last byte."""
        return self.start + self.run + sum((count - 1) * step for count, step in self.repeats)

    def starts(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """The first byte of each run, sorted."""
        starts = np.array([self.start], dtype=np.int64)
        for count, step in self.repeats:
            starts = (starts[:, None] + np.arange(count, dtype=np.int64) * step).ravel()
        return np.sort(starts)

    def meets(self, other: "Extent") -> bool:
        """Whether the two have a byte in common; exact, also where both have gaps."""
        if self.start >= other.end or other.start >= self.end:
            return False
        if not self.repeats and not other.repeats:
            return True
        mine, theirs = self.starts(), other.starts()
        # A run of theirs that starts before mine ends and ends after mine starts, if there is one.
        following = np.searchsorted(theirs, mine + self.run, side="left") - 1
        candidates = theirs[np.maximum(following, 0)]
        return bool(np.any((following >= 0) & (candidates + other.run > mine)))


def extent_of(start: int, shape: Sequence[int], strides: Sequence[int], itemsize: int) -> Extent:
    """The bytes of a strided view; ``strides`` in bytes, every extent at least 1."""
    run, repeats = itemsize, list[tuple[int, int]]()
    for count, step in sorted(zip(shape, strides, strict=True), key=lambda dim: dim[1]):
        if count == 1:
            continue
        if not repeats and step == run:
            run *= count
        else:
            repeats.insert(0, (count, step))
    return Extent(start, run, tuple(repeats))


class Region:
    """An extent of one memory, with its last accesses in the block that runs.

    ``write`` is the (pipe, sequence number) of the last write, ``reads`` maps each pipe to the
    sequence number of its last read: earlier ones of the same pipe are ordered before it.
    """

    __slots__ = ("end", "extent", "overlaps", "reads", "start", "write_pipe", "write_sequence")

    def __init__(self, extent: Extent) -> None:
        self.extent = extent
        self.start = extent.start
        self.end = extent.end
        self.overlaps: list[Region] = [self]
        self.write_pipe = -1
        self.write_sequence = 0
        self.reads: dict[int, int] = {}

    def forget(self) -> None:
        """A new block starts: nothing has touched the bytes."""
        self.write_pipe = -1
        self.reads.clear()


class MemoryRegions:
    """The regions of one memory that a kernel touches, each once, with those it overlaps."""

    def __init__(self) -> None:
        self._regions: dict[Extent, Region] = {}

    def region(self, extent: Extent) -> Region:
        """The region of an extent."""
        found = self._regions.get(extent)
        if found is None:
            found = Region(extent)
            start, end = found.start, found.end
            for other in self._regions.values():
                if start < other.end and other.start < end and extent.meets(other.extent):
                    found.overlaps.append(other)
                    other.overlaps.append(found)
            self._regions[extent] = found
        return found

    def forget(self) -> None:
        """A new block starts."""
        for region in self._regions.values():
            region.forget()
