"""Schedules near others, in the direction that the report of a timed kernel points."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from hawk_xdsl.npu_target import Performance
from hawk_xdsl.schedule.schedule import Schedule

Sizes = Mapping[str, int]
"""Tile sizes in elements by axis, outermost loop first; axes without one are not split."""

OVERLAPPED = 0.85
"""Occupancy of the busiest pipe above which more overlap of the pipes gains little."""


def refinements(
    schedule: Schedule,
    extents: Mapping[str, int],
    cores: int,
    granules: Sequence[int],
    performance: Performance | None,
) -> list[Schedule]:
    """Schedules with tile sizes near the given ones, the most promising first, none twice.

    Without a performance the tiles did not fit, and only smaller ones are given. Otherwise the
    report says the direction: where cores are idle, where they have unequal shares, or where the
    busiest pipe waits for the others, more and smaller tiles; where it is busy all the time,
    larger ones, whose copies are longer and whose instructions start less often.

    Of 96 × 1024 elements on 48 cores, tiles of 1 × 512 whose busiest pipe waits half of the time
    are followed by 1 × 256 first; if it is busy all the time, by whole rows.

    Args:
        schedule: what was timed.
        extents: of all axes, in elements.
        cores: cores that tiles are distributed over.
        granules: elements that sizes of the innermost axis are multiples of, the largest first. Of
            those that a size exceeds the largest counts: with 64, 16 and 8 the size 100 becomes
            128, 20 becomes 32, 12 becomes 16.
        performance: of the kernel of this schedule, ``None`` if it did not fit.
    """
    sizes = schedule.sizes
    steps = _Steps(sizes, extents, [*extents][-1], granules)
    smaller = list(steps.smaller())
    if performance is None:
        return _distinct(smaller, schedule)
    larger, even, reshaped = list(steps.larger()), list(steps.even(cores)), list(steps.reshaped())
    split = list(steps.split())
    busy = max(performance.occupancy.values(), default=0.0)
    if _tiles(sizes, extents) < cores:
        order = [even, smaller, split, reshaped, larger]
    elif busy < OVERLAPPED:
        order = [smaller, split, even, reshaped, larger]
    else:
        order = [larger, reshaped, even, split, smaller]
    return _distinct([each for group in order for each in group], schedule)


def _distinct(found: Sequence[Sizes], known: Schedule) -> list[Schedule]:
    near = dict.fromkeys(known.with_sizes(sizes) for sizes in found)
    return [each for each in near if each != known]


def _tiles(sizes: Sizes, extents: Mapping[str, int]) -> int:
    return prod(-(-extents[a] // size) for a, size in sizes.items())


@dataclass(frozen=True)
class _Steps:
    """Steps from tile sizes to others, of the innermost axis in whole granules."""

    sizes: Sizes
    extents: Mapping[str, int]
    innermost: str
    granules: Sequence[int]

    def _with(self, axis: str, size: int) -> Sizes:
        """The sizes with another one of an axis: the next whole granules up, at most the axis."""
        granule = next((granule for granule in self.granules if size > granule), 1)
        if axis != self.innermost:
            granule = 1
        whole = -(-max(size, 1) // granule) * granule
        return {**self.sizes, axis: min(whole, self.extents[axis])}

    def smaller(self) -> Iterator[Sizes]:
        """Half an axis, the outermost first: rows stay whole for as long as they can."""
        for axis, size in self.sizes.items():
            if size > 1:
                yield self._with(axis, size // 2)

    def split(self) -> Iterator[Sizes]:
        """Half of an axis that was whole, which may be one that must stay so."""
        if not self.sizes:
            return
        for axis, extent in self.extents.items():
            if axis not in self.sizes and extent > self.granules[-1]:
                halved = {**self.sizes, axis: extent}
                own = {name: halved[name] for name in self.extents if name in halved}
                whole = replace(self, sizes={**own, **halved})
                yield whole._with(axis, extent // 2)

    def larger(self) -> Iterator[Sizes]:
        """Twice an axis or half as much again, the innermost first: it makes runs longer."""
        for axis in reversed([*self.sizes]):
            if self.sizes[axis] < self.extents[axis]:
                yield self._with(axis, 2 * self.sizes[axis])
                yield self._with(axis, self.sizes[axis] * 3 // 2)

    def reshaped(self) -> Iterator[Sizes]:
        """Larger along an axis and half along another one."""
        for grown in self.larger():
            for axis, size in grown.items():
                if size == self.sizes[axis] > 1:
                    yield replace(self, sizes=grown)._with(axis, size // 2)

    def even(self, cores: int) -> Iterator[Sizes]:
        """Sizes of one axis that give all cores as many tiles, about as many as now."""
        waves = -(-_tiles(self.sizes, self.extents) // cores)
        for axis in self.sizes:
            others = _tiles({**self.sizes, axis: self.extents[axis]}, self.extents)
            for wanted in (waves, waves + 1, waves - 1):
                count = wanted * cores // others
                if 1 <= count <= self.extents[axis]:
                    yield self._with(axis, -(-self.extents[axis] // count))
