"""From where to where in a kernel each buffer and each instruction's temporary is alive."""

from dataclasses import dataclass

from xdsl.dialects import scf
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Block, Operation
from xdsl.traits import IsTerminator

from hawk_xdsl.dialects.npu import AllocOp, KernelOp, Scope, TileOp, scope_of
from hawk_xdsl.npu_target import buffer_bytes
from hawk_xdsl.npu_target.target import VectorSpec
from hawk_xdsl.npu_target.temporaries import temporary_bytes
from hawk_xdsl.transforms.buffers import view_users
from hawk_xdsl.transforms.pass_error import PassError


@dataclass(frozen=True)
class LiveRange:
    """A piece of a scope that is needed from one position of the kernel to another.

    Attributes:
        owner: the ``npu.alloc``, or the instruction whose temporary it is.
        size: bytes, padded as the scope stores them.
        first: position of the first op that needs it; positions count ops in program order.
        last: position of the last op that needs it, inclusive.
    """

    owner: Operation
    scope: Scope
    size: int
    first: int
    last: int

    def overlaps(self, other: "LiveRange") -> bool:
        """Whether both are needed at one position."""
        return self.first <= other.last and other.first <= self.last

    @property
    def label(self) -> str:
        """What an error message calls it."""
        if not isinstance(self.owner, AllocOp):
            return f"temporary of {self.owner.name}"
        hint = self.owner.buffer.name_hint
        type_ = self.owner.buffer.type
        assert isinstance(type_, MemRefType)
        dims = "x".join(str(extent) for extent in type_.get_shape())
        return f"{f'%{hint}' if hint else 'a buffer'} {dims}x{type_.element_type}"


@dataclass(frozen=True)
class Positions:
    """Program order of a kernel's ops; an op with regions spans those of the ops in it."""

    ops: tuple[Operation, ...]
    enter: dict[Operation, int]
    leave: dict[Operation, int]

    @classmethod
    def of(cls, kernel: KernelOp) -> "Positions":
        """Number the ops of a kernel."""
        enter: dict[Operation, int] = {}
        leave: dict[Operation, int] = {}

        def number(op: Operation) -> None:
            enter[op] = len(enter)
            for region in op.regions:
                for block in region.blocks:
                    for inner in block.ops:
                        number(inner)
            leave[op] = len(enter) - 1

        number(kernel)
        return cls(tuple(enter), enter, leave)


def live_ranges(kernel: KernelOp, positions: Positions, spec: VectorSpec) -> list[LiveRange]:
    """The live ranges of a kernel in program order.

    A buffer lives from its first to its last use, both lifted to the block that allocates it:
    used in a loop but allocated before it, it lives for the whole loop. One of several buffers
    that take turns lives for the whole loop around its allocation. ``spec`` is
    the target's vector unit, which tells the sizes of temporaries.

    Raises:
        PassError: a loop or branch carries the buffer.
    """
    ranges: list[LiveRange] = []
    for op in kernel.walk():
        if isinstance(op, AllocOp):
            ranges.append(_range_of_buffer(op, positions))
        elif isinstance(op, TileOp) and (size := temporary_bytes(op, spec)):
            here = positions.enter[op]
            ranges.append(LiveRange(op, scope_of(op.written_buffers()[0]), size, here, here))
    return ranges


def _range_of_buffer(alloc: AllocOp, positions: Positions) -> LiveRange:
    block = alloc.parent_block()
    assert block is not None and isinstance(alloc.buffer.type, MemRefType)
    users = view_users(alloc.buffer)
    for user in users:
        if user.regions or user.has_trait(IsTerminator):
            raise PassError(f"a buffer that {user.name} chooses at run time cannot be planned")
    if alloc.buffers is not None and (loop := _loop_around(alloc)) is not None:
        users = [loop]
    else:
        users = [_ancestor(user, block) for user in users] or [alloc]
    return LiveRange(
        alloc,
        scope_of(alloc.buffer),
        buffer_bytes(alloc.buffer.type),
        min(positions.enter[user] for user in users),
        max(positions.leave[user] for user in users),
    )


def _loop_around(op: Operation) -> Operation | None:
    parent = op.parent_op()
    while parent is not None and not isinstance(parent, scf.ForOp):
        parent = parent.parent_op()
    return parent


def _ancestor(op: Operation, block: Block) -> Operation:
    ancestor = block.find_ancestor_op_in_block(op)
    assert ancestor is not None, "a use outside the block that defines the value"
    return ancestor
