"""What an index is surely a multiple of, as far as its constants and affine maps say it."""

from math import gcd

from xdsl.dialects import affine, scf
from xdsl.ir import Block, SSAValue
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
    AffineSymExpr,
)

from hawk_xdsl.dialects.constants import constant_of


def divisor_of(index: SSAValue | int) -> int:
    """The greatest number known to divide an index; 0 divides only 0, which is a multiple of all.

    Of ``32 * i + 16 * j`` it is 16, of a loop's counter what divides its start and its step.
    """
    if isinstance(index, int):
        return index
    number, owner = constant_of(index), index.owner
    if number is not None:
        return number
    match owner:
        case affine.ApplyOp():
            operands = [divisor_of(operand) for operand in owner.mapOperands]
            return _divisor(owner.map.data.results[0], operands, owner.map.data.num_dims)
        case Block() if isinstance(loop := owner.parent_op(), scf.ForOp) and owner.args[0] is index:
            return gcd(divisor_of(loop.lb), divisor_of(loop.step))
        case _:
            return 1


def _divisor(expression: AffineExpr, operands: list[int], dims: int) -> int:
    match expression:
        case AffineConstantExpr():
            return expression.value
        case AffineDimExpr():
            return operands[expression.position]
        case AffineSymExpr():
            return operands[dims + expression.position]
        case AffineBinaryOpExpr(kind=AffineBinaryOpKind.Add):
            return gcd(
                _divisor(expression.lhs, operands, dims), _divisor(expression.rhs, operands, dims)
            )
        case AffineBinaryOpExpr(kind=AffineBinaryOpKind.Mul):
            return _divisor(expression.lhs, operands, dims) * _divisor(
                expression.rhs, operands, dims
            )
        case _:
            return 1
