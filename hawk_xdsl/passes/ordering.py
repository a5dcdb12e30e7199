"""Whether a program's synchronisation orders all that must be ordered, for any trip counts.

A forward data-flow analysis. A *fact* is an instruction, or the waits of a flag. The state holds
for every pipe, and for every flag that may be set, the facts that ran at least once but are not
known to have finished before the pipe's next instruction, or before the flag's set. The rules are
those of the NPU model: a set fires once its pipe's earlier instructions finished, and carries what
the pipe knew; a wait gives that to its pipe; a fence orders its pipe behind itself.

State and facts are bit sets, and states join by union, so that the fixed point of a loop is quick.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hawk_xdsl.dialects.npu import Pipe
from hawk_xdsl.passes.dependence import accesses, conflict
from hawk_xdsl.passes.program import Body, Branch, Instruction, Program
from hawk_xdsl.passes.synchronization import (
    Actions,
    Fence,
    Flag,
    SetAction,
    Sync,
    WaitAction,
    actions_of,
)

_PIPES = tuple(pipe for pipe in Pipe if pipe is not Pipe.ALL)
_RANK = {pipe: rank for rank, pipe in enumerate(_PIPES)}


@dataclass(frozen=True)
class Dependences:
    """A program's instructions that must not run at once, as bit sets by instruction number."""

    program: Program
    conflicts: tuple[int, ...]
    """For each instruction those it conflicts with; itself included if it writes."""

    @classmethod
    def of(cls, program: Program) -> "Dependences":
        """Compare all instructions. Raises ``PassError`` without addresses."""
        touched = [accesses(instruction.op) for instruction in program.instructions]
        return cls(
            program,
            tuple(
                sum(1 << other for other, b in enumerate(touched) if conflict(a, b))
                for a in touched
            ),
        )


@dataclass(frozen=True)
class Unordered:
    """An instruction that may run at once with earlier ones it conflicts with."""

    instruction: Instruction
    earlier: tuple[Instruction, ...]


@dataclass(frozen=True)
class DoubleSet:
    """A flag that may be set again before it was waited for."""

    flag: Flag


Violation = Unordered | DoubleSet


class Ordering:
    """The analysis of one program with some flags and fences.

    Args:
        loops: bodies of loops that may run more than once; the others run once or not at all.
    """

    def __init__(
        self, dependences: Dependences, syncs: Sequence[Sync], loops: Sequence[Body]
    ) -> None:
        self._dependences = dependences
        self._instructions = dependences.program.instructions
        self._actions: Actions = actions_of(syncs)
        self._loops = {id(body) for body in loops}
        self._flags = [sync for sync in syncs if isinstance(sync, Flag)]
        self._number = {flag: number for number, flag in enumerate(self._flags)}
        self._own = [0] * len(_PIPES)
        for instruction in self._instructions:
            self._own[_RANK[instruction.pipe]] |= 1 << instruction.number
        for flag in self._flags:
            self._own[_RANK[flag.target]] |= self._waits(flag)
        self.pending_waits = dict.fromkeys(self._flags, 0)
        """For each flag the waits that may not have happened before it is set; see ``pending``."""

    def violation(self) -> Violation | None:
        """The first thing that is not ordered, if any."""
        state = [0] * len(_PIPES) + [-1] * len(self._flags)
        return self._run(self._dependences.program.body, state)

    def pending(self, flag: Flag, other: Flag) -> bool:
        """Whether ``flag`` may be set before a wait for ``other``; known after ``violation``."""
        return bool(self.pending_waits[flag] & self._waits(other))

    def _waits(self, flag: Flag) -> int:
        return 1 << (len(self._instructions) + self._number[flag])

    def _run(self, body: Body, state: list[int]) -> Violation | None:
        """Run a body once on a state, which it changes."""
        for place in range(len(body.nodes) + 1):
            for _, action in self._actions.get((body, place), ()):
                if isinstance(action, Fence):
                    self._fence(action.pipe, state)
                elif isinstance(action, WaitAction):
                    self._wait(action.flag, state)
                elif (found := self._set(action, state)) is not None:
                    return found
            if place < len(body.nodes) and (found := self._node(body, place, state)) is not None:
                return found
        return None

    def _node(self, body: Body, place: int, state: list[int]) -> Violation | None:
        node = body.nodes[place]
        if isinstance(node, Instruction):
            return self._execute(node, state)
        if isinstance(node, Branch):
            return self._branch(node, state)
        return self._loop(node.body, state)

    def _execute(self, instruction: Instruction, state: list[int]) -> Violation | None:
        unordered = state[_RANK[instruction.pipe]] & self._dependences.conflicts[instruction.number]
        if unordered:
            earlier = tuple(i for i in self._instructions if unordered >> i.number & 1)
            return Unordered(instruction, earlier)
        for index in range(len(state)):
            state[index] |= 1 << instruction.number
        return None

    def _branch(self, branch: Branch, state: list[int]) -> Violation | None:
        # Without an else the body may not run: the state before is one of those to join.
        joined = [0] * len(state) if len(branch.bodies) > 1 else list(state)
        for arm in branch.bodies:
            after = list(state)
            if (found := self._run(arm, after)) is not None:
                return found
            joined = _join(joined, after)
        state[:] = joined
        return None

    def _loop(self, body: Body, state: list[int]) -> Violation | None:
        while True:
            after = list(state)
            if (found := self._run(body, after)) is not None:
                return found
            joined = _join(state, after)
            done = joined == state or id(body) not in self._loops
            state[:] = joined
            if done:
                return None

    def _set(self, action: SetAction, state: list[int]) -> Violation | None:
        flag = action.flag
        known = state[_RANK[flag.source]]
        self.pending_waits[flag] |= known
        if known & self._waits(flag):
            return DoubleSet(flag)
        state[len(_PIPES) + self._number[flag]] = known & ~self._own[_RANK[flag.source]]
        return None

    def _wait(self, flag: Flag, state: list[int]) -> None:
        target = _RANK[flag.target]
        known = state[target] & state[len(_PIPES) + self._number[flag]]
        for index in range(len(state)):
            state[index] |= self._waits(flag)
        state[target] = known & ~self._waits(flag)

    def _fence(self, pipe: Pipe, state: list[int]) -> None:
        if pipe is Pipe.ALL:
            state[: len(_PIPES)] = [0] * len(_PIPES)
        else:
            state[_RANK[pipe]] &= ~self._own[_RANK[pipe]]


def _join(first: list[int], second: list[int]) -> list[int]:
    return [a | b for a, b in zip(first, second, strict=True)]
