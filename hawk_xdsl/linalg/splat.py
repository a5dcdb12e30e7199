"""Tensors whose elements are all one number that is known."""

from xdsl.dialects import arith, tensor
from xdsl.dialects.builtin import (
    AnyFloat,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
)
from xdsl.dialects.linalg.ops import BroadcastOp, FillOp, TransposeOp
from xdsl.ir import SSAValue


def splat_of(dense: DenseIntOrFPElementsAttr) -> FloatAttr | IntegerAttr | None:
    """The number that every element of a literal is; ``None`` if there are several, or none.

    Bytes are compared, so that a literal of a million elements costs no object for each of them.
    0.0 and -0.0 are two numbers, and a NaN is one.
    """
    element, data = dense.get_element_type(), dense.data.data
    if not isinstance(element, AnyFloat | IntegerType | IndexType) or not data:
        return None
    size = element.compile_time_size
    if data != data[:size] * (len(data) // size):
        return None
    [number] = element.unpack(data[:size], 1)
    if isinstance(element, AnyFloat):
        return FloatAttr(float(number), element)
    return IntegerAttr(int(number), element)


def is_zero(value: SSAValue) -> bool:
    """Whether a tensor is filled with zero."""
    found = scalar_of(value)
    return found is not None and found.value.data == 0


def scalar_of(value: SSAValue) -> FloatAttr | IntegerAttr | None:
    """The number that a scalar is, or that every element of a tensor is, if that is known."""
    op = value.owner
    match op:
        case FillOp():
            return scalar_of(op.inputs[0])
        case arith.ConstantOp(value=FloatAttr() | IntegerAttr() as number):
            return number
        case arith.ConstantOp(value=DenseIntOrFPElementsAttr() as dense):
            return splat_of(dense)
        case tensor.ExpandShapeOp() | tensor.CollapseShapeOp():
            return scalar_of(op.src)
        case BroadcastOp():
            return scalar_of(op.input)
        case TransposeOp():
            return scalar_of(op.inputs[0])
        case _:
            return None
