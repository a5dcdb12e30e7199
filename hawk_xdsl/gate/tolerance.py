"""How far each element of a kernel's result may be from the reference, and where it is further."""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hawk_xdsl.dialects.dtype import Array, is_float
from hawk_xdsl.reference.error import Error, largest, rounding


class Expected:
    """What one result must be; all that does not depend on a kernel is computed once.

    A float is right that is

    - within the error of its element from the float64 value (``reference_error``), at least a
      rounding to its dtype where anything was computed;
    - the very value of the reference in its own dtypes, which over- and underflow as the IR says;
    - an infinity, where the float64 value is within that error of this end of the dtype;
    - beyond an end, its infinity, or what is within the error that the value would have in a dtype
      without an end: x - mean(x) of a row near the end is off by as much as elsewhere, and a sum
      that cancelled may have either sign.

    So a NaN must be a NaN and an infinity the same one; where only the declared dtypes make them,
    the exact value is right too. Integers and booleans must be equal; where the float64
    value is within its operands' error of a step, the values on both sides of it are right.

    Args:
        exact: the result in float64.
        declared: the result in its own dtype.
        error: how far each element may be from ``exact``; ``None`` for the very same.
        endless: gives the same in dtypes without an end, asked where a result is beyond it.
    """

    def __init__(
        self,
        exact: Array,
        declared: Array,
        error: Error,
        endless: Callable[[], Error] = lambda: None,
    ) -> None:
        self.exact = exact
        self.declared = declared
        self._error = error
        self._endless = endless

    @cached_property
    def error(self) -> NDArray[np.float64]:
        """How far each element may be off, its own rounding included; infinite: not judged."""
        if self._error is None:
            return np.zeros(self.declared.shape)
        if not is_float(self.declared.dtype):
            return np.where(self._error > 0, np.maximum(np.rint(self._error), 1.0), 0.0)
        unknown = np.where(np.isnan(self._error), np.inf, np.abs(self._error))  # 0 · unknown
        return np.maximum(unknown, rounding(self.exact, self.declared.dtype))

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Which elements have a right value."""
        return ~np.isinf(self.error) | self._beyond

    @cached_property
    def _error_beyond(self) -> NDArray[np.float64]:
        """How far elements beyond the dtype's end may be off."""
        own = rounding(self.exact, self.declared.dtype, ends=False)
        error = self._endless()
        return own if error is None else np.maximum(np.abs(error), own)

    @property
    def _largest(self) -> float:
        return largest(self.declared.dtype)

    @property
    def _beyond(self) -> NDArray[np.bool_] | np.bool_:
        """Where a float has a value, but none in its dtype."""
        if not is_float(self.declared.dtype):
            return np.bool_(False)
        exact = np.asarray(self.exact, np.float64)
        return np.isfinite(exact) & (np.abs(exact) > self._largest)

    def mistake(self, given: Array) -> str | None:
        """What is wrong with a result, as one line, or ``None``."""
        with np.errstate(invalid="ignore", over="ignore"):
            wrong = ~self._same(given)
            if not wrong.any():
                return None
            wrong &= ~self._near(given)
        if not wrong.any():
            return None
        at = tuple(int(i) for i in np.argwhere(wrong)[0]) if wrong.ndim else ()
        return _wrong(wrong, given[at], self.exact[at], at)

    def _same(self, given: Array) -> NDArray[np.bool_]:
        """Where a result is what the declared dtypes give, bit for bit but for the sign of 0."""
        declared = self.declared.astype(given.dtype)
        same = np.equal(given, declared)
        if is_float(given.dtype):
            same |= np.isnan(given) & np.isnan(declared)
        return same

    def _near(self, given: Array) -> NDArray[np.bool_]:
        """Where a result is within its error, or not judged."""
        error = self.error
        found = np.asarray(given, np.float64)
        exact = np.asarray(self.exact, np.float64)
        near = (np.abs(found - exact) <= error) | np.equal(found, exact) | np.isinf(error)
        if is_float(self.declared.dtype):
            near |= np.isnan(found) & np.isnan(exact)
            infinite, towards = np.isinf(found), np.sign(found) * exact
            near |= infinite & np.isfinite(exact) & (towards + error > self._largest)
            end = infinite & (towards > 0)
            if np.any(self._beyond & ~end):
                end |= np.isfinite(found) & (np.abs(found - exact) <= self._error_beyond)
                end |= infinite & (towards + self._error_beyond > self._largest)
            near = np.where(self._beyond, end, near)
        return near


def _wrong(wrong: NDArray[np.bool_], given: object, wanted: object, at: Sequence[int]) -> str:
    return (
        f"{int(wrong.sum())} of {wrong.size} elements are wrong, first {_shown(given)} instead of "
        f"{_shown(wanted)} at {list(at)}"
    )


def _shown(value: object) -> str:
    return str(value) if isinstance(value, np.integer | np.bool_) else f"{value:.8g}"
