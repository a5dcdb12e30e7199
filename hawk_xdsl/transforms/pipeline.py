"""The passes that every kernel goes through after it was built, in their order."""

from hawk_xdsl.dialects.npu import KernelOp
from hawk_xdsl.npu_target import Target
from hawk_xdsl.transforms.npu_insert_sync import sync_kernel
from hawk_xdsl.transforms.npu_multi_buffer import multi_buffer_kernel
from hawk_xdsl.transforms.npu_plan_memory import plan_kernel


def finish_kernel(kernel: KernelOp, target: Target) -> None:
    """Multi-buffers, plans and synchronises a kernel in place.

    Raises ``CapacityError`` if its buffers do not fit, ``PassError`` for control flow that the
    passes do not know.
    """
    multi_buffer_kernel(kernel, target)
    plan_kernel(kernel, target)
    sync_kernel(kernel, target)
