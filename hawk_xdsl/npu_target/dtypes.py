"""The numpy types by the names of dtypes."""

from typing import Any

import numpy as np

from hawk_xdsl.dialects.dtype import DType

NUMPY_DTYPES: dict[str, np.dtype[Any]] = {dtype: dtype.numpy for dtype in DType}
"""MLIR's spelling → numpy's dtype; i1 is stored in a byte."""
