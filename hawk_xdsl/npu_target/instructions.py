"""The instructions on tiles: what every run of one checks, computes, and takes in time."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType
from xdsl.ir import Operation, SSAValue

from hawk_xdsl.dialects.npu import TileOp, VectorOp, scope_of, strides_of
from hawk_xdsl.npu_target.approximation import Approximation
from hawk_xdsl.npu_target.cost import TileShape
from hawk_xdsl.npu_target.global_memory import GlobalTile
from hawk_xdsl.npu_target.l2.traffic import Traffic
from hawk_xdsl.npu_target.memory import TileView
from hawk_xdsl.npu_target.pipes import NO_TRANSFER, CorePipes, Transfer
from hawk_xdsl.npu_target.steps import StepCounter, TooLong
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.npu_target.traps import Fault, TrapCode

Values = list[Any]
"""Run-time values: tiles, integers, numpy scalars. Which is where, the IR's types have settled."""


@dataclass(frozen=True)
class Plan:
    """What an instruction costs for operands of certain shapes.

    Attributes:
        cycles: on its pipe, with the global memory to itself.
        instructions: how many of the hardware's instructions it is.
        bytes: how many it moves.
        transfer: what it takes of global memory.
    """

    cycles: float
    instructions: int = 1
    bytes: int = 0
    transfer: Transfer = NO_TRANSFER


@dataclass(frozen=True)
class Machine:
    """What all instructions of a kernel share.

    ``ordered`` is whether pipes run independently, with addresses, flags and barriers; if not,
    instructions run one after the other and only flags and capacity are not looked at. Without
    ``values`` nothing is computed, and nothing checked that depends on what was. No instruction
    ends after ``limit`` cycles of a block, and ``steps`` counts those of all blocks.
    ``approximation`` is how it takes what the hardware leaves open, and ``traffic`` what L2 has;
    ``None`` for a target without one. ``watch`` gets what an instruction has written.
    """

    core: CorePipes
    target: Target
    ordered: bool
    trace: Callable[[int, Operation, float, float], None] | None
    values: bool = True
    limit: float = inf
    steps: StepCounter = field(default_factory=StepCounter)
    approximation: Approximation = field(default_factory=Approximation)
    traffic: Traffic | None = None
    watch: Callable[[Operation, Sequence[TileView | GlobalTile]], None] | None = None

    def cycles_per_byte(self, op: Operation) -> float:
        """What a byte of global memory costs a core, which shares the rate with the active ones.

        What nobody knows the address of before it runs comes from memory.
        """
        memory = 1 / self.target.global_bandwidth
        known = {} if self.traffic is None else self.traffic.cycles_per_byte
        return self.core.active * known.get(op, memory)


class QueuedInstruction:
    """An instruction in a pipe's queue, with the operands and incarnations it was issued with."""

    __slots__ = ("generations", "instruction", "op", "operands")

    def __init__(
        self, instruction: "TileInstruction", operands: Values, generations: list[int]
    ) -> None:
        self.instruction = instruction
        self.op = instruction.op
        self.operands = operands
        self.generations = generations

    def ready(self) -> bool:
        """Always: it only has to be its turn."""
        return True

    def run(self, issued: float) -> None:
        """Execute it."""
        self.instruction.execute(self.operands, self.generations, issued)


