"""How many blocks of a kernel run at once."""

from hawk_xdsl.dialects.npu import KernelOp
from hawk_xdsl.npu_target.target import Target


def groups_at_once(kernel: KernelOp, target: Target) -> int:
    """How many blocks of a kernel run at once on a target."""
    return max(1, min(target.cores[part.core] // part.cores for part in kernel.parts))
