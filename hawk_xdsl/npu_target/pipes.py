"""One core at work: in-order pipes, flags, barriers, who knows of what, and when.

The scalar unit issues instructions in program order into the queues of the pipes. A queue runs as
far as it can at once, so values are computed in an order that the flags allow; whether another
order could have been different is decided by vector clocks, never by luck. ``knows[p][q]`` is the
number of the last instruction of pipe q that has finished before pipe p's next one starts. Cores
that work on one block together share their clocks: q counts the pipes of all of them, and those of
a core begin at its ``base``.
"""

import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from xdsl.ir import Operation

from hawk_xdsl.dialects.npu import Pipe
from hawk_xdsl.npu_target.regions import Region
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.npu_target.traps import Fault, TrapCode


@dataclass(frozen=True)
class RaisedFlag:
    """A flag that is set: when, and what its setter knew."""

    time: float
    knows: tuple[int, ...]


@dataclass(frozen=True)
class Transfer:
    """What a copy from or to global memory takes, in cycles.

    Attributes:
        cycles: with the memory to itself.
        latency: until its first bytes arrive.
        stores: whether it writes.
        shared: its share of what all cores move, beside which it cannot be faster.
    """

    cycles: float
    latency: float
    stores: bool
    shared: float


NO_TRANSFER = Transfer(0.0, 0.0, stores=False, shared=0.0)

FlagKey = tuple[int, int, int]
"""Setting pipe, waiting pipe, event id."""


RecordWait = Callable[[FlagKey, float, float, float], None]
"""Called with each wait: the flag, and the cycles at which it is set, reached and passed."""


class Queued(Protocol):
    """Something in a pipe's queue."""

    @property
    def op(self) -> Operation:
        """The op it runs."""
        ...

    def ready(self) -> bool:
        """Whether it can start; false only for a wait whose flag is not set."""
        ...

    def run(self, issued: float) -> None:
        """Start it; ``issued`` is the cycle at which the scalar unit has issued it."""
        ...


@dataclass(frozen=True)
class _Learned:
    """In the queue of a pipe: what later instructions come after, since they were issued later."""

    core: "CorePipes"
    pipe: int
    knows: Sequence[int]
    op: Operation

    def ready(self) -> bool:
        """Always."""
        return True

    def run(self, issued: float) -> None:
        """The pipe has come here."""
        self.core.merge(self.pipe, self.knows)


class Bandwidth:
    """What a core, or those that work on a block together, have moved since their first bytes."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Nothing was moved yet."""
        self._first = -1.0
        self._moved = 0.0

    def take(self, arrives: float, shared: float) -> float:
        """When all moved so far is through: the first bytes of this transfer come at ``arrives``.

        ``shared`` is its cycles at this share of the bandwidth.
        """
        if self._first < 0:
            self._first = arrives
        self._moved += shared
        return self._first + self._moved


def _nobody(ready: Callable[[], bool]) -> bool:
    """What a core alone can wait for from others: nothing."""
    return ready()


