"""The parts of a mixed kernel as kernels of their own: each is planned and synchronised alone.

They share no memory but the global one, and order themselves there by flags between cores, which
stay where they are.
"""

from collections.abc import Callable

from xdsl.ir import Block

from hawk_xdsl.dialects.npu import KernelOp, KernelPart, ReturnOp


def for_each_part(kernel: KernelOp, change: Callable[[KernelOp], None]) -> None:
    """Apply a change to a kernel, or to each part of a mixed one in turn.

    ``change`` may do what it likes with the body of the kernel that it gets. Raises as it does,
    and leaves the kernel whole.
    """
    if not kernel.is_mixed:
        change(kernel)
        return
    for part in kernel.parts:
        alone = _alone(kernel, part)
        try:
            change(alone)
        finally:
            _put_back(alone, kernel, part)


def _alone(kernel: KernelOp, part: KernelPart) -> KernelOp:
    """A kernel of one kind of core with the ops of a part, which is empty then."""
    types = [argument.type for argument in kernel.buffers]
    count = kernel.input_count.value.data
    alone = KernelOp(
        kernel.sym_name.data,
        types[:count],
        types[count:],
        target=kernel.target.data,
        core=part.core,
        blocks=kernel.blocks.value.data * part.cores,
        schedule=kernel.schedule,
        extents=kernel.ranges,
        sizes=kernel.sizes,
    )
    block = alone.body.block
    for mine, theirs in zip(kernel.body.block.args, block.args, strict=True):
        theirs.name_hint = mine.name_hint
    _move(part.block, block)
    for mine, theirs in zip(kernel.body.block.args, block.args, strict=True):
        mine.replace_uses_with_if(theirs, lambda use: _is_within(use.operation.parent, block))
    return alone


def _put_back(alone: KernelOp, kernel: KernelOp, part: KernelPart) -> None:
    for mine, theirs in zip(kernel.body.block.args, alone.body.block.args, strict=True):
        theirs.replace_all_uses_with(mine)
    _move(alone.body.block, part.block)


def _move(source: Block, dest: Block) -> None:
    """All ops but the end of a kernel, before the end of another."""
    for op in list(source.ops):
        if not isinstance(op, ReturnOp):
            op.detach()
            end = dest.last_op
            if isinstance(end, ReturnOp):
                dest.insert_op_before(op, end)
            else:
                dest.add_op(op)


def _is_within(block: Block | None, outer: Block) -> bool:
    while block is not None and block is not outer:
        block = block.parent_block()
    return block is outer
