"""Results in pieces: which axes belong to which piece, and one name for what pieces have in common.

All pieces of a result are written by one kernel. Each piece has axes of its own; where a dimension
is whole in every piece, its axes become one, over which tiles are dealt to the cores.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod

from hawk_xdsl.semantics.canonical import rewrite_axes
from hawk_xdsl.semantics.specification import Result, Specification
from hawk_xdsl.semantics.terms import Affine, walk

MOST_OF_ALL = 0.8
"""The share of the work from which on one piece alone decides about the tiles."""


def axes_of(result: Result) -> frozenset[str]:
    """The axes that a result or anything below it has."""
    below = [term.axes | term.bound for term in walk((result.term,))]
    index = [dim.axes for dim in result.index]
    return frozenset(a for a in frozenset[str]().union(*below, *index) if not a.startswith("@"))


def components(specification: Specification) -> list[frozenset[str]]:
    """The axes of each piece, the largest first; pieces that share an axis of their own are one."""
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


def dealt_axes(specification: Specification) -> frozenset[str]:
    """The axes over which tiles may be dealt to the cores.

    Of pieces those they have in common; where one piece is nearly all, or they have none, those of
    the largest: one of its tiles then does the other pieces too.
    """
    if not specification.in_pieces:
        return frozenset(specification.axes)
    groups, shared = components(specification), common_axes(specification)
    total = sum(_points(specification, axes) for axes in groups)
    if not shared or _points(specification, groups[0]) >= MOST_OF_ALL * total:
        return groups[0]
    return shared


def _points(specification: Specification, axes: frozenset[str]) -> int:
    return prod(specification.axes[axis] for axis in axes)


def unified(specification: Specification) -> Specification:
    """The same with one axis for a dimension that is whole in every piece."""
    if not specification.in_pieces:
        return specification
    rename: dict[str, Affine] = {}
    for output in specification.outputs:
        pieces = [r for r in specification.results if r.name == output.name]
        for position, extent in enumerate(output.shape):
            axes = [piece.index[position].plain for piece in pieces]
            if len(set(axes)) < len(axes) or any(
                axis is None or specification.axes[axis] != extent or axis in rename
                for axis in axes
            ):
                continue
            first, *others = [axis for axis in axes if axis is not None]
            rename.update({axis: Affine.axis(first) for axis in others})
    return _renamed(specification, rename)


def _renamed(specification: Specification, rename: Mapping[str, Affine]) -> Specification:
    roots = rewrite_axes(specification.roots, lambda t: (t.operand, t.index), rename)
    results: Sequence[Result] = [
        replace(result, index=tuple(dim.substitute(rename) for dim in result.index), term=term)
        for result, term in zip(specification.results, roots, strict=True)
    ]
    axes = {name: size for name, size in specification.axes.items() if name not in rename}
    return replace(specification, results=tuple(results), axes=axes)
