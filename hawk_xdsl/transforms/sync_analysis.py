"""Whether a program's synchronisation orders all that must be ordered, for any trip counts.

A forward data-flow analysis. A *fact* is an instruction, or the waits of a flag. The state holds
for every pipe, and for every flag that may be set, the facts that ran at least once but are not
known to have finished before the pipe's next instruction, or before the flag's set. The rules are
those of the NPU simulator: a set fires once its pipe's earlier instructions finished, and carries
what the pipe knew; a wait gives that to its pipe; a fence orders its pipe behind itself.

Example: mte2 loads a, sets a flag for the vector unit, which waits, computes b from a, and sets a
flag for mte3, which waits and stores b. After the first wait the vector unit's state lacks the
load: it is known to be finished. After the second one mte3's lacks the load too, since the flag
carried what the vector unit knew; so nothing on mte3 needs a flag from mte2 for it.

State and facts are bit sets, and states join by union, so that the fixed point of a loop is quick.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hawk_xdsl.dialects.npu import Pipe
from hawk_xdsl.transforms.control_flow import Body, BranchNode, ControlFlow, InstructionNode
from hawk_xdsl.transforms.dependence import accesses, conflict
from hawk_xdsl.transforms.sync_points import (
    Action,
    Actions,
    Fence,
    Flag,
    SetAction,
    Sync,
    actions_of,
)


@dataclass(frozen=True)
class Dependences:
    """A program's instructions that must not run at once, as bit sets by instruction number."""

    program: ControlFlow
    conflicts: tuple[int, ...]
    """For each instruction those it conflicts with; itself included if it writes."""

    @classmethod
    def of(cls, program: ControlFlow) -> "Dependences":
        """Compare all instructions. Raises ``PassError`` without addresses."""
        spec = program.target.vector
        touched = [accesses(instruction.op, spec) for instruction in program.instructions]
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

    instruction: InstructionNode
    earlier: tuple[InstructionNode, ...]


@dataclass(frozen=True)
class DoubleSet:
    """A flag that may be set again before it was waited for."""

    flag: Flag


Violation = Unordered | DoubleSet


@dataclass(frozen=True, slots=True)
class _Execute:
    """An instruction of a pipe; ``bit`` is its fact."""

    rank: int
    conflicts: int
    bit: int
    instruction: InstructionNode


@dataclass(frozen=True, slots=True)
class _Raise:
    """A flag is set. ``rank`` is the setting pipe, ``sync`` the bit of the sync it is part of."""

    rank: int
    flag: int
    sync: int


@dataclass(frozen=True, slots=True)
class _Take:
    """A flag is waited for by the pipe of ``rank``."""

    rank: int
    flag: int
    sync: int


@dataclass(frozen=True, slots=True)
class _Order:
    """A fence of one pipe, or of all."""

    rank: int | None
    sync: int


@dataclass(frozen=True, slots=True)
class _Repeat:
    """A loop, which may run no time, and more than once only if ``again``."""

    steps: "list[_Step]"
    again: bool


@dataclass(frozen=True, slots=True)
class _Either:
    """One of several bodies."""

    arms: "list[list[_Step]]"


_Step = _Execute | _Raise | _Take | _Order | _Repeat | _Either


