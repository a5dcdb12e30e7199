"""npu-bind-extents: kernels of dynamic shapes at given lengths, as a launch would run them."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.rewriter import Rewriter

from hawk_xdsl.dialects.npu import KernelOp, bound_kernel
from hawk_xdsl.errors import HawkError
from hawk_xdsl.transforms.npu_pass import NpuPass
from hawk_xdsl.transforms.pass_error import PassError


@dataclass(frozen=True)
class NpuBindExtentsPass(NpuPass):
    """Replaces the extents of kernels by numbers.

    Args:
        names: the extents.
        values: their lengths, in the same order.

    Raises:
        PassError: a kernel has other extents, or is not built for a length.
    """

    name = "npu-bind-extents"

    names: tuple[str, ...]
    values: tuple[int, ...]

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Bind every kernel of the module that has extents."""
        if len(self.names) != len(self.values):
            raise PassError(f"{self.name}: {len(self.values)} values for {len(self.names)} extents")
        given = dict(zip(self.names, self.values, strict=True))
        for kernel in list(op.walk()):
            if not isinstance(kernel, KernelOp) or not kernel.ranges:
                continue
            wanted = {extent.name for extent in kernel.ranges}
            try:
                bound = bound_kernel(kernel, {n: v for n, v in given.items() if n in wanted})
            except HawkError as error:
                raise PassError(f"{self.name}: {error}") from error
            Rewriter.replace_op(kernel, bound, [])
