"""The order that a block's flags and barriers give its events, and random schedules of it.

An independent check of synchronisation, from the memory consistency model alone: instructions of
one pipe start in order but are ordered only by barriers, pipes only by flags.
"""

import heapq
import random
from collections.abc import Callable, Sequence

import numpy as np

from hawk_xdsl.dialects.npu import BarrierOp, Pipe, SetFlagOp, TileOp, WaitFlagOp
from hawk_xdsl.npu_target import load_target
from mutation.trace import Event, View

TARGET = load_target("ascend910b1")
PIPES = TARGET.all_pipes
Key = tuple[Pipe, Pipe, int]


class Order:
    """Which events of a block must come before which.

    Attributes:
        mistakes: what is wrong whatever the schedule: flags set twice or left set, deadlocks, and
            accesses in conflict that nothing orders.
        before: for each event, as bits, those that have finished when it starts.
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        self.mistakes: list[str] = []
        self.after: list[list[int]] = [[] for _ in events]
        self.waiting = [0] * len(events)
        self.pipes: list[Pipe] = []
        self.sets: dict[Key, list[int]] = {}
        self.waits: dict[Key, list[int]] = {}
        self._connect()
        self.before = [0] * len(events)
        if self._close():
            self._check_flags()
            self._check_conflicts()

    def _edge(self, first: int, second: int) -> None:
        self.after[first].append(second)
        self.waiting[second] += 1

    def _connect(self) -> None:
        """Edges by queue: what holds an event, and for sets and barriers all that came before."""
        held: dict[Pipe, int | None] = dict.fromkeys(PIPES)
        loose: dict[Pipe, list[int]] = {pipe: [] for pipe in PIPES}
        for number, event in enumerate(self.events):
            match event.op:
                case SetFlagOp() as op:
                    pipe = op.source.data
                    for earlier in loose[pipe]:
                        self._edge(earlier, number)
                    loose[pipe] = [number]
                    key = (pipe, op.target.data, op.event.value.data)
                    self.sets.setdefault(key, []).append(number)
                case WaitFlagOp() as op:
                    pipe = op.target.data
                    if (hold := held[pipe]) is not None:
                        self._edge(hold, number)
                    held[pipe] = number
                    loose[pipe].append(number)
                    key = (op.source.data, pipe, op.event.value.data)
                    self.waits.setdefault(key, []).append(number)
                case BarrierOp() as op:
                    pipe = op.pipe.data
                    for one in PIPES if pipe == Pipe.ALL else [pipe]:
                        for earlier in loose[one]:
                            self._edge(earlier, number)
                        loose[one], held[one] = [number], number
                case TileOp() as op:
                    pipe = TARGET.pipe_of(op)
                    if (hold := held[pipe]) is not None:
                        self._edge(hold, number)
                    loose[pipe].append(number)
                case op:
                    raise AssertionError(f"{op.name} is no event")
            self.pipes.append(pipe)
        for key, waits in self.waits.items():
            for first, second in zip(self.sets.get(key, []), waits, strict=False):
                self._edge(first, second)

    def _close(self) -> bool:
        """Fill ``before``; false, with a mistake, if events wait for each other."""
        for key in {**self.sets, **self.waits}:
            raised, taken = len(self.sets.get(key, [])), len(self.waits.get(key, []))
            if raised != taken:
                self.mistakes.append(f"flag {key} is set {raised} times and taken {taken} times")
        if self.mistakes:
            return False
        order = self.schedule(lambda number: number)
        if len(order) < len(self.events):
            self.mistakes.append("events wait for each other")
            return False
        for number in order:
            known = self.before[number] | 1 << number
            for later in self.after[number]:
                self.before[later] |= known
        return True

    def _check_flags(self) -> None:
        for key, sets in self.sets.items():
            for taken, again in zip(self.waits[key], sets[1:], strict=False):
                if not self.before[again] >> taken & 1:
                    self.mistakes.append(f"flag {key} may be set while it is set")
            if key[1] == Pipe.SCALAR:
                late = [s for s, w in zip(sets, self.waits[key], strict=True) if s > w]
                if late:
                    self.mistakes.append(f"the scalar unit waits for flag {key} set later")

    def _check_conflicts(self) -> None:
        accesses = [(n, event) for n, event in enumerate(self.events) if event.run is not None]
        meets = _Meets()
        for place, (number, event) in enumerate(accesses):
            before = self.before[number]
            for earlier, other in accesses[:place]:
                if before >> earlier & 1:
                    continue
                if meets.conflict(event, other):
                    self.mistakes.append(f"{event.op.name} may run before {other.op.name}")
                    return

    def schedule(self, rank: Callable[[int], float]) -> list[int]:
        """All events, each after those before it, of the ready ones the lowest rank first."""
        waiting = list(self.waiting)
        ready = [(rank(n), n) for n, count in enumerate(waiting) if not count]
        heapq.heapify(ready)
        order: list[int] = []
        while ready:
            _, number = heapq.heappop(ready)
            order.append(number)
            for later in self.after[number]:
                waiting[later] -= 1
                if not waiting[later]:
                    heapq.heappush(ready, (rank(later), later))
        return order

    def random_schedule(self, choose: random.Random) -> list[int]:
        """A random legal schedule: uniform, or with pipes that run ahead or lag, or backwards."""
        match choose.randrange(4):
            case 0:
                return self.schedule(lambda number: choose.random())
            case 1:
                speed = {pipe: choose.random() for pipe in PIPES} | {Pipe.ALL: 0.0}
                return self.schedule(lambda n: speed[self.pipes[n]] + 1e-6 * choose.random())
            case 2:
                lead = {pipe: choose.uniform(0, 30) for pipe in PIPES} | {Pipe.ALL: 0.0}
                return self.schedule(lambda n: n - lead[self.pipes[n]] + choose.uniform(0, 5))
            case _:
                return self.schedule(lambda number: -number + choose.random())


class _Meets:
    """Whether two events touch a byte that one of them writes; remembered by footprint."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, object], bool] = {}

    def conflict(self, event: Event, other: Event) -> bool:
        """Whether the order of the two matters."""
        return any(
            self._views(mine, theirs)
            for mines, thes in (
                (_written(event), (*_written(other), *other.reads)),
                (event.reads, _written(other)),
            )
            for mine in mines
            for theirs in thes
        )

    def _views(self, mine: View, theirs: View) -> bool:
        if mine.space != theirs.space:
            return False
        first, second = mine.bytes, theirs.bytes
        if first[0] > second[-1] or second[0] > first[-1]:
            return False
        key = (mine.key, theirs.key)
        if key not in self._known:
            self._known[key] = bool(np.intersect1d(first, second, assume_unique=True).size)
        return self._known[key]


def _written(event: Event) -> list[View]:
    return event.writes if event.spoiled is None else [*event.writes, event.spoiled]
