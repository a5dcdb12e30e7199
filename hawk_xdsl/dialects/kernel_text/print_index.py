"""Index values of the IR back to integer expressions of the text."""

from collections.abc import Mapping, Sequence

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

from hawk_xdsl.dialects.kernel_text.errors import KernelTextError

_DIVISIONS = {AffineBinaryOpKind.FloorDiv: "//", AffineBinaryOpKind.Mod: "%"}


def index_text(value: SSAValue | int, names: Mapping[SSAValue, str]) -> str:
    """An index value as an expression over named variables.

    Raises:
        KernelTextError: for values that no expression gives.
    """
    if isinstance(value, int):
        return integer_text(value)
    if value in names:
        return names[value]
    match value.owner:
        case arith.ConstantOp(value=IntegerAttr() as constant):
            return integer_text(constant.value.data)
        case arith.IndexCastOp() as cast:
            return index_text(cast.input, names)
        case affine.ApplyOp() as apply:
            operands = [index_text(operand, names) for operand in apply.mapOperands]
            return _affine(apply.map.data.results[0], operands)
        case affine.MinOp() as minimum:
            # A start that a padded load moves to the end of the operand.
            results = minimum.map.data.results
            if len(results) == 2 and isinstance(results[0], AffineConstantExpr):
                operands = [index_text(operand, names) for operand in minimum.arguments]
                return _affine(results[1], operands)
        case _:
            pass
    raise KernelTextError("an index has no text form")


def integer_text(value: int) -> str:
    """An integer as an expression; the text has no negative ones."""
    return str(value) if value >= 0 else f"0-{-value}"


def ragged_length(value: SSAValue) -> int:
    """The length of which a dynamic size is the valid part. Raises ``KernelTextError``."""
    if isinstance(value.owner, affine.MinOp):
        first = value.owner.map.data.results[0]
        if isinstance(first, AffineConstantExpr):
            return first.value
    raise KernelTextError("a dynamic size has no text form")


def _affine(expression: AffineExpr, operands: Sequence[str]) -> str:
    """An affine expression; terms that are subtracted come last."""
    added: list[str] = []
    subtracted: list[str] = []
    for term, factor in _terms(expression):
        if isinstance(term, AffineConstantExpr):
            text, factor = str(abs(term.value * factor)), term.value * factor
        else:
            text = _factor(term, operands)
            if abs(factor) != 1:
                text = f"{text}*{abs(factor)}"
        (added if factor >= 0 else subtracted).append(text)
    return "-".join(["+".join(added) or "0", *subtracted])


def _terms(expression: AffineExpr) -> list[tuple[AffineExpr, int]]:
    if isinstance(expression, AffineBinaryOpExpr):
        if expression.kind is AffineBinaryOpKind.Add:
            return [*_terms(expression.lhs), *_terms(expression.rhs)]
        if expression.kind is AffineBinaryOpKind.Mul and isinstance(
            expression.rhs, AffineConstantExpr
        ):
            return [(term, f * expression.rhs.value) for term, f in _terms(expression.lhs)]
    return [(expression, 1)]


def _factor(expression: AffineExpr, operands: Sequence[str]) -> str:
    if isinstance(expression, AffineDimExpr):
        text = operands[expression.position]
        return text if text.isalnum() or text.replace("_", "").isalnum() else f"({text})"
    if isinstance(expression, AffineBinaryOpExpr) and expression.kind in _DIVISIONS:
        inner = _affine(expression.lhs, operands)
        terms = _terms(expression.lhs)
        if len(terms) > 1 or terms[0][1] < 0:
            inner = f"({inner})"
        if isinstance(expression.rhs, AffineConstantExpr):
            return f"{inner}{_DIVISIONS[expression.kind]}{expression.rhs.value}"
    raise KernelTextError("an index expression has no text form")
