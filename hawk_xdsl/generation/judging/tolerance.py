"""How far a kernel's result may be from the reference, and where it is further."""

from collections.abc import Callable, Sequence
from functools import cached_property

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from hawk_xdsl.npu_target.dtypes import NUMPY_DTYPES
from hawk_xdsl.semantics.reference_types import Array

ROUNDINGS = {"f32": 64.0, "f16": 4.0, "bf16": 4.0}
"""Units in the last place of a row's largest value that a kernel may be off."""

REFERENCE_FACTOR = 16.0
"""How many times further from float64 than the reference in its own dtype a kernel may be."""

CONDITION_FACTOR = 8.0
"""How many times further than inputs off by one rounding move the float64 result.

Where rounding the inputs alone moves a result that far (the layer norm of a constant row), every
order of the same sums gives another one, and the reference may be exact by luck.
"""


class Expected:
    """What one result must be; all that does not depend on a kernel is computed once.

    Args:
        exact: the result in float64.
        declared: the result in its own dtype, which integers must equal.
        moved: gives the result in float64 for inputs that are off by a rounding.
    """

    def __init__(self, exact: Array, declared: Array, moved: Callable[[], Array]) -> None:
        self.declared = declared
        self._moved = moved
        if declared.dtype.kind in "biu":
            return
        self._precise = exact.astype(np.float64, copy=False)
        reference = declared.astype(np.float64)
        finite = np.isfinite(reference) & np.isfinite(self._precise)
        self._finite = None if finite.all() else finite
        own = np.abs(reference - self._precise)
        name = next(key for key in ROUNDINGS if NUMPY_DTYPES[key] == declared.dtype)
        self._roundings = ROUNDINGS[name] * float(ml_dtypes.finfo(declared.dtype).eps)
        self._bound = self._roundings * self._by_row(np.abs(self._precise))
        self._bound = self._bound + REFERENCE_FACTOR * self._by_row(own)

    @cached_property
    def _condition(self) -> NDArray[np.float64]:
        """What inputs that are off by a rounding allow on top, by row."""
        moved = np.abs(self._moved().astype(np.float64) - self._precise)
        return CONDITION_FACTOR * self._by_row(np.where(np.isfinite(moved), moved, 0.0))

    def _by_row(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The largest of each row among those that are finite."""
        if self._finite is not None:
            values = np.where(self._finite, values, 0.0)
        return values.max(axis=-1, keepdims=True) if values.ndim else values

    def mistake(self, given: Array) -> str | None:
        """What is wrong with a result, as one line, or ``None``."""
        if self.declared.dtype.kind in "biu":
            wrong = given != self.declared.astype(given.dtype)
            if not wrong.any():
                return None
            at = _first(wrong)
            return _wrong(wrong, given[at], self.declared[at], at)
        found = given.astype(np.float64)
        wrong = self._outside(found, self._bound)
        if not wrong.any():
            return None
        wrong = self._outside(found, self._bound + self._condition)
        if not wrong.any():
            return None
        at = _first(wrong)
        return _wrong(wrong, f"{found[at]:.6g}", f"{self._precise[at]:.6g}", at)

    def _outside(self, found: NDArray[np.float64], bound: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Where a result is further off than a bound, or not the same special value."""
        near = np.abs(found - self._precise) <= bound
        if self._finite is None:
            return ~near
        reference = self.declared.astype(np.float64)
        same = (np.isnan(found) & np.isnan(reference)) | (found == reference)
        # Where only the dtype's range ends (the f16 sum below a mean), the exact value is right.
        exact = np.abs(found - self._precise) <= self._roundings * np.abs(self._precise)
        overflow = np.isinf(reference) & np.isfinite(self._precise)
        return ~np.where(self._finite, near, same | (overflow & exact))


def _wrong(wrong: NDArray[np.bool_], given: object, wanted: object, at: Sequence[int]) -> str:
    return (
        f"{int(wrong.sum())} of {wrong.size} elements are wrong, first {given} instead of {wanted} "
        f"at {list(at)}"
    )


def _first(wrong: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(wrong)[0]) if wrong.ndim else ()
