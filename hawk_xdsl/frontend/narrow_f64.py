"""A function that computes in f64 as one that computes in f32, where the user asks for it."""

import numpy as np
from xdsl.dialects import arith
from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    FloatAttr,
    TensorType,
    f32,
    f64,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Operation
from xdsl.pattern_rewriter import PatternRewriter

from hawk_xdsl.dialects.dtype import Array

_CASTS = (arith.ExtFOp, arith.TruncFOp)


def as_f32(array: Array) -> Array:
    """An array of f64 in f32, any other one as it is."""
    return array.astype(np.float32) if array.dtype == np.float64 else array


def narrow_f64(function: FuncOp) -> None:
    """Makes every f64 of a function, its arguments and results too, an f32."""
    rewriter = PatternRewriter(function)
    for op in list(function.walk()):
        if isinstance(op, arith.ConstantOp):
            op.properties["value"] = _literal(op.value)
        arguments = [arg for region in op.regions for block in region.blocks for arg in block.args]
        for value in (*arguments, *op.results):
            if (narrow := _type(value.type)) != value.type:
                rewriter.replace_value_with_new_type(value, narrow)
    for op in list(function.walk()):
        if isinstance(op, _CASTS) and op.operands[0].type == op.results[0].type:
            _drop(op)


def _type(type_: Attribute) -> Attribute:
    if isinstance(type_, TensorType) and type_.element_type == f64:
        return TensorType(f32, type_.get_shape())
    return f32 if type_ == f64 else type_


def _literal(value: Attribute) -> Attribute:
    if isinstance(value, FloatAttr) and value.type == f64:
        return FloatAttr(value.value.data, f32)
    if isinstance(value, DenseIntOrFPElementsAttr) and value.get_element_type() == f64:
        numbers = [float(str(number)) for number in value.get_values()]
        return DenseIntOrFPElementsAttr.from_list(TensorType(f32, value.get_shape()), numbers)
    return value


def _drop(cast: Operation) -> None:
    cast.results[0].replace_all_uses_with(cast.operands[0])
    cast.detach()
    cast.erase()
