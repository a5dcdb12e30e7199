"""``xdsl-opt -t npu-text``: the kernel text of each kernel of a module."""

from dataclasses import dataclass
from typing import IO

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.target import Target

from hawk_xdsl.dialects.kernel_text import KernelTextError, print_kernels
from hawk_xdsl.dialects.npu import KernelOp
from hawk_xdsl.transforms.pass_error import PassError


@dataclass(frozen=True)
class NpuTextTarget(Target):
    """Kernel text, each kernel behind a comment with its name."""

    name = "npu-text"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        """Raises ``PassError`` for a kernel without a text form."""
        for kernel in module.walk():
            if isinstance(kernel, KernelOp):
                try:
                    text = print_kernels([kernel])
                except KernelTextError as error:
                    raise PassError(f"@{kernel.sym_name.data}: {error}") from error
                output.write(f"# @{kernel.sym_name.data}\n{text}")
