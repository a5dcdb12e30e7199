"""What of a function of the vendor's is seen before its ops are read: arguments, memory used."""

from math import prod

from xdsl.dialects import func
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    IntegerType,
    MemRefType,
    NoneAttr,
    i8,
)
from xdsl.ir import Operation, SSAValue

from hawk_xdsl.dialects.constants import constant_of
from hawk_xdsl.dialects.npu import Scope, ScopeAttr, element_bytes
from hawk_xdsl.hivm.reading.errors import HivmImportError
from hawk_xdsl.hivm.reading.linear import IndexForm
from hawk_xdsl.hivm.reading.places import Argument
from hawk_xdsl.hivm.reading.tiles import Axis, VendorTile
from hawk_xdsl.hivm.reading.vendor_ops import mnemonic, space

WRITES = {"store": 1, "fixpipe": 1}
"""Which operand is the global memory that an instruction writes."""


def whole(value: SSAValue) -> VendorTile:
    """An argument, all of it."""
    assert isinstance(value.type, MemRefType)
    shape = value.type.get_shape()
    axes = tuple(
        (Axis(IndexForm({}, size), prod(shape[place + 1 :])),) for place, size in enumerate(shape)
    )
    return VendorTile(Argument(value), axes)


def argument_type(argument: SSAValue, place: int) -> MemRefType:
    """The type of a kernel's argument. Raises ``HivmImportError`` for one of unknown extents."""
    type_ = argument.type
    assert isinstance(type_, MemRefType)
    if DYNAMIC_INDEX in type_.get_shape():
        raise HivmImportError(f"buffer {place} has no static shape: {type_}")
    element = i8 if type_.element_type == IntegerType(1) else type_.element_type
    return MemRefType(element, type_.get_shape(), NoneAttr(), ScopeAttr(Scope.GLOBAL))


def written(function: func.FuncOp) -> set[SSAValue]:
    """The arguments that instructions write."""
    found: set[SSAValue] = set()
    for op in function.walk():
        place = WRITES.get(mnemonic(op) or "")
        if place is None:
            continue
        value = op.operands[place]
        while isinstance(value.owner, Operation) and value.owner.operands:
            value = value.owner.operands[0]
        found.add(value)
    return found


def used_bytes(function: func.FuncOp) -> int:
    """The end of the vendor's last buffer of the vector unit's memory."""
    end = 0
    for op in function.walk():
        if mnemonic(op) != "pointer_cast":
            continue
        type_ = op.results[0].type
        assert isinstance(type_, MemRefType)
        if space(type_) == "ub" and DYNAMIC_INDEX not in type_.get_shape():
            size = prod(type_.get_shape()) * element_bytes(type_)
            end = max(end, *(size + (constant_of(value) or 0) for value in op.operands))
    return end
