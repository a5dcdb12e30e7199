"""The launches of vector kernels of a compiled model as AscendC files, and what was left out."""

from collections.abc import Mapping
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from hawk_xdsl.ascendc.translate import ascendc_text
from hawk_xdsl.npu_target import Target
from hawk_xdsl.transforms.device_launch import DeviceLaunch, exported_launches
from hawk_xdsl.transforms.pass_error import PassError

LEFT_OUT_FILE = "left_out.txt"
"""A line for each kernel that has no file; there only if there is one."""


def write_ascendc_files(
    module: ModuleOp, target: Target, specifications: Mapping[str, str], folder: Path
) -> tuple[str, ...]:
    """Writes ``NAME.cpp`` for each launch of vector kernels; gives a line for each other kernel.

    Of a launch that has no form as a whole each kernel that has one is written by itself.

    Args:
        module: a compiled module.
        target: what it was compiled for.
        specifications: what the op of a kernel computes, by the kernel's symbol.
        folder: an empty folder.

    Raises:
        OSError: a file cannot be written.
    """
    left_out: dict[str, str] = {}

    def write(launch: DeviceLaunch) -> bool:
        try:
            text = ascendc_text(launch, target, specifications)
        except PassError as error:
            left_out[launch.name] = str(error)
            return False
        (folder / f"{launch.name}.cpp").write_text(text, encoding="utf-8")
        return True

    for launch in exported_launches(module):
        if write(launch) or len(launch.stages) == 1:
            continue
        del left_out[launch.name]
        for kernel in launch.kernels:
            write(DeviceLaunch.of(kernel))
    if left_out:
        (folder / LEFT_OUT_FILE).write_text("\n".join(left_out.values()) + "\n", encoding="utf-8")
    return tuple(left_out.values())
