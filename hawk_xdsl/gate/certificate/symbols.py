"""Arrays of symbols: what a kernel and its op compute with instead of numbers.

A symbol of a float is a point of the ``Field``; one of an integer a word of Z/2⁶⁴, of which
narrower integers keep the low bits. Beside it run what is known of its value:

- ``KNOWN``: the number itself (a literal, an index), in ``value``;
- ``GROUP``: a maximum, minimum, or, and of several symbols, by number in ``groups``;
- the dtypes that hold the value exactly, so that casts to them do nothing;
- ``NONPOSITIVE``: an element less the maximum of a set that it is in, whose exponential is finite.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hawk_xdsl.dialects.dtype import BUFFER_DTYPES, Array, DType

Flags = npt.NDArray[np.uint16]
Reals = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

KNOWN = np.uint16(1)
GROUP = np.uint16(2)
UNWRITTEN = np.uint16(4)
NONPOSITIVE = np.uint16(8)

_NARROWER = [dtype for dtype in BUFFER_DTYPES if dtype is not DType.F32]

_BITS = {dtype: np.uint16(16 << place) for place, dtype in enumerate(_NARROWER)}

BIT: Mapping[str, np.uint16] = {**_BITS, DType.I1: _BITS[DType.I1.stored]}
"""For a dtype, the bit that says that it holds a value; f32 holds all."""

FITS_F16, FITS_BF16 = BIT[DType.F16], BIT[DType.BF16]
FITS_I8, FITS_I16 = BIT[DType.I8], BIT[DType.I16]

FITS_ANY = np.bitwise_or.reduce(list(_BITS.values()))
"""All bits that say which narrower dtypes hold a value."""


def _fits_of(dtype: DType) -> np.uint16:
    """f16 has the bit of f16, i8 those of i8, i16 and i32; f32 none."""
    found = np.uint16(0)
    for narrower in _NARROWER:
        if narrower is dtype or (narrower.is_float == dtype.is_float and narrower.holds(dtype)):
            found |= BIT[narrower]
    return found


FITS_BY_DTYPE: Mapping[str, np.uint16] = {
    dtype: _fits_of(dtype) for dtype in (*BUFFER_DTYPES, DType.I1)
}
"""For a dtype, the bits of values that are of that dtype."""

WIDTHS: Mapping[str, int] = {dtype: dtype.bits for dtype in DType if dtype.is_integer}

FLOATS = frozenset(dtype for dtype in BUFFER_DTYPES if dtype.is_float)


def is_float(dtype: str) -> bool:
    """Whether symbols of a dtype are points of the field."""
    return dtype in FLOATS


def rounded_reals(values: Reals, dtype: str) -> Reals:
    """Numbers rounded to a float dtype."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32).astype(DType(dtype).numpy).astype(np.float64)


class UnprovableError(Exception):
    """Something that certificates have no meaning for; the message says what, in a few words."""


