"""What the operands of hivm ops are: memrefs with an address space; and what is asked of them."""

from collections.abc import Sequence

from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import IRDLOperation
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.hivm.attributes import HivmAddressSpaceAttr

C0_BYTES = 32
"""Bytes of a row of a fractal in L1, L0A and L0B."""

FRACTAL = 16
"""Rows of a fractal, and columns of one in L0C."""


def is_tile(value: SSAValue) -> bool:
    """Whether an operand is a buffer and not a scalar."""
    return isinstance(value.type, MemRefType)


def tiles(values: Sequence[SSAValue]) -> list[SSAValue]:
    """The buffers among some operands."""
    return [value for value in values if is_tile(value)]


def space_of(value: SSAValue) -> str | None:
    """The address space of a buffer: ``ub``; ``None`` if it has none or is a scalar."""
    type_ = value.type
    if isinstance(type_, MemRefType) and isinstance(type_.memory_space, HivmAddressSpaceAttr):
        return type_.memory_space.data
    return None


def shape_of(value: SSAValue) -> tuple[int, ...]:
    """The shape of a buffer. Raises ``VerifyException`` for a scalar."""
    if not isinstance(value.type, MemRefType):
        raise VerifyException(f"expected a memref, got {value.type}")
    return value.type.get_shape()


def element_of(value: SSAValue) -> Attribute:
    """The dtype of a buffer's elements, or of a scalar."""
    return value.type.element_type if isinstance(value.type, MemRefType) else value.type


def expect_space(op: IRDLOperation, what: str, value: SSAValue, *allowed: str) -> None:
    """Raise ``VerifyException`` unless a buffer is in one of the address spaces."""
    space = space_of(value)
    if space not in allowed:
        raise VerifyException(
            f"{op.name}: {what} must be in {' or '.join(allowed)}, but is in {space or 'none'}"
        )


def agree(first: int, second: int) -> bool:
    """Whether two extents agree; a dynamic one agrees with any."""
    return first == second or DYNAMIC_INDEX in (first, second)


def expect_shape(op: IRDLOperation, what: str, value: SSAValue, wanted: Sequence[int]) -> None:
    """Raise ``VerifyException`` unless a buffer has a shape."""
    shape = shape_of(value)
    if len(shape) != len(wanted) or not all(map(agree, shape, wanted)):
        raise VerifyException(f"{op.name}: {what} is {list(shape)}, wanted {list(wanted)}")
