"""Boxes of an argument: what accesses touch, in the argument's own shape.

A kernel may see an argument in another shape. A tile of 64 of its 4096 joined columns then is a box
of the argument again, as far as one can be: of 64 × 64 it is a row, of 4 × 1024 a part of a row;
96 of them, which begin or end within rows of 64, are two whole rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from hawk_xdsl.npu_target.l2.iterations import Index


@dataclass(frozen=True)
class Boxes:
    """The accesses of one instruction: a box of an argument for each.

    Attributes:
        argument: number of the kernel's argument.
        starts: first element, by axis of the argument.
        lengths: elements from the first to behind the last one, by axis.
        elements: how many of them are moved.
        order: where each access stands among all.
    """

    argument: int
    starts: Sequence[Index]
    lengths: Sequence[Index]
    elements: npt.NDArray[np.float64]
    order: Index


def reshaped(
    starts: Sequence[Index], lengths: Sequence[Index], before: Sequence[int], after: Sequence[int]
) -> tuple[list[Index], list[Index]]:
    """Boxes of one shape as boxes of another one of as many elements, which hold them."""
    if tuple(before) == tuple(after):
        return list(starts), list(lengths)
    new_starts: list[Index] = []
    new_lengths: list[Index] = []
    for old, new in _groups(before, after):
        own_starts, own_lengths = ([each[axis] for axis in old] for each in (starts, lengths))
        if len(old) == len(new) == 1:
            new_starts += own_starts
            new_lengths += own_lengths
            continue
        ends = [start + length - 1 for start, length in zip(own_starts, own_lengths, strict=True)]
        low = _flat(own_starts, [before[axis] for axis in old])
        high = _flat(ends, [before[axis] for axis in old])
        found = _between(low, high, [after[axis] for axis in new])
        new_starts += found[0]
        new_lengths += found[1]
    return new_starts, new_lengths


def _groups(before: Sequence[int], after: Sequence[int]) -> list[tuple[list[int], list[int]]]:
    """The least runs of axes of both shapes that have as many elements: they are the same memory.

    Of 2 × 3 × 64 and 6 × 8 × 8: the first two and the first, the last and the last two.
    """
    groups: list[tuple[list[int], list[int]]] = []
    old: list[int] = []
    new: list[int] = []
    sizes = [1, 1]
    first, second = 0, 0
    while first < len(before) or second < len(after):
        if (sizes[0] <= sizes[1] and first < len(before)) or second == len(after):
            sizes[0] *= before[first]
            old.append(first)
            first += 1
        else:
            sizes[1] *= after[second]
            new.append(second)
            second += 1
        if sizes[0] == sizes[1] and old and new:
            groups.append((old, new))
            old, new = [], []
    if groups:
        groups[-1] = (groups[-1][0] + old, groups[-1][1] + new)
    return groups


def _flat(indices: Sequence[Index], shape: Sequence[int]) -> Index:
    """The place of an element among all, row by row."""
    place = np.zeros_like(indices[0])
    for index, extent in zip(indices, shape, strict=True):
        place = place * extent + index
    return place


def _between(low: Index, high: Index, shape: Sequence[int]) -> tuple[list[Index], list[Index]]:
    """The box from one place to another: from the axis on that has several, all of the others."""
    starts: list[Index] = []
    lengths: list[Index] = []
    is_spread = np.zeros(len(low), np.bool_)
    for axis, extent in enumerate(shape):
        stride = prod(shape[axis + 1 :])
        first, last = low // stride % extent, high // stride % extent
        starts.append(np.where(is_spread, 0, first))
        lengths.append(np.where(is_spread, extent, last - first + 1))
        is_spread = is_spread | (last != first)
    return starts, lengths
