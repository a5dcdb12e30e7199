"""Cells: the largest boxes of an argument that every access takes whole or not at all.

Along each axis an argument is cut at the common divisor of all starts and lengths. Example: tiles
of 64 rows and windows of 10 rows that start every 8 share a cut every 2 rows; a window then is 5
cells, of which the next one has 1 too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import gcd, prod

import numpy as np
import numpy.typing as npt

from hawk_xdsl.npu_target.l2.boxes import Boxes
from hawk_xdsl.npu_target.l2.iterations import Index

MOST_OF_AXIS = 16
"""Cells of an access along an axis; where the divisor would make more, cells are larger."""

MOST_OF_ARGUMENT = 1 << 20
"""Cells of an argument."""


@dataclass(frozen=True)
class Grid:
    """How an argument is cut.

    Attributes:
        shape: the extents of the argument.
        itemsize: bytes of an element.
        granule: elements of a cell, by axis.
        counts: cells, by axis.
        first: number of its first cell among those of all arguments.
    """

    shape: tuple[int, ...]
    itemsize: int
    granule: tuple[int, ...]
    counts: tuple[int, ...]
    first: int

    @property
    def cells(self) -> int:
        """How many there are."""
        return prod(self.counts)

    def sizes(self) -> npt.NDArray[np.float64]:
        """Bytes of each cell."""
        sizes = np.full((), float(self.itemsize))
        for axis, (extent, step, count) in enumerate(
            zip(self.shape, self.granule, self.counts, strict=True)
        ):
            starts = np.arange(count) * step
            lengths = np.minimum(step, extent - starts)
            sizes = sizes[..., None] * lengths if axis else lengths * sizes
        return np.asarray(sizes, np.float64).reshape(-1)

    def hulls(self) -> tuple[Index, Index]:
        """The first byte of each cell, and the one behind its last, from the argument's start."""
        low, high = np.zeros((1,), np.int64), np.zeros((1,), np.int64)
        for extent, step, count in zip(self.shape, self.granule, self.counts, strict=True):
            starts = np.arange(count) * step
            ends = np.minimum(starts + step, extent) - 1
            low = (low[:, None] * extent + starts).reshape(-1)
            high = (high[:, None] * extent + ends).reshape(-1)
        return low * self.itemsize, (high + 1) * self.itemsize


def grids_of(
    boxes: Sequence[Boxes], arguments: Sequence[tuple[tuple[int, ...], int]]
) -> list[Grid]:
    """The cells of each argument, given by its shape and the bytes of its elements."""
    grids: list[Grid] = []
    first = 0
    for number, (shape, itemsize) in enumerate(arguments):
        own = [box for box in boxes if box.argument == number and len(box.order)]
        granule = [_granule(axis, extent, own) for axis, extent in enumerate(shape)]
        counts = _counts(shape, granule)
        while prod(counts) > MOST_OF_ARGUMENT:
            granule[counts.index(max(counts))] *= 2
            counts = _counts(shape, granule)
        grids.append(Grid(shape, itemsize, tuple(granule), tuple(counts), first))
        first += prod(counts)
    return grids


def _counts(shape: Sequence[int], granule: Sequence[int]) -> list[int]:
    return [-(-extent // step) for extent, step in zip(shape, granule, strict=True)]


def _granule(axis: int, extent: int, boxes: Sequence[Boxes]) -> int:
    """The common divisor of starts and lengths; where an access ends with the axis says nothing."""
    found, longest = 0, 1
    for box in boxes:
        start, length = box.starts[axis], box.lengths[axis]
        inner = length[start + length < extent]
        found = gcd(found, *(int(value) for value in np.unique(start)))
        found = gcd(found, *(int(value) for value in np.unique(inner)))
        longest = max(longest, int(length.max()))
    if not found:
        return max(1, extent)
    return min(max(found, -(-longest // MOST_OF_AXIS)), max(1, extent))


def accesses_of(boxes: Boxes, grid: Grid) -> tuple[Index, Index, npt.NDArray[np.float64]]:
    """The order, cell and bytes of the accesses of an instruction, cut into cells."""
    lows = [start // step for start, step in zip(boxes.starts, grid.granule, strict=True)]
    highs = [
        np.minimum((start + length - 1) // step, count - 1)
        for start, length, step, count in zip(
            boxes.starts, boxes.lengths, grid.granule, grid.counts, strict=True
        )
    ]
    taken = np.ones(len(boxes.order), np.int64)
    most: list[int] = []
    for low, high in zip(lows, highs, strict=True):
        taken = taken * (high - low + 1)
        most.append(int((high - low).max(initial=0)) + 1)
    share = boxes.elements * grid.itemsize / np.maximum(taken, 1)  # a box of nothing takes none
    orders: list[Index] = []
    cells: list[Index] = []
    sizes: list[npt.NDArray[np.float64]] = []
    for offsets in product(*(range(count) for count in most)):
        cell, exists = np.zeros(len(boxes.order), np.int64), np.ones(len(boxes.order), np.bool_)
        for low, high, offset, count in zip(lows, highs, offsets, grid.counts, strict=True):
            cell = cell * count + low + offset
            exists &= low + offset <= high
        orders.append(boxes.order[exists])
        cells.append(cell[exists] + grid.first)
        sizes.append(share[exists])
    return np.concatenate(orders), np.concatenate(cells), np.concatenate(sizes)
