"""Which buffers take turns and which share bytes: what npu-multi-buffer and the planner will do.

Both decide by live ranges alone, and so the same rules run here on those of the syntax tree.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from hawk_xdsl.dialects.npu import Scope
from hawk_xdsl.npu_target.placement import place
from hawk_xdsl.npu_target.target import Target

TURNS = 2
"""Buffers that take turns."""

_END = 1 << 40


@dataclass(slots=True)
class Allocation:
    """A buffer of the kernel, the temporary of an instruction, or an operand in global memory.

    Attributes:
        scope: where it is.
        bytes: its size with padding; 0 for an operand.
        loop: the number of the innermost loop around its first assignment; ``None`` without one.
        first: position of the first statement that needs it.
        last: position of the last one, in or lifted to the block of the first.
        pipes: numbers of the pipes that touch it.
        opener: the pipe that touches it first.
        closer: the pipe that touches it last.
        loaded: whether a copy from global memory writes it.
    """

    scope: Scope
    bytes: int
    loop: int | None
    first: int
    last: int
    pipes: set[int] = field(default_factory=set[int])
    opener: int = 0
    closer: int = 0
    loaded: bool = False


@dataclass(slots=True)
class LoopSpan:
    """Where a loop stands: the loop around it, its positions, and its largest trip count."""

    parent: int | None
    first: int
    last: int = 0
    trips: int = 0


@dataclass(frozen=True, slots=True)
class Rotation:
    """The copies of a buffer that take turns.

    Example: a buffer in the k loop of ``for m { for k { … } }``, both unrolled by two, has four
    copies (cells). In an even iteration of m and an odd one of k the second of them is used:
    ``cells[2 * parity(m) + parity(k)]``.

    Attributes:
        buffer: its number.
        opener: the pipe that touches it first in an iteration.
        loops: the unrolled loops around it, the outermost first.
        cells: one for each combination of parities; the innermost parity changes fastest.
    """

    buffer: int
    opener: int
    loops: tuple[int, ...]
    cells: tuple[int, ...]


@dataclass(frozen=True)
class BufferPlacement:
    """Which copies each buffer has, and which copies share bytes.

    A *cell* is one copy of one buffer; cells are numbered through all buffers.

    Attributes:
        unrolled: the loops whose iterations use two sets of buffers in turn.
        firsts: the first cell of each buffer.
        rotations: by loop, the buffers that it allocates.
        overlaps: for each cell all cells that share bytes with it, itself included: an
            instruction that writes one of them waits for the readers of all.
        carried: for each outermost loop the pairs of pipes (from, to) that a flag orders across
            its iterations: the last user of a buffer before the first user in the next iteration.
    """

    unrolled: frozenset[int]
    firsts: list[int]
    rotations: dict[int, list[Rotation]]
    overlaps: list[tuple[int, ...]]
    carried: dict[int, set[tuple[int, int]]]


@dataclass(slots=True, eq=False)
class _Copy:
    """One of a buffer's copies, as the planner sees it; ``cell`` is its number."""

    cell: int
    size: int
    first: int
    last: int


def places(
    buffers: Sequence[Allocation], loops: Sequence[LoopSpan], target: Target
) -> BufferPlacement:
    """What takes turns in each loop, inner loops first; loops are numbered in program order.

    Example: in ``for m { c = fill … for k { a = load … b = load … c = mmad a, b, c } store c }``
    the inner loop makes two of a and b, and the outer one two of c if l0c holds them. Two
    iterations of the outer loop then have inner loops with buffers of their own: they are four of
    a and of b, which share bytes unless l1 has room for all four.
    """
    chosen: set[int] = set()
    unrolled: set[int] = set()
    shared: dict[Scope, list[tuple[int, int, int]]] = {}
    for number in reversed(range(len(loops))):
        if loops[number].trips < TURNS:
            continue
        for choice in _choices(buffers, number):
            fits = _Plan(buffers, loops, chosen | choice, unrolled | {number}, target).addresses()
            if fits is not None:
                chosen |= choice
                unrolled.add(number)
                shared = fits
                break
    plan = _Plan(buffers, loops, chosen, unrolled, target)
    if not unrolled:
        shared = plan.addresses() or {}
    overlaps: list[tuple[int, ...]] = [(cell,) for cell in range(plan.cells)]
    for taken in shared.values():
        for begin, end, cell in taken:
            overlaps[cell] = tuple(
                other for start, stop, other in taken if start < end and begin < stop
            )
    return BufferPlacement(
        frozenset(unrolled), plan.firsts, plan.rotations(), overlaps, _carried(buffers, loops)
    )


def _carried(
    buffers: Sequence[Allocation], loops: Sequence[LoopSpan]
) -> dict[int, set[tuple[int, int]]]:
    """The pairs of pipes that the flags carried by each outermost loop are between."""
    found: dict[int, set[tuple[int, int]]] = {}
    for buffer in buffers:
        loop = buffer.loop
        if loop is None or buffer.opener == buffer.closer:
            continue
        while (parent := loops[loop].parent) is not None:
            loop = parent
        found.setdefault(loop, set()).add((buffer.closer, buffer.opener))
    return found


