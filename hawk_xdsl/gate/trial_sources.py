"""What inputs of an op can hold: the dtype, rows and ends that trials draw from."""

from dataclasses import dataclass

import numpy as np
from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute

from hawk_xdsl.dialects.dtype import is_float
from hawk_xdsl.gate.op_features import Features
from hawk_xdsl.gate.trial_rows import InputRows
from hawk_xdsl.reference.value_types import numpy_dtype


@dataclass(frozen=True)
class TrialSource:
    """An input of the op.

    Attributes:
        dtype: that of its elements.
        rows: how its elements meet in results.
        indexed: for indices, the least extent that they index.
        ends: for integers, the least and the largest one.
    """

    dtype: np.dtype[np.generic]
    rows: InputRows
    indexed: int | None
    ends: tuple[int, int]

    @property
    def is_float(self) -> bool:
        """Whether it holds floats."""
        return is_float(self.dtype)


def source_of(
    features: Features, number: int, type_: Attribute, ends: tuple[int, int] | None
) -> TrialSource:
    """The input of a number; ``ends`` are the least and the largest integer it may hold."""
    assert isinstance(type_, TensorType)
    dtype = numpy_dtype(type_)
    assert dtype is not None
    rows = InputRows(tuple(type_.get_shape()), tuple(sorted(features.mixed[number])))
    if dtype == np.bool_ or is_float(dtype):
        return TrialSource(dtype, rows, None, (0, 1))
    wide = np.iinfo("int32" if dtype == np.int64 else dtype.name)  # as kernels hold them
    return TrialSource(
        dtype, rows, features.indexed.get(number), ends or (int(wide.min), int(wide.max))
    )
