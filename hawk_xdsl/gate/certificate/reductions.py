"""Reductions, scans and products of matrices."""

import numpy as np

from hawk_xdsl.dialects.dtype import INDEX, NARROW_FLOATS, WIDE_INTEGER
from hawk_xdsl.gate.certificate.arrays import as_rows, concatenated
from hawk_xdsl.gate.certificate.conversions import Conversions
from hawk_xdsl.gate.certificate.extrema import EXTREMA, neutral_of
from hawk_xdsl.gate.certificate.field import mixed
from hawk_xdsl.gate.certificate.leaves import key_of, kind_of
from hawk_xdsl.gate.certificate.symbols import Symbols, UnprovableError, is_float


class Reductions(Conversions):
    """Sums and products in any order; positions and running extrema as they are written."""

    def reduce(self, kind: str, arg: Symbols, axes: tuple[int, ...]) -> Symbols:
        """A reduction over axes, which are kept as 1."""
        if kind in EXTREMA:
            return self.extreme(kind, arg, axes)
        if kind in ("argmax", "argmin"):
            return self._position(kind, arg, axes)
        if kind == "sum":
            return self._sum(arg, axes)
        if kind == "prod":
            return self._product(arg, axes)
        raise UnprovableError(f"a reduction by {kind}")

    def _sum(self, arg: Symbols, axes: tuple[int, ...]) -> Symbols:
        if not is_float(arg.dtype):
            words = arg.planes.sum(tuple(a + 1 for a in axes), keepdims=True, dtype=np.uint64)
            found = Symbols(arg.dtype, words, np.zeros(words.shape[1:], np.uint16))
            mask = np.asarray(arg.known.all(axes, keepdims=True))
            if arg.value is None or not mask.any():
                return found
            return self.where(mask, self.integers(words[0].astype(np.int64), arg.dtype), found)
        if arg.dtype in NARROW_FLOATS:
            raise UnprovableError(f"a sum in {arg.dtype}: its roundings depend on the order")
        planes = self.field.sum(arg.planes, axes)
        if arg.value is None:
            return self._float(planes)
        value = np.where(arg.known, arg.value, 0.0)
        mask = np.asarray(arg.known.all(axes, keepdims=True))
        mask = mask | (~np.isfinite(value)).any(axes, keepdims=True)
        with np.errstate(invalid="ignore"):
            return self._float(planes, (mask, value.sum(axes, keepdims=True)))

    def _product(self, arg: Symbols, axes: tuple[int, ...]) -> Symbols:
        if arg.dtype in NARROW_FLOATS:
            raise UnprovableError(f"a product in {arg.dtype}: its roundings depend on the order")
        rows, shape = as_rows(arg, axes)
        while rows.shape[1] > 1:
            length = rows.shape[1]
            half = length // 2
            pairs = self._mul(rows.at((slice(None), slice(0, half))),
                              rows.at((slice(None), slice(half, 2 * half))))  # fmt: skip
            if length % 2:
                last = rows.at((slice(None), slice(length - 1, length)))
                first = self._mul(pairs.at((slice(None), slice(0, 1))), last)
                rows = concatenated([first, pairs.at((slice(None), slice(1, half)))], 1)
            else:
                rows = pairs
        return rows.reshaped(shape)

    def _position(self, kind: str, arg: Symbols, axes: tuple[int, ...]) -> Symbols:
        if kind == "argmin" and is_float(arg.dtype):  # of a float the negative is exact
            kind, arg = "argmax", self._neg(arg)
        rows, shape = as_rows(arg, axes)
        words = self.words(rows)
        places = mixed(np.arange(rows.shape[1], dtype=np.uint64), 0x70)
        terms = mixed(words ^ places, key_of(kind))
        if rows.value is not None:
            nothing = rows.known & (rows.value == neutral_of(kind[3:], rows.dtype))
            terms = np.where(nothing, np.uint64(0), terms)
        total = terms.sum(axis=1, dtype=np.uint64)
        found = self.drawn(mixed(total, key_of(f"{kind} {kind_of(arg.dtype)}")), INDEX)
        return found.reshaped(shape)

    def scan(self, kind: str, arg: Symbols, axis: int) -> Symbols:
        """A scan along an axis."""
        if arg.dtype in NARROW_FLOATS and kind in ("sum", "prod"):
            raise UnprovableError(f"a running {kind} in {arg.dtype}")
        if kind == "sum":
            total = np.cumsum(arg.planes, axis=axis + 1, dtype=arg.planes.dtype)
            if is_float(arg.dtype):
                return self._float(self.field.reduced(total))
            return Symbols(arg.dtype, total, np.zeros(arg.shape, np.uint16))
        parts = [arg.at((*[slice(None)] * axis, slice(0, 1)))]
        if arg.shape[axis] > 256 and kind != "prod":
            raise UnprovableError(f"a running {kind} over more than 256 elements")
        for place in range(1, arg.shape[axis]):
            part = arg.at((*[slice(None)] * axis, slice(place, place + 1)))
            last = parts[-1]
            combined = self._mul(last, part) if kind == "prod" else self._extremum(kind, last, part)
            parts.append(combined)
        return concatenated(parts, axis)

    def matmul(self, left: Symbols, right: Symbols) -> Symbols:
        """[…, m, k] · [… , k, n], without any rounding; f32 of floats, i32 of integers."""
        if is_float(left.dtype):
            planes = self.field.matmul(left.planes, right.planes)
            if left.value is None:
                return self._float(planes)
            zero = (left.known & (left.value == 0.0)).all(-1, keepdims=True)  # rows of a padding
            return self._float(planes, (np.broadcast_to(zero, planes.shape[1:]), np.zeros(1)))
        words = np.matmul(left.planes, right.planes)
        return Symbols(WIDE_INTEGER, words, np.zeros(words.shape[1:], np.uint16))
