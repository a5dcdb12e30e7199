"""Arithmetic: the laws of real numbers for floats, of Z/2⁶⁴ for integers."""

from collections.abc import Callable

import numpy as np

from hawk_xdsl.dialects.dtype import WIDE_FLOAT
from hawk_xdsl.gate.certificate.field import Field, Planes, Words, mixed
from hawk_xdsl.gate.certificate.leaves import Leaves, key_of, merged
from hawk_xdsl.gate.certificate.remembered import WordSet
from hawk_xdsl.gate.certificate.symbols import (
    FITS_BF16,
    FITS_BY_DTYPE,
    FITS_F16,
    KNOWN,
    NONPOSITIVE,
    Bools,
    Flags,
    Reals,
    Symbols,
    is_float,
)


class Numbers(Leaves):
    """Sums, products, quotients, exponentials; roots and absolute values are keyed."""

    def __init__(self, field: Field, draw: int, *, guards: bool = False) -> None:
        super().__init__(field, draw, guards=guards)
        self._fitting: dict[str, WordSet] = {}

    def _float(
        self, planes: Planes, known: tuple[Bools, Reals] | None = None, dtype: str = WIDE_FLOAT
    ) -> Symbols:
        flags = np.zeros(planes.shape[1:], np.uint16)
        if known is None or not known[0].any():
            return Symbols(dtype, planes, flags)
        mask, value = known
        flags[mask] = KNOWN
        return self._with_specials(
            Symbols(dtype, planes, flags, np.broadcast_to(value, flags.shape))
        )

    def _known(
        self,
        left: Symbols,
        right: Symbols,
        function: Callable[[Reals, Reals], Reals],
        absorbs: bool,
    ) -> tuple[Bools, Reals] | None:
        """Where the result is a known number, and which; infinities absorb what is unknown."""
        if not left.has_known and not right.has_known:
            return None
        knows, others = left.known, right.known
        first = np.where(knows, left.value if left.value is not None else 0.0, 0.0)
        second = np.where(others, right.value if right.value is not None else 0.0, 0.0)
        mask = knows & others
        if absorbs:
            mask = mask | (knows & ~np.isfinite(first)) | (others & ~np.isfinite(second))
        if not mask.any():
            return None
        with np.errstate(all="ignore"):
            return mask, function(first, second)

    def _ring(
        self,
        left: Symbols,
        right: Symbols,
        of_planes: Callable[[Planes, Planes], Planes],
        of_words: Callable[[Words, Words], Words],
        of_reals: Callable[[Reals, Reals], Reals],
        absorbs: bool,
    ) -> Symbols:
        if is_float(left.dtype):
            known = self._known(left, right, of_reals, absorbs)
            return self._float(of_planes(left.planes, right.planes), known)
        words = of_words(left.planes, right.planes)
        found = Symbols(left.dtype, words, self._back_in_range(words[0], left, right))
        if left.has_known and right.has_known:
            mask = left.known & right.known
            if mask.any():
                return self.where(mask, self.integers(words[0].astype(np.int64), left.dtype), found)
        return found

    def _back_in_range(self, words: Words, left: Symbols, right: Symbols) -> Flags:
        """Which results are words that an integer in range had before, as in x + 30000 - 30000."""
        fitting = self._fitting.setdefault(left.dtype, WordSet())
        for side in (left, right):
            fitting.add(side.planes[0][side.fits(left.dtype) & ~side.known])
        return np.where(fitting.holds(words), FITS_BY_DTYPE[left.dtype], np.uint16(0))

    def _add(self, left: Symbols, right: Symbols) -> Symbols:
        found = self._ring(left, right, self.field.add, np.add, np.add, True)
        return self._unchanged_by(0.0, left, right, found)

    def _sub(self, left: Symbols, right: Symbols) -> Symbols:
        return self._ring(left, right, self.field.sub, np.subtract, np.subtract, True)

    def _mul(self, left: Symbols, right: Symbols) -> Symbols:
        found = self._ring(left, right, self.field.mul, np.multiply, np.multiply, False)
        return self._unchanged_by(1.0, left, right, found)

    def _unchanged_by(
        self, neutral: float, left: Symbols, right: Symbols, found: Symbols
    ) -> Symbols:
        """The result, but where one side is a number that changes nothing, the other side."""
        for number, other in ((left, right), (right, left)):
            if number.value is not None:
                mask = number.known & (number.value == neutral)
                if mask.any():
                    found = self.where(mask, other, found)
        return found

    def _neg(self, arg: Symbols) -> Symbols:
        if not is_float(arg.dtype):
            zero = self.integers(np.zeros((), np.int64), arg.dtype).of_rank(len(arg.shape))
            return self._sub(zero, arg)
        known = None if arg.value is None else (arg.known, -arg.value)
        found = self._float(self.field.neg(arg.planes), known)
        found.flags |= arg.flags & (FITS_F16 | FITS_BF16)
        return found

    def _div(self, left: Symbols, right: Symbols) -> Symbols:
        if not is_float(left.dtype):
            return self.keyed(f"div {merged(left.dtype)}", [left, right], left.dtype)
        known = self._known(left, right, np.divide, False)
        inverse = self.field.inverse(right.planes)
        found = self._float(self.field.mul(left.planes, inverse), known)
        zero = right.known & (right.numbers() == 0.0) & ~left.known if right.has_known else None
        if zero is None or not zero.any():
            return found
        return self.where(zero, self.keyed("over zero", [left, right], WIDE_FLOAT), found)

    def _rec(self, arg: Symbols) -> Symbols:
        return self._div(self.literal(1.0, WIDE_FLOAT).of_rank(len(arg.shape)), arg)

    def _sqrt(self, arg: Symbols) -> Symbols:
        return self.keyed("sqrt", [arg], WIDE_FLOAT)

    def _rsqrt(self, arg: Symbols) -> Symbols:
        return self._rec(self._sqrt(arg))

    def _exp(self, arg: Symbols) -> Symbols:
        doubtful = (arg.flags & (KNOWN | NONPOSITIVE)) == 0
        if doubtful.any():
            self.exponents.append(self.words(arg)[doubtful])
        found = self._float(self.field.exp(arg.planes))
        if arg.value is None:
            return found
        with np.errstate(over="ignore"):
            value = np.exp(arg.value)
        special = arg.known & (~np.isfinite(arg.value) | (arg.value == 0.0))
        return self.where(special, self.reals(np.where(special, value, 0.0), WIDE_FLOAT), found)

    def _abs(self, arg: Symbols) -> Symbols:
        if not is_float(arg.dtype):
            return self.keyed(f"abs {merged(arg.dtype)}", [arg], arg.dtype)
        both = np.minimum(self.words(arg), self.words(self._neg(arg)))
        found = self.drawn(mixed(both, key_of("abs")), WIDE_FLOAT)
        found.flags |= arg.flags & (FITS_F16 | FITS_BF16)
        if arg.value is None:
            return found
        return self.where(
            arg.known, self.reals(np.abs(np.where(arg.known, arg.value, 0.0)), arg.dtype), found
        )
