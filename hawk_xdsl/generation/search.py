"""Refines the tile sizes of a template by what the NPU model's timing says is slow."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf, prod

from hawk_xdsl.dialects.npu import Core, Pipe
from hawk_xdsl.errors import HawkError
from hawk_xdsl.generation.candidate import Candidate
from hawk_xdsl.npu_target import Performance, Target

Sizes = Mapping[str, int]
"""Tile extents in elements by axis, as a candidate has them; axes without one are not split."""

At = Callable[[Sizes], Candidate | None]
"""The template at given tile sizes; ``None`` where they do not fit."""

Timer = Callable[[str], Performance]
"""The time of a kernel text on the NPU model. Raises ``HawkError`` where it is no kernel."""

STARTS = 8
"""Candidates of the best estimates that are timed before the fastest is refined."""

TIMINGS = 24
"""Most kernel texts that are timed for one template."""

OVERLAPPED = 0.85
"""Occupancy of the busiest pipe above which more overlap of the pipes gains little."""

GRANULES = (64, 16, 8)
"""Elements that a tile size is a multiple of, if it is larger: a repeat in f32, a fractal, a block."""


@dataclass
class TileSearch:
    """Times candidates and refines the fastest, each text once.

    Attributes:
        timer: what a text takes.
        extents: of all axes, in elements.
        target: whose cores the tiles are dealt to.
        timings: how many texts were timed.
    """

    timer: Timer
    extents: Mapping[str, int]
    target: Target
    timings: int = 0
    _known: dict[str, Performance | None] = field(default_factory=dict[str, "Performance | None"])

    def ranked(self, candidates: Sequence[Candidate], at: At) -> list[Candidate]:
        """The candidates and refinements of the fastest, the fastest first.

        What was timed comes with its cycles as the estimate; what was not comes after it, in the
        order of its own estimate, and what cannot be timed is last: the gate will say why.
        """
        limit = self.timings + TIMINGS
        timed: list[Candidate] = []
        for candidate in candidates:
            if len(timed) < STARTS and self.timings < limit:
                found = self._timed(candidate)
                timed += [] if found is None else [found]
        best = min(timed, key=_estimate, default=None)
        while best is not None and self.timings < limit:
            better = self._improved(best, at, limit)
            if better is None:
                break
            timed.append(better)
            best = better
        return self._in_order(timed, candidates)

    def _improved(self, best: Candidate, at: At, limit: int) -> Candidate | None:
        """The first refinement that is faster."""
        performance = self._known[best.text]
        assert performance is not None
        core = Core.CUBE if performance.busy[Pipe.CUBE] else Core.VECTOR
        for sizes in refinements(best.sizes, self.extents, self.target.cores[core], performance):
            refined = at(sizes)
            if refined is None or refined.text in self._known:
                continue
            if self.timings == limit:
                return None
            found = self._timed(refined)
            if found is not None and found.estimate < best.estimate:
                return found
        return None

    def _timed(self, candidate: Candidate) -> Candidate | None:
        """The candidate with its time, ``None`` if it has none."""
        if candidate.text not in self._known:
            self.timings += 1
            try:
                self._known[candidate.text] = self.timer(candidate.text)
            except HawkError:
                self._known[candidate.text] = None
        performance = self._known[candidate.text]
        return None if performance is None else replace(candidate, estimate=performance.cycles)

    def _in_order(
        self, timed: Sequence[Candidate], candidates: Sequence[Candidate]
    ) -> list[Candidate]:
        first = sorted(timed, key=_estimate)
        after = first[-1].estimate if first else 0.0
        taken = {candidate.text for candidate in first}
        rest = [
            replace(c, estimate=inf if c.text in self._known else after + c.estimate)
            for c in candidates
            if c.text not in taken
        ]
        return [*first, *sorted(rest, key=_estimate)]


def _estimate(candidate: Candidate) -> float:
    return candidate.estimate


def refinements(
    sizes: Sizes, extents: Mapping[str, int], cores: int, performance: Performance | None
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
    """
    smaller = list(_smaller(sizes, extents))
    if performance is None:
        return _distinct(smaller, sizes)
    larger, even = list(_larger(sizes, extents)), list(_even(sizes, extents, cores))
    reshaped = list(_reshaped(sizes, extents))
    busy = max(performance.occupancy.values(), default=0.0)
    if _tiles(sizes, extents) < cores:
        order = [even, smaller, reshaped, larger]
    elif busy < OVERLAPPED:
        order = [smaller, even, reshaped, larger]
    else:
        order = [larger, reshaped, even, smaller]
    return _distinct([each for group in order for each in group], sizes)


def _distinct(found: Sequence[Sizes], known: Sizes) -> list[Sizes]:
    seen, kept = {tuple(known.items())}, list[Sizes]()
    for sizes in found:
        if tuple(sizes.items()) not in seen:
            seen.add(tuple(sizes.items()))
            kept.append(sizes)
    return kept


def _tiles(sizes: Sizes, extents: Mapping[str, int]) -> int:
    return prod(-(-extents[axis] // size) for axis, size in sizes.items())


def _smaller(sizes: Sizes, extents: Mapping[str, int]) -> Iterator[Sizes]:
    """Half an axis, the outermost first: rows stay whole for as long as they can."""
    for axis, size in sizes.items():
        if size > 1:
            yield {**sizes, axis: _near(size // 2, extents[axis])}


def _larger(sizes: Sizes, extents: Mapping[str, int]) -> Iterator[Sizes]:
    """Twice an axis, the innermost first: it makes runs longer."""
    for axis, size in reversed(list(sizes.items())):
        if size < extents[axis]:
            yield {**sizes, axis: min(2 * size, extents[axis])}


def _reshaped(sizes: Sizes, extents: Mapping[str, int]) -> Iterator[Sizes]:
    """Twice an axis and half another one: as many elements in another shape."""
    for grown in _larger(sizes, extents):
        for shrunk in _smaller(grown, extents):
            if all(grown[axis] == sizes[axis] or shrunk[axis] == grown[axis] for axis in sizes):
                yield shrunk


def _even(sizes: Sizes, extents: Mapping[str, int], cores: int) -> Iterator[Sizes]:
    """Sizes of one axis at which all cores have the same number of tiles, about as many as now."""
    waves = -(-_tiles(sizes, extents) // cores)
    for axis, size in sizes.items():
        others = _tiles({**sizes, axis: extents[axis]}, extents)
        for wanted in (waves, waves + 1, waves - 1):
            pieces = wanted * cores // others
            if 1 <= pieces <= extents[axis]:
                yield {**sizes, axis: _near(-(-extents[axis] // pieces), extents[axis])}


def _near(size: int, extent: int) -> int:
    """The next size up of whole granules, at most the axis."""
    granule = next((granule for granule in GRANULES if size > granule), 1)
    return min(-(-max(size, 1) // granule) * granule, extent)
