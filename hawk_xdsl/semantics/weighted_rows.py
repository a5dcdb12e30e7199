"""The structure of two products with a normalised exponential between them, row by row.

``out[m, e] = sum(n) w[m, n] · values[n, e]``, where row m of w is ``exp(z - max(z)) / sum(exp(z -
max(z)))`` and z is computed point by point from one product ``sum(d) lhs[m, d] · rhs[n, d]``.
Nothing here knows what that is called.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hawk_xdsl.dialects.dtype import WIDE_FLOAT, DType
from hawk_xdsl.semantics.bands import Band, band_of, positions_in
from hawk_xdsl.semantics.specification import ResultRegion, Specification
from hawk_xdsl.semantics.terms import Affine, Term, walk


@dataclass(frozen=True)
class WeightedRows:
    """The parts of such a specification, and its axes by role.

    Attributes:
        result: what is written.
        scores: the first product.
        lhs: its factor that has the rows, a read.
        rhs: its other factor, a read.
        logits: z, of which exponentials are taken; it may be ``scores`` itself.
        values: the right factor of the second product, a read.
        weights: the dtype that both factors of the second product have.
        empty: whether a row of nothing but minus infinities gives zeros.
        batch: axes of the result that are loops.
        m: the axis of rows.
        n: the axis that is normalised and summed.
        d: the axis that the first product sums.
        e: the axis of columns of the result.
        scales: literals that the factors of the first product are multiplied by.
        band: the condition on positions in z, if there is one.
    """

    result: ResultRegion
    scores: Term
    lhs: Term
    rhs: Term
    logits: Term
    values: Term
    weights: DType
    empty: bool
    batch: tuple[str, ...]
    m: str
    n: str
    d: str
    e: str
    scales: tuple[Term, ...] = ()
    band: Band | None = None


def weighted_rows_of(specification: Specification) -> WeightedRows | None:
    """The parts of a specification; ``None`` if it is another."""
    if len(specification.results) != 1:
        return None
    result = specification.results[0]
    root = _without_float_casts(result.term)
    factors = _factors(root)
    if factors is None:
        return None
    for left, right in (factors, factors[::-1]):
        if _without_float_casts(right).op == "read":
            found = _parts(result, root, left, right)
            if found is not None:
                return found
    return None


def _parts(result: ResultRegion, root: Term, left: Term, right: Term) -> WeightedRows | None:
    values, weight = _without_float_casts(right), _without_float_casts(left)
    weights = left.args[0].dtype if left.op == "cast" else left.dtype
    if len(root.bound) != 1 or weights != values.dtype:
        return None
    normalised = _normalised(weight, next(iter(root.bound)))
    if normalised is None:
        return None
    logits, empty = normalised
    scores = _scores(logits)
    if scores is None:
        return None
    pair = _factors(scores)
    assert pair is not None
    (lhs, before), (rhs, after) = map(_scaled, pair)
    [n], [d] = root.bound, scores.bound
    if n in lhs.axes:
        lhs, rhs = rhs, lhs
    if lhs.op != "read" or rhs.op != "read" or lhs.dtype != rhs.dtype:
        return None
    written = [dim.plain for dim in result.index if dim.axes]
    axes = [axis for axis in written if axis is not None]
    if len(axes) != len(written) or len(set(axes)) != len(axes) or len(axes) < 2:
        return None
    left_axes, right_axes = lhs.axes - {d}, rhs.axes - {d}  # d may be free elsewhere, as e
    e, rows = axes[-1], [a for a in axes if a in left_axes and a not in right_axes | values.axes]
    if not rows or e in logits.axes or n in left_axes or n not in right_axes & values.axes:
        return None
    batch = tuple(axis for axis in axes if axis not in (rows[-1], e))
    known = {*batch, rows[-1], n}
    inside = left_axes | right_axes <= known and values.axes <= {*known, e}
    if not inside or logits.axes - known or d not in lhs.axes & rhs.axes:
        return None
    m = rows[-1]
    matrices = ((lhs, {m, d}), (rhs, {n, d}), (values, {n, e}))
    masks = [(term, {m, n}) for term in walk((logits,)) if term.op == "read" and term.axes <= known]
    if not all(_is_matrix(term, sides) for term, sides in matrices):
        return None
    if not all(_is_sliced(term, sides) for term, sides in masks if term not in (lhs, rhs)):
        return None
    band = band_of(logits, m, n)
    if band is None and positions_in(logits):
        return None
    return WeightedRows(
        *(result, scores, lhs, rhs, logits, values, weights, empty, batch, m, n, d, e),
        scales=(*before, *after),
        band=band,
    )


def _is_matrix(term: Term, sides: set[str]) -> bool:
    """Whether a read is a matrix of two sides, at any place of its tensor."""
    last = term.index[-1].axes & sides if term.index else frozenset[str]()
    return bool(last) and sides <= term.axes and _is_sliced(term, sides)


def _is_sliced(term: Term, sides: set[str]) -> bool:
    """Whether each side is along one dimension, and each dimension along one side, step by step."""
    along = [axis for dim in term.index for axis in dim.axes if axis in sides]
    steps = (dict(dim.terms)[axis] for dim in term.index for axis in dim.axes if axis in sides)
    single = all(len(dim.axes & sides) <= 1 for dim in term.index)
    return single and len(set(along)) == len(along) and all(step == 1 for step in steps)


def _normalised(term: Term, n: str) -> tuple[Term, bool] | None:
    """z of ``exp(z - max(z)) / sum(exp(z - max(z)))`` along n, and whether empty rows are zeros."""
    if term.op == "select":
        condition, zero, quotient = term.args
        inner = _normalised(quotient, n)
        if inner is None or not zero.is_const or zero.value != 0 or condition.op != "reduce_and":
            return None
        each = condition.args[0]
        if each.op != "eq" or not _is_least(each.args[1]):
            return None
        return (inner[0], True) if _along(condition, each.args[0], inner[0], n) else None
    if term.op != "div":
        return None
    power, total = term.args
    if power.op != "exp" or power.args[0].op != "sub":
        return None
    logits, largest = power.args[0].args
    if largest.op != "reduce_max" or logits.dtype != WIDE_FLOAT or total.op != "reduce_sum":
        return None
    same = _along(largest, largest.args[0], logits, n) and _along(total, total.args[0], power, n)
    return (logits, False) if same else None


def _along(reduction: Term, inner: Term, wanted: Term, n: str) -> bool:
    """Whether a reduction over one axis is of what another term is along n."""
    return len(reduction.bound) == 1 and _same(inner, wanted, {next(iter(reduction.bound)): n})


def _same(left: Term, right: Term, names: Mapping[str, str]) -> bool:
    """Whether two terms are the same but for the names of their axes.

    Where extents are equal, the same product may be over i1 and i2 here and over i2 and i1 there:
    ``max(i1) sum(i2) x0[i0, i2] x1[i1, i2]`` is along i2 of ``sum(i1) x0[i0, i1] x1[i2, i1]``.
    """
    if (left.op, left.dtype, left.operand) != (right.op, right.dtype, right.operand):
        return False
    if left.is_const:
        return left.value == right.value
    if len(left.bound) != len(right.bound) or len(left.bound) > 1:
        return False
    inside = {**names, **dict(zip(left.bound, right.bound, strict=True))}
    renamed = {name: Affine.axis(other) for name, other in inside.items()}
    return tuple(dim.substitute(renamed) for dim in left.index) == right.index and all(
        _same(mine, theirs, inside) for mine, theirs in zip(left.args, right.args, strict=True)
    )


def _is_least(term: Term) -> bool:
    return term.is_const and term.value == float("-inf")


def _scores(logits: Term) -> Term | None:
    """The one product of two tensors in what is else computed point by point."""
    products = [term for term in walk((logits,)) if term.is_reduction or term.is_scan]
    if len(products) != 1 or _factors(products[0]) is None or len(products[0].bound) != 1:
        return None
    below = {term for term in walk((products[0],))}
    others = (term for term in walk((logits,)) if term not in below)
    return None if any(term.op == "gather" for term in others) else products[0]


def _factors(term: Term) -> tuple[Term, Term] | None:
    if term.op != "reduce_sum" or term.args[0].op != "mul" or term.dtype != WIDE_FLOAT:
        return None
    left, right = term.args[0].args
    return left, right


def _scaled(term: Term) -> tuple[Term, tuple[Term, ...]]:
    """A factor without the literals that it is multiplied by, and these."""
    scales: tuple[Term, ...] = ()
    while True:
        term = _without_float_casts(term)
        literals = [arg for arg in term.args if arg.is_const]
        if term.op != "mul" or len(literals) != 1:
            return term, scales
        scales = (*scales, *literals)
        term = next(arg for arg in term.args if not arg.is_const)


def _without_float_casts(term: Term) -> Term:
    while term.op == "cast" and term.dtype.is_float and term.args[0].dtype.is_float:
        term = term.args[0]
    return term
