"""Casts: never left out unless a dtype is known to hold the value."""

from collections.abc import Callable

import numpy as np

from hawk_xdsl.dialects.dtype import INTEGERS, NARROW_FLOATS, WIDE_FLOAT, WIDE_INTEGER
from hawk_xdsl.gate.certificate.arrays import concatenated
from hawk_xdsl.gate.certificate.extrema import Extrema, neutral_of
from hawk_xdsl.gate.certificate.field import Field, Words, mixed
from hawk_xdsl.gate.certificate.groups import NOBODY
from hawk_xdsl.gate.certificate.leaves import key_of
from hawk_xdsl.gate.certificate.remembered import Remembered
from hawk_xdsl.gate.certificate.symbols import (
    BIT,
    FITS_BF16,
    FITS_BY_DTYPE,
    FITS_F16,
    FITS_I8,
    FITS_I16,
    GROUP,
    KNOWN,
    WIDTHS,
    Reals,
    Symbols,
    is_float,
)

TO_WHOLE: dict[str, Callable[[Reals], Reals]] = {
    "trunc": np.trunc,
    "floor": np.floor,
    "ceil": np.ceil,
    "rint": np.rint,
}

_NARROW_INTEGERS = {dtype.bits: dtype for dtype in INTEGERS if dtype is not WIDE_INTEGER}


