"""The roofline bound of a specification: the traffic and the work that no kernel can avoid."""

from collections.abc import Mapping
from math import prod

from hawk_xdsl.npu_target import Bound, Target, bound_cycles
from hawk_xdsl.npu_target.dtypes import NUMPY_DTYPES
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import contraction_of
from hawk_xdsl.semantics.terms import walk


def bound_of(specification: Specification, target: Target) -> Bound:
    """The fewest cycles an op can take on a target.

    Every element that is read or written moves once. A contraction is multiply-accumulates of the
    cube; of anything else each function of each point is one vector operation, so a function that
    the unit has no instruction for counts as one too: the bound is below what is reachable then.
    """
    contraction = contraction_of(specification)
    macs: dict[str, int] = {}
    vector: dict[str, int] = {}
    if contraction is not None:
        macs[contraction.lhs.dtype] = prod(specification.axes.values())
    else:
        vector = dict(_vector_elements(specification))
    return bound_cycles(
        target,
        bytes_read=_bytes_read(specification),
        bytes_written=sum(
            prod(r.shape) * NUMPY_DTYPES[r.dtype].itemsize for r in specification.outputs
        ),
        macs=macs,
        vector_elements=vector,
    )


def _bytes_read(specification: Specification) -> int:
    """Bytes of the distinct elements read: of an operand at most its size."""
    points = dict.fromkeys((o.name for o in specification.operands), 0)
    for term in walk(specification.roots):
        if term.op in ("read", "gather"):
            points[term.operand] += prod(specification.axes[axis] for axis in term.axes)
    return sum(
        min(points[o.name], prod(o.shape)) * NUMPY_DTYPES[o.dtype].itemsize
        for o in specification.operands
    )


def _vector_elements(specification: Specification) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for term in walk(specification.roots):
        if not term.args or term.op == "gather":
            continue
        axes = term.args[0].axes if term.is_reduction else term.axes
        dtype = "i8" if term.dtype == "i1" else term.dtype
        counts[dtype] = counts.get(dtype, 0) + prod(specification.axes[axis] for axis in axes)
    return counts
