"""Index values of the IR back to integer expressions of the text."""

from collections.abc import Mapping, Sequence
from functools import reduce

from xdsl.dialects import affine, arith
from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import SSAValue
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
)

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.errors import KernelTextError

_DIVISIONS = {AffineBinaryOpKind.FloorDiv: "//", AffineBinaryOpKind.Mod: "%"}


def index_expression(value: SSAValue | int, names: Mapping[SSAValue, str]) -> ast.Expression:
    """An index value as an expression over named variables.

    Raises:
        KernelTextError: for values that no expression gives.
    """
    if isinstance(value, int):
        return integer(value)
    if value in names:
        return ast.Variable(names[value])
    match value.owner:
        case arith.ConstantOp(value=IntegerAttr() as constant):
            return integer(constant.value.data)
        case arith.IndexCastOp() as cast:
            return index_expression(cast.input, names)
        case affine.ApplyOp() as apply:
            operands = [index_expression(operand, names) for operand in apply.mapOperands]
            return affine_expression(apply.map.data.results[0], operands)
        case affine.MinOp() as minimum:
            # A start that a padded load moves to the end of the operand.
            results = minimum.map.data.results
            if len(results) == 2:
                operands = [index_expression(operand, names) for operand in minimum.arguments]
                return affine_expression(results[1], operands)
        case _:
            pass
    raise KernelTextError("an index has no text form")


def integer(value: int) -> ast.Expression:
    """An integer as an expression; the text has no negative ones, so ``0-3`` is minus three."""
    if value >= 0:
        return ast.Integer(value)
    return ast.Arithmetic("-", ast.Integer(0), ast.Integer(-value))


def ragged_length(value: SSAValue) -> int:
    """The length of which a dynamic size is the valid part. Raises ``KernelTextError``."""
    if isinstance(value.owner, affine.MinOp):
        first = value.owner.map.data.results[0]
        if isinstance(first, AffineConstantExpr):
            return first.value
    raise KernelTextError("a dynamic size has no text form")


def affine_expression(expression: AffineExpr, operands: Sequence[ast.Expression]) -> ast.Expression:
    """An affine expression; terms that are subtracted come last."""
    added: list[ast.Expression] = []
    subtracted: list[ast.Expression] = []
    for term, factor in _terms(expression):
        if isinstance(term, AffineConstantExpr):
            factor *= term.value
            part: ast.Expression = ast.Integer(abs(factor))
        else:
            part = _factor(term, operands)
            if abs(factor) != 1:
                part = ast.Arithmetic("*", part, ast.Integer(abs(factor)))
        (added if factor >= 0 else subtracted).append(part)
    first, *rest = added or [ast.Integer(0)]
    total = reduce(lambda left, right: ast.Arithmetic("+", left, right), rest, first)
    return reduce(lambda left, right: ast.Arithmetic("-", left, right), subtracted, total)


def _terms(expression: AffineExpr) -> list[tuple[AffineExpr, int]]:
    if isinstance(expression, AffineBinaryOpExpr):
        if expression.kind is AffineBinaryOpKind.Add:
            return [*_terms(expression.lhs), *_terms(expression.rhs)]
        if expression.kind is AffineBinaryOpKind.Mul and isinstance(
            expression.rhs, AffineConstantExpr
        ):
            return [(term, f * expression.rhs.value) for term, f in _terms(expression.lhs)]
    return [(expression, 1)]


def _factor(expression: AffineExpr, operands: Sequence[ast.Expression]) -> ast.Expression:
    if isinstance(expression, AffineDimExpr):
        return operands[expression.position]
    if isinstance(expression, AffineBinaryOpExpr) and expression.kind in _DIVISIONS:
        inner = affine_expression(expression.lhs, operands)
        if isinstance(expression.rhs, AffineConstantExpr):
            divisor = ast.Integer(expression.rhs.value)
            return ast.Arithmetic(_DIVISIONS[expression.kind], inner, divisor)
    raise KernelTextError("an index expression has no text form")
