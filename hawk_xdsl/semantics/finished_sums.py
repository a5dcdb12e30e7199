"""The structure of products whose sums are finished point by point: ``y = f(Σ lhs · rhs, …)``.

f is whatever has no reduction: an activation, a gate times what it opens (two products of the same
rows), a sum with a residual. Nothing here knows what that is called.
"""

from dataclasses import dataclass

from hawk_xdsl.dialects.dtype import WIDE_FLOAT
from hawk_xdsl.semantics.specification_form import ResultRegion, Specification
from hawk_xdsl.semantics.terms import Affine, Term, walk


@dataclass(frozen=True)
class FinishedSums:
    """The parts of such a specification.

    Attributes:
        result: what is written; its indices are axes, the last two those of rows and columns.
        sums: the products, over the same axes as the result.
        reads: what else is read.
    """

    result: ResultRegion
    sums: tuple[Term, ...]
    reads: tuple[Term, ...]

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes of the result, in order."""
        return tuple(axis for dim in self.result.index for axis in dim.axes)


def finished_sums_of(specification: Specification) -> FinishedSums | None:
    """The parts of a specification; ``None`` if it is another, or nothing is left to finish."""
    if len(specification.results) != 1:
        return None
    [result] = specification.results
    axes = [axis for axis in (dim.plain for dim in result.index) if axis is not None]
    if len(axes) < max(2, len(result.index)) or len(set(axes)) < len(axes):
        return None
    known = frozenset(axes)
    sums, others = _parts(result.term)
    if not sums or not all(_is_product(term, known) for term in sums):
        return None
    if any(term.op in ("gather", "index") or term.is_scan for term in others):
        return None
    reads = tuple(term for term in others if term.op == "read")
    if not all(_is_along(read, known, axes[-1]) for read in reads):
        return None
    nothing = all(term.op == "cast" for term in others)
    return None if nothing else FinishedSums(result, tuple(sums), reads)


def sum_specification(
    specification: Specification, parts: FinishedSums, total: Term, name: str
) -> Specification:
    """One of the sums alone, written to a tensor of its own."""
    axes = {axis: specification.axes[axis] for axis in (*parts.axes, *sorted(total.bound))}
    index = tuple(map(Affine.axis, parts.axes))
    shape = tuple(axes[axis] for axis in parts.axes)
    result = ResultRegion(name, total.dtype, shape, index, total)
    return Specification(specification.operands, (result,), axes)


def _parts(root: Term) -> tuple[list[Term], list[Term]]:
    """The topmost reductions, and all terms that are above them."""
    sums: dict[Term, None] = {}
    others: dict[Term, None] = {}
    waiting = [root]
    while waiting:
        term = waiting.pop()
        if term.is_reduction:
            sums[term] = None
        elif term not in others:
            others[term] = None
            waiting.extend(term.args)
    return list(sums), list(others)


def _is_product(term: Term, axes: frozenset[str]) -> bool:
    return (
        term.op == "reduce_sum"
        and term.dtype == WIDE_FLOAT
        and term.args[0].op == "mul"
        and term.axes == axes
        and not any(each.is_reduction or each.is_scan for each in walk(term.args))
    )


def _is_along(read: Term, axes: frozenset[str], columns: str) -> bool:
    """Whether a read has the columns in its last dimension, each other axis in one of its own."""
    dims = [dim for dim in read.index if dim.axes]
    last = bool(read.index) and read.index[-1].axes == {columns}
    steps = all(len(dim.axes) == 1 and dim.terms[0][1] == 1 for dim in dims)
    return last and steps and read.axes <= axes
