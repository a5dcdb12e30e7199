"""Whole quotients that a lowering computed in f64 become quotients of integers.

torch-mlir writes a floor division of integers as ``fptosi(floor(sitofp(a) / sitofp(b)))``. For 32
bits f64 gives the same; of 64 bits it holds only 53.
"""

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import Float64Type
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.rewriter import Rewriter

_ROUNDED: dict[type[Operation], type[Operation]] = {
    math.FloorOp: arith.FloorDivSIOp,
    math.CeilOp: arith.CeilDivSIOp,
    math.TruncOp: arith.DivSIOp,
}


def whole_quotients(function: FuncOp) -> None:
    """Replaces every such quotient in a function; what it was computed with is left unused."""
    for op in list(function.walk()):
        if isinstance(op, arith.FPToSIOp):
            replacement = _whole_quotient(op)
            if replacement is not None:
                unused = [op.input, *_sides(op)]
                Rewriter.replace_op(op, replacement)
                for value in unused:
                    if not value.uses and isinstance(value.owner, Operation):
                        Rewriter.erase_op(value.owner)


def _sides(op: arith.FPToSIOp) -> list[SSAValue]:
    """What the quotient below a conversion is computed with, the quotient first."""
    rounding = op.input.owner
    assert isinstance(rounding, Operation)
    division = rounding.operands[0]
    assert isinstance(division.owner, Operation)
    return [division, *dict.fromkeys(division.owner.operands)]


def _whole_quotient(op: arith.FPToSIOp) -> Operation | None:
    """The quotient that a conversion is of, if it is one of integers of its own type."""
    rounding = op.input.owner
    if not isinstance(rounding, math.FloorOp | math.CeilOp | math.TruncOp):
        return None
    division = rounding.operand.owner
    if not isinstance(division, arith.DivfOp) or division.result.type != Float64Type():
        return None
    sides = [_integer(side) for side in division.operands]
    integers = [side for side in sides if side is not None and side.type == op.result.type]
    if len(integers) < 2:
        return None
    return _ROUNDED[type(rounding)].create(operands=integers, result_types=[op.result.type])


def _integer(value: SSAValue) -> SSAValue | None:
    """What a float was converted from."""
    return value.owner.input if isinstance(value.owner, arith.SIToFPOp) else None
