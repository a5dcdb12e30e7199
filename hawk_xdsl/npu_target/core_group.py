"""The cores that run one block of a kernel: one, or those of all parts of a mixed kernel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.ir import Operation

from hawk_xdsl.dialects.npu import CrossSetOp, CrossWaitOp, KernelOp, KernelPart
from hawk_xdsl.npu_target.cross_flags import CrossFlags, CrossSet, CrossWait, Member
from hawk_xdsl.npu_target.cross_spec import CrossSpec
from hawk_xdsl.npu_target.decode import DecodedKernel, Step
from hawk_xdsl.npu_target.global_memory import GlobalTile
from hawk_xdsl.npu_target.instructions import Machine, TileInstruction, Values
from hawk_xdsl.npu_target.pipes import Bandwidth, CorePipes
from hawk_xdsl.npu_target.scopes import Scopes
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.npu_target.traps import Fault, TrapCode
from hawk_xdsl.npu_target.turns import Turns

MakeMachine = Callable[[CorePipes, int], Machine]
"""What the instructions of one core share, for its pipes and its number in the group."""


def pipe_names(kernel: KernelOp, target: Target) -> list[str]:
    """The pipes of all cores of a group, one core after the other; with the core if several."""
    pipes = target.all_pipes
    if not kernel.is_mixed:
        return list(pipes)
    return [
        f"the {pipe} of a {part.core} core"
        for part in kernel.parts
        for _ in range(part.cores)
        for pipe in pipes
    ]


@dataclass(frozen=True)
class _Core:
    """One core of the group; ``place`` is its number among those of its part."""

    part: KernelPart
    place: int
    pipes: CorePipes
    scopes: Scopes
    program: DecodedKernel

    def number(self, block: int) -> int:
        """Its ``npu.block_idx``."""
        return block * self.part.cores + self.place


class CoreGroup:
    """The cores of one block with their programs; blocks run on it one after the other."""

    def __init__(
        self, kernel: KernelOp, target: Target, active: int, machine: MakeMachine, *, planned: bool
    ) -> None:
        """``active`` groups share global memory. Raises ``Fault`` for what cannot be decoded."""
        self.block = 0
        self._turns = Turns()
        self._values: list[Values] = []
        self._planned = planned
        places = [(part, place) for part in kernel.parts for place in range(part.cores)]
        bandwidth = Bandwidth()
        all_pipes = [
            CorePipes(
                target,
                active,
                ordered=planned,
                place=number,
                together=len(places),
                bandwidth=bandwidth,
            )
            for number in range(len(places))
        ]
        members = [
            Member(part.core, pipes) for (part, _), pipes in zip(places, all_pipes, strict=True)
        ]
        spec = target.cross or CrossSpec(0, 1, 0.0)
        self._flags = CrossFlags(spec, members)
        self.cores: list[_Core] = []
        for number, ((part, place), member) in enumerate(zip(places, members, strict=True)):
            if len(places) > 1:
                member.pipes.wait_for_others = self._turns.wait
            scopes = Scopes(target, planned=planned)
            shared = machine(member.pipes, number)
            cross = self._cross_decoder(member, target)
            program = DecodedKernel(kernel, part, shared, scopes, cross)
            self.cores.append(_Core(part, place, member.pipes, scopes, program))

    @property
    def instructions(self) -> list[TileInstruction]:
        """The decoded instructions of all cores, with their counters."""
        return [each for core in self.cores for each in core.program.instructions]

    def busy(self) -> list[float]:
        """Cycles each pipe has worked, on the core where it worked longest."""
        return [max(times) for times in zip(*(core.pipes.busy for core in self.cores), strict=True)]

    def stalled(self) -> dict[tuple[int, int], float]:
        """Cycles a pipe has waited for another of its core, on the core where it waited longest."""
        found: dict[tuple[int, int], float] = {}
        for core in self.cores:
            for pair, time in core.pipes.stalled().items():
                found[pair] = max(time, found.get(pair, 0.0))
        return found

    def run(self, block: int, arguments: Sequence[GlobalTile]) -> float:
        """Run one block on idle cores; returns its cycles. Raises ``Fault`` with its place."""
        self.block = block
        self._flags.reset()
        for core in self.cores:
            core.pipes.reset(block)
            core.scopes.reset()
        values = [core.program.environment(arguments, core.number(block)) for core in self.cores]
        self._values = values
        try:
            self._turns.run(
                [_program(core.program, env) for core, env in zip(self.cores, values, strict=True)]
            )
            cycles = max(core.pipes.finish() for core in self.cores)
            self._flags.check_end()
        except Fault as fault:
            fault.place = self.place(fault.op)
            raise
        return cycles

    def _cross_decoder(
        self, member: Member, target: Target
    ) -> Callable[[CrossSetOp | CrossWaitOp], Step]:
        def decoder(op: CrossSetOp | CrossWaitOp) -> Step:
            core = member.pipes
            pipe = core.numbers[target.move_pipe(member.core, op.move.data)]
            if isinstance(op, CrossSetOp):
                found = CrossSet(op, member, self._flags, pipe)
                return lambda env: core.issue(pipe, found)
            wait = CrossWait(op, member, pipe)
            if self._planned:
                return lambda env: core.issue(pipe, wait)

            def in_program_order(env: Values) -> None:
                if not self._turns.wait(wait.ready):
                    raise Fault(TrapCode.DEADLOCK, f"waits for {wait}, which nothing will set")
                core.issue(pipe, wait)
                core.now = max(core.now, core.free[pipe])

            return in_program_order

        return decoder

    def place(self, op: Operation | None) -> str:
        """``block 3, %t = 8``: the block that runs, and the loops around the op."""
        parts: list[str] = []
        parent = op
        while parent is not None:
            for core, env in zip(self.cores, self._values, strict=True):
                if parent in core.program.loops and parent is not op:
                    variable = parent.regions[0].block.args[0]
                    name = variable.name_hint or f"{len(parts)}"
                    parts.insert(0, f"%{name} = {env[core.program.loops[parent]]}")
                    break
            parent = parent.parent_op()
        return ", ".join([f"block {self.block}", *parts])


def _program(program: DecodedKernel, env: Values) -> Callable[[], None]:
    def run() -> None:
        with np.errstate(all="ignore"):
            program.run(env)

    return run
