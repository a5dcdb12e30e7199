"""A program whose inputs have one dimension of any length of a range."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.npu import NamedExtent
from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.program import Program


@dataclass(frozen=True)
class DynamicAxes:
    """Where a dimension is in the inputs of a program.

    Attributes:
        extent: the dimension and its range.
        axes: for each input, those of its axes that have the dimension's length.
    """

    extent: NamedExtent
    axes: tuple[tuple[int, ...], ...]

    def length_of(self, inputs: Sequence[Array]) -> int:
        """The dimension's length in inputs.

        Raises:
            HawkError: their number is wrong, one has too few axes, they do not agree on the
                length, or it is out of its range.
        """
        name = self.extent.name
        if len(inputs) != len(self.axes):
            raise HawkError(f"expected {len(self.axes)} inputs, got {len(inputs)}")
        found: set[int] = set()
        for number, (array, axes) in enumerate(zip(inputs, self.axes, strict=True)):
            shape = np.shape(array)
            if axes and len(shape) <= max(axes):
                raise HawkError(f"input {number} has {len(shape)} axes, {name} is axis {max(axes)}")
            found.update(shape[axis] for axis in axes)
        if len(found) > 1:
            raise HawkError(f"the inputs have {name} {' and '.join(map(str, sorted(found)))}")
        (length,) = found
        if not self.extent.low <= length <= self.extent.high:
            raise HawkError(f"{name} is {length}, but the model is compiled for {self.extent}")
        return length

    def cut(self, inputs: Sequence[Array], length: int) -> tuple[Array, ...]:
        """Inputs of a length from those of a greater one."""
        return tuple(
            array[tuple(slice(length if axis in axes else None) for axis in range(array.ndim))]
            for array, axes in zip(inputs, self.axes, strict=True)
        )


@dataclass(frozen=True)
class DynamicProgram:
    """What the compiler makes kernels of dynamic shapes for.

    Attributes:
        name: for reports.
        dimension: which axes of the inputs are dynamic.
        at: the program for inputs of a length, of static shapes.
    """

    name: str
    dimension: DynamicAxes
    at: Callable[[int], Program]

    @property
    def extent(self) -> NamedExtent:
        """The dimension and its range."""
        return self.dimension.extent
