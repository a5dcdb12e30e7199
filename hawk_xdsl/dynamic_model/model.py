"""A compiled model with a dynamic dimension: it at a length, and a callable for all of them.

A call reads the length off its inputs; nothing is compiled then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from xdsl.dialects.builtin import TensorType
from xdsl.dialects.func import FuncOp

from hawk_xdsl.compiled import Compiled
from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.npu import KernelOp, LaunchOp, NamedExtent, bound_kernel
from hawk_xdsl.dynamic_model.saving import save_dynamic
from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.dynamic_program import DynamicAxes
from hawk_xdsl.frontend.program import Program, Reference
from hawk_xdsl.npu_target import Target, Units
from hawk_xdsl.passes.module_family import ModuleFamily
from hawk_xdsl.report import ReportRow


@dataclass(frozen=True)
class DynamicModel:
    """A compiled model that takes every length of its dimension.

    Attributes:
        name: for reports.
        dimension: which axes of the inputs it is.
        target: where the kernels run.
        target_given: the target as it was asked for, a name or a file.
        families: what is between the kernels, in the order of the ranges that they are for.
        kernels: by symbol, with their extents.
        parameter_names: as of a program.
        parameters: at the longest; shorter ones are their leading parts.
        example_inputs: of the longest.
        rows: one for each kernel of each op, with the figures of its longest.
        reference: the eager PyTorch model, if there is one.
    """

    name: str
    dimension: DynamicAxes
    target: Target
    target_given: str
    families: tuple[ModuleFamily, ...]
    kernels: Mapping[str, KernelOp]
    parameter_names: tuple[str, ...]
    parameters: tuple[Array, ...]
    example_inputs: tuple[Array, ...]
    rows: tuple[ReportRow, ...]
    reference: Reference | None = None

    @property
    def extent(self) -> NamedExtent:
        """The dimension and its range."""
        return self.dimension.extent

    @property
    def report(self) -> tuple[str, ...]:
        """A line for each kernel: its range, how it was checked, at which lengths."""
        lines = {row.kernel: row.lengths for row in self.rows}
        return tuple(f"{name.removeprefix('@')}: {line}" for name, line in lines.items())

    def __call__(self, *inputs: Array) -> tuple[Array, ...]:
        """Runs on the NPU simulator.

        Raises:
            HawkError: the inputs do not agree on the dimension, it is out of its range, or an input
                has another shape or dtype.
        """
        return self.of(inputs)(*inputs)

    def of(self, inputs: Sequence[Array]) -> Compiled:
        """The model at the length of inputs. Raises ``HawkError`` as a call does."""
        return self.at(self.dimension.length_of(inputs))

    def at(self, length: int) -> Compiled:
        """The model at a length, with kernels that are bound to it.

        Its example is that of the longest, and so is the bound of its time. Raises ``HawkError``
        for a length out of the range.
        """
        family = next((f for f in self.families if f.extent.low <= length <= f.extent.high), None)
        if family is None:
            raise HawkError(f"{self.extent.name} is {length}, not in {self.extent}")
        module = family.at(length)
        launches = [op for op in module.walk() if isinstance(op, LaunchOp)]
        symbols = dict.fromkeys(op.kernel.string_value() for op in launches)
        for symbol in symbols:
            kernel = self.kernels[symbol]
            values = {extent.name: length for extent in kernel.ranges}
            module.body.block.add_op(bound_kernel(kernel, values))
        program = Program(
            self.name, module, (), self.parameter_names, self.example_inputs, self.reference
        )
        program = replace(program, parameters=self._parameters_of(program.function))
        units = self._units(set(symbols)) if length == self.extent.high else None
        return Compiled(program, module, self.target, self.target_given, units=units)

    def save(self, directory: Path) -> None:
        """Writes the model, as ``hawk run`` and ``load_dynamic`` read it. Raises ``WriteError``."""
        save_dynamic(self, directory)

    def _parameters_of(self, function: FuncOp) -> tuple[Array, ...]:
        """The parameters in the shapes of the function's leading arguments."""
        found: list[Array] = []
        for array, kind in zip(self.parameters, function.function_type.inputs, strict=False):
            assert isinstance(kind, TensorType)
            part = tuple(slice(size) for size in kind.get_shape())
            found.append(np.ascontiguousarray(array[part]).reshape(kind.get_shape()))
        return tuple(found)

    def _units(self, symbols: set[str]) -> tuple[Units, ...] | None:
        """What the ops that launch these kernels need of the units, if it is known of all."""
        found = [row.unit_cycles for row in self.rows if symbols.intersection(row.symbols)]
        return tuple(Units(each["cube"], each["vector"]) for each in found) if all(found) else None
