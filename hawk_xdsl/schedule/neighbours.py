"""Tile sizes near others, in the direction that the report of a timed kernel points."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from hawk_xdsl.npu_target import Performance

Sizes = Mapping[str, int]
"""Tile extents in elements by axis, as a candidate has them; axes without one are not split.

What is no axis of the specification (a template's own choice) is kept as it is.
"""

OVERLAPPED = 0.85
"""Occupancy of the busiest pipe above which more overlap of the pipes gains little."""

GRANULES = (64, 16, 8)
"""Elements that sizes are multiples of where they are larger: a repeat in f32, a fractal, a block.

That matters along an innermost axis, and along all axes of a matrix in fractals.
"""


def refinements(
    sizes: Sizes,
    extents: Mapping[str, int],
    cores: int,
    performance: Performance | None,
    *,
    granular: bool = False,
) -> list[Sizes]:
    """Tile sizes near the given ones, the most promising first, none twice.

    Without a performance the tiles did not fit, and only smaller ones are given. Otherwise the
    report says the direction: where cores are idle, where they have unequal shares, or where the
    busiest pipe waits for the others, more and smaller tiles; where it is busy all the time,
    larger ones, whose copies are longer and whose instructions start less often.

    Args:
        sizes: of the tile now, in elements.
        extents: of all axes.
        cores: cores that tiles are dealt to.
        performance: of the kernel with these sizes, ``None`` if it did not fit.
        granular: whether sizes along all axes must be whole granules, not only the innermost.
    """
    steps = _Steps(sizes, extents, frozenset(extents) if granular else frozenset([*extents][-1:]))
    smaller = list(steps.smaller())
    if performance is None:
        return _distinct(smaller, sizes)
    larger, even, reshaped = list(steps.larger()), list(steps.even(cores)), list(steps.reshaped())
    split = list(steps.split())
    busy = max(performance.occupancy.values(), default=0.0)
    if _tiles(sizes, extents) < cores:
        order = [even, smaller, split, reshaped, larger]
    elif busy < OVERLAPPED:
        order = [smaller, split, even, reshaped, larger]
    else:
        order = [larger, reshaped, even, split, smaller]
    return _distinct([each for group in order for each in group], sizes)


def _distinct(found: Sequence[Sizes], known: Sizes) -> list[Sizes]:
    seen, kept = {tuple(known.items())}, list[Sizes]()
    for sizes in found:
        if tuple(sizes.items()) not in seen:
            seen.add(tuple(sizes.items()))
            kept.append(sizes)
    return kept


def _tiles(sizes: Sizes, extents: Mapping[str, int]) -> int:
    return prod(-(-extents[a] // size) for a, size in sizes.items() if a in extents)


@dataclass(frozen=True)
class _Steps:
    """Steps from tile sizes to others. ``granular`` axes have sizes of whole granules."""

    sizes: Sizes
    extents: Mapping[str, int]
    granular: frozenset[str]

    def _with(self, axis: str, size: int) -> Sizes:
        """The sizes with another one of an axis: the next whole granules up, at most the axis."""
        granule = next((granule for granule in GRANULES if size > granule), 1)
        if axis not in self.granular:
            granule = 1
        whole = -(-max(size, 1) // granule) * granule
        return {**self.sizes, axis: min(whole, self.extents[axis])}

    def smaller(self) -> Iterator[Sizes]:
        """Half an axis, the outermost first: rows stay whole for as long as they can."""
        for axis, size in self.sizes.items():
            if size > 1 and axis in self.extents:
                yield self._with(axis, size // 2)

    def split(self) -> Iterator[Sizes]:
        """Half of an axis that was whole, which may be one that must stay so."""
        if not any(axis in self.extents for axis in self.sizes):
            return
        for axis, extent in self.extents.items():
            if axis not in self.sizes and extent > GRANULES[-1]:
                halved = {**self.sizes, axis: extent}
                own = {name: halved[name] for name in self.extents if name in halved}
                whole = replace(self, sizes={**own, **halved})
                yield whole._with(axis, extent // 2)

    def larger(self) -> Iterator[Sizes]:
        """Twice an axis or half as much again, the innermost first: it makes runs longer."""
        for axis in reversed([*self.sizes]):
            if self.sizes[axis] < self.extents.get(axis, 0):
                yield self._with(axis, 2 * self.sizes[axis])
                yield self._with(axis, self.sizes[axis] * 3 // 2)

    def reshaped(self) -> Iterator[Sizes]:
        """Larger along an axis and half along another one."""
        for grown in self.larger():
            for axis, size in grown.items():
                if size == self.sizes[axis] > 1 and axis in self.extents:
                    yield replace(self, sizes=grown)._with(axis, size // 2)

    def even(self, cores: int) -> Iterator[Sizes]:
        """Sizes of one axis that give all cores as many tiles, about as many as now."""
        waves = -(-_tiles(self.sizes, self.extents) // cores)
        for axis in [axis for axis in self.sizes if axis in self.extents]:
            others = _tiles({**self.sizes, axis: self.extents[axis]}, self.extents)
            for wanted in (waves, waves + 1, waves - 1):
                pieces = wanted * cores // others
                if 1 <= pieces <= self.extents[axis]:
                    yield self._with(axis, -(-self.extents[axis] // pieces))
