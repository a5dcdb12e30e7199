"""convert-npu-to-hivm: every kernel as a function of HIVM, for the vendor's compiler."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp

from hawk_xdsl.dialects.npu import KernelOp, LaunchOp
from hawk_xdsl.hivm.npu_legalize_hivm import legalize_kernel
from hawk_xdsl.hivm.translate import translate
from hawk_xdsl.npu_target import Target
from hawk_xdsl.transforms.npu_insert_sync import sync_kernel
from hawk_xdsl.transforms.npu_pass import NpuPass
from hawk_xdsl.transforms.npu_plan_memory import plan_kernel


@dataclass(frozen=True)
class ConvertNpuToHivmPass(NpuPass):
    """Replaces kernels by functions of HIVM; what launches them is dropped: HIVM is for the device.

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
        kernels = [each for each in op.walk() if isinstance(each, KernelOp)]
        made = [
            hivm_function(kernel, self.target_of(kernel, self.target), self.planned)
            for kernel in kernels
        ]
        for each in list(op.ops):
            launches = any(isinstance(inner, LaunchOp) for inner in each.walk())
            if isinstance(each, KernelOp) or (isinstance(each, func.FuncOp) and launches):
                each.detach()
                each.erase()
        op.body.block.add_ops(made)


def hivm_function(kernel: KernelOp, target: Target, planned: bool = False) -> func.FuncOp:
    """A kernel as a function of HIVM; the kernel stays as it is. Raises as the pass."""
    return translate(for_hivm(kernel, target, planned), planned=planned)


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
