"""The roofline bound of a specification: the traffic and the work that no kernel can avoid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.npu_target import Bound, Target, bound_cycles
from hawk_xdsl.semantics.finished_sums import (
    FinishedSums,
    finished_sums_of,
    sum_specification,
)
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import contraction_of
from hawk_xdsl.semantics.terms import Term, walk
from hawk_xdsl.semantics.weighted_rows import WeightedRows, weighted_rows_of


@dataclass(frozen=True)
class Work:
    """What no kernel of an op can avoid, as the bound counts it.

    Attributes:
        bytes_read: distinct bytes read.
        bytes_written: bytes written.
        unit: which unit the bound takes for the arithmetic: ``cube`` or ``vector``.
        dtype: of most of that work.
        operations: of that unit; a multiply-accumulate is two.
    """

    bytes_read: int
    bytes_written: int
    unit: str
    dtype: str
    operations: int


def bound_of(specification: Specification, target: Target) -> Bound:
    """The fewest cycles an op can take on a target.

    Every element that is read or written moves once. Each function of each point is one vector
    operation, so a function that the unit has no instruction for counts as one too: the bound is
    below what is reachable then. A contraction may be multiply-accumulates of the cube instead:
    the lower of the two bounds holds.
    """
    return work_and_bound(specification, target)[1]


def work_and_bound(specification: Specification, target: Target) -> tuple[Work, Bound]:
    """The bound, and the traffic and arithmetic that it is the time of."""
    read = _bytes_read(specification)
    written = sum(prod(r.shape) * DType(r.dtype).bytes for r in specification.outputs)
    elements = _vector_elements(specification)
    vector = bound_cycles(target, bytes_read=read, bytes_written=written, vector_elements=elements)
    most = str(max(elements, key=lambda dtype: elements[dtype], default=""))
    on_vector = Work(read, written, "vector", most, sum(elements.values())), vector
    rows = weighted_rows_of(specification)
    if rows is not None and target.cross is not None:
        return min(_of_rows(specification, rows, read, written, target), on_vector, key=_cycles)
    sums = finished_sums_of(specification)
    if sums is not None and target.cross is not None:
        found = _of_sums(specification, sums, read, written, target)
        return on_vector if found is None else min(found, on_vector, key=_cycles)
    contraction = contraction_of(specification)
    if contraction is None or contraction.lhs.dtype not in target.cube.dtypes:
        return on_vector
    dtype = contraction.lhs.dtype
    macs = prod(specification.axes.values())
    cube = bound_cycles(target, bytes_read=read, bytes_written=written, macs={dtype: macs})
    on_cube = Work(read, written, "cube", str(dtype), 2 * macs), cube
    return min(on_cube, on_vector, key=_cycles)


def _cycles(found: tuple[Work, Bound]) -> float:
    return found[1].cycles


def _of_rows(
    specification: Specification, rows: WeightedRows, read: int, written: int, target: Target
) -> tuple[Work, Bound]:
    """Weighted rows with both products on the cube, and all between them on the vector unit."""
    axes = specification.axes
    pairs = prod(axes[axis] for axis in (*rows.batch, rows.m, rows.n))
    macs: dict[str, int] = {}
    for dtype, axis in ((rows.lhs.dtype, rows.d), (rows.weights, rows.e)):
        macs[dtype] = macs.get(dtype, 0) + pairs * axes[axis]
    products = [{rows.m, rows.n, axis} for axis in (rows.d, rows.e)]
    elements = _vector_elements(specification, products)
    bound = bound_cycles(
        target, bytes_read=read, bytes_written=written, macs=macs, vector_elements=elements
    )
    return Work(read, written, "cube", str(rows.lhs.dtype), 2 * sum(macs.values())), bound


def _of_sums(
    specification: Specification, parts: FinishedSums, read: int, written: int, target: Target
) -> tuple[Work, Bound] | None:
    """Finished sums with the products on the cube, and all above them on the vector unit."""
    macs: dict[str, int] = {}
    for number, total in enumerate(parts.sums):
        own = sum_specification(specification, parts, total, f"t{number}")
        contraction = contraction_of(own)
        if contraction is None or contraction.lhs.dtype not in target.cube.dtypes:
            return None
        dtype = contraction.lhs.dtype
        macs[dtype] = macs.get(dtype, 0) + prod(own.axes.values())
    below = frozenset(walk(parts.sums))
    elements = _vector_elements(specification, below=below)
    bound = bound_cycles(
        target, bytes_read=read, bytes_written=written, macs=macs, vector_elements=elements
    )
    most = max(macs, key=lambda dtype: macs[dtype])
    return Work(read, written, "cube", str(most), 2 * sum(macs.values())), bound


def _bytes_read(specification: Specification) -> int:
    """Bytes of the distinct elements read: of an operand at most its size."""
    points = dict.fromkeys((o.name for o in specification.operands), 0)
    for term in walk(specification.roots):
        if term.op in ("read", "gather"):
            points[term.operand] += _distinct(term, specification.axes)
    return sum(
        min(points[o.name], prod(o.shape)) * DType(o.dtype).bytes for o in specification.operands
    )


def _distinct(term: Term, axes: Mapping[str, int]) -> int:
    """At most how many elements one access reads: a window's neighbours overlap."""
    reached = 1
    for dim in term.index:
        if any(axis not in axes for axis in dim.axes):
            return prod(axes[axis] for axis in term.axes)
        positions = {0}
        for axis, factor in dim.terms:
            positions = {p + factor * i for p in positions for i in range(axes[axis])}
        reached *= len(positions)
    return min(reached, prod(axes[axis] for axis in term.axes))


def _vector_elements(
    specification: Specification,
    products: Sequence[set[str]] = (),
    below: frozenset[Term] = frozenset(),
) -> Mapping[str, int]:
    """Elements by dtype of all functions, but for those over all axes of one of the products.

    Nor do those count that are ``below`` what the vector unit begins with.
    """
    counts: dict[str, int] = {}
    for term in walk(specification.roots):
        if not term.args or term.op == "gather" or term in below:
            continue
        axes = term.args[0].axes if term.is_reduction else term.axes
        if any(product <= axes for product in products):
            continue
        dtype = term.dtype.stored if term.dtype.is_condition else term.dtype
        counts[dtype] = counts.get(dtype, 0) + prod(specification.axes[axis] for axis in axes)
    return counts
