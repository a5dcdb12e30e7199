"""What symbols start from: literals, inputs, unknown functions; and the choice between two."""

import hashlib
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from hawk_xdsl.dialects.dtype import BUFFER_DTYPES, NARROW_FLOATS, DType
from hawk_xdsl.gate.certificate.arrays import or_zero
from hawk_xdsl.gate.certificate.field import Field, Specials, Words, mixed
from hawk_xdsl.gate.certificate.groups import Pool
from hawk_xdsl.gate.certificate.symbols import (
    BIT,
    FITS_BY_DTYPE,
    KNOWN,
    WIDTHS,
    Bools,
    Reals,
    Symbols,
    is_float,
    rounded_reals,
)


@cache
def key_of(name: str) -> int:
    """The key of a function."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")


def kind_of(dtype: str) -> str:
    """What tells functions of one name apart: widths of integers; conditions are bytes."""
    return "" if is_float(dtype) else merged(dtype)


def merged(dtype: str) -> str:
    """The dtype that a tile of a dtype has: conditions are held in bytes."""
    return DType(dtype).stored


class Leaves:
    """Literals, inputs and unknown values as symbols, for one random draw.

    A certificate evaluates kernel and op several times. Each evaluation draws the inputs and the
    outcome of every unknown condition at random.

    Args:
        field: represents floats as residues.
        draw: the number of the evaluation. Draws 2n and 2n + 1 have the same inputs and opposite
            conditions, so that both branches of every select are taken in one of the two.
        guards: whether to record which exponents are known to be at most 0. Other exponents
            may overflow in f32, which residues do not show.
    """

    def __init__(self, field: Field, draw: int, *, guards: bool = False) -> None:
        self.field = field
        self.opposite = np.bool_(draw % 2)
        seed = draw // 2
        self.pool = Pool()
        self._specials = Specials(field)
        self._mask = np.uint64(key_of(f"conditions {seed}") | 1)
        self._seed = key_of(f"inputs {seed}")
        self._literals: dict[tuple[str, str], Symbols] = {}
        self.coins = 0  # conditions that were decided by one
        self.guards = guards
        self.exponents: list[Words] = []  # of which exponentials might overflow

    def literal(self, value: float, dtype: str) -> Symbols:
        """A number."""
        key = (repr(float(value)), dtype)
        if key not in self._literals:
            self._literals[key] = self.reals(np.array(float(value)), dtype)
        return self._literals[key]

    def reals(self, values: Reals, dtype: str) -> Symbols:
        """An array of numbers, rounded to the dtype."""
        if not is_float(dtype):
            return self.integers(values.astype(np.int64), dtype)
        values = rounded_reals(values, dtype)
        finite = np.isfinite(values)
        planes = self.field.of_reals(np.where(finite, values, 0.0))
        flags = np.full(values.shape, KNOWN | FITS_BY_DTYPE[dtype], np.uint16)
        for name in NARROW_FLOATS:
            same = rounded_reals(values, name) == values
            flags |= np.where(same | ~finite, BIT[name], np.uint16(0))
        found = Symbols(dtype, planes, flags, values)
        return found if finite.all() else self._with_specials(found)

    def integers(self, values: npt.NDArray[np.int64], dtype: str) -> Symbols:
        """An array of whole numbers, wrapped to the dtype."""
        width = WIDTHS[dtype]
        if 1 < width < 64:
            half = 1 << (width - 1)
            values = ((values + half) & ((1 << width) - 1)) - half
        flags = np.full(values.shape, KNOWN | FITS_BY_DTYPE.get(dtype, np.uint16(0)), np.uint16)
        for name in (known for known in BUFFER_DTYPES if known.is_integer):
            half = 1 << (WIDTHS[name] - 1)
            fits = (values >= -half) & (values < half)
            flags |= np.where(fits, BIT[name], np.uint16(0))
        return Symbols(dtype, values.astype(np.uint64)[None], flags, values.astype(np.float64))

    def input(self, name: str, places: npt.NDArray[np.int64], dtype: str) -> Symbols:
        """The elements of an operand at flat places."""
        words = mixed(mixed(places.astype(np.uint64), key_of(name)), self._seed)
        return self.drawn(words, dtype)

    def drawn(self, words: Words, dtype: str) -> Symbols:
        """Symbols that nothing is known of but their dtype."""
        planes = self.field.residues(words) if is_float(dtype) else words[None]
        return Symbols(dtype, planes, np.full(words.shape, FITS_BY_DTYPE[dtype], np.uint16))

    def words(self, symbols: Symbols) -> Words:
        """One word for each symbol: equal for equal values."""
        if is_float(symbols.dtype):
            return self.field.digest(symbols.planes)
        ring: Words = symbols.planes[0]
        fits = symbols.fits(symbols.dtype)
        if fits.all():
            return ring
        return np.where(fits, ring, mixed(ring, key_of(f"wrap {symbols.dtype}")))

    def _with_specials(self, symbols: Symbols) -> Symbols:
        """The planes of what is no number set to what stands for it."""
        assert symbols.value is not None
        known, value, planes = symbols.known, symbols.value, symbols.planes
        for mask, special in (
            (known & np.isposinf(value), self._specials.infinity),
            (known & np.isneginf(value), self.field.neg(self._specials.infinity)),
            (known & np.isnan(value), self._specials.nan),
        ):
            if mask.any():
                shaped = special.reshape(-1, *[1] * value.ndim)
                planes = np.where(mask, shaped, planes)
        return Symbols(symbols.dtype, planes, symbols.flags, value, symbols.groups)

    def keyed(self, name: str, args: Sequence[Symbols], dtype: str) -> Symbols:
        """An unknown function of symbols."""
        shape = np.broadcast_shapes(*(arg.shape for arg in args))
        total = np.zeros(shape, np.uint64)
        for position, arg in enumerate(args):
            words = self.words(arg.of_rank(len(shape)))
            total = total * np.uint64(0x9E3779B97F4A7C15) + mixed(words, key_of(f"{position}"))
        return self.drawn(mixed(total, key_of(name)), dtype)

    def where(self, mask: Bools, on_true: Symbols, on_false: Symbols) -> Symbols:
        """One of two arrays, element by element; of the dtype of the second."""
        shape = np.broadcast_shapes(mask.shape, on_true.shape, on_false.shape)
        first, second = on_true.broadcast(shape), on_false.broadcast(shape)
        value = groups = None
        if first.value is not None or second.value is not None:
            value = np.where(mask, or_zero(first.value), or_zero(second.value))
        if first.groups is not None or second.groups is not None:
            groups = np.where(mask, or_zero(first.groups), or_zero(second.groups))
            groups = groups.astype(np.int64)
        return Symbols(
            second.dtype,
            np.where(mask, first.planes, second.planes),
            np.where(mask, first.flags, second.flags),
            value,
            groups,
        ).settled()
