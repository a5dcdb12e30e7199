"""The buffers of a stage while its statements are walked: where each begins and ends."""

from collections.abc import Hashable

from hawk_xdsl.codegen.cost.allocation import Allocation, LoopSpan
from hawk_xdsl.codegen.cost.program import CostedInstruction
from hawk_xdsl.dialects.npu import Scope


class LiveBuffers:
    """Buffers and loops so far, and the position in the text.

    A buffer is found again by what it was allocated for, and a loop by its position, so that the
    second walk of a loop's body finds those of the first.

    Attributes:
        buffers: all so far, by number.
        loops: all so far, by number.
        position: the number of the current statement, in the order of the text.
        depth: how many blocks are open.
    """

    def __init__(self) -> None:
        self.buffers: list[Allocation] = []
        self.loops: list[LoopSpan] = []
        self.position = 0
        self.depth = 0
        self._depths: list[int] = []
        self._used_inside: list[set[int]] = []
        self._numbers: dict[Hashable, int] = {}
        self._loop_numbers: dict[int, int] = {}
        self._around: list[int] = []

    def number_of(self, purpose: Hashable, scope: Scope, size: int) -> int:
        """The buffer of ``size`` bytes that serves a purpose; new where it is met first."""
        number = self._numbers.get(purpose)
        if number is None:
            number = self._numbers[purpose] = len(self.buffers)
            loop = self._around[-1] if self._around and size else None
            self.buffers.append(Allocation(scope, size, loop, self.position, self.position))
            self._depths.append(self.depth if size else 0)
        return number

    def knows(self, purpose: Hashable) -> bool:
        """Whether a buffer serves a purpose."""
        return purpose in self._numbers

    def blocks_inside(self, number: int) -> int:
        """How many blocks were opened since a buffer began."""
        return self.depth - self._depths[number]

    def enter_loop(self, trips: int) -> int:
        """The number of the loop at this position, which now is around what follows."""
        number = self._loop_numbers.get(self.position)
        if number is None:
            number = self._loop_numbers[self.position] = len(self.loops)
            parent = self._around[-1] if self._around else None
            self.loops.append(LoopSpan(parent, self.position))
        span = self.loops[number]
        span.trips = max(span.trips, trips)
        self._around.append(number)
        return number

    def leave_loop(self) -> None:
        """End the innermost loop at this position."""
        self.loops[self._around.pop()].last = self.position

    def enter_block(self) -> None:
        """A block begins."""
        self.depth += 1
        self._used_inside.append(set())

    def leave_block(self) -> None:
        """The innermost block ends: what it uses of the buffers around it lives until here."""
        self.depth -= 1
        for number in self._used_inside.pop():
            buffer = self.buffers[number]
            buffer.last = max(buffer.last, self.position)

    def touch(self, node: CostedInstruction) -> None:
        """Note which buffers a statement uses."""
        pipe, position = node.pipe, self.position
        for number in (*node.reads, *node.writes):
            buffer = self.buffers[number]
            if not buffer.pipes:
                buffer.opener = pipe
            buffer.closer = pipe
            buffer.pipes.add(pipe)
            own = self._depths[number]
            if self.depth > own:
                self._used_inside[own].add(number)
            if position > buffer.last:
                buffer.last = position
        if node.moved and not node.stores:
            for number in node.writes:
                self.buffers[number].loaded = True
