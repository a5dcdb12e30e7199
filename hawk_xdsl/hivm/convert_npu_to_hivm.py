"""convert-npu-to-hivm: every launch as functions of HIVM, for the vendor's compiler."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp

from hawk_xdsl.dialects.npu import KernelOp, LaunchOp
from hawk_xdsl.hivm.launch_functions import launch_functions
from hawk_xdsl.hivm.npu_legalize_hivm import legalize_kernel
from hawk_xdsl.npu_target import Target
from hawk_xdsl.transforms.device_launch import DeviceLaunch, exported_launches
from hawk_xdsl.transforms.npu_insert_sync import sync_kernel
from hawk_xdsl.transforms.npu_pass import NpuPass
from hawk_xdsl.transforms.npu_plan_memory import plan_kernel


@dataclass(frozen=True)
class ConvertNpuToHivmPass(NpuPass):
    """Replaces kernels by functions of HIVM; what launches them is dropped: HIVM is for the device.

    A kernel becomes a function, a mixed one a function for each kind of core; stages of one launch
    become one, with barriers of all cores.

    Args:
        planned: keep addresses, flags and barriers; a kernel that has none is planned before.
            Otherwise the vendor's compiler plans, pads and synchronises.
        target: the target, instead of the one that each kernel names.

    Raises:
        PassError: a kernel uses what HIVM has no counterpart of.
        HawkError: no such target.
    """

    name = "convert-npu-to-hivm"

    planned: bool = False
    target: str | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Convert every kernel of the module."""
        made = [
            function
            for launch in exported_launches(op)
            for function in hivm_functions(
                launch, self.target_of(launch.stages[0].kernel, self.target), self.planned
            )
        ]
        for each in list(op.ops):
            launches = any(isinstance(inner, LaunchOp) for inner in each.walk())
            if isinstance(each, KernelOp) or (isinstance(each, func.FuncOp) and launches):
                each.detach()
                each.erase()
        op.body.block.add_ops(made)


def hivm_functions(
    launch: DeviceLaunch, target: Target, planned: bool = False
) -> list[func.FuncOp]:
    """A launch as functions of HIVM; its kernels stay as they are. Raises as the pass."""
    kernels = [for_hivm(stage.kernel, target, planned) for stage in launch.stages]
    return launch_functions(launch, kernels, target, planned=planned)


def for_hivm(kernel: KernelOp, target: Target, planned: bool) -> KernelOp:
    """A copy of a kernel that can be translated, planned and synchronised anew if it shall be.

    Raises as the pass.
    """
    trial = kernel.clone()
    legalize_kernel(trial)
    if planned:
        plan_kernel(trial, target)
        sync_kernel(trial, target)
    return trial