@dataclass
class Symbols:
    """An array of symbols of one dtype.

    ``planes`` is float64 residues [moduli, *shape] of a float dtype, uint64 words [1, *shape] of an
    integer one. ``value`` and ``groups`` mean something only where the flags say so, and are absent
    where no element has such a flag.
    """

    dtype: str
    planes: Array
    flags: Flags
    value: Reals | None = None
    groups: npt.NDArray[np.int64] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return self.flags.shape

    @property
    def size(self) -> int:
        """How many elements there are."""
        return self.flags.size

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Where the number itself is known."""
        return (self.flags & KNOWN) != 0

    @property
    def has_known(self) -> bool:
        """Whether any number is known."""
        return self.value is not None

    def numbers(self) -> Reals:
        """The known numbers, NaN elsewhere."""
        if self.value is None:
            return np.full(self.shape, np.nan)
        return np.where(self.known, self.value, np.nan)

    def number(self) -> float:
        """The number of a single known symbol. Raises ``UnprovableError`` if it is not known."""
        if self.value is None or self.size != 1 or not self.known.all():
            raise UnprovableError("an index or a condition that depends on symbols")
        return float(self.value.reshape(()))

    def fits(self, dtype: str) -> npt.NDArray[np.bool_]:
        """Where a dtype holds the value exactly."""
        return (self.flags & BIT[dtype]) != 0

    def at(self, slices: tuple[slice | int, ...]) -> "Symbols":
        """A view of some of the elements."""
        every = (*slices, ...)
        return Symbols(
            self.dtype,
            self.planes[(slice(None), *every)],
            self.flags[every],
            None if self.value is None else self.value[every],
            None if self.groups is None else self.groups[every],
        )

    def taken(self, *places: npt.NDArray[np.integer]) -> "Symbols":
        """A copy of the elements at places, an array of indices for each of the first axes."""
        return Symbols(
            self.dtype,
            self.planes[(slice(None), *places)],
            self.flags[places],
            None if self.value is None else self.value[places],
            None if self.groups is None else self.groups[places],
        )

    def copied(self) -> "Symbols":
        """The same elements, which nobody else writes: buffers are views that change in place."""
        return Symbols(
            self.dtype,
            self.planes.copy(),
            self.flags.copy(),
            None if self.value is None else self.value.copy(),
            None if self.groups is None else self.groups.copy(),
        )

    def reshaped(self, shape: tuple[int, ...]) -> "Symbols":
        """The same elements in another shape."""
        return Symbols(
            self.dtype,
            self.planes.reshape(self.planes.shape[0], *shape),
            self.flags.reshape(shape),
            None if self.value is None else self.value.reshape(shape),
            None if self.groups is None else self.groups.reshape(shape),
        )

    def transposed(self, permutation: tuple[int, ...]) -> "Symbols":
        """The same elements with permuted dimensions."""
        planes = self.planes.transpose(0, *(axis + 1 for axis in permutation))
        return Symbols(
            self.dtype,
            planes,
            self.flags.transpose(permutation),
            None if self.value is None else self.value.transpose(permutation),
            None if self.groups is None else self.groups.transpose(permutation),
        )

    def broadcast(self, shape: tuple[int, ...]) -> "Symbols":
        """The elements repeated along unit and missing leading dimensions."""
        if self.shape == shape:
            return self
        rank = len(shape)
        full = self.reshaped((1,) * (rank - len(self.shape)) + self.shape)
        return Symbols(
            full.dtype,
            np.broadcast_to(full.planes, (full.planes.shape[0], *shape)),
            np.broadcast_to(full.flags, shape),
            None if full.value is None else np.broadcast_to(full.value, shape),
            None if full.groups is None else np.broadcast_to(full.groups, shape),
        )

    def of_rank(self, rank: int) -> "Symbols":
        """With unit dimensions in front."""
        if len(self.shape) == rank:
            return self
        return self.reshaped((1,) * (rank - len(self.shape)) + self.shape)

    def settled(self) -> "Symbols":
        """The same, without ``value`` and ``groups`` where no element has any."""
        if self.value is None and self.groups is None:
            return self
        every = int(np.bitwise_or.reduce(self.flags, axis=None)) if self.size else 0
        return Symbols(
            self.dtype,
            self.planes,
            self.flags,
            self.value if every & KNOWN else None,
            self.groups if every & GROUP else None,
        )


def written_into(dest: Symbols, source: Symbols) -> None:
    """Overwrite the elements of a view that has ``value`` and ``groups``."""
    source = source.settled()
    dest.planes[...] = source.planes
    dest.flags[...] = source.flags
    assert dest.value is not None and dest.groups is not None
    if source.value is not None:
        dest.value[...] = source.value
    if source.groups is not None:
        dest.groups[...] = source.groups


def unwritten(dtype: str, planes: int, shape: tuple[int, ...]) -> Symbols:
    """An array that nothing was written to; it has ``value`` and ``groups``."""
    kind = np.float64 if is_float(dtype) else np.uint64
    count = planes if is_float(dtype) else 1
    return Symbols(
        dtype,
        np.zeros((count, *shape), kind),
        np.full(shape, UNWRITTEN, np.uint16),
        np.zeros(shape),
        np.zeros(shape, np.int64),
    )
