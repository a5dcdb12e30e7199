"""``xdsl-opt -t npu-json``: what each finished kernel of a module takes, as JSON."""

import json
from dataclasses import dataclass
from typing import IO

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.target import Target

from hawk_xdsl.dialects.npu import KernelOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target import load_target, time_kernel
from hawk_xdsl.schedule.schedule import written
from hawk_xdsl.transforms.pass_error import PassError


@dataclass(frozen=True)
class NpuJsonTarget(Target):
    """A list of kernels with their time: that of the first block, on its own target."""

    name = "npu-json"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        """Raises ``PassError`` for a kernel that cannot be timed, one not planned for example."""
        kernels = [_figures(op) for op in module.walk() if isinstance(op, KernelOp)]
        output.write(json.dumps({"kernels": kernels}, indent=1) + "\n")


def _figures(kernel: KernelOp) -> dict[str, object]:
    try:
        target = load_target(kernel.target.data)
        run = time_kernel(kernel, target)
    except HawkError as error:
        raise PassError(f"npu-json: {error}") from error
    assert run is not None  # without a limit every kernel that ends has a time
    return {
        "kernel": kernel.sym_name.data,
        "core": str(kernel.core.data),
        "blocks": kernel.blocks.value.data,
        "schedule": "" if kernel.schedule is None else written(kernel.schedule),
        "cycles": round(run.cycles, 1),
        "microseconds": round(target.microseconds(run.cycles), 3),
        "bottleneck": str(run.bottleneck),
        "occupancy": {str(pipe): round(share, 3) for pipe, share in run.occupancy.items()},
    }
