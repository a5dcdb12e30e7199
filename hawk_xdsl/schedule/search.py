"""Finds the fastest schedule of an op by timing few of them on the NPU simulator."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Protocol

from hawk_xdsl.dialects.npu import ScheduleAttr
from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target import Performance
from hawk_xdsl.schedule.candidate import Candidate
from hawk_xdsl.schedule.search_space import SearchSpace


class Timer(Protocol):
    """The time of kernels on the NPU simulator."""

    def __call__(
        self, text: str, limit: float, schedule: ScheduleAttr | None = None
    ) -> Performance | None:
        """What a kernel text takes; ``None`` if that is more than ``limit`` cycles.

        Raises ``HawkError`` where it is no kernel.
        """
        ...


STARTS = 8
"""Candidates of the best estimates of a search space that may be timed."""

DOUBT = 1.3
"""Times the fastest up to which what is estimated to be slower may still be faster."""

FAR = 3.0
"""Times the fastest so far: a search space whose best estimate exceeds that is not timed at all."""

GAIN = 0.99
"""Times the fastest below which another one is a gain."""

TIMINGS = 20
"""Most kernel texts that are timed for one composition."""


@dataclass(frozen=True)
class Choice:
    """The candidates of one search space, at least one, the best first."""

    space: SearchSpace
    candidates: Sequence[Candidate]


@dataclass(frozen=True)
class _Timed:
    """A candidate, the number of the search space it is from, and what it takes."""

    candidate: Candidate
    choice: int
    performance: Performance

    @property
    def cycles(self) -> float:
        return self.performance.cycles


@dataclass
class ScheduleSearch:
    """Times the most promising candidates and refines the fastest, each text once.

    How far an estimate is from the time differs between strategies far more than between the
    schedules of one. So the first candidate of each is timed; from then on its estimates are
    corrected by what came of it.

    Attributes:
        timer: what a text takes.
        enough: cycles that are not worth improving on.
        patience: how many in a row may be no gain: candidates until the fastest is refined, and
            refinements until the search ends. With 0 only the first of each space is timed.
        timings: how many texts were timed.
    """

    timer: Timer
    enough: float = 0.0
    patience: int = 4
    timings: int = 0
    _limit: int = 0
    _best: float = inf
    _known: set[str] = field(default_factory=set[str])
    _failed: set[str] = field(default_factory=set[str])

    def ranked(self, choices: Sequence[Choice]) -> list[list[Candidate]]:
        """The candidates of each space and refinements of the fastest, each list in order.

        What was timed and not given up as too slow has its cycles as the estimate. The others come
        after, in the order of their own estimates, and what cannot be timed is last: the gate will
        say why.
        """
        self._limit = self.timings + TIMINGS
        self._best = inf
        timed = self._of_each(choices)
        timed += self._further(choices, timed)
        if timed:
            fastest = min(timed, key=lambda each: each.cycles)
            timed += self._refined(choices[fastest.choice].space, fastest)
        after = max((each.cycles for each in timed), default=0.0)
        found: list[list[Candidate]] = []
        for number, choice in enumerate(choices):
            own = [
                replace(each.candidate, estimate=each.cycles)
                for each in timed
                if each.choice == number
            ]
            found.append(self._in_order(own, choice.candidates, after))
        return found

    @property
    def _is_over(self) -> bool:
        return self.timings >= self._limit or self._best <= self.enough

    def _of_each(self, choices: Sequence[Choice]) -> list[_Timed]:
        """The first kernel of each space whose estimate is not far above what another takes."""
        timed: list[_Timed] = []
        order = sorted(range(len(choices)), key=lambda n: choices[n].candidates[0].estimate)
        for number in order:
            for candidate in choices[number].candidates[:STARTS]:
                if self._is_over:
                    return timed
                if candidate.text in self._known:
                    continue
                if candidate.estimate > FAR * self._best:
                    break
                found = self._timed(candidate, number, DOUBT * self._best)
                timed += [] if found is None else [found]
                if found or (self._best < inf and candidate.text not in self._failed):
                    break
        return timed

    def _further(self, choices: Sequence[Choice], firsts: Sequence[_Timed]) -> list[_Timed]:
        """Times those of the best corrected estimates; gives each that is the fastest so far."""
        expected: list[tuple[float, int, Candidate]] = []
        for first in firsts:
            own = first.candidate.estimate
            for candidate in choices[first.choice].candidates[:STARTS]:
                if candidate.estimate <= DOUBT * own:
                    ratio = candidate.estimate / own if own else 1.0
                    expected.append((first.cycles * ratio, first.choice, candidate))
        gains, misses = list[_Timed](), 0
        for cycles, number, candidate in sorted(expected, key=lambda each: each[0]):
            if candidate.text in self._known:
                continue
            best = self._best
            if misses >= self.patience or cycles > DOUBT * best or self._is_over:
                break
            found = self._timed(candidate, number, best)
            gains += [] if found is None else [found]
            misses = 0 if self._best < GAIN * best else misses + 1
        return gains

    def _refined(self, space: SearchSpace, start: _Timed) -> list[_Timed]:
        """Times refinements of a candidate; gives each that is the fastest so far."""
        waiting = self._refinements(space, start)
        gains, misses = list[_Timed](), 0
        while misses < self.patience and not self._is_over:
            candidate = next(waiting, None)
            if candidate is None:
                break
            best = self._best
            found = self._timed(candidate, start.choice, best)
            gains += [] if found is None else [found]
            misses += 1
            if found is not None and self._best < GAIN * best:
                waiting, misses = self._refinements(space, found), 0
        return gains

    def _refinements(self, space: SearchSpace, timed: _Timed) -> Iterator[Candidate]:
        """The candidates of schedules near a timed one, those that were not timed yet."""
        for near in space.neighbours(timed.candidate.schedule, timed.performance):
            refined = space.candidate(near)
            if refined is None or refined.text in self._known:
                continue
            if refined.estimate <= DOUBT * timed.candidate.estimate:
                yield refined

    def _timed(self, candidate: Candidate, choice: int, limit: float) -> _Timed | None:
        """The candidate with its time, ``None`` if it is not below the limit."""
        self.timings += 1
        self._known.add(candidate.text)
        try:
            performance = self.timer(candidate.text, limit, candidate.schedule.attribute)
        except HawkError:
            self._failed.add(candidate.text)
            return None
        if performance is None or performance.cycles >= limit:
            return None
        self._best = min(self._best, performance.cycles)
        return _Timed(candidate, choice, performance)

    def _in_order(
        self, timed: Sequence[Candidate], candidates: Sequence[Candidate], after: float
    ) -> list[Candidate]:
        taken = {candidate.text for candidate in timed}
        rest = [
            replace(c, estimate=inf if c.text in self._failed else after + c.estimate)
            for c in candidates
            if c.text not in taken
        ]
        return [*sorted(timed, key=_estimate), *sorted(rest, key=_estimate)]


def _estimate(candidate: Candidate) -> float:
    return candidate.estimate
