"""What every npu instruction declares: its pipe, what it reads and writes, its hidden needs."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, TypeGuard

from xdsl.dialects.builtin import DYNAMIC_INDEX, FixedBitwidthType, MemRefType, StridedLayoutAttr
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import IRDLOperation
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.npu.attributes import Unit
from hawk_xdsl.dialects.npu.memory_space import Role, Scope, ScopeAttr


def is_buffer(type_: Attribute) -> TypeGuard[MemRefType]:
    """Whether a type is a memref with an npu scope."""
    return isinstance(type_, MemRefType) and isinstance(type_.memory_space, ScopeAttr)


def scope_of(value: SSAValue | Attribute) -> Scope:
    """The scope of a buffer. Raises ``VerifyException`` for anything else."""
    type_ = value.type if isinstance(value, SSAValue) else value
    if isinstance(type_, MemRefType) and isinstance(type_.memory_space, ScopeAttr):
        return type_.memory_space.data
    raise VerifyException(f"expected a memref with an #npu.scope memory space, got {type_}")


def element_bytes(type_: MemRefType) -> int:
    """Bytes of one element; i1 takes a byte."""
    element = type_.element_type
    if not isinstance(element, FixedBitwidthType):
        raise VerifyException(f"element type {element} has no fixed width")
    return max(1, element.bitwidth // 8)


def strides_of(type_: MemRefType) -> tuple[int | None, ...]:
    """Element strides of a buffer; ``None`` where they are not static."""
    layout = type_.layout
    if isinstance(layout, StridedLayoutAttr):
        return tuple(layout.get_strides())
    strides: list[int | None] = []
    running: int | None = 1
    for extent in reversed(type_.get_shape()):
        strides.append(running)
        running = None if running is None or extent == DYNAMIC_INDEX else running * extent
    return tuple(reversed(strides))


def squeezed(shape: Sequence[int]) -> tuple[int, ...]:
    """A shape without its unit dimensions: moves may drop or add them."""
    return tuple(extent for extent in shape if extent != 1)


def same_extents(first: Sequence[int], second: Sequence[int]) -> bool:
    """Whether two shapes agree, a dynamic extent agreeing with any."""
    return len(first) == len(second) and all(
        a == b or DYNAMIC_INDEX in (a, b) for a, b in zip(first, second, strict=True)
    )


def broadcasts_to(shape: Sequence[int], to: Sequence[int]) -> bool:
    """Whether ``shape`` broadcasts to ``to`` as in numpy: right-aligned, unit extents repeat."""
    if len(shape) > len(to):
        return False
    aligned = to[len(to) - len(shape) :]
    return all(
        a == b or a == 1 or DYNAMIC_INDEX in (a, b) for a, b in zip(shape, aligned, strict=True)
    )


def expect_role(op: IRDLOperation, what: str, value: SSAValue, *allowed: Role) -> None:
    """Raise ``VerifyException`` unless a buffer lives where one of the allowed roles is played."""
    scope = scope_of(value)
    if not scope.has(*allowed):
        names = " or ".join(role.word for role in allowed)
        raise VerifyException(f"{op.name}: {what} must be in {names}, but is in {scope}")


class TileOp(IRDLOperation, ABC):
    """An instruction on whole tiles, issued to one pipe: that of its unit, says the target.

    The NPU simulator, the memory planner and the sync pass know instructions only through this.
    """

    UNIT: ClassVar[Unit]
    """What of the core executes it."""

    IN_PLACE: ClassVar[bool] = False
    """Whether the destination may be exactly one of the sources. Partial overlap never is."""

    @abstractmethod
    def read_buffers(self) -> tuple[SSAValue, ...]:
        """The buffers whose elements the instruction reads."""

    @abstractmethod
    def written_buffers(self) -> tuple[SSAValue, ...]:
        """The buffers whose elements the instruction writes."""
