"""Which instructions of a kernel touch the same bytes, one of them writing."""

from dataclasses import dataclass

from xdsl.dialects.builtin import IntegerAttr, MemRefType
from xdsl.ir import Attribute, SSAValue

from hawk_xdsl.dialects.npu import AllocOp, TileOp, scope_of
from hawk_xdsl.npu_target import buffer_bytes
from hawk_xdsl.npu_target.target import VectorSpec
from hawk_xdsl.npu_target.temporaries import temporary_bytes
from hawk_xdsl.transforms.buffers import root_of
from hawk_xdsl.transforms.pass_error import PassError


@dataclass(frozen=True)
class Access:
    """Bytes that an instruction reads or writes, at worst.

    Attributes:
        memory: the name of a memory space of the core, or the kernel argument: those never overlap.
        begin: first byte in the scope; 0 for an argument, which counts as a whole.
        end: the byte after the last.
    """

    memory: str | SSAValue
    begin: int
    end: int
    writes: bool

    def conflicts(self, other: "Access") -> bool:
        """Whether the order of the two matters."""
        return (
            (self.writes or other.writes)
            and self.memory == other.memory
            and self.begin < other.end
            and other.begin < self.end
        )


def accesses(op: TileOp, spec: VectorSpec) -> tuple[Access, ...]:
    """What an instruction may touch: whole buffers behind its views, and its temporary.

    Args:
        op: the instruction.
        spec: the target's vector unit.

    Raises:
        PassError: a buffer or temporary has no address yet.
    """
    found = [_access(value, writes=False) for value in op.read_buffers()]
    found += [_access(value, writes=True) for value in op.written_buffers()]
    if size := temporary_bytes(op, spec):
        begin = _address(op.name, op.properties.get("temporary"))
        found.append(Access(scope_of(op.written_buffers()[0]).name, begin, begin + size, True))
    return tuple(found)


def conflict(first: tuple[Access, ...], second: tuple[Access, ...]) -> bool:
    """Whether the order of two instructions matters (RAW, WAR or WAW)."""
    return any(a.conflicts(b) for a in first for b in second)


def _access(value: SSAValue, *, writes: bool) -> Access:
    root = root_of(value)
    if not isinstance(root.owner, AllocOp):
        return Access(root, 0, 1, writes)
    assert isinstance(root.type, MemRefType)
    begin = _address(root.owner.name, root.owner.address)
    return Access(scope_of(root).name, begin, begin + buffer_bytes(root.type), writes)


def _address(name: str, address: Attribute | None) -> int:
    if not isinstance(address, IntegerAttr):
        raise PassError(f"npu-insert-sync: {name} has no address; run npu-plan-memory before")
    return address.value.data
