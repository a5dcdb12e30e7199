"""The pipes of one core over time: what each waits for, and when it is done.

The rules are those of the NPU simulator (``npu_target/pipes.py``) without its values: the scalar
unit issues in program order, a pipe works in order, an instruction waits by a flag for what another
pipe has to finish, and by a barrier for its own pipe.

Loops are not run trip by trip. A *turn* is as many trips as there are copies of the buffers; once
two turns in a row take the same time, the remaining ones are added at once. Example: tiles are
loaded in 100 cycles, computed in 60 and stored in 40, with two copies of each buffer. The first
turn of two tiles ends when its last store does, at about 300; from then on a turn takes 200, since
only the loads are always busy. For 8 tiles two more turns are run and the last one is added.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from hawk_xdsl.codegen.cost.allocation import TURNS, BufferPlacement, Rotation
from hawk_xdsl.codegen.cost.program import CostedInstruction, CostedLoop, Node, Trips
from hawk_xdsl.dialects.npu import Pipe
from hawk_xdsl.npu_target.target import Target

STEADY = 0.002
"""Relative difference of two turns up to which they count as the same."""

MOST_TURNS = 4
"""Turns after which a loop counts as steady in any case."""


class _Event(NamedTuple):
    """An access: the pipe, its number there, when it is visible, what its pipe knew then."""

    pipe: int
    number: int
    time: float
    knows: tuple[int, ...]


@dataclass(slots=True, eq=False)
class _Cell:
    """One copy of a buffer: its last write, and by pipe the reads since."""

    write: _Event | None = None
    reads: dict[int, _Event] = field(default_factory=dict[int, _Event])


_number_of = attrgetter("number")


class Timeline:
    """One core, from the launch of a kernel on.

    Args:
        target: its costs.
        active: cores that share the bandwidth of global memory.
        places: the cells of its buffers and operands.
    """

    def __init__(self, target: Target, active: int, places: BufferPlacement) -> None:
        self._issued, self._operation = target.scalar.issue, target.scalar.operation
        self._flag, self._barrier = target.sync.flag, target.sync.barrier
        self._active = active
        self._scalar = target.pipe_numbers[Pipe.SCALAR]
        self._tails = [target.sync.tail[pipe] for pipe in target.all_pipes]
        count = len(self._tails)
        self._places = places
        self._parities: dict[int, int] = {}
        self._steady: dict[Trips, list[float]] = {}
        self._all = [_Cell() for _ in places.overlaps]
        # By copy: its cell, then those that share bytes with it.
        self._near = [
            [self._all[number], *(self._all[other] for other in overlaps if other != number)]
            for number, overlaps in enumerate(places.overlaps)
        ]
        # By buffer: the same of the copy that this iteration uses.
        self._now_near = [self._near[first] for first in places.firsts]
        self._skipped = 0.0
        self._now = 0.0
        self._free = [0.0] * count
        self._done = [0.0] * count
        self._numbers = [0] * count
        self._knows = [(0,) * count] * count
        self._first_bytes = 0.0
        self._has_moved = False

    @property
    def cycles(self) -> float:
        """When everything so far is done."""
        return self._skipped + max(self._now, *self._done, *self._free)

    def run(self, nodes: Iterable[Node]) -> None:
        """Go on with instructions and loops."""
        for node in nodes:
            if isinstance(node, CostedInstruction):
                self._issue(node)
            else:
                self._loop(node)

    def _issue(self, work: CostedInstruction) -> None:
        pipe, free = work.pipe, self._free
        if work.scalars:
            self._now += work.scalars * self._operation
        if needed := self._needed(work):
            self._order(pipe, needed)
        now = self._now + self._issued
        start = free[pipe]
        if now > start:
            start = now
        end = start + (self.transfer(work, start) if work.moved else work.cycles)
        free[pipe] = end
        done = end + self._tails[pipe]
        if done < self._done[pipe]:
            done = self._done[pipe]
        self._done[pipe] = done
        self._now = end if pipe == self._scalar else now + (work.count - 1) * self._issued
        self._numbers[pipe] = number = self._numbers[pipe] + 1
        event = _Event(pipe, number, done, self._knows[pipe])
        near = self._now_near
        for buffer in work.reads:
            near[buffer][0].reads[pipe] = event
        for buffer in work.writes:
            cell = near[buffer][0]
            cell.write = event
            if cell.reads:
                cell.reads.clear()

    def transfer(self, work: CostedInstruction, start: float) -> float:
        """Cycles of a copy: alone, by its share of the bandwidth, and behind all moved before."""
        shared = work.moved * self._active * work.per_byte
        if not self._has_moved:
            self._has_moved = True
            self._first_bytes = start + work.latency
        # The share of all bytes so far, counted from when the first of them arrived.
        self._first_bytes += shared
        cycles, queued = work.latency + shared, self._first_bytes - start
        if work.stores:
            queued += work.latency
        if cycles < work.cycles:
            cycles = work.cycles
        return queued if queued > cycles else cycles

    def _needed(self, work: CostedInstruction) -> list[_Event]:
        """The accesses that must come before and of which the pipe does not know yet."""
        near, knows = self._now_near, self._knows[work.pipe]
        needed: list[_Event] = []
        for buffer in work.reads:
            for cell in near[buffer]:
                event = cell.write
                if event is not None and event.number > knows[event.pipe]:
                    needed.append(event)
        for buffer in work.writes:
            for cell in near[buffer]:
                event = cell.write
                if event is not None and event.number > knows[event.pipe]:
                    needed.append(event)
                for event in cell.reads.values():
                    if event.number > knows[event.pipe]:
                        needed.append(event)
        return needed

    def _order(self, pipe: int, needed: list[_Event]) -> None:
        """Wait for accesses: for flags of other pipes, the latest first, then by a barrier."""
        knows, free, is_own = self._knows[pipe], self._free[pipe], False
        if len(needed) > 1:
            needed.sort(key=_number_of, reverse=True)
        for event in needed:
            source, number, time, known_there = event
            if source == pipe:
                is_own = True
            elif number > knows[source]:
                self._now += 2 * self._issued
                if time + self._flag > free:
                    free = time + self._flag
                known = list(map(max, knows, known_there))
                known[source] = number
                knows = tuple(known)
        if is_own and any(event.pipe == pipe and event.number > knows[pipe] for event in needed):
            self._now += self._issued
            free = max(free, self._done[pipe], self._now) + self._barrier
            knows = (*knows[:pipe], self._numbers[pipe], *knows[pipe + 1 :])
        self._knows[pipe] = knows
        self._free[pipe] = free
        if pipe == self._scalar and free > self._now:
            self._now = free

    def _loop(self, loop: CostedLoop) -> None:
        number = loop.number
        turn = TURNS if number in self._places.unrolled else 1
        trip, before = 0, tuple(self._numbers)
        is_copy = any(around in self._places.unrolled for around in self._parities)
        self._pass_carried(number)
        if is_copy:
            self._wait_for_copies(number)
        for trips in loop.trips:
            trip = self._trips(number, turn, trip, trips)
        self._parities.pop(number, None)
        self._pass_carried(number)
        if is_copy:
            self._lift(number, before)

    # Copies of a loop that share bytes: a flag between two loops is set after the first and waited
    # for before the second, wherever in them the instructions are.

    def _wait_for_copies(self, loop: int) -> None:
        """The pipe that fills a buffer of a loop waits for the copies that had its bytes."""
        for rotation in self._places.rotations.get(loop, ()):
            pipe, copies = rotation.opener, self._copies(rotation, loop)
            own = [self._all[copy] for copy in copies]
            shared = [cell for copy in copies for cell in self._near[copy] if cell not in own]
            for event in [event for cell in shared for event in (cell.write, *cell.reads.values())]:
                knows = self._knows[pipe]
                if event is None or event.pipe == pipe or event.number <= knows[event.pipe]:
                    continue
                self._free[pipe] = max(self._free[pipe], event.time + self._flag)
                known = list(knows)
                known[event.pipe] = event.number
                self._knows[pipe] = tuple(known)

    def _copies(self, rotation: Rotation, loop: int) -> list[int]:
        """The cells that a buffer has while a loop runs once."""
        copies = [0]
        for around in rotation.loops:
            parities = (0, 1) if around == loop else (self._parities.get(around, 0),)
            copies = [copy * TURNS + parity for copy in copies for parity in parities]
        return [rotation.cells[copy] for copy in copies]

    def _lift(self, loop: int, before: Sequence[int]) -> None:
        """What a loop has touched is free when all of it is over.

        ``before`` are the numbers of the pipes when it began.
        """
        for rotation in self._places.rotations.get(loop, ()):
            for number in rotation.cells:
                cell = self._all[number]
                if cell.write is not None and cell.write.number > before[cell.write.pipe]:
                    cell.write = self._at_end(cell.write)
                for pipe, event in cell.reads.items():
                    if event.number > before[pipe]:
                        cell.reads[pipe] = self._at_end(event)

    def _at_end(self, event: _Event) -> _Event:
        pipe = event.pipe
        return _Event(pipe, self._numbers[pipe], self._done[pipe], event.knows)

    def _pass_carried(self, loop: int) -> None:
        """Flags that an outermost loop carries are set once before it, and waited for after it."""
        for source, pipe in self._places.carried.get(loop, ()):
            if self._numbers[source]:
                self._free[pipe] = max(self._free[pipe], self._done[source] + self._flag)

    def _trips(self, loop: int, turn: int, trip: int, trips: Trips) -> int:
        """Trips that cost the same, from the ``trip``-th of the loop on; the number after them.

        A body that was steady before is so again after one turn.
        """
        end, turns = trip + trips.count, 0
        before, gained = self._times(), 0.0
        known = self._steady.get(trips)
        while trip < end:
            self._begin_trip(loop, trip % turn)
            self.run(trips.body)
            trip += 1
            left = (end - trip) // turn
            if trip % turn or not left:
                continue
            gains = known
            if gains is None:
                after = self._times()
                turns += 1
                found = [b - a for a, b in zip(before, after, strict=True)]
                gain = max(found[:-1])
                if turns >= MOST_TURNS or (turns > 1 and abs(gain - gained) <= STEADY * gain):
                    gains = known = self._steady[trips] = found
                before, gained = after, gain
            if gains is not None:
                if gains[-1] > max(gains[:-1]):
                    left -= 1  # the bandwidth falls behind; the last turn shows how far
                self._skip(gains, left)
                trip += left * turn
        return trip

    def _begin_trip(self, loop: int, parity: int) -> None:
        """Give the buffers of a loop the copies of an iteration."""
        self._parities[loop] = parity
        for rotation in self._places.rotations.get(loop, ()):
            copy = 0
            for around in rotation.loops:
                copy = copy * TURNS + self._parities.get(around, 0)
            self._now_near[rotation.buffer] = self._near[rotation.cells[copy]]

    def _times(self) -> list[float]:
        """The state that grows: the scalar unit, the pipes, and last the bytes."""
        skipped = self._skipped
        return [
            self._now + skipped,
            *[time + skipped for time in self._free],
            self._first_bytes + skipped,
        ]

    def _skip(self, gains: Sequence[float], turns: int) -> None:
        """Add turns that take as long as the last: what gains less falls behind."""
        gain = max(gains[:-1])
        behind = [(gain - own) * turns for own in gains]
        self._skipped += gain * turns
        self._now -= behind[0]
        self._first_bytes -= behind[-1]
        for pipe in range(len(self._tails)):
            self._free[pipe] -= behind[pipe + 1]
            self._done[pipe] -= behind[pipe + 1]
