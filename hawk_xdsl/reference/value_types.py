"""Which numpy type holds a value of an IR type, and the errors of the reference evaluator."""

from enum import Enum

import numpy as np
from xdsl.dialects.builtin import (
    FileLineColLoc,
    IndexType,
    IntegerType,
    Signedness,
    TensorType,
)
from xdsl.ir import Attribute, Operation

from hawk_xdsl.dialects.dtype import DType, is_float
from hawk_xdsl.errors import HawkError


class Precision(Enum):
    """How floats are computed.

    ``DECLARED``: every op rounds to the type it declares; sums accumulate in at least f32 and
    round once. ``FLOAT64``: every float is a float64 and nothing rounds: the oracle.
    """

    DECLARED = "declared"
    FLOAT64 = "float64"


class UnsupportedOpError(HawkError):
    """The reference has no meaning for an op; ``op_name`` is its name."""

    def __init__(self, op: Operation, reason: str = "the reference cannot evaluate it") -> None:
        location = op.location
        file, line = None, None
        if isinstance(location, FileLineColLoc):
            file, line = location.filename.data, location.line.data
        super().__init__(f"{op.name}: {reason}", file=file, line=line)
        self.op_name = op.name


class DivisionByZeroError(HawkError):
    """An integer is divided by zero."""

    def __init__(self, op: Operation) -> None:
        super().__init__(f"{op.name}: division by zero")


class IndexRangeError(HawkError):
    """An index read from data is outside of a tensor.

    Attributes:
        index: the offending index.
        extent: the extent of the axis, so that ``0 <= index < extent`` is violated.
    """

    def __init__(self, op: Operation, index: int, extent: int) -> None:
        super().__init__(f"{op.name}: index {index} is outside of an axis of extent {extent}")
        self.index = index
        self.extent = extent


def numpy_dtype(
    type_: Attribute, precision: Precision = Precision.DECLARED
) -> np.dtype[np.generic] | None:
    """The numpy type of a scalar type, or of a tensor's elements; ``None`` if there is none.

    i1 is ``bool``, index is ``int64``, bf16 is ``ml_dtypes.bfloat16``.
    """
    if isinstance(type_, TensorType):
        return numpy_dtype(type_.element_type, precision)
    if isinstance(type_, IndexType):
        return np.dtype(np.int64)
    signless = IntegerType(type_.width.data) if isinstance(type_, IntegerType) else type_
    dtype = DType.lookup(signless)
    if dtype is None:
        return None
    if dtype.is_float:
        return np.dtype(np.float64) if precision is Precision.FLOAT64 else dtype.numpy
    if dtype.is_condition:
        return np.dtype(np.bool_)
    unsigned = isinstance(type_, IntegerType) and type_.signedness.data is Signedness.UNSIGNED
    return np.dtype(f"u{dtype.numpy.name}") if unsigned else dtype.numpy


def accumulator_dtype(dtype: np.dtype[np.generic]) -> np.dtype[np.generic]:
    """The type a sum of such values is kept in: at least f32 for floats."""
    return np.dtype(np.float32) if is_float(dtype) and dtype.itemsize < 4 else dtype