class TileInstruction(ABC):
    """An op of a kernel, decoded once; ``step`` runs it for the values of one moment."""

    def __init__(self, op: TileOp, machine: Machine, slots: tuple[int, ...]) -> None:
        self.op = op
        self.machine = machine
        self.core = machine.core
        self.pipe = machine.core.numbers[machine.target.pipe_of(op)]
        self.slots = slots
        operands = tuple(op.operands)
        reads = [operands.index(value) for value in op.read_buffers()]
        writes = [operands.index(value) for value in op.written_buffers()]
        self.locals = tuple(p for p in (*reads, *writes) if _is_local(operands[p]))
        self.reads = tuple(enumerate(p for p in reads if _is_local(operands[p])))
        self.writes = tuple(
            (len(self.reads) + i, p)
            for i, p in enumerate(p for p in writes if _is_local(operands[p]))
        )
        self.global_reads = tuple(p for p in reads if not _is_local(operands[p]))
        self.global_writes = tuple(p for p in writes if not _is_local(operands[p]))
        buffers = [value.type for value in operands if isinstance(value.type, MemRefType)]
        self.alignments = [
            machine.target.scopes[scope_of(operands[p])].alignment for p in self.locals
        ]
        self.static = all(
            DYNAMIC_INDEX not in type_.get_shape() and None not in strides_of(type_)
            for type_ in buffers
        )
        self.plans: dict[tuple[TileShape, ...], Plan] = {}
        self.plan: Plan | None = None

    def step(self, env: Values) -> None:
        """Issue for the values of the moment; runs at once unless a flag holds the pipe."""
        core = self.core
        core.now += core.issue_cycles
        operands = [env[slot] for slot in self.slots]
        generations = [operands[place].buffer.generation for place in self.locals]
        if core.queues[self.pipe]:
            queued = QueuedInstruction(self, operands, generations)
            core.queues[self.pipe].append((queued, core.now))
            return
        try:
            self.execute(operands, generations, core.now)
        except Fault as fault:
            fault.op = fault.op or self.op
            raise

    def execute(self, operands: Values, generations: list[int], issued: float) -> None:
        """Check, compute, and take the time."""
        core, pipe = self.core, self.pipe
        core.sequence[pipe] += 1
        plan = self.plan or self._find_plan(operands)
        self.count(operands)
        if self.machine.values:
            self.access(operands, generations)
            self.compute(operands)
            if self.machine.watch is not None:
                written = (*(place for _, place in self.writes), *self.global_writes)
                self.machine.watch(self.op, [operands[place] for place in written])
        core.now += (plan.instructions - 1) * core.issue_cycles
        start = self.take_time(plan, issued, operands)
        if core.free[pipe] > self.machine.limit:
            raise TooLong
        if not self.machine.ordered:
            core.now = core.done[pipe]
        if self.machine.trace is not None:
            self.machine.trace(pipe, self.op, start, core.free[pipe])

    def _find_plan(self, operands: Values) -> Plan:
        places = (*self.locals, *self.global_reads, *self.global_writes)
        key = tuple(tile_shape(operands[place]) for place in places)
        plan = self.plans.get(key)
        if plan is None:
            plan = self.plans[key] = self.make_plan(operands)
            if self.static:
                self.plan = plan
        return plan

    def access(self, operands: Values, generations: list[int]) -> None:
        """Check and note what is read and written."""
        core, pipe = self.core, self.pipe
        for place, alignment in zip(self.locals, self.alignments, strict=True):
            if operands[place].start % alignment:
                self._raise_misaligned(operands[place], alignment)
        for index, place in self.reads:
            tile: TileView = operands[place]
            tile.check_initialised(generations[index])
            core.check_order(pipe, tile.region, write=False)
        for _, place in self.writes:
            tile = operands[place]
            core.check_order(pipe, tile.region, write=True)
            for _, read in self.reads:
                if operands[read].region in tile.region.overlaps:
                    self._check_in_place(operands[read], tile)
        for index, place in self.writes:
            operands[place].claim(generations[index], poison=not self.reads)
        for _, place in self.reads:
            core.note(pipe, operands[place].region, write=False)
        for _, place in self.writes:
            core.note(pipe, operands[place].region, write=True)
        clock, sequence, knows = core.base + pipe, core.sequence[pipe], core.knows[pipe]
        for place in self.global_reads:
            operands[place].note_read(core.block, clock, sequence, knows)
        for place in self.global_writes:
            operands[place].note_write(core.block, clock, sequence, knows)

    @staticmethod
    def _raise_misaligned(tile: TileView, alignment: int) -> None:
        raise Fault(
            TrapCode.MISALIGNED,
            f"{tile.buffer.name} starts at byte {tile.start} of {tile.buffer.scope}, which is not "
            f"a multiple of {alignment}",
            address=tile.start,
            alignment=alignment,
        )

    def _check_in_place(self, source: TileView, dest: TileView) -> None:
        if isinstance(self.op, VectorOp) and self.op.ROW.narrows_in_place:
            dense = not source.region.extent.repeats and not dest.region.extent.repeats
            if dense and source.start == dest.start and source.data.itemsize > dest.data.itemsize:
                return
        if source.region is not dest.region or not self.op.IN_PLACE:
            how = "is also the source" if source.region is dest.region else "overlaps the source"
            raise Fault(
                TrapCode.OVERLAP,
                f"the destination {dest.buffer.name} {how} {source.buffer.name}, which this "
                "instruction does not allow",
                source=source.start,
                destination=dest.start,
            )

    @abstractmethod
    def make_plan(self, operands: Values) -> Plan:
        """The cost for the shapes of operands. Raises ``Fault`` for shapes it cannot have."""

    @abstractmethod
    def count(self, operands: Values) -> None:
        """Count what the performance report needs."""

    @abstractmethod
    def compute(self, operands: Values) -> None:
        """Change the destination."""

    def take_time(self, plan: Plan, issued: float, operands: Values) -> float:
        """Occupy the pipe; returns the cycle the instruction starts at."""
        return self.core.occupy(self.pipe, issued, plan.cycles)


def _is_local(value: SSAValue) -> bool:
    return not scope_of(value).is_global


def tile_shape(tile: TileView | GlobalTile) -> TileShape:
    """What costs need to know of a tile."""
    return TileShape(tile.data.shape, tile.data.strides, tile.data.itemsize)
