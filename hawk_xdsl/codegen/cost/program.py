"""A kernel as its cost is walked: instructions with their cycles, loops with their trip counts."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(slots=True)
class CostedInstruction:
    """A statement of the kernel text at the extents of one kind of trip.

    Attributes:
        pipe: the number of the pipe that it occupies.
        cycles: on that pipe, with the global memory to itself.
        count: how many of the hardware's instructions it is.
        scalars: operations of the scalar unit before it is issued.
        reads: numbers of the buffers and operands that it reads.
        writes: numbers of those that it writes.
        moved: bytes to or from global memory.
        latency: cycles before the first of these bytes arrives.
        stores: whether they go to global memory.
        per_byte: cycles that each of them costs all cores together.
    """

    pipe: int
    cycles: float
    count: int = 1
    scalars: int = 0
    reads: tuple[int, ...] = ()
    writes: tuple[int, ...] = ()
    moved: int = 0
    latency: float = 0.0
    stores: bool = False
    per_byte: float = 0.0


@dataclass(slots=True, eq=False)
class Trips:
    """Trips of a loop that cost the same: ``count`` of one body."""

    body: "list[Node]"
    count: int


@dataclass(slots=True)
class CostedLoop:
    """A loop; its full trips come before those that are cut at an edge."""

    number: int
    trips: list[Trips]


Node: TypeAlias = CostedInstruction | CostedLoop