class CorePipes:
    """The pipes of one core while it runs one block. Times are cycles since the block began.

    ``active`` cores, or groups of them, share the bandwidth of global memory: each has an equal
    part, for single transfers and for all it has moved since its first one. ``place`` is its number
    among the ``together`` cores of a group, which share a ``bandwidth``; ``wait_for_others`` lets
    the others work until a condition holds, and says whether it does. Unless ``ordered``, every
    instruction knows that all earlier ones are done: there is no race. ``pipes`` are the target's
    in the order of their numbers.
    """

    def __init__(
        self,
        target: Target,
        active: int,
        *,
        ordered: bool = True,
        place: int = 0,
        together: int = 1,
        bandwidth: "Bandwidth | None" = None,
    ) -> None:
        self.sync = target.sync
        self.active = active
        self.issue_cycles = target.scalar.issue
        self.pipes = target.all_pipes
        self.numbers = target.pipe_numbers
        self.scalar = self.numbers[Pipe.SCALAR]
        self.tails = [target.sync.tail[pipe] for pipe in self.pipes]
        self.base = place * len(self.pipes)
        self.clocks = together * len(self.pipes)
        self.bandwidth = bandwidth or Bandwidth()
        self.wait_for_others: Callable[[Callable[[], bool]], bool] = _nobody
        self.before = 0 if ordered else sys.maxsize
        self.block = 0
        self.record_wait: RecordWait | None = None
        self.reset(0)

    def reset(self, block: int) -> None:
        """A block starts on an idle core."""
        count = len(self.pipes)
        self.block = block
        self.now = 0.0
        self.sequence = [0] * count
        self.knows = [[self.before] * self.clocks for _ in self.pipes]
        self.free = [0.0] * count
        self.done = [0.0] * count
        self.busy = [0.0] * count
        self.queues: list[deque[tuple[Queued, float]]] = [deque() for _ in self.pipes]
        self.draining = [False] * count
        self.flags: dict[FlagKey, RaisedFlag] = {}
        self.waits: dict[FlagKey, int] = {}
        self.stalls: list[tuple[int, int, float, float]] = []
        self.bandwidth.reset()

    def issue(self, pipe: int, instruction: Queued) -> None:
        """Issue an instruction to a pipe; it runs at once unless the pipe is held by a flag."""
        self.now += self.issue_cycles
        if self.queues[pipe]:
            self.queues[pipe].append((instruction, self.now))
            return
        try:
            if instruction.ready():
                instruction.run(self.now)
            else:
                self.queues[pipe].append((instruction, self.now))
        except Fault as fault:
            fault.op = fault.op or instruction.op
            raise

    def merge(self, pipe: int, knows: Sequence[int]) -> None:
        """What a pipe starts from now on comes after what somebody else comes after."""
        mine = self.knows[pipe]
        for other, sequence in enumerate(knows):
            if sequence > mine[other]:
                mine[other] = sequence

    def learn(self, pipe: int, knows: Sequence[int], op: Operation) -> None:
        """What is issued to a pipe from now on comes after what the scalar unit waited for."""
        if self.queues[pipe]:
            self.queues[pipe].append((_Learned(self, pipe, knows, op), self.now))
        else:
            self.merge(pipe, knows)

    def drain(self, pipe: int) -> None:
        """Run what a pipe holds, as far as flags allow."""
        queue = self.queues[pipe]
        if self.draining[pipe]:
            return
        self.draining[pipe] = True
        while queue and queue[0][0].ready():
            instruction, issued = queue.popleft()
            try:
                instruction.run(issued)
            except Fault as fault:
                fault.op = fault.op or instruction.op
                raise
        self.draining[pipe] = False

    def occupy(self, pipe: int, issued: float, cycles: float) -> float:
        """Take a pipe for an instruction; returns the cycle it starts at."""
        start = max(self.free[pipe], issued)
        end = start + cycles
        self.free[pipe] = end
        self.busy[pipe] += cycles
        finished = end + self.tails[pipe]
        if finished > self.done[pipe]:
            self.done[pipe] = finished
        return start

    def take_flag(self, key: FlagKey, flag: RaisedFlag, issued: float) -> None:
        """Hold the waiting pipe until a flag is up."""
        source, pipe, _ = key
        reached = max(self.free[pipe], issued)
        if flag.time > reached:
            self.stalls.append((source, pipe, flag.time - reached, self.busy[pipe]))
        self.free[pipe] = max(reached, flag.time)
        if self.record_wait is not None:
            self.record_wait(key, flag.time - self.sync.flag, reached, self.free[pipe])

    def stalled(self) -> dict[tuple[int, int], float]:
        """Cycles a pipe has waited for flags of another; not those after which it did nothing."""
        cycles: dict[tuple[int, int], float] = {}
        for source, pipe, waited, busy in self.stalls:
            if self.busy[pipe] > busy:
                cycles[source, pipe] = cycles.get((source, pipe), 0.0) + waited
        return cycles

    def transfer(self, pipe: int, issued: float, move: Transfer) -> float:
        """Take a pipe for bytes of global memory.

        It takes no less than alone, than its share of the bandwidth allows, and than all that the
        core has moved since its first bytes arrived: pipes do not multiply the bandwidth.
        """
        start = max(self.free[pipe], issued)
        queued = self.bandwidth.take(start + move.latency, move.shared) - start
        if move.stores:
            queued += move.latency
        return self.occupy(pipe, issued, max(move.cycles, move.latency + move.shared, queued))

    def finish(self) -> float:
        """The block is over; returns its cycles. Raises ``Fault`` if a pipe waits or a flag is up.

        All queues are empty then, so every set flag was raised and never waited for.
        """
        if any(self.queues):
            raise Fault(TrapCode.DEADLOCK, f"the kernel ends, but {self.blocked()}")
        if self.flags:
            source, target, event = next(iter(self.flags))
            raise Fault(
                TrapCode.EVENT_MISUSE,
                f"flag {self.pipes[source]} to {self.pipes[target]} event {event} is still set at "
                "the end of the kernel; every set needs its wait",
                event=event,
            )
        return max(self.now, *self.done, *self.free)

    def blocked(self) -> str:
        """Who waits for what, as text."""
        heads = [
            f"{pipe} waits for {queue[0][0]}"
            for pipe, queue in zip(self.pipes, self.queues, strict=True)
            if queue
        ]
        return "; ".join(heads)

    def check_order(self, pipe: int, region: Region, *, write: bool) -> None:
        """Raise ``Fault`` if an access is not ordered after those it conflicts with."""
        knows = self.knows[pipe]
        for other in region.overlaps:
            if write and other.reads:
                for reader, sequence in other.reads.items():
                    if sequence > knows[self.base + reader]:
                        self._raise_race(pipe, reader, region, write=True, wrote=False)
            writer = other.write_pipe
            if writer >= 0 and other.write_sequence > knows[self.base + writer]:
                self._raise_race(pipe, writer, region, write=write, wrote=True)

    def _raise_race(
        self, pipe: int, other: int, region: Region, *, write: bool, wrote: bool
    ) -> None:
        kind = ("RA" if not write else "WA") + ("W" if wrote else "R")
        pipes = self.pipes
        need = (
            f"npu.barrier <{pipes[pipe]}>"
            if pipe == other
            else f"a flag from {pipes[other]} to {pipes[pipe]}"
        )
        raise Fault(
            TrapCode.RACE,
            f"{pipes[pipe]} {'writes' if write else 'reads'} bytes {region.start} to "
            f"{region.end - 1} that {pipes[other]} {'wrote' if wrote else 'reads'} before, "
            f"and nothing orders the two ({kind}): {need} is missing",
            hazard=kind,
            waiting=pipes[pipe],
            first=self.pipes[other],
        )

    def note(self, pipe: int, region: Region, *, write: bool) -> None:
        """Note an access by the pipe's current instruction; check it first."""
        if write:
            region.write_pipe, region.write_sequence = pipe, self.sequence[pipe]
            region.reads.clear()
        else:
            region.reads[pipe] = self.sequence[pipe]
