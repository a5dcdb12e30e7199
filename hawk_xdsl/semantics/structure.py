"""The structural class of a specification: which kind of loop nest can compute it."""

from dataclasses import dataclass
from enum import StrEnum

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.semantics.finished_sums import finished_sums_of
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.terms import HOLDS, Affine, Term, walk
from hawk_xdsl.semantics.weighted_rows import weighted_rows_of


class Structure(StrEnum):
    """What templates are written for."""

    CONTRACTION = "contraction"
    """One sum of products of two operands."""

    WEIGHTED_ROWS = "weighted-rows"
    """Two products with a normalised exponential between them, row by row."""

    FINISHED_SUMS = "finished-sums"
    """Products whose sums are finished point by point."""

    TILES = "tiles"
    """Whole tiles: reduced axes are held whole, the others may be split freely."""

    STREAM = "stream"
    """Tiles through which reduced axes are streamed in chunks, a level of reductions at a time."""

    KERNEL = "kernel"
    """One specification at any extents: a whole kernel that was verified, and generalised."""

    TWO_PASS = "two-pass"
    """Stages that meet in global memory: reductions whose partial results many cores compute."""


@dataclass(frozen=True)
class Contraction:
    """``result[batch, m, n] = sum(k) lhs[batch, m, k] · rhs[batch, n, k]``, axes by role.

    ``m`` or ``n`` is empty for a product with a vector. ``relu``: the result is no sum below 0.
    ``bias`` is a read along axes of n that is added to each sum, ``None`` if there is none; one
    along axes of m only image slabs add.
    """

    lhs: Term
    rhs: Term
    batch: tuple[str, ...]
    m: tuple[str, ...]
    n: tuple[str, ...]
    k: tuple[str, ...]
    relu: bool = False
    bias: Term | None = None


def structures(specification: Specification) -> tuple[Structure, ...]:
    """The classes a specification belongs to, the most special first."""
    if contraction_of(specification) is not None:
        return (Structure.CONTRACTION, Structure.TILES, Structure.STREAM, Structure.TWO_PASS)
    if weighted_rows_of(specification) is not None:
        return (Structure.WEIGHTED_ROWS, Structure.TILES, Structure.STREAM, Structure.TWO_PASS)
    if finished_sums_of(specification) is not None:
        return (Structure.FINISHED_SUMS, Structure.TILES, Structure.STREAM, Structure.TWO_PASS)
    return (Structure.TILES, Structure.STREAM, Structure.TWO_PASS)


def contraction_of(specification: Specification) -> Contraction | None:
    """The specification as a contraction, if it is one: casts of factors and result aside.

    A maximum of the sum and 0 is one too, of floats: that is done on the way from the accumulator;
    and so is a bias along n that is added before any rounding: what the accumulator starts from.

    Casts of factors keep integers what they are, and integers are multiplied and summed in one
    dtype: what wraps on the way is no contraction of what was read.

    The factors are reads of one dtype at any affine index, so windows are contractions too. Of the
    two, ``rhs`` is the one that has the result's last axis, where only one has it.
    """
    if len(specification.results) != 1:
        return None
    result = specification.results[0]
    top = _without_casts(result.term)
    relu = _is_relu(top)
    top = _without_casts(top.args[0]) if relu else top
    root, bias = _without_bias(top)
    if root.op != "reduce_sum" or _wraps(result.term, root):
        return None
    product = _without_near_casts(root.args[0])
    if product.op != "mul" or (product.dtype.is_integer and product is not root.args[0]):
        return None
    lhs, rhs = (_without_near_casts(arg) for arg in product.args)
    if lhs.op != "read" or rhs.op != "read" or lhs.dtype != rhs.dtype:
        return None
    if any(dim.plain is None and dim != Affine() for dim in result.index):
        return None
    written = [axis for axis in (dim.plain for dim in result.index) if axis is not None]
    if len(set(written)) != len(written):
        return None
    if written and written[-1] in lhs.axes and written[-1] not in rhs.axes:
        lhs, rhs = rhs, lhs
    batch = tuple(a for a in written if a in lhs.axes and a in rhs.axes)
    m = tuple(a for a in written if a in lhs.axes and a not in rhs.axes)
    n = tuple(a for a in written if a in rhs.axes and a not in lhs.axes)
    k = tuple(axis for axis in specification.axes if axis in root.bound)
    if len(batch) + len(m) + len(n) != len(written) or not root.bound <= lhs.axes & rhs.axes:
        return None
    if not (m or n) or not k:
        return None
    if bias is not None and not (bias.axes and (bias.axes <= set(n) or bias.axes <= set(m))):
        return None
    return Contraction(lhs, rhs, batch, m, n, k, relu, bias)


def _without_bias(term: Term) -> tuple[Term, Term | None]:
    """The sum of products that a read is added to, and that read; else the term itself."""
    if term.op == "add" and term.dtype.is_float:
        for total, other in (term.args, term.args[::-1]):
            bias = _without_near_casts(other)
            if total.op == "reduce_sum" and bias.op == "read":
                return total, bias
    return term, None


def _is_relu(term: Term) -> bool:
    """Whether a float is the maximum of another one and 0."""
    at_least_zero = term.op == "max" and term.args[1].is_const and term.args[1].value == 0
    return term.dtype.is_float and (term.op == "relu" or at_least_zero)


def _without_casts(term: Term) -> Term:
    while term.op == "cast":
        term = term.args[0]
    return term


def _without_near_casts(term: Term) -> Term:
    """What is below casts that keep every value, or round one float to another."""
    while term.op == "cast":
        source, dtype = term.args[0].dtype, term.dtype
        rounds = not (DType(source).is_integer or DType(dtype).is_integer)
        if not rounds and source not in HOLDS.get(dtype, ()):
            break
        term = term.args[0]
    return term


def _wraps(term: Term, below: Term) -> bool:
    """Whether a cast above a term drops the fraction, or bits of an integer."""
    while term is not below:
        inner = next(arg for arg in term.args if any(part is below for part in walk([arg])))
        if DType(term.dtype).is_integer and inner.dtype not in HOLDS.get(term.dtype, ()):
            return True
        term = inner
    return False


def reduced_axes(specification: Specification) -> frozenset[str]:
    """The axes that some reduction or scan runs over."""
    bound = [t.bound for t in walk(specification.roots) if t.is_reduction or t.is_scan]
    return frozenset[str]().union(*bound)