def _choices(buffers: Sequence[Allocation], loop: int) -> Iterator[set[int]]:
    """What to try: all that several pipes touch, then those of them that are loaded."""
    shared = {
        number
        for number, buffer in enumerate(buffers)
        if buffer.loop == loop and len(buffer.pipes) > 1 and buffer.bytes
    }
    loaded = {number for number in shared if buffers[number].loaded}
    if shared:
        yield shared
    if loaded and loaded != shared:
        yield loaded


class _Plan:
    """The copies of all buffers when some loops are unrolled and some buffers chosen."""

    def __init__(
        self,
        buffers: Sequence[Allocation],
        loops: Sequence[LoopSpan],
        chosen: set[int],
        unrolled: set[int],
        target: Target,
    ) -> None:
        self._buffers = buffers
        self._loops = loops
        self._chosen = chosen
        self._target = target
        self._around = [self._unrolled_around(buffer.loop, unrolled) for buffer in buffers]
        self.firsts: list[int] = []
        self.cells = 0
        for around in self._around:
            self.firsts.append(self.cells)
            self.cells += TURNS ** len(around)

    def _unrolled_around(self, loop: int | None, unrolled: set[int]) -> tuple[int, ...]:
        """The unrolled loops around, the outermost first."""
        found: list[int] = []
        while loop is not None:
            if loop in unrolled:
                found.append(loop)
            loop = self._loops[loop].parent
        return tuple(reversed(found))

    def rotations(self) -> dict[int, list[Rotation]]:
        """By loop, its buffers and their cells."""
        found: dict[int, list[Rotation]] = {}
        for number, (buffer, around, first) in enumerate(
            zip(self._buffers, self._around, self.firsts, strict=True)
        ):
            if buffer.loop is not None:
                cells = tuple(range(first, first + TURNS ** len(around)))
                found.setdefault(buffer.loop, []).append(
                    Rotation(number, buffer.opener, around, cells)
                )
        return found

    def addresses(self) -> dict[Scope, list[tuple[int, int, int]]] | None:
        """By scope (begin, end, cell) where not all fit side by side; ``None``: they do not fit."""
        found: dict[Scope, list[tuple[int, int, int]]] = {}
        totals: dict[str, int] = {}
        for buffer, around in zip(self._buffers, self._around, strict=True):
            name = buffer.scope.name
            totals[name] = totals.get(name, 0) + buffer.bytes * TURNS ** len(around)
        for scope, memory in self._target.scopes.items():
            if totals.get(scope.name, 0) <= memory.bytes:
                continue
            copies = list(self._copies(scope))
            if _peak(copies) > memory.bytes:
                return None
            addresses = place(copies, memory.bytes, memory.alignment)
            if addresses is None:
                return None
            found[scope] = [
                (address, address + copy.size, copy.cell) for copy, address in addresses.items()
            ]
        return found

    def _copies(self, scope: Scope) -> Iterator[_Copy]:
        """The copies of a scope, at positions of the unrolled kernel."""
        keyed: list[tuple[tuple[int, ...], tuple[int, ...], int, int]] = []
        for number, buffer in enumerate(self._buffers):
            if buffer.scope != scope or not buffer.bytes:
                continue
            for copy, parities in enumerate(product((0, 1), repeat=len(self._around[number]))):
                first, last = self._life(number, parities)
                keyed.append((first, last, buffer.bytes, self.firsts[number] + copy))
        ends = {end for first, last, _, _ in keyed for end in (first, last)}
        rank = {key: place for place, key in enumerate(sorted(ends))}
        for first, last, size, cell in keyed:
            yield _Copy(cell, size, rank[first], rank[last])

    def _life(
        self, number: int, parities: Sequence[int]
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """First and last position of a copy in the unrolled kernel, to be compared as tuples.

        A position is (start of a loop, parity) for each unrolled loop around, then a position of
        the kernel as written. Example: in a loop that starts at 10 a buffer that lives from 12 to
        14 does so at (10, 0, 12) … (10, 0, 14) in its first copy and at (10, 1, 12) … (10, 1, 14)
        in the second, so the two may share bytes. A chosen buffer takes turns and lives for the
        whole loop instead: (10, -1) … (10, END) in both copies.
        """
        buffer, path = self._buffers[number], list[int]()
        for loop, parity in zip(self._around[number], parities, strict=True):
            path += (self._loops[loop].first, parity)
        if number in self._chosen:
            path = path[:-1]  # the innermost parity: copies of both live at once
            return (*path, -1), (*path, _END)
        return (*path, buffer.first), (*path, buffer.last)


def _peak(copies: Sequence[_Copy]) -> int:
    """Most bytes that are alive at once."""
    changes: list[tuple[int, int]] = []
    for copy in copies:
        changes += ((copy.first, -copy.size), (copy.last + 1, copy.size))
    # Positions in order, at each what ends before what begins.
    alive, peak = 0, 0
    for _, change in sorted(changes, key=lambda change: (change[0], -change[1])):
        alive -= change
        peak = max(peak, alive)
    return peak
