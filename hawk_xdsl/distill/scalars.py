"""Scalar functions as ops in a block: what a random op computes at one point."""

import math
from collections.abc import Sequence

from xdsl.dialects import arith
from xdsl.dialects.builtin import (
    AnyFloat,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    i1,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue

from hawk_xdsl.dialects.kernel_text.dtypes import DTYPES as KERNEL_DTYPES
from hawk_xdsl.distill.productions import SCALAR_OPS
from hawk_xdsl.semantics.reading_body import (
    FLOAT_PREDICATES,
    INTEGER_PREDICATES,
    NEGATED_PREDICATES,
)

DTYPES: dict[str, Attribute] = {**KERNEL_DTYPES, "i1": i1}
"""The element types that values have, by name."""

LARGEST = {"f16": 65504.0}
"""The largest number of the dtypes that literals may leave."""

NEGATED = {f"not {name}": number for number, name in NEGATED_PREDICATES.items()}
"""The comparisons of floats that are true where a side is not a number, as they are read."""

_PREDICATES = {
    True: {name: number for number, name in FLOAT_PREDICATES.items()} | NEGATED,
    False: {name: number for number, name in INTEGER_PREDICATES.items()},
}


def literal(block: Block, value: float, dtype: str) -> SSAValue:
    """A constant of a dtype, no larger than that can be."""
    type_ = DTYPES[dtype]
    if isinstance(type_, AnyFloat):
        most = LARGEST.get(dtype, math.inf)
        finite = value if math.isinf(value) else max(-most, min(most, value))
        constant = arith.ConstantOp(FloatAttr(float(finite), type_))
    else:
        assert isinstance(type_, IntegerType)
        lowest, highest = -(2**31), 2**31 - 1
        constant = arith.ConstantOp(IntegerAttr(int(max(lowest, min(highest, value))), type_))
    block.add_op(constant)
    return constant.result


def binary(
    block: Block, function: str, left: SSAValue, right: SSAValue, is_float: bool
) -> SSAValue:
    """A function of two values of one dtype."""
    op = SCALAR_OPS[function, is_float].create(operands=[left, right], result_types=[left.type])
    block.add_op(op)
    return op.results[0]


def scalar(
    block: Block, function: str, operands: Sequence[SSAValue], kind: str, dtype: str
) -> SSAValue:
    """Any function; ``kind`` is the operands' dtype, but for conditions, ``dtype`` the result's."""
    is_float = kind not in ("i32", "i1")
    if function == "cast":
        return cast(block, operands[0], kind, dtype)
    op: Operation
    if function in _PREDICATES[is_float]:
        number = _PREDICATES[is_float][function]
        compare = arith.CmpfOp if is_float else arith.CmpiOp
        op = compare(operands[0], operands[1], number)
    elif function == "not":
        true = arith.ConstantOp(IntegerAttr(1, 1))
        block.add_op(true)
        op = arith.XOrIOp(operands[0], true.result)
    elif function == "select":
        op = arith.SelectOp(*operands)
    else:
        of_float = is_float and (function, True) in SCALAR_OPS
        op = SCALAR_OPS[function, of_float].create(
            operands=list(operands), result_types=[DTYPES[dtype]]
        )
    block.add_op(op)
    return op.results[0]


def cast(block: Block, value: SSAValue, source: str, dtype: str) -> SSAValue:
    """A conversion between two dtypes, through f32 where there is no direct one."""
    if source == dtype:
        return value
    floats = (source not in ("i32", "i1"), dtype not in ("i32", "i1"))
    kind: type[Operation]
    match floats:
        case (True, True):
            wider = source != "f32"
            if wider and dtype != "f32":
                return cast(block, cast(block, value, source, "f32"), "f32", dtype)
            kind = arith.ExtFOp if wider else arith.TruncFOp
        case (False, True):
            kind = arith.UIToFPOp if source == "i1" else arith.SIToFPOp
        case (True, False):
            kind = arith.FPToSIOp
        case _:
            kind = arith.ExtUIOp
    op = kind.create(operands=[value], result_types=[DTYPES[dtype]])
    block.add_op(op)
    return op.results[0]
