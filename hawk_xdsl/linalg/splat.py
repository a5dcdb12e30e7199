"""Tensors whose elements are all one number that is known."""

from xdsl.dialects import arith, tensor
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, FloatAttr, IntegerAttr
from xdsl.dialects.linalg.ops import BroadcastOp, FillOp, TransposeOp
from xdsl.ir import SSAValue


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
        case arith.ConstantOp(value=DenseIntOrFPElementsAttr() as dense) if dense.is_splat():
            return dense.get_attrs()[0]
        case tensor.ExpandShapeOp() | tensor.CollapseShapeOp():
            return scalar_of(op.src)
        case BroadcastOp():
            return scalar_of(op.input)
        case TransposeOp():
            return scalar_of(op.inputs[0])
        case _:
            return None
