"""Refines the tile sizes of a template by what the NPU model's timing says is slow."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf, prod

from hawk_xdsl.dialects.npu import Core, Pipe
from hawk_xdsl.errors import HawkError
from hawk_xdsl.generation.candidate import Candidate
from hawk_xdsl.npu_target import Performance, Target

Sizes = Mapping[str, int]
"""Tile extents in elements by axis, as a candidate has them; axes without one are not split.

What is no axis of the specification (a template's own choice) is kept as it is.
"""

At = Callable[[Sizes], Candidate | None]
"""The template at given tile sizes; ``None`` where they do not fit."""

Timer = Callable[[str, float], Performance | None]
"""The time of a kernel text on the NPU model, ``None`` if it takes more than so many cycles.

Raises ``HawkError`` where it is no kernel.
"""

STARTS = 8
"""Candidates of the best estimates that are timed before the fastest is refined."""

DOUBT = 1.3
"""Times the best text's own estimate up to which another one may still be faster."""

TIMINGS = 20
"""Most kernel texts that are timed for one template."""

OVERLAPPED = 0.85
"""Occupancy of the busiest pipe above which more overlap of the pipes gains little."""

GRANULES = (64, 16, 8)
"""Elements that sizes are multiples of where they are larger: a repeat in f32, a fractal, a block.

That matters along an innermost axis, and along all axes of a matrix in fractals.
"""


@dataclass
class TileSearch:
    """Times candidates and refines the fastest, each text once.

    Attributes:
        timer: what a text takes.
        extents: of all axes, in elements.
        target: whose cores the tiles are dealt to.
        enough: cycles that are not worth improving on.
        timings: how many texts were timed.
    """

    timer: Timer
    extents: Mapping[str, int]
    target: Target
    enough: float = 0.0
    timings: int = 0
    _best: float = inf
    _own: dict[str, float] = field(default_factory=dict[str, float])
    _known: dict[str, Performance | None] = field(default_factory=dict[str, "Performance | None"])
    _failed: set[str] = field(default_factory=set[str])

    def ranked(self, candidates: Sequence[Candidate], at: At) -> list[Candidate]:
        """The candidates and refinements of the fastest, the fastest first.

        What was the fastest so far when it was timed has its cycles as the estimate. The others
        come after, in the order of their own estimates, and what cannot be timed is last: the gate
        will say why.
        """
        limit = self.timings + TIMINGS
        timed: list[Candidate] = []
        first = candidates[0].estimate if candidates else 0.0
        for candidate in [c for c in candidates[:STARTS] if c.estimate <= DOUBT * first]:
            found = self._timed(candidate, timed[-1].estimate if timed else DOUBT * self._best)
            timed += [] if found is None else [found]
        best = timed[-1] if timed else None
        while best is not None and best.estimate > self.enough and self.timings < limit:
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
        cores, granular = self.target.cores[core], core is Core.CUBE
        for sizes in refinements(best.sizes, self.extents, cores, performance, granular=granular):
            refined = at(sizes)
            if refined is None or refined.text in self._known:
                continue
            if refined.estimate > DOUBT * self._own[best.text]:
                continue
            if self.timings == limit:
                return None
            found = self._timed(refined, best.estimate)
            if found is not None:
                return found
        return None

    def _timed(self, candidate: Candidate, limit: float) -> Candidate | None:
        """The candidate with its time, ``None`` if it is not below the limit."""
        if candidate.text in self._known:
            return None
        self.timings += 1
        try:
            performance = self.timer(candidate.text, limit)
        except HawkError:
            performance = None
            self._failed.add(candidate.text)
        self._known[candidate.text] = performance
        self._own[candidate.text] = candidate.estimate
        if performance is None or performance.cycles >= limit:
            return None
        self._best = min(self._best, performance.cycles)
        return replace(candidate, estimate=performance.cycles)

    def _in_order(
        self, timed: Sequence[Candidate], candidates: Sequence[Candidate]
    ) -> list[Candidate]:
        first = sorted(timed, key=_estimate)
        after = first[-1].estimate if first else 0.0
        taken = {candidate.text for candidate in first}
        rest = [
            replace(c, estimate=inf if c.text in self._failed else after + c.estimate)
            for c in candidates
            if c.text not in taken
        ]
        return [*first, *sorted(rest, key=_estimate)]


def _estimate(candidate: Candidate) -> float:
    return candidate.estimate


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
