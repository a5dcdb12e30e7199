"""Casts: never left out unless a dtype is known to hold the value."""

from collections.abc import Callable

import numpy as np

from hawk_xdsl.gate.certificate.extrema import Extrema
from hawk_xdsl.gate.certificate.field import Words, mixed
from hawk_xdsl.gate.certificate.leaves import key_of
from hawk_xdsl.gate.certificate.symbols import (
    HELD_BF16,
    HELD_BY,
    HELD_F16,
    HELD_I8,
    HELD_I16,
    KNOWN,
    NARROW_FLOATS,
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


class Conversions(Extrema):
    """A cast that may lose something is a keyed function of both dtypes and of the rounding."""

    def rounded(self, symbols: Symbols, dtype: str, mode: str = "rint") -> Symbols:
        """Rounded to a float dtype: what the dtype holds stays, of the rest a keyed function."""
        if dtype not in NARROW_FLOATS:
            return Symbols(dtype, symbols.planes, symbols.flags, symbols.value, symbols.groups)
        if mode != "rint":
            return self.keyed(f"round {dtype} {mode}", [symbols], dtype)
        held = symbols.held_by(dtype)
        if held.all():
            return Symbols(dtype, symbols.planes, symbols.flags, symbols.value, symbols.groups)
        found = self.keyed(f"round {dtype}", [symbols], dtype)
        if symbols.value is not None:
            values = np.where(symbols.known, symbols.value, 0.0)
            found = self.where(symbols.known, self.reals(values, dtype), found)
        found = self.where(held, symbols, found)
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
        if arg.value is None:
            return found
        values = np.where(arg.known & np.isfinite(arg.value), arg.value, 0.0)
        rounds = TO_WHOLE.get(mode)
        mask = arg.known & np.isfinite(arg.value) & (np.abs(values) < 2.0 ** (WIDTHS[dtype] - 1))
        if rounds is None or not mask.any():
            return found
        return self.where(mask, self.integers(rounds(values).astype(np.int64), dtype), found)

    def _to_float(self, arg: Symbols, dtype: str) -> Symbols:
        found = self.drawn(mixed(self.words(arg), key_of("to float")), "f32")
        found.flags = np.zeros(arg.shape, np.uint16)
        found.flags[(arg.flags & HELD_I8) != 0] = HELD_F16 | HELD_BF16
        wide = (arg.flags & HELD_I16) == 0  # f32 holds every i16
        if wide.any():
            found = self.where(wide, self.keyed("integer to f32", [found], "f32"), found)
        if arg.value is not None:
            values = np.where(arg.known, arg.value, 0.0)
            found = self.where(arg.known, self.reals(values, "f32"), found)
        return self.rounded(found, dtype)

    def _to_width(self, arg: Symbols, dtype: str) -> Symbols:
        if WIDTHS[dtype] < WIDTHS[arg.dtype]:
            found = Symbols(dtype, arg.planes, arg.flags & ~KNOWN)
        else:
            ring: Words = arg.planes[0]
            held = arg.held_by(arg.dtype)
            words = np.where(held, ring, mixed(ring, key_of(f"wrap {arg.dtype}")))
            flags = np.where(held, arg.flags & ~KNOWN, HELD_BY[arg.dtype])
            found = Symbols(dtype, words[None], flags.astype(np.uint16), None, arg.groups)
        if arg.value is None:
            return found
        values = np.where(arg.known, arg.value, 0.0).astype(np.int64)
        return self.where(arg.known, self.integers(values, dtype), found)
