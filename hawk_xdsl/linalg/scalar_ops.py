"""Functions of a specification as scalar ops in a block: the way back from what is computed."""

import math
from collections.abc import Sequence

from xdsl.dialects import arith
from xdsl.dialects import math as math_dialect
from xdsl.dialects.builtin import (
    AnyFloat,
    Float32Type,
    FloatAttr,
    IntegerAttr,
    IntegerType,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.irdl import IRDLOperation
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.dtype import WIDE_FLOAT, DType
from hawk_xdsl.linalg.scalar_table import (
    FLOAT_PREDICATES,
    FUNCTIONS,
    IDENTITIES,
    INTEGER_PREDICATES,
    NEGATED_PREDICATES,
    REDUCTION_KINDS,
)

NEGATED = {f"not {name}": number for number, name in NEGATED_PREDICATES.items()}
"""The comparisons of floats that are true where a side is not a number, as they are read."""

_PREDICATES = {
    True: {name: number for number, name in FLOAT_PREDICATES.items()} | NEGATED,
    False: {name: number for number, name in INTEGER_PREDICATES.items()},
}

COMBINERS = {kind: function for function, kind in REDUCTION_KINDS.items()}
"""The function that each reduction combines two values with."""

STARTS = {**IDENTITIES, "max": -math.inf, "min": math.inf}
"""What a reduction starts from; an integer reduction from the lowest or highest number it has."""


class UnsayableError(Exception):
    """A function that no scalar op computes; the message names it."""


def _scalar_ops() -> dict[tuple[str, bool], type[IRDLOperation]]:
    """The scalar op of a function, for floats (true) and for integers."""
    dialects = (arith.Arith, math_dialect.Math)
    every = [op for dialect in dialects for op in dialect.operations]
    ops = {op.name: op for op in every if issubclass(op, IRDLOperation)}
    found: dict[tuple[str, bool], type[IRDLOperation]] = {}
    for name, op in ops.items():
        dialect, _, short = name.partition(".")
        function = FUNCTIONS.get(name, short if dialect == "math" else None)
        if function is None:
            continue
        operands = len(op.get_irdl_definition().operands)
        for type_ in (_FLOAT, _WHOLE):
            if _takes(op, [type_] * operands):
                found.setdefault((function, type_ == _FLOAT), op)
        if _takes(op, [_FLOAT, _WHOLE]):
            found[function, True] = op
    return found


def _takes(op: type[IRDLOperation], types: Sequence[Attribute]) -> bool:
    """Whether an op makes a value of the first type from values of these types."""
    operands = Block(arg_types=types).args
    try:
        op.create(operands=operands, result_types=[types[0]]).verify()
    except VerifyException:
        return False
    return True


_FLOAT, _WHOLE = Float32Type(), IntegerType(32)

SCALAR_OPS = _scalar_ops()
"""(function, whether of floats) → the op that a region says it with."""

TAKES_WHOLE = frozenset(
    function for (function, _), op in SCALAR_OPS.items() if _takes(op, [_FLOAT, _WHOLE])
)
"""Functions of a float whose second argument is a whole number."""


def literal(block: Block, value: float, dtype: str) -> SSAValue:
    """A constant of a dtype, no larger than that can be."""
    known = DType(dtype)
    type_ = known.mlir
    if isinstance(type_, AnyFloat):
        most = known.largest_finite
        finite = value if math.isinf(value) else max(-most, min(most, value))
        constant = arith.ConstantOp(FloatAttr(float(finite), type_))
    else:
        assert isinstance(type_, IntegerType)
        clamped = int(max(known.lowest, min(known.highest, value)))
        constant = arith.ConstantOp(IntegerAttr(clamped, type_))
    block.add_op(constant)
    return constant.result


def binary(
    block: Block, function: str, left: SSAValue, right: SSAValue, is_float: bool
) -> SSAValue:
    """A function of two values of one dtype. Raises ``UnsayableError``."""
    op = _op(function, is_float).create(operands=[left, right], result_types=[left.type])
    block.add_op(op)
    return op.results[0]


def scalar(
    block: Block, function: str, operands: Sequence[SSAValue], kind: str, dtype: str
) -> SSAValue:
    """Any function; ``kind`` is the operands' dtype, but for conditions, ``dtype`` the result's.

    Raises ``UnsayableError``.
    """
    is_float = DType(kind).is_float
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
        op = _op(function, of_float).create(
            operands=list(operands), result_types=[DType(dtype).mlir]
        )
    block.add_op(op)
    return op.results[0]


def cast(block: Block, value: SSAValue, source: str, dtype: str) -> SSAValue:
    """A conversion between two dtypes, through f32 where there is no direct one."""
    if source == dtype:
        return value
    before, after = DType(source), DType(dtype)
    wider = after.bits > before.bits
    kind: type[Operation]
    match before.is_float, after.is_float:
        case (True, True):
            if after.bits == before.bits:
                return cast(block, cast(block, value, source, WIDE_FLOAT), WIDE_FLOAT, dtype)
            kind = arith.ExtFOp if wider else arith.TruncFOp
        case (False, True):
            kind = arith.UIToFPOp if before.is_condition else arith.SIToFPOp
        case (True, False):
            kind = arith.FPToSIOp
        case _ if before.is_condition:
            kind = arith.ExtUIOp
        case _:
            kind = arith.ExtSIOp if wider else arith.TruncIOp
    op = kind.create(operands=[value], result_types=[after.mlir])
    block.add_op(op)
    return op.results[0]


def _op(function: str, is_float: bool) -> type[IRDLOperation]:
    found = SCALAR_OPS.get((function, is_float))
    if found is None:
        raise UnsayableError(f"no op computes {function}")
    return found
