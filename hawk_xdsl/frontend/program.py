"""A program as a front end delivers it: one function on tensors, its parameters, a reference."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.errors import HawkError
from hawk_xdsl.reference.signedness import input_dtypes

Reference = Callable[[Sequence[Array]], tuple[Array, ...]]
"""Runs the original model: inputs and results as numpy arrays."""


@dataclass(frozen=True)
class Program:
    """What the compiler compiles.

    A value of i1 is a numpy bool array here and inside of regions; kernels store it as i8, 0 or 1.
    64-bit integers stay what they are; a launch checks those that its kernel takes as 32-bit ones.

    Attributes:
        name: for reports: the factory's or the file's name.
        module: holds one ``func.func @main(parameters…, inputs…)`` on tensors of static shapes.
        parameters: the values of the leading arguments: weights, buffers and large literals.
        parameter_names: one name a parameter, such as ``linear1.weight``.
        example_inputs: one array for each further argument.
        reference: the eager PyTorch model, or ``None`` for a program read from text.
    """

    name: str
    module: ModuleOp
    parameters: tuple[Array, ...]
    parameter_names: tuple[str, ...]
    example_inputs: tuple[Array, ...]
    reference: Reference | None = None

    @property
    def argument_names(self) -> list[str]:
        """What the arguments of @main are, in words: ``weight linear1.weight``, ``input 0``."""
        weights = [f"weight {name}" for name in self.parameter_names]
        return weights + [f"input {number}" for number in range(len(self.example_inputs))]

    @property
    def function(self) -> FuncOp:
        """The function ``@main``."""
        [function] = [op for op in self.module.ops if isinstance(op, FuncOp)]
        return function

    @property
    def input_types(self) -> tuple[Attribute, ...]:
        """The types of the arguments after the parameters."""
        return tuple(self.function.function_type.inputs.data[len(self.parameters) :])

    def arguments(self, inputs: Sequence[Array]) -> list[Array]:
        """All arguments of @main for these inputs: the parameters, then the checked inputs.

        Raises:
            HawkError: wrong number, shape or dtype of inputs.
        """
        types = self.input_types
        if len(inputs) != len(types):
            raise HawkError(f"{self.name}: expected {len(types)} inputs, got {len(inputs)}")
        dtypes = input_dtypes(self.function)[len(self.parameters) :]
        checked = [
            _checked(np.asarray(array), type_, dtype, f"input {position}")
            for position, (array, type_, dtype) in enumerate(
                zip(inputs, types, dtypes, strict=True)
            )
        ]
        return [*self.parameters, *checked]


def _checked(
    array: Array, type_: Attribute, wanted: np.dtype[np.generic] | None, what: str
) -> Array:
    assert isinstance(type_, TensorType)
    if wanted == np.int64 and array.dtype == np.int32:
        array = array.astype(np.int64)
    if array.shape != tuple(type_.get_shape()) or array.dtype != wanted:
        kind = "tensor of uint8 as " if wanted == np.uint8 else ""
        message = f"{what}: expected {kind}{type_}, got {array.dtype} of shape {array.shape}"
        raise HawkError(message)
    return array