class Ordering:
    """The analysis of one program with some flags and fences.

    Args:
        loops: bodies of loops that may run more than once; the others run once or not at all.
    """

    def __init__(
        self, dependences: Dependences, syncs: Sequence[Sync], loops: Sequence[Body]
    ) -> None:
        self._dependences = dependences
        pipes = dependences.program.target.all_pipes
        self._rank = {pipe: rank for rank, pipe in enumerate(pipes)}
        self._instructions = dependences.program.instructions
        self._syncs = {sync: number for number, sync in enumerate(syncs)}
        self._flags = [sync for sync in syncs if isinstance(sync, Flag)]
        self._number = {flag: number for number, flag in enumerate(self._flags)}
        self._waits = [1 << (len(self._instructions) + n) for n in range(len(self._flags))]
        self._others = [-1] * len(self._rank)
        for instruction in self._instructions:
            self._others[self._rank[instruction.pipe]] &= ~(1 << instruction.number)
        for flag, bit in zip(self._flags, self._waits, strict=True):
            self._others[self._rank[flag.target]] &= ~bit
        self._pending = [0] * len(self._flags)
        repeated = set(loops)
        self._steps = self._body(dependences.program.body, actions_of(syncs), repeated)

    def violation(self, without: int = 0) -> Violation | None:
        """The first thing that is not ordered, if any.

        Args:
            without: a bit for each sync, by its number, that is to be thought away.
        """
        state = [0] * len(self._rank) + [-1] * len(self._flags)
        return self._run(self._steps, state, without)

    def pending(self, flag: Flag, other: Flag) -> bool:
        """Whether ``flag`` may be set before a wait for ``other``; known after ``violation``."""
        return bool(self._pending[self._number[flag]] & self._waits[self._number[other]])

    def _body(self, body: Body, actions: Actions, repeated: set[Body]) -> list[_Step]:
        """The steps of a body: what happens at each place, then the node there."""
        steps: list[_Step] = []
        for place in range(len(body.nodes) + 1):
            steps += [self._action(action) for _, action in actions.get((body, place), ())]
            if place == len(body.nodes):
                return steps
            node = body.nodes[place]
            if isinstance(node, InstructionNode):
                conflicts = self._dependences.conflicts[node.number]
                steps.append(_Execute(self._rank[node.pipe], conflicts, 1 << node.number, node))
            elif isinstance(node, BranchNode):
                arms = [self._body(arm, actions, repeated) for arm in node.bodies]
                # Without an else the body may not run.
                steps.append(_Either(arms if len(arms) > 1 else [*arms, []]))
            else:
                inner = self._body(node.body, actions, repeated)
                steps.append(_Repeat(inner, node.body in repeated))
        return steps

    def _action(self, action: Action) -> _Step:
        if isinstance(action, Fence):
            rank = None if action.pipe == Pipe.ALL else self._rank[action.pipe]
            return _Order(rank, self._syncs[action])
        flag, number = action.flag, self._number[action.flag]
        bit = 1 << self._syncs[flag]
        if isinstance(action, SetAction):
            return _Raise(self._rank[flag.source], number, bit)
        return _Take(self._rank[flag.target], number, bit)

    def _run(self, steps: Sequence[_Step], state: list[int], without: int) -> Violation | None:
        """Run steps once on a state, which they change."""
        found: Violation | None = None
        for step in steps:
            match step:
                case _Execute(rank, conflicts, bit):
                    if state[rank] & conflicts:
                        return self._unordered(step, state[rank] & conflicts)
                    state[:] = [facts | bit for facts in state]
                case _Take(rank, flag, sync) if not without & sync:
                    bit = self._waits[flag]
                    known = state[rank] & state[len(self._rank) + flag]
                    state[:] = [facts | bit for facts in state]
                    state[rank] = known & ~bit
                case _Raise(rank, flag, sync) if not without & sync:
                    known = state[rank]
                    self._pending[flag] |= known
                    if known & self._waits[flag]:
                        return DoubleSet(self._flags[flag])
                    state[len(self._rank) + flag] = known & self._others[rank]
                case _Order(rank, sync) if not without >> sync & 1:
                    if rank is None:
                        state[: len(self._rank)] = [0] * len(self._rank)
                    else:
                        state[rank] &= self._others[rank]
                case _Repeat(inner, again):
                    found = self._loop(inner, again, state, without)
                case _Either(arms):
                    found = self._either(arms, state, without)
                case _:
                    pass
            if found is not None:
                return found
        return None

    def _unordered(self, step: _Execute, facts: int) -> Unordered:
        earlier = tuple(i for i in self._instructions if facts >> i.number & 1)
        return Unordered(step.instruction, earlier)

    def _either(
        self, arms: Sequence[Sequence[_Step]], state: list[int], without: int
    ) -> Violation | None:
        joined = [0] * len(state)
        for arm in arms:
            after = list(state)
            if (found := self._run(arm, after, without)) is not None:
                return found
            joined = _join(joined, after)
        state[:] = joined
        return None

    def _loop(
        self, steps: Sequence[_Step], again: bool, state: list[int], without: int
    ) -> Violation | None:
        while True:
            after = list(state)
            if (found := self._run(steps, after, without)) is not None:
                return found
            joined = _join(state, after)
            done = joined == state or not again
            state[:] = joined
            if done:
                return None


def _join(first: list[int], second: list[int]) -> list[int]:
    return [a | b for a, b in zip(first, second, strict=True)]
