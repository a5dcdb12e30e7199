"""Kernels of a compiled model with what the NPU simulator gave them and got from them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.npu import KernelOp, LaunchOp
from hawk_xdsl.npu_target import Target, simulate
from hawk_xdsl.reference.host import run_main


@dataclass(frozen=True)
class Recorded:
    """A kernel, and the arrays of its first launch."""

    kernel: KernelOp
    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]

    @property
    def name(self) -> str:
        """Its symbol."""
        return self.kernel.sym_name.data


def record(module: ModuleOp, arguments: Sequence[Array], target: Target) -> tuple[Recorded, ...]:
    """Runs a compiled module on the NPU simulator and keeps the first launch of each kernel.

    Estimates of the target are exact here, for the CPU that is compared with has none.
    Raises ``HawkError`` for arguments that do not fit, and for every trap.
    """
    exact = replace(target, vector=replace(target.vector, accuracy={}))
    found: dict[str, Recorded] = {}

    def launch(op: LaunchOp, kernel: KernelOp, arrays: list[Array]) -> Sequence[Array]:
        inputs = tuple(np.array(array) for array in arrays)
        outputs = simulate(kernel, arrays, exact).outputs
        found.setdefault(kernel.sym_name.data, Recorded(kernel, inputs, outputs))
        return outputs

    run_main(module, list(arguments), launch)
    return tuple(found.values())
