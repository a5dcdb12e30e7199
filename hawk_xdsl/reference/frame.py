"""The values of a block while it is evaluated; scalars are computed when they are needed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects import arith
from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IntegerAttr,
)
from xdsl.dialects.linalg.ops import IndexOp
from xdsl.dialects.tensor import ExtractOp
from xdsl.ir import Attribute, BlockArgument, Operation, OpResult, SSAValue

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.reference.error import Error, difference, scalar_error
from hawk_xdsl.reference.scalar import evaluate_scalar
from hawk_xdsl.reference.value_types import (
    IndexRangeError,
    Precision,
    UnsupportedOpError,
    numpy_dtype,
)

Handler = Callable[["Frame", Operation], Sequence[Array]]
"""Gives an op's results."""


@dataclass
class Frame:
    """Values by SSA value; inside of a structured op's body, ``loops`` are the loops' indices.

    ``errors`` are those of values that are not exact, where they are asked for (else ``None``);
    without ``ends`` they are those of dtypes that have no largest number.
    """

    precision: Precision
    values: dict[SSAValue, Array] = field(default_factory=dict[SSAValue, Array])
    loops: tuple[Array, ...] = ()
    errors: dict[SSAValue, Error] | None = None
    ends: bool = True

    def body(
        self,
        arguments: Mapping[SSAValue, Array],
        loops: Sequence[Array],
        errors: Mapping[SSAValue, Error] | None = None,
    ) -> "Frame":
        """A frame for a scalar body that also sees the values around it."""
        inner = None if self.errors is None else {**self.errors, **(errors or {})}
        return Frame(self.precision, {**self.values, **arguments}, tuple(loops), inner, self.ends)

    def error(self, value: SSAValue) -> Error:
        """The error of a value that was computed; ``None``: it is exact, or errors are not kept."""
        return None if self.errors is None else self.errors.get(value)

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
        if self.errors is not None:
            self.errors[value] = self._scalar_error(op, value, operands, result)
        return result

    def _scalar_error(
        self, op: Operation, value: SSAValue, operands: list[Array], result: Array
    ) -> Error:
        declared, dtype = numpy_dtype(value.type), self.dtype(value)
        assert declared is not None

        def evaluate(shifted: list[Array]) -> Array:
            found = evaluate_scalar(op, shifted, dtype)
            assert found is not None
            return found

        errors = [self.error(operand) for operand in op.operands]
        return scalar_error(op, operands, errors, result, declared, evaluate, ends=self.ends)

    def extract(self, op: ExtractOp) -> Array:
        """``tensor.extract`` for a whole array of indices. Raises ``IndexRangeError``."""
        source = self.get(op.tensor)
        indices = [self.get(index) for index in op.indices]
        for index, extent in zip(indices, source.shape, strict=True):
            outside = np.logical_or(np.less(index, 0), np.greater_equal(index, extent))
            if np.any(outside):
                raise IndexRangeError(op, int(index[outside].flat[0]), extent)
        places = tuple(index.astype(np.int64) for index in indices)
        if self.errors is not None:
            self.errors[op.result] = self._extract_error(op, source, places)
        return np.asarray(source[places])

    def _extract_error(
        self, op: ExtractOp, source: Array, places: tuple[NDArray[np.int64], ...]
    ) -> Error:
        """The element's own, and its difference from those that an unsure index may mean."""
        error = self.error(op.tensor)
        found = None if error is None else np.broadcast_to(error, source.shape)[places]
        for axis, index in enumerate(op.indices):
            unsure = self.error(index)
            if unsure is None:
                continue
            unsure = np.maximum(unsure, 0.0)
            for sign in (-1, 1):
                moved = np.clip(places[axis] + sign * unsure, 0, source.shape[axis] - 1)
                other = (*places[:axis], moved.astype(np.int64), *places[axis + 1 :])
                apart = difference(source[other], source[places])
                found = apart if found is None else np.maximum(found, apart)
        return found


def constant_value(attribute: Attribute, precision: Precision, op: Operation) -> Array:
    """The value of a constant, rounded to the type it declares before any widening.

    Raises:
        UnsupportedOpError: if the constant's form or type is not known.
    """
    match attribute:
        case IntegerAttr() | FloatAttr():
            type_, numbers, shape = attribute.type, [attribute.value.data], ()
        case DenseIntOrFPElementsAttr():
            return _literal(attribute, precision, op)
        case _:
            raise UnsupportedOpError(op, f"a constant of the form {attribute.name}")
    declared, wanted = numpy_dtype(type_), numpy_dtype(type_, precision)
    if declared is None or wanted is None:
        raise UnsupportedOpError(op, f"the reference has no values of {type_}")
    wide = np.dtype(np.int64) if declared.kind in "iub" else np.dtype(np.float64)
    return np.asarray(numbers, dtype=wide).astype(declared).astype(wanted).reshape(shape)


def _literal(dense: DenseIntOrFPElementsAttr, precision: Precision, op: Operation) -> Array:
    """The value of a literal, read from its bytes."""
    type_, shape = dense.get_type(), dense.get_shape()
    declared, wanted = numpy_dtype(type_), numpy_dtype(type_, precision)
    if declared is None or wanted is None:
        raise UnsupportedOpError(op, f"the reference has no values of {type_}")
    data = np.frombuffer(dense.data.data, np.int8 if declared == np.bool_ else declared)
    numbers = data.astype(declared).astype(wanted)
    return np.full(shape, numbers[0]) if numbers.size == 1 else numbers.reshape(shape)
