"""Functions of the element-wise instructions that numpy has under no name of its own."""

from typing import Any

import numpy as np
import numpy.typing as npt

_Array = npt.NDArray[Any]


def reciprocal(source: _Array, out: _Array) -> None:
    """``1 / x``."""
    np.divide(out.dtype.type(1), source, out)


def reciprocal_root(source: _Array, out: _Array) -> None:
    """``1 / sqrt(x)``, rounded after the root and after the quotient."""
    np.sqrt(source, out)
    reciprocal(out, out)


def rectified(source: _Array, out: _Array) -> None:
    """``max(x, 0)``."""
    np.maximum(source, out.dtype.type(0), out=out)


def complement(source: _Array, out: _Array) -> None:
    """All bits inverted; of i8, whose elements are truth values, 0 and 1 exchanged."""
    if out.dtype == np.int8:
        np.bitwise_xor(source, np.int8(1), out)
    else:
        np.invert(source, out)


def quotient(left: _Array, right: Any, out: _Array) -> None:
    """``x / y``; of integers, rounded towards zero."""
    if np.issubdtype(out.dtype, np.integer):
        out[...] = np.trunc(np.asarray(left, np.float64) / np.asarray(right, np.float64))
    else:
        np.divide(left, right, out)


def shifted_left(left: _Array, right: Any, out: _Array) -> None:
    """The bits moved up."""
    np.left_shift(left, np.asarray(right).astype(out.dtype), out=out)


def shifted_right(left: _Array, right: Any, out: _Array) -> None:
    """The bits moved down, copies of the sign coming in."""
    np.right_shift(left, np.asarray(right).astype(out.dtype), out=out)


def shifted_right_unsigned(left: _Array, right: Any, out: _Array) -> None:
    """The bits moved down, zeros coming in."""
    unsigned = np.dtype(f"u{out.dtype.name}")
    amounts = np.asarray(right).astype(out.dtype).view(unsigned)
    np.right_shift(left.view(unsigned), amounts, out=out.view(unsigned))
