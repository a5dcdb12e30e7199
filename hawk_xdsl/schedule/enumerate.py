"""Which tilings are worth trying: tiles filled from the innermost axes out, sized for the cores."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import product
from math import prod

from hawk_xdsl.dialects.npu import Role
from hawk_xdsl.npu_target.target import Target, VectorSpec
from hawk_xdsl.schedule.tiling import Tiling
from hawk_xdsl.semantics.result_regions import (
    common_axes,
    components,
    distributed_axes,
)
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import reduced_axes
from hawk_xdsl.semantics.terms import is_pseudo, walk


class _Prefers(Enum):
    """Which size an axis gets of those that do about as well."""

    BUSY = auto()
    """The smallest that leaves the busiest core as many tiles, in whole repeats."""

    EVEN = auto()
    """One that leaves no ragged tile, though cores be idle."""

    FINE = auto()
    """As ``BUSY`` in blocks instead of repeats: 1024 columns are 43 tiles of 24, not 16 of 64."""


@dataclass(frozen=True)
class _AxisRoles:
    """What a specification leaves free.

    ``reduced`` axes cannot be distributed over cores: reductions and single regions run over them.
    ``points`` have no dimension in a tile, ``last`` lie innermost in some tensor: they are split in
    repeats of the vector unit, or at least in blocks.
    """

    specification: Specification
    reduced: frozenset[str]
    points: frozenset[str]
    last: frozenset[str]
    vector: VectorSpec


def tiling_at(
    specification: Specification,
    sizes: Mapping[str, int],
    partial: frozenset[str] = frozenset(),
) -> Tiling:
    """The tiling of given sizes.

    Reduced axes among them are streamed, but not the ``partial`` ones, and so are those of one
    region only.
    """
    across = distributed_axes(specification) - (reduced_axes(specification) - partial)
    streamed = frozenset(sizes) - across
    return Tiling(specification.axes, sizes, streamed)


def tilings(
    specification: Specification, target: Target, partial: frozenset[str] = frozenset()
) -> Iterator[dict[str, int]]:
    """Tile sizes worth an estimate, each once; ``partial`` axes are split though they are reduced.

    Tiles are filled axis by axis, in several orders and to several sizes.
    """
    seen: set[tuple[tuple[str, int], ...]] = set()
    cores = target.cores[target.vector_core]
    every = _every_axis_roles(specification, partial, target.vector)
    for roles, budget, prefers in product(every, _budgets(specification, target), _Prefers):
        for order in _orders(roles):
            sizes = _filled(roles, order, budget, cores, prefers)
            if tuple(sizes.items()) not in seen:
                seen.add(tuple(sizes.items()))
                yield sizes
    for sizes in _whole_regions(specification):
        if tuple(sizes.items()) not in seen:
            yield sizes


def _whole_regions(specification: Specification) -> Iterator[dict[str, int]]:
    """Of a result in regions a few indices of what all regions have, and all that they have there.

    Images that are padded by several rows are written one by one, or by twos or fours.
    """
    shared = common_axes(specification) - reduced_axes(specification)
    if specification.in_regions and shared:
        *outer, last = [axis for axis in specification.axes if axis in shared]
        for size in (1, 2, 4):
            if size < specification.axes[last]:
                yield {**dict.fromkeys(outer, 1), last: size}


def _every_axis_roles(
    specification: Specification, partial: frozenset[str], vector: VectorSpec
) -> list[_AxisRoles]:
    """With an index that is a value at each point; then with tiles of such, if there are any."""
    found = [_axis_roles(specification, partial, vector, tiles) for tiles in (False, True)]
    return found if found[0] != found[1] else found[:1]


def _axis_roles(
    specification: Specification,
    partial: frozenset[str],
    vector: VectorSpec,
    gathers_in_tiles: bool,
) -> _AxisRoles:
    reduced = reduced_axes(specification) - partial
    reduced |= frozenset(specification.axes) - distributed_axes(specification)
    points: set[str] = set()
    last: set[str] = set()
    indices = [r.index for r in specification.results]
    for term in walk(specification.roots):
        if term.op in ("read", "gather"):
            indices.append(term.index)
        if term.op == "gather" and not gathers_in_tiles:
            points |= {a for arg in term.args for a in arg.axes}
    for index in indices:
        if index:
            last |= {a for a in index[-1].axes if not is_pseudo(a)}
        named = [a for dim in index for a in dim.axes]
        points |= {a for a in named if named.count(a) > 1 and not is_pseudo(a)}
        for dim in index:
            axes = [a for a in dim.axes if not is_pseudo(a)]
            if len(axes) > 1:
                wide = max(axes, key=lambda a: (a not in reduced, specification.axes[a]))
                points |= set(axes) - {wide}
    return _AxisRoles(specification, reduced, frozenset(points), frozenset(last), vector)


def _orders(roles: _AxisRoles) -> Iterator[Sequence[str]]:
    """In which order axes get room in the tile."""
    inner = list(roles.specification.axes)[::-1]
    yield inner
    reduced = [a for a in inner if a in roles.reduced]
    free = [a for a in inner if a not in roles.reduced]
    if reduced and free and [*reduced, *free] != inner:
        yield [*reduced, *free]
        yield [*free, *reduced]


def _budgets(specification: Specification, target: Target) -> list[int]:
    """Elements of a tile: from all of ub in halves, and what shares the work among the cores."""
    total = prod(specification.axes.values())
    cores = target.cores[target.vector_core]
    most, lanes = target.capacity(Role.VECTOR) // 4, target.vector.lanes
    found = [most >> shift for shift in range(12) if most >> shift >= lanes]
    share = -(-total // cores)
    found += [-(-share // n) for n in (1, 2, 3, 4) if lanes <= -(-share // n) <= most]
    return sorted({min(total, n) for n in found}, reverse=True) or [1]


def _filled(
    roles: _AxisRoles, order: Sequence[str], budget: int, cores: int, prefers: _Prefers
) -> dict[str, int]:
    """The axes in an order until the tile is full; the rest are points, or chunks of one."""
    extents = roles.specification.axes
    sizes: dict[str, int] = {}
    settled: set[str] = set()
    for component in components(roles.specification):
        left = max(1, budget)
        for axis in order:
            if axis not in component:
                continue
            if axis not in settled:
                settled.add(axis)
                size = _size(roles, order, axis, sizes, left, cores, prefers)
                if size < extents[axis]:
                    sizes[axis] = size
            left = max(1, left // sizes.get(axis, extents[axis]))
    return {axis: sizes[axis] for axis in extents if axis in sizes}


def _size(
    roles: _AxisRoles,
    order: Sequence[str],
    axis: str,
    sizes: Mapping[str, int],
    left: int,
    cores: int,
    prefers: _Prefers,
) -> int:
    """How much of an axis a tile has where ``left`` elements are left."""
    extent = roles.specification.axes[axis]
    if axis in roles.points:
        return 1
    kept = axis in roles.reduced or not _too_few(roles, order, axis, sizes, cores)
    if extent <= left and kept:
        return extent
    grain = roles.vector.lanes if axis in roles.last else 1
    fine = min(grain, roles.vector.block_lanes)
    size = min(left, extent)
    if axis in roles.reduced or prefers is _Prefers.EVEN:
        size = _dividing(size, extent, (grain, fine))
    else:
        grains = (fine,) if prefers is _Prefers.FINE else (grain, fine)
        size = _balanced(roles, order, axis, size, grains, cores)
    return min(extent, max(size, fine)) if axis in roles.last else size


def _too_few(
    roles: _AxisRoles, order: Sequence[str], axis: str, sizes: Mapping[str, int], cores: int
) -> bool:
    """Whether keeping an axis whole leaves cores without a tile."""
    extents = roles.specification.axes
    position = list(order).index(axis)
    outer = [a for a in order[position + 1 :] if a not in roles.reduced]
    tiles = prod(extents[a] for a in outer)
    tiles *= prod(-(-extents[a] // s) for a, s in sizes.items() if a not in roles.reduced)
    return tiles < cores and extents[axis] > 1


def _balanced(
    roles: _AxisRoles,
    order: Sequence[str],
    axis: str,
    size: int,
    grains: Sequence[int],
    cores: int,
) -> int:
    """The smallest size that leaves the busiest core as many tiles: none works longer than that."""
    extents = roles.specification.axes
    position = list(order).index(axis)
    outer = prod(extents[a] for a in order[position + 1 :] if a not in roles.reduced)
    tiles = outer * -(-extents[axis] // size)
    waves = -(-tiles // cores)
    count = max(1, waves * cores // outer)
    smallest = -(-extents[axis] // count)
    for step in grains:
        rounded = -(-smallest // step) * step
        if rounded <= size:
            return rounded
    return size


def _dividing(size: int, extent: int, grains: tuple[int, int]) -> int:
    """A size not much smaller that leaves no rest where there is one, in whole grains if it can."""
    if size >= extent:
        return extent
    for step in grains:
        whole = size - size % step
        for divisor in range(whole, max(whole * 3 // 4, step) - 1, -step):
            if extent % divisor == 0:
                return divisor
        if whole:
            return whole
    return size
