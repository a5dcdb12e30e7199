"""Arrays of symbols taken apart and put together."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hawk_xdsl.gate.certificate.symbols import Symbols


def or_zero(array: npt.NDArray[np.generic] | None) -> npt.NDArray[np.generic]:
    """An array, or a zero where there is none."""
    return np.zeros((), np.int64) if array is None else array


def stacked(pair: Sequence[Symbols]) -> Symbols:
    """Two arrays of one shape as one, along a new last axis."""
    value = groups = None
    if any(side.value is not None for side in pair):
        value = np.stack(
            np.broadcast_arrays(*[np.broadcast_to(or_zero(s.value), s.shape) for s in pair]), -1
        )
        value = value.astype(np.float64)
    if any(side.groups is not None for side in pair):
        groups = np.stack([np.broadcast_to(or_zero(s.groups), s.shape) for s in pair], -1)
        groups = groups.astype(np.int64)
    return Symbols(
        pair[0].dtype,
        np.stack([side.planes for side in pair], -1),
        np.stack([side.flags for side in pair], -1),
        value,
        groups,
    )


def as_rows(arg: Symbols, axes: tuple[int, ...]) -> tuple[Symbols, tuple[int, ...]]:
    """As [everything else, the axes], and the shape with the axes as 1."""
    rank = len(arg.shape)
    kept = [axis for axis in range(rank) if axis not in axes]
    shape = tuple(1 if axis in axes else arg.shape[axis] for axis in range(rank))
    length = int(np.prod([arg.shape[axis] for axis in axes], dtype=np.int64))
    moved = arg.transposed((*kept, *sorted(axes)))
    return moved.reshaped((arg.size // max(length, 1), length)), shape


def picked(rows: Symbols, place: npt.NDArray[np.int64]) -> Symbols:
    """One element of each row."""
    return rows.taken(np.arange(rows.shape[0]), place).settled()


def concatenated(parts: Sequence[Symbols], axis: int) -> Symbols:
    """Arrays one after the other along an axis."""
    value = groups = None
    if any(part.value is not None for part in parts):
        value = np.concatenate([np.broadcast_to(or_zero(p.value), p.shape) for p in parts], axis)
        value = value.astype(np.float64)
    if any(part.groups is not None for part in parts):
        groups = np.concatenate([np.broadcast_to(or_zero(p.groups), p.shape) for p in parts], axis)
        groups = groups.astype(np.int64)
    return Symbols(
        parts[0].dtype,
        np.concatenate([part.planes for part in parts], axis + 1),
        np.concatenate([part.flags for part in parts], axis),
        value,
        groups,
    )
