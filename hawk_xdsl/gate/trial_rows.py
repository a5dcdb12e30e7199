"""What a trial is for, and inputs as matrices whose rows do not meet in a result."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.gate.trial_draws import Random


@dataclass(frozen=True)
class Purpose:
    """What a trial is for; ``part`` of those that are spread over several."""

    name: str
    part: int = 0

    def __str__(self) -> str:
        return f"{self.name} ({self.part})" if self.part else self.name


ORDINARY = Purpose("ordinary")


@dataclass(frozen=True)
class InputRows:
    """An input as a matrix: its rows do not meet in a result, ``extents`` are a row's own axes."""

    shape: tuple[int, ...]
    axes: tuple[int, ...]

    @property
    def _free(self) -> tuple[int, ...]:
        return tuple(axis for axis in range(len(self.shape)) if axis not in self.axes)

    @property
    def count(self) -> int:
        """How many rows."""
        return prod(self.shape[axis] for axis in self._free)

    @property
    def extents(self) -> tuple[int, ...]:
        """The extents of the axes within a row."""
        return tuple(self.shape[axis] for axis in self.axes)

    @property
    def length(self) -> int:
        """Elements of a row."""
        return prod(self.extents)

    def tensor(self, matrix: Array) -> Array:
        """A matrix of the rows as a tensor of the input's shape."""
        order = [*self._free, *self.axes]
        permuted = matrix.reshape([self.shape[axis] for axis in order])
        return np.array(permuted.transpose(np.argsort(order).tolist()), order="C")


MOST_SPECIAL_ROWS = 512
"""Rows that are prepared one by one."""


def some_rows(random: Random, rows: int) -> Sequence[int]:
    """All rows, or some of many."""
    if rows <= MOST_SPECIAL_ROWS:
        return range(rows)
    return random.choice(rows, MOST_SPECIAL_ROWS, replace=False).tolist()
