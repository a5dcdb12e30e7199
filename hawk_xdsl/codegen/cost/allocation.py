"""Which buffers take turns, so that pipes overlap: what npu-multi-buffer will choose.

The pass tries its choices on the kernel and keeps what fits. Here the same choices are compared with
the largest number of bytes that are alive at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hawk_xdsl.dialects.npu import Pipe, Scope
from hawk_xdsl.npu_target.pipes import PIPE_NUMBER
from hawk_xdsl.npu_target.target import Target

TURNS = 2
"""Buffers that take turns."""

_MTE2 = PIPE_NUMBER[Pipe.MTE2]


@dataclass(slots=True)
class Allocation:
    """A buffer of the kernel, or the temporary of an instruction.

    Attributes:
        scope: where it is.
        bytes: its size with padding; 0 for an operand in global memory.
        loop: the number of the innermost loop around its first assignment; ``None`` without one.
        first: position of the first statement that needs it.
        last: position of the last one, in or lifted to the block of the first.
        pipes: numbers of the pipes that touch it.
    """

    scope: Scope
    bytes: int
    loop: int | None
    first: int
    last: int
    pipes: set[int] = field(default_factory=set[int])


@dataclass(slots=True)
class LoopSpan:
    """Where a loop stands: the loop around it, its positions, and its largest trip count."""

    parent: int | None
    first: int
    last: int = 0
    trips: int = 0


@dataclass(frozen=True, slots=True)
class Rotation:
    """Which copy of a buffer an iteration uses: one bit for each of ``loops``, that of its parity."""

    buffer: int
    loops: tuple[int, ...]


@dataclass(frozen=True)
class Rotations:
    """The loops that are unrolled, and by loop the buffers it allocates that have copies."""

    unrolled: frozenset[int]
    of_loop: Mapping[int, Sequence[Rotation]]


def rotations(
    buffers: Sequence[Allocation], loops: Sequence[LoopSpan], target: Target
) -> Rotations:
    """What takes turns in each loop, inner loops first; loops are numbered in program order.

    Example: in ``for m { c = fill … for k { a = load … b = load … c = mmad a, b, c } store c }`` the
    inner loop makes two of a and b, and the outer one two of c if l0c holds them. The outer copies
    of the inner loop have buffers of their own only where l1 has room for all four.
    """
    chosen: set[int] = set()
    unrolled: set[int] = set()
    for number in reversed(range(len(loops))):
        if loops[number].trips < TURNS:
            continue
        for choice in _choices(buffers, number):
            if _fits(buffers, loops, chosen | choice, target):
                chosen |= choice
                unrolled.add(number)
                break
    roomy = {
        scope: _copies(buffers, loops, unrolled, scope) <= memory.bytes
        for scope, memory in target.scopes.items()
    }
    found: dict[int, list[Rotation]] = {}
    for number, buffer in enumerate(buffers):
        if buffer.loop is None or not buffer.bytes:
            continue
        around = [loop for loop in _around(buffer.loop, loops) if loop in unrolled]
        if not roomy[buffer.scope]:
            around = [loop for loop in around if loop == buffer.loop and number in chosen]
        if around:
            found.setdefault(buffer.loop, []).append(Rotation(number, tuple(around)))
    return Rotations(frozenset(unrolled), found)


def _choices(buffers: Sequence[Allocation], loop: int) -> Iterator[set[int]]:
    """What to try: all that several pipes touch, then those of them that are loaded."""
    shared = {
        number
        for number, buffer in enumerate(buffers)
        if buffer.loop == loop and len(buffer.pipes) > 1
    }
    loaded = {number for number in shared if _MTE2 in buffers[number].pipes}
    if shared:
        yield shared
    if loaded and loaded != shared:
        yield loaded


def _around(loop: int, loops: Sequence[LoopSpan]) -> Iterator[int]:
    """A loop and those around it, the innermost first."""
    found: int | None = loop
    while found is not None:
        yield found
        found = loops[found].parent


def _fits(
    buffers: Sequence[Allocation],
    loops: Sequence[LoopSpan],
    chosen: set[int],
    target: Target,
) -> bool:
    """Whether what is alive at once fits every scope, those chosen twice while their loop runs."""
    events: dict[Scope, list[tuple[int, int]]] = {}
    for number, buffer in enumerate(buffers):
        if not buffer.bytes:
            continue
        first, last, size = buffer.first, buffer.last, buffer.bytes
        if number in chosen and buffer.loop is not None:
            loop = loops[buffer.loop]
            first, last, size = loop.first, loop.last, TURNS * size
        events.setdefault(buffer.scope, []).extend(((2 * first, size), (2 * last + 1, -size)))
    for scope, changes in events.items():
        alive, room = 0, target.scopes[scope].bytes
        for _, change in sorted(changes):
            alive += change
            if alive > room:
                return False
    return True


def _copies(
    buffers: Sequence[Allocation], loops: Sequence[LoopSpan], unrolled: set[int], scope: Scope
) -> int:
    """Bytes of all copies of all buffers of a scope side by side."""
    total = 0
    for buffer in buffers:
        if buffer.scope is scope:
            around = () if buffer.loop is None else _around(buffer.loop, loops)
            total += buffer.bytes * TURNS ** sum(loop in unrolled for loop in around)
    return total
