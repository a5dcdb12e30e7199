"""Loops that run at most once: a loop of kernel text may only give an index a name."""

from collections import Counter
from collections.abc import Iterator

from xdsl.dialects import affine, scf
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineExpr,
)

from hawk_xdsl.dialects.constants import constant_of


def at_most_one_trip(loop: scf.ForOp) -> bool:
    """Whether bounds and step say so, as those of ``for i in t//8..t//8+1 step 4`` do."""
    step, length = constant_of(loop.step), _length(loop)
    return step is not None and length is not None and length <= step


def _length(loop: scf.ForOp) -> int | None:
    """The upper bound less the lower one, if that is a number."""
    start, stop = constant_of(loop.lb), constant_of(loop.ub)
    if start is not None and stop is not None:
        return stop - start
    first, last = loop.lb.owner, loop.ub.owner
    if not isinstance(first, affine.ApplyOp) or not isinstance(last, affine.ApplyOp):
        return None
    if tuple(first.operands) != tuple(last.operands):
        return None
    below, above = (_summands(op.map.data.results[0]) for op in (first, last))
    length = above.pop(None, 0) - below.pop(None, 0)
    return length if above == below else None


def _summands(expression: AffineExpr) -> Counter[AffineExpr | None]:
    """How often each term is added; under ``None`` the sum of the numbers."""
    found: Counter[AffineExpr | None] = Counter()
    for term in _terms(expression):
        if isinstance(term, AffineConstantExpr):
            found[None] += term.value
        else:
            found[term] += 1
    return found


def _terms(expression: AffineExpr) -> Iterator[AffineExpr]:
    if isinstance(expression, AffineBinaryOpExpr) and expression.kind is AffineBinaryOpKind.Add:
        yield from _terms(expression.lhs)
        yield from _terms(expression.rhs)
    else:
        yield expression
