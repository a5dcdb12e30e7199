"""Which buffer a view belongs to, and what uses it."""

from xdsl.dialects.builtin import MemRefType
from xdsl.ir import BlockArgument, Operation, SSAValue

from hawk_xdsl.dialects.npu import AllocOp, KernelOp
from hawk_xdsl.transforms.pass_error import PassError


def root_of(value: SSAValue) -> SSAValue:
    """The ``npu.alloc`` result or kernel argument behind any chain of views.

    Raises:
        PassError: the buffer is chosen at run time (a loop or branch carries it).
    """
    while True:
        owner = value.owner
        if isinstance(owner, AllocOp):
            return value
        if isinstance(value, BlockArgument) and isinstance(value.block.parent_op(), KernelOp):
            return value
        sources = () if not isinstance(owner, Operation) or owner.regions else owner.operands
        buffers = [operand for operand in sources if isinstance(operand.type, MemRefType)]
        if len(buffers) != 1:
            where = owner.name if isinstance(owner, Operation) else "a block argument"
            raise PassError(f"a buffer that {where} chooses at run time cannot be planned")
        value = buffers[0]


def view_users(root: SSAValue) -> list[Operation]:
    """Every op that uses a buffer or one of its views, the views included, in no order."""
    users: list[Operation] = []
    waiting = [root]
    while waiting:
        for use in waiting.pop().uses:
            users.append(use.operation)
            if not use.operation.regions:
                results = use.operation.results
                waiting += [value for value in results if isinstance(value.type, MemRefType)]
    return users
