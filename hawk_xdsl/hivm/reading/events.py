"""Event ids of their own for the copies of an unrolled loop.

The vendor's kernels set an event for the load of the next iteration while the unit that waits for
it may not have taken it for this one: right only if flags count. The NPU simulator refuses that.
With ids of their own each copy has the same order, and none is set twice.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects import func, scf
from xdsl.ir import Operation, SSAValue

from hawk_xdsl.dialects.constants import constant_of
from hawk_xdsl.dialects.npu import Pipe
from hawk_xdsl.hivm.reading.vendor_ops import attribute, groups, mnemonic, word

PIPES: Mapping[str, Pipe] = {
    "PIPE_S": Pipe.SCALAR,
    "PIPE_V": Pipe.VECTOR,
    "PIPE_M": Pipe.CUBE,
    "PIPE_MTE1": Pipe.CUBE,  # what stages L0A and L0B is a part of our matrix instruction
    "PIPE_MTE2": Pipe.MTE2,
    "PIPE_MTE3": Pipe.MTE3,
    "PIPE_FIX": Pipe.FIXPIPE,
    "PIPE_ALL": Pipe.ALL,
}
"""Our pipes by the vendor's names."""


MAX_EVENTS = 8
"""Event ids of a pair of pipes."""


@dataclass(frozen=True)
class Event:
    """A flag of an ordered pair of pipes."""

    source: Pipe
    target: Pipe
    number: int


Renamed = Mapping[Event, Event]
"""What a copy has in the place of the vendor's events."""


def pipes_of(op: Operation) -> tuple[Pipe, Pipe]:
    """The pipes that a flag joins."""
    source, target = (word(attribute(op, key)) for key in ("set_pipe", "wait_pipe"))
    return PIPES[source], PIPES[target]


class OwnEvents:
    """The event ids of one function, and those that copies of loops got.

    Args:
        function: whose events they are.
        available: how many ids a pair of pipes has.
    """

    def __init__(self, function: func.FuncOp, available: int) -> None:
        self._everywhere = Counter(_ends(function))
        self._used = {event for event, _ in self._everywhere}
        self._available = available

    def of_copies(self, loop: scf.ForOp, copies: int) -> list[Renamed]:
        """For each copy of a loop's body its events; the first one keeps those around the loop.

        Only those that an iteration both sets and waits for, and nothing outside of it; as long as
        the pair of pipes has ids left.
        """
        inside = Counter(_ends(loop))
        renamed: list[dict[Event, Event]] = [{} for _ in range(copies)]
        for event in sorted({event for event, _ in inside}, key=str):
            sets, waits = inside[event, "set"], inside[event, "wait"]
            outside = self._everywhere[event, "set"] + self._everywhere[event, "wait"]
            free = self._free(event)
            if sets != waits or outside > sets + waits or len(free) < copies - 1:
                continue
            for copy, other in zip(renamed[1:], free, strict=False):
                copy[event] = other
                self._used.add(other)
        return list(renamed)

    def _free(self, event: Event) -> list[Event]:
        events = [Event(event.source, event.target, n) for n in range(self._available)]
        return [other for other in events if other not in self._used]


def _ends(op: Operation) -> Iterator[tuple[Event, str]]:
    """The events that ops within an op set or wait for, where a constant says which."""
    for inner in op.walk():
        name = mnemonic(inner)
        if name in ("set_flag", "wait_flag"):
            number = word(attribute(inner, "static_event_id")).removeprefix("EVENT_ID")
            source, target = pipes_of(inner)
            kind = name.removesuffix("_flag")
            for known in [int(number)] if number else range(MAX_EVENTS):
                yield Event(source, target, known), kind
        elif name == "mmadL1":
            yield from _of_product(groups(inner)[7])


def _of_product(events: Sequence[SSAValue]) -> Iterator[tuple[Event, str]]:
    """The first two it waits for, the next two it sets."""
    for value in events[:2]:
        number = constant_of(value)
        if number is not None and number >= 0:
            yield Event(Pipe.MTE2, Pipe.CUBE, number), "wait"
    for value in events[2:4]:
        number = constant_of(value)
        if number is not None and number >= 0:
            yield Event(Pipe.CUBE, Pipe.MTE2, number), "set"
