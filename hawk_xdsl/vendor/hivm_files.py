"""A compiled model as files for the vendor's compiler: a function each, and what is launched."""

import json
from collections.abc import Sequence
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from hawk_xdsl.hivm.convert_npu_to_hivm import hivm_functions
from hawk_xdsl.npu_target import Target
from hawk_xdsl.transforms.device_launch import exported_launches
from hawk_xdsl.vendor.generic_form import mixed_text
from hawk_xdsl.vendor.launch_plan import launch_plan

LAUNCHES_FILE = "launches.json"


def write_hivm_files(
    module: ModuleOp, target: Target, arguments: Sequence[str], folder: Path, *, planned: bool
) -> None:
    """Writes ``FUNCTION.mlir`` for each function of each launch, and ``launches.json``.

    Args:
        module: a compiled module.
        target: what it was compiled for.
        arguments: what the arguments of its @main are, in words.
        folder: an empty folder.
        planned: with addresses, flags and barriers; else the vendor's compiler makes its own.

    Raises:
        PassError: a kernel has no form in HIVM, or its buffers do not fit in that form.
        OSError: a file cannot be written.
    """
    for launch in exported_launches(module):
        for function in hivm_functions(launch, target, planned):
            made = ModuleOp([function])
            made.verify()
            file = folder / f"{function.sym_name.data}.mlir"
            file.write_text(mixed_text(made), encoding="utf-8")
    plan = json.dumps(launch_plan(module, target, arguments), indent=1)
    (folder / LAUNCHES_FILE).write_text(plan + "\n", encoding="utf-8")
