"""The vector kernels of a compiled model as AscendC files, and what was left out."""

from collections.abc import Mapping
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from hawk_xdsl.ascendc.translate import ascendc_text
from hawk_xdsl.dialects.npu import KernelOp
from hawk_xdsl.npu_target import Target
from hawk_xdsl.transforms.pass_error import PassError

LEFT_OUT_FILE = "left_out.txt"
"""A line for each kernel that has no file; there only if there is one."""


def write_ascendc_files(
    module: ModuleOp, target: Target, specifications: Mapping[str, str], folder: Path
) -> tuple[str, ...]:
    """Writes ``KERNEL.cpp`` for each kernel that has a form; gives a line for each other.

    Args:
        module: a compiled module.
        target: what it was compiled for.
        specifications: what the op of a kernel computes, by the kernel's symbol.
        folder: an empty folder.

    Raises:
        OSError: a file cannot be written.
    """
    left_out: list[str] = []
    for kernel in module.ops:
        if not isinstance(kernel, KernelOp):
            continue
        name = kernel.sym_name.data
        try:
            text = ascendc_text(kernel, target, specifications.get(name, ""))
        except PassError as error:
            left_out.append(str(error))
        else:
            (folder / f"{name}.cpp").write_text(text, encoding="utf-8")
    if left_out:
        (folder / LEFT_OUT_FILE).write_text("\n".join(left_out) + "\n", encoding="utf-8")
    return tuple(left_out)
