"""The dtypes of MLIR and numpy, joined: names, numpy dtypes and poison."""

from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Attribute

Array = npt.NDArray[Any]
"""A numpy array of any dtype: which one, the IR says."""

NUMPY_DTYPES: dict[str, np.dtype[np.generic]] = {
    "f16": np.dtype(np.float16),
    "bf16": np.dtype(ml_dtypes.bfloat16),
    "f32": np.dtype(np.float32),
    "f64": np.dtype(np.float64),
    "i1": np.dtype(np.int8),
    "i8": np.dtype(np.int8),
    "i16": np.dtype(np.int16),
    "i32": np.dtype(np.int32),
    "i64": np.dtype(np.int64),
}
"""MLIR's spelling → numpy's dtype; i1 is stored in a byte."""

POISON = 0xFF
"""The byte that memory is filled with before it is written: NaN in every float dtype."""


def numpy_dtype(type_: Attribute) -> np.dtype[np.generic]:
    """The numpy dtype of an element type. Raises ``KeyError`` for one that buffers cannot hold."""
    return NUMPY_DTYPES[str(type_)]


def element_name(type_: Attribute) -> str:
    """The MLIR name of an element type, or of a buffer's elements."""
    return str(type_.element_type if isinstance(type_, MemRefType) else type_)


def is_float(dtype: np.dtype[np.generic]) -> bool:
    """Whether a numpy dtype is a floating point one, bfloat16 included."""
    return dtype.kind == "f" or dtype == ml_dtypes.bfloat16
