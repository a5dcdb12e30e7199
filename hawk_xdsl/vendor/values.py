"""What a HIVM kernel computes: through the vendor's lowering and MLIR's JIT, in a child process."""

from collections.abc import Mapping, Sequence

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.frontend.child import in_child
from hawk_xdsl.vendor.executable.lower import for_the_vendors_lowering, upstream
from hawk_xdsl.vendor.executable.native import run_blocks


def run_hivm(
    module: ModuleOp,
    name: str,
    inputs: Sequence[Array],
    outputs: Sequence[Array],
    blocks: int,
    sizes: Mapping[str, int],
    *,
    seconds: float,
) -> tuple[Array, ...]:
    """The outputs of a kernel.

    Args:
        module: the kernel in HIVM, planned or not; it is changed.
        name: of the kernel.
        inputs: its input arrays.
        outputs: arrays of the shapes and dtypes of its outputs.
        blocks: how often it runs.
        sizes: bytes of each address space.
        seconds: that each of the two steps may take.

    Raises:
        VendorToolError: the vendor's lowering refuses it.
        HawkError: it cannot be run, crashes or does not end.
    """
    text = upstream(for_the_vendors_lowering(module, sizes), seconds=seconds)
    arrays = [np.ascontiguousarray(array).copy() for array in inputs]
    made = [np.zeros_like(array) for array in outputs]

    def work(tell: object) -> list[Array]:
        run_blocks(text, name, [*arrays, *made], blocks)
        return made

    return tuple(in_child(work, file=None, seconds=int(seconds)))
