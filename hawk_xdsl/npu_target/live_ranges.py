"""Which planned buffers of a kernel are live at the same time and share bytes."""

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.dialects import memref
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Operation, SSAValue

from hawk_xdsl.dialects.npu import AllocOp, KernelOp, Scope, TileOp, VectorOp, scope_of
from hawk_xdsl.npu_target.layout import buffer_bytes
from hawk_xdsl.npu_target.target import VectorSpec
from hawk_xdsl.npu_target.temporaries import temporary_bytes
from hawk_xdsl.npu_target.traps import Fault, TrapCode, value_name


@dataclass(frozen=True)
class PlacedLiveRange:
    """Bytes of a scope in use from ``first`` to ``last``, both included.

    The ops of a kernel are counted in program order, and each has two moments: at 2 n it reads, at
    2 n + 1 it writes. So a source that ends where a destination begins may have the same bytes:
    whether an instruction can work in place is for the instruction to say. An op with regions
    ends with its last inner op: a buffer from outside a loop is live for the whole loop.
    """

    op: Operation
    name: str
    scope: Scope
    address: int
    size: int
    first: int
    last: int

    def clashes(self, other: "PlacedLiveRange") -> bool:
        """Whether both are live at once and share bytes."""
        return (
            self.scope == other.scope
            and self.address < other.address + other.size
            and other.address < self.address + self.size
            and self.first <= other.last
            and other.first <= self.last
        )


def check_live_ranges(kernel: KernelOp, spec: VectorSpec) -> None:
    """Raise ``Fault`` if two buffers with addresses are live at once and share bytes.

    ``spec``, the target's vector unit, tells the sizes of temporaries.
    """
    ranges = live_ranges(kernel, spec)
    for index, later in enumerate(ranges):
        for earlier in ranges[:index]:
            if later.clashes(earlier):
                fault = Fault(
                    TrapCode.OVERLAP,
                    f"{later.name} at {later.address} and {earlier.name} at {earlier.address} are "
                    f"live at the same time and share bytes of {later.scope}",
                    address=later.address,
                    other=earlier.address,
                )
                fault.op = later.op
                raise fault


def live_ranges(kernel: KernelOp, spec: VectorSpec) -> list[PlacedLiveRange]:
    """The live ranges of all buffers and temporaries that have addresses."""
    numbers = {op: number for number, op in enumerate(kernel.walk())}
    ranges: list[PlacedLiveRange] = []
    for op in numbers:
        if isinstance(op, AllocOp) and op.address is not None:
            type_ = op.buffer.type
            assert isinstance(type_, MemRefType)
            users = [_within(user, op) for user in _users(op.buffer)]
            if users:
                place = (scope_of(type_), op.address.value.data, buffer_bytes(type_))
                first = 2 * min(numbers[user] for user in users) + 1
                last = max(first, *(2 * _end(user, numbers) for user in users))
                ranges.append(PlacedLiveRange(op, value_name(op.buffer), *place, first, last))
        elif isinstance(op, VectorOp) and op.temporary is not None:
            size = temporary_bytes(op, spec)
            if not size:
                continue
            place = (scope_of(op.destination), op.temporary.value.data, size)
            moment = 2 * numbers[op]
            ranges.append(PlacedLiveRange(op, "its temporary", *place, moment, moment + 1))
    return ranges


def _users(buffer: SSAValue) -> Iterator[Operation]:
    """The instructions that use a buffer or a view of it."""
    for use in buffer.uses:
        if isinstance(use.operation, memref.SubviewOp | memref.ReinterpretCastOp):
            yield from _users(use.operation.result)
        elif isinstance(use.operation, TileOp):
            yield use.operation


def _within(user: Operation, alloc: AllocOp) -> Operation:
    """The op around a user, or the user, that is in the block of the allocation."""
    block = alloc.parent
    while user.parent is not block:
        parent = user.parent_op()
        assert parent is not None
        user = parent
    return user


def _end(op: Operation, numbers: dict[Operation, int]) -> int:
    """The number of the last op inside an op."""
    return max(numbers[inner] for inner in op.walk())
