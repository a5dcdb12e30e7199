"""The values of a block while it is evaluated; scalars are computed when they are needed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from xdsl.dialects import arith
from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IntegerAttr,
    TensorType,
)
from xdsl.dialects.linalg.ops import IndexOp
from xdsl.dialects.tensor import ExtractOp
from xdsl.ir import Attribute, BlockArgument, Operation, OpResult, SSAValue

from hawk_xdsl.semantics.reference_scalar import evaluate_scalar
from hawk_xdsl.semantics.reference_types import (
    Array,
    IndexRangeError,
    Precision,
    UnsupportedOpError,
    numpy_dtype,
)

Handler = Callable[["Frame", Operation], Sequence[Array]]
"""Gives an op's results."""


@dataclass
class Frame:
    """Values by SSA value; inside of a structured op's body, ``loops`` are the loops' indices."""

    precision: Precision
    values: dict[SSAValue, Array] = field(default_factory=dict[SSAValue, Array])
    loops: tuple[Array, ...] = ()

    def body(self, arguments: Mapping[SSAValue, Array], loops: Sequence[Array]) -> "Frame":
        """A frame for a scalar body that also sees the values around it."""
        return Frame(self.precision, {**self.values, **arguments}, tuple(loops))

    def dtype(self, value: SSAValue) -> np.dtype[np.generic]:
        """The numpy type of a value. Raises ``UnsupportedOpError`` if there is none."""
        found = numpy_dtype(value.type, self.precision)
        if found is None:
            assert isinstance(value.owner, Operation), f"argument of type {value.type}"
            raise UnsupportedOpError(value.owner, f"the reference has no values of {value.type}")
        return found

    def get(self, value: SSAValue) -> Array:
        """The value, computed now if it is a scalar that was not needed before.

        Raises:
            UnsupportedOpError: if a scalar op has no meaning.
            IndexRangeError: if an index read from data is out of range.
        """
        if value in self.values:
            return self.values[value]
        assert not isinstance(value, BlockArgument), "an argument without a value"
        op = value.owner
        assert isinstance(op, Operation) and isinstance(value, OpResult)
        result = np.asarray(self._scalar(op, value))
        self.values[value] = result
        return result

    def _scalar(self, op: Operation, value: SSAValue) -> Array:
        match op:
            case arith.ConstantOp():
                return constant_value(op.value, self.precision, op)
            case IndexOp():
                return self.loops[op.dim.value.data]
            case ExtractOp():
                return self.extract(op)
            case _:
                operands = [self.get(operand) for operand in op.operands]
        result = evaluate_scalar(op, operands, self.dtype(value)) if len(op.results) == 1 else None
        if result is None:
            raise UnsupportedOpError(op)
        return result

    def extract(self, op: ExtractOp) -> Array:
        """``tensor.extract`` for a whole array of indices. Raises ``IndexRangeError``."""
        source = self.get(op.tensor)
        indices = [self.get(index) for index in op.indices]
        for index, extent in zip(indices, source.shape, strict=True):
            outside = np.logical_or(np.less(index, 0), np.greater_equal(index, extent))
            if np.any(outside):
                raise IndexRangeError(op, int(index[outside].flat[0]), extent)
        return np.asarray(source[tuple(index.astype(np.int64) for index in indices)])


def constant_value(attribute: Attribute, precision: Precision, op: Operation) -> Array:
    """The value of a constant, rounded to the type it declares before any widening.

    Raises:
        UnsupportedOpError: if the constant's form or type is not known.
    """
    match attribute:
        case IntegerAttr() | FloatAttr():
            type_, numbers, shape = attribute.type, [attribute.value.data], ()
        case DenseIntOrFPElementsAttr():
            type_, shape = attribute.get_type(), attribute.get_shape()
            numbers = attribute.get_values()
        case _:
            raise UnsupportedOpError(op, f"a constant of the form {attribute.name}")
    declared, wanted = numpy_dtype(type_), numpy_dtype(type_, precision)
    if declared is None or wanted is None:
        raise UnsupportedOpError(op, f"the reference has no values of {type_}")
    wide = np.dtype(np.int64) if declared.kind in "iub" else np.dtype(np.float64)
    flat = np.asarray(numbers, dtype=wide).astype(declared).astype(wanted)
    if isinstance(type_, TensorType) and flat.size == 1:
        return np.full(shape, flat.flat[0])
    return flat.reshape(shape)
