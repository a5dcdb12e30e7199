"""Results in several regions: which axes each region has, and which of them are the same.

A padding or a concatenation writes disjoint regions of one result, each with axes of its own, and
one kernel writes them all. A dimension that every region covers in full gets one axis for all.

Example: ``x0: f32[64, 30]`` padded to ``y0: f32[64, 32]`` has two regions,
``y0[i0, i1] = x0[i0, i1]`` and ``y0[i2, i3 + 30] = 0.0``. Both have all 64 rows, so i2 becomes i0,
over which tiles are distributed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod

from hawk_xdsl.semantics.canonical import rewrite_axes
from hawk_xdsl.semantics.specification import ResultRegion, Specification
from hawk_xdsl.semantics.terms import Affine, Term, walk

MOST_OF_ALL = 0.8
"""The share of the work from which on one region alone decides about the tiles."""


def axes_of(result: ResultRegion) -> frozenset[str]:
    """The axes that a result or anything below it has."""
    below = [term.axes | term.bound for term in walk((result.term,))]
    index = [dim.axes for dim in result.index]
    return frozenset(a for a in frozenset[str]().union(*below, *index) if not a.startswith("@"))


def components(specification: Specification) -> list[frozenset[str]]:
    """The axes of each region, the largest first; regions that share an own axis are one."""
    shared = common_axes(specification)
    groups: list[frozenset[str]] = []
    for result in specification.results:
        axes = axes_of(result)
        for group in [g for g in groups if g & axes - shared or g == axes]:
            groups.remove(group)
            axes |= group
        groups.append(axes)
    return sorted(groups, key=lambda axes: (-_points(specification, axes), sorted(axes)))


def common_axes(specification: Specification) -> frozenset[str]:
    """The axes that every result has."""
    first, *rest = (axes_of(result) for result in specification.results)
    return first.intersection(*rest)


def distributed_axes(specification: Specification) -> frozenset[str]:
    """The axes over which tiles may be distributed over the cores.

    Of regions those they have in common; where one is nearly all, or they have none, those of the
    largest: one of its tiles then does the other regions too.
    """
    if not specification.in_regions:
        return frozenset(specification.axes)
    groups, shared = components(specification), common_axes(specification)
    total = sum(_points(specification, axes) for axes in groups)
    if not shared or _points(specification, groups[0]) >= MOST_OF_ALL * total:
        return groups[0]
    return shared


def _points(specification: Specification, axes: frozenset[str]) -> int:
    return prod(specification.axes[axis] for axis in axes)


def unified(
    specification: Specification, terms: Sequence[Term] = ()
) -> tuple[Specification, Sequence[Term]]:
    """The same with one axis for what several regions cover alike of a dimension: all, or a part.

    With it come some of its terms, as they are there.
    """
    if not specification.in_regions:
        return specification, terms
    rename: dict[str, Affine] = {}
    kept: set[str] = set()
    for output in specification.outputs:
        regions = [r for r in specification.results if r.name == output.name]
        for position in range(len(output.shape)):
            alike: dict[tuple[int, int], list[str]] = {}
            for dim in (region.index[position] for region in regions):
                axis = replace(dim, constant=0).plain
                if axis is not None and axis not in rename:
                    alike.setdefault((dim.constant, specification.axes[axis]), []).append(axis)
            for first, *others in alike.values():
                if first in others or kept & set(others) or len(set(others)) < len(others):
                    continue
                kept.add(first)
                rename.update({axis: Affine.axis(first) for axis in others})
    return _renamed(specification, terms, rename)


def _renamed(
    specification: Specification, terms: Sequence[Term], rename: Mapping[str, Affine]
) -> tuple[Specification, Sequence[Term]]:
    every = rewrite_axes([*specification.roots, *terms], lambda t: (t.operand, t.index), rename)
    count = len(specification.results)
    results: Sequence[ResultRegion] = [
        replace(result, index=tuple(dim.substitute(rename) for dim in result.index), term=term)
        for result, term in zip(specification.results, every[:count], strict=True)
    ]
    axes = {a: specification.axes[a] for a in _in_order(specification.axes, results, rename)}
    return replace(specification, results=tuple(results), axes=axes), every[count:]


def _in_order(
    axes: Mapping[str, int], results: Sequence[ResultRegion], rename: Mapping[str, Affine]
) -> list[str]:
    """The axes that are left, in the order of the dimensions that they run over in the results."""
    place: dict[str, int] = {}
    for result in results:
        for position, dim in enumerate(result.index):
            for axis in dim.axes:
                place.setdefault(axis, position)
    return sorted((a for a in axes if a not in rename), key=lambda a: place.get(a, len(axes)))