class Conversions(Extrema):
    """A cast that may lose something is a keyed function of both dtypes and of the rounding."""

    def __init__(self, field: Field, draw: int, *, guards: bool = False) -> None:
        super().__init__(field, draw, guards=guards)
        self._integers_of_floats = Remembered()
        self._before_shift: dict[int, Remembered] = {}
        self._last_ramp: tuple[Words, Symbols] | None = None

    def _with_literal(self, kind: str, arg: Symbols, number: Symbols) -> Symbols | None:
        found = super()._with_literal(kind, arg, number)
        if found is not None and kind == "max" and number.number() == 0 and is_float(arg.dtype):
            words, below = self.words(found), arg.broadcast(found.shape).copied()
            if not (words == self.words(below)).all():  # else it is a ramp already
                self._last_ramp = words, below
        return found

    def _rounded_ramp(self, symbols: Symbols, dtype: str) -> Symbols | None:
        """``max(f16(x), 0)`` of ``max(x, 0)`` that was just made: rounding keeps order and 0.

        So a store that rounds and takes the maximum is the op whichever it does first.
        """
        if self._last_ramp is None or self._last_ramp[0].shape != symbols.shape:
            return None
        words, below = self._last_ramp
        if not (words == self.words(symbols)).all():
            return None
        zero = self.literal(0.0, dtype).of_rank(len(below.shape))
        return self._max(self.rounded(below, dtype), zero)

    def rounded(self, symbols: Symbols, dtype: str, mode: str = "rint") -> Symbols:
        """Rounded to a float dtype: what the dtype holds stays, of the rest a keyed function."""
        if dtype not in NARROW_FLOATS:
            return Symbols(dtype, symbols.planes, symbols.flags, symbols.value, symbols.groups)
        if mode != "rint":
            return self.keyed(f"round {dtype} {mode}", [symbols], dtype)
        fits = symbols.fits(dtype)
        if fits.all():
            return Symbols(dtype, symbols.planes, symbols.flags, symbols.value, symbols.groups)
        ramp = self._rounded_ramp(symbols, dtype)
        if ramp is not None:
            return ramp
        found = self.keyed(f"round {dtype}", [symbols], dtype)
        if symbols.value is not None:
            values = np.where(symbols.known, symbols.value, 0.0)
            found = self.where(symbols.known, self.reals(values, dtype), found)
        found = self.where(fits, symbols, found)
        return Symbols(dtype, found.planes, found.flags, found.value, found.groups)

    def cast(self, arg: Symbols, dtype: str, mode: str | None = None) -> Symbols:
        """A conversion; to an integer it truncates, to a float it rounds to the nearest."""
        if arg.dtype == dtype:
            return arg
        if is_float(arg.dtype) and is_float(dtype):
            return self.rounded(arg, dtype, mode or "rint")
        if is_float(arg.dtype):
            return self._to_integer(arg, dtype, mode or "trunc")
        if is_float(dtype):
            return self._to_float(arg, dtype)
        return self._to_width(arg, dtype)

    def _to_integer(self, arg: Symbols, dtype: str, mode: str) -> Symbols:
        found = self.keyed(f"to {dtype} {mode}", [arg], dtype)
        for same, integers in self._integers_of_floats.found(self.words(arg)):
            narrower = self._to_width(integers, dtype) if integers.dtype != dtype else integers
            fits = (integers.flags & BIT[dtype]) != 0
            found = self.where(same & fits, narrower, found)
        if arg.groups is not None:
            for kind in ("max", "min"):
                found = self._to_integer_extreme(kind, arg, found)
        if arg.value is None:
            return found
        values = np.where(arg.known & np.isfinite(arg.value), arg.value, 0.0)
        rounds = TO_WHOLE.get(mode)
        mask = arg.known & np.isfinite(arg.value) & (np.abs(values) < 2.0 ** (WIDTHS[dtype] - 1))
        if rounds is None or not mask.any():
            return found
        return self.where(mask, self.integers(rounds(values).astype(np.int64), dtype), found)

    def _to_integer_extreme(self, kind: str, arg: Symbols, found: Symbols) -> Symbols:
        """Where ``arg`` is an extremum of floats that were integers, that of the integers.

        A conversion that keeps every value keeps the order of values, so
        ``to_i8(min(to_f32(x)))`` is ``min(x)``.
        """
        assert arg.groups is not None
        places = np.nonzero(np.where((arg.flags & GROUP) != 0, arg.groups, 0))
        count = places[0].size
        members, literal = self.pool.rows(
            key_of(kind), arg.groups[places], np.full(count, NOBODY, np.uint64)
        )
        there = members != NOBODY
        nothing = neutral_of(kind, found.dtype)
        integers = self.integers(np.full(members.shape, nothing, np.int64), found.dtype)
        undone = ~there
        for same, known in self._integers_of_floats.found(members):
            fits = same & there & ((known.flags & BIT[found.dtype]) != 0)
            integers = self.where(fits, self._to_width(known, found.dtype), integers)
            undone |= fits
        whole = np.isnan(literal) | (literal == np.rint(literal))
        inside = np.isnan(literal) | (np.abs(literal) < 2.0 ** (WIDTHS[found.dtype] - 1))
        all_undone = undone.all(axis=1) & there.any(axis=1) & whole & inside
        if not all_undone.any():
            return found
        values = np.where(np.isnan(literal) | ~inside, nothing, literal).astype(np.int64)
        last = self.integers(values[:, None], found.dtype)
        extreme = self.extreme(kind, concatenated([integers, last], 1), (1,))
        full, mask = np.zeros(arg.shape, np.int64), np.zeros(arg.shape, np.bool_)
        full[places], mask[places] = np.arange(count), all_undone
        return self.where(mask, extreme.reshaped((count,)).taken(full), found)

    def _to_float(self, arg: Symbols, dtype: str) -> Symbols:
        found = self.drawn(mixed(self.words(arg), key_of("to float")), WIDE_FLOAT)
        found.flags = np.zeros(arg.shape, np.uint16)
        found.flags[(arg.flags & FITS_I8) != 0] = FITS_F16 | FITS_BF16
        wide = (arg.flags & FITS_I16) == 0  # f32 holds every i16
        if wide.any():
            found = self.where(wide, self.keyed("integer to f32", [found], WIDE_FLOAT), found)
        if arg.value is not None:
            values = np.where(arg.known, arg.value, 0.0)
            found = self.where(arg.known, self.reals(values, WIDE_FLOAT), found)
        if not wide.all():
            kept = self.where(wide, self.literal(np.nan, WIDE_FLOAT).of_rank(len(arg.shape)), found)
            self._integers_of_floats.add(self.words(kept), arg)
        return self.rounded(found, dtype)

    def _shl(self, arg: Symbols, by: Symbols) -> Symbols:
        """Shifted up; by a known number it is remembered of what."""
        found = self.keyed(f"shl {arg.dtype}", [arg, by], arg.dtype)
        if by.size == 1 and by.known.all() and not arg.has_known:
            remembered = self._before_shift.setdefault(int(by.number()), Remembered())
            remembered.add(self.words(found), arg)
        return found

    def _shr(self, arg: Symbols, by: Symbols) -> Symbols:
        """Shifted down. What was shifted up as far lost its high bits: a cast there and back."""
        found = self.keyed(f"shr {arg.dtype}", [arg, by], arg.dtype)
        if by.size != 1 or not by.known.all():
            return found
        distance = int(by.number())
        narrow = _NARROW_INTEGERS.get(WIDTHS[arg.dtype] - distance)
        remembered = self._before_shift.get(distance)
        if narrow is None or remembered is None or narrow == arg.dtype:
            return found
        for same, before in remembered.found(self.words(arg)):
            back = self._to_width(self._to_width(before, narrow), arg.dtype)
            found = self.where(same, back, found)
        return found

    def _to_width(self, arg: Symbols, dtype: str) -> Symbols:
        if WIDTHS[dtype] < WIDTHS[arg.dtype]:
            found = Symbols(dtype, arg.planes, arg.flags & ~KNOWN)
        else:
            ring: Words = arg.planes[0]
            fits = arg.fits(arg.dtype)
            words = np.where(fits, ring, mixed(ring, key_of(f"wrap {arg.dtype}")))
            flags = np.where(fits, arg.flags & ~KNOWN, FITS_BY_DTYPE[arg.dtype])
            found = Symbols(dtype, words[None], flags.astype(np.uint16), None, arg.groups)
        if arg.value is None:
            return found
        values = np.where(arg.known, arg.value, 0.0).astype(np.int64)
        return self.where(arg.known, self.integers(values, dtype), found)
