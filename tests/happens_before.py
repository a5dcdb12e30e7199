"""An independent check of synchronisation: one run of a kernel, unrolled into a graph of events.

Written from the memory consistency model alone; it shares no code with the pass it checks.
"""

import random
from dataclasses import dataclass, field

from xdsl.dialects import scf
from xdsl.dialects.builtin import IntegerAttr, MemRefType
from xdsl.ir import Block, Operation, SSAValue

from hawk_xdsl.dialects.npu import (
    AllocOp,
    BarrierOp,
    KernelOp,
    Pipe,
    SetFlagOp,
    TileOp,
    WaitFlagOp,
    scope_of,
)
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.npu_target.layout import buffer_bytes
from hawk_xdsl.npu_target.temporaries import temporary_bytes
from hawk_xdsl.transforms.trip_count import at_most_one_trip

TARGET = load_target("ascend910b1")
PIPES = TARGET.all_pipes


@dataclass
class Event:
    """One run of an op. ``before`` is the set of events that finish before it starts."""

    op: Operation
    before: int = 0


@dataclass
class Run:
    """The events of one run, issued in program order."""

    events: list[Event] = field(default_factory=list)
    queue: dict[Pipe, list[int]] = field(default_factory=lambda: {pipe: [] for pipe in PIPES})
    holds: dict[Pipe, list[int]] = field(default_factory=lambda: {pipe: [] for pipe in PIPES})
    raised: dict[tuple[Pipe, Pipe, int], int] = field(default_factory=dict)
    taken: dict[tuple[Pipe, Pipe, int], int] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)

    def issue(self, op: Operation, after: list[int]) -> int:
        event = Event(op)
        for number in after:
            event.before |= self.events[number].before | 1 << number
        self.events.append(event)
        return len(self.events) - 1

    def instruction(self, op: TileOp) -> None:
        pipe = TARGET.pipe_of(op)
        self.queue[pipe].append(self.issue(op, self.holds[pipe]))

    def set_flag(self, op: SetFlagOp) -> None:
        pipe = op.source.data
        key = (pipe, op.target.data, op.event.value.data)
        number = self.issue(op, self.queue[pipe])
        self.queue[pipe].append(number)
        if key in self.raised:
            self.mistakes.append(f"{op} while it is set")
        if key in self.taken and not self.events[number].before >> self.taken[key] & 1:
            self.mistakes.append(f"{op} may come before the last wait")
        self.raised[key] = number

    def wait_flag(self, op: WaitFlagOp) -> None:
        pipe = op.target.data
        key = (op.source.data, pipe, op.event.value.data)
        if key not in self.raised:
            self.mistakes.append(f"{op} without a set")
            return
        number = self.issue(op, [*self.holds[pipe], self.raised.pop(key)])
        self.queue[pipe].append(number)
        self.holds[pipe].append(number)
        self.taken[key] = number

    def barrier(self, op: BarrierOp) -> None:
        pipes = PIPES if op.pipe.data == Pipe.ALL else [op.pipe.data]
        number = self.issue(op, [event for pipe in pipes for event in self.queue[pipe]])
        for pipe in pipes:
            self.queue[pipe].append(number)
            self.holds[pipe].append(number)

    def run(self, block: Block, choose: random.Random) -> None:
        for op in block.ops:
            match op:
                case scf.ForOp():
                    for _ in range(choose.randint(0, 1 if at_most_one_trip(op) else 3)):
                        self.run(op.body.block, choose)
                case scf.IfOp():
                    region = choose.choice(op.regions)
                    if region.blocks:
                        self.run(region.block, choose)
                case SetFlagOp():
                    self.set_flag(op)
                case WaitFlagOp():
                    self.wait_flag(op)
                case BarrierOp():
                    self.barrier(op)
                case TileOp():
                    self.instruction(op)
                case _:
                    pass


def _bytes(value: SSAValue) -> tuple[object, int, int]:
    while isinstance(value.owner, Operation) and not isinstance(value.owner, AllocOp):
        value = value.owner.operands[0]
    if not isinstance(value.owner, AllocOp):
        return value, 0, 1
    assert isinstance(value.type, MemRefType) and value.owner.address is not None
    begin = value.owner.address.value.data
    return scope_of(value), begin, begin + buffer_bytes(value.type)


def _touched(op: TileOp) -> list[tuple[bool, tuple[object, int, int]]]:
    touched = [(False, _bytes(value)) for value in op.read_buffers()]
    touched += [(True, _bytes(value)) for value in op.written_buffers()]
    if size := temporary_bytes(op, TARGET.vector):
        temporary = op.properties["temporary"]
        assert isinstance(temporary, IntegerAttr)
        begin = temporary.value.data
        touched.append((True, (scope_of(op.written_buffers()[0]), begin, begin + size)))
    return touched


def _clash(first: TileOp, second: TileOp) -> bool:
    return any(
        (writes or also_writes) and place == other and begin < other_end and other_begin < end
        for writes, (place, begin, end) in _touched(first)
        for also_writes, (other, other_begin, other_end) in _touched(second)
    )


def mistakes(kernel: KernelOp, seed: int) -> list[str]:
    """What is wrong with the order of one run, with random branches and trip counts.

    Trip counts are 0 to 3, or 0 or 1 where the bounds say so (``test_trip_count``).
    """
    run = Run()
    run.run(kernel.body.block, random.Random(seed))
    found = list(run.mistakes)
    found += [f"flag {key} is left set" for key in run.raised]
    instructions = [(n, e, e.op) for n, e in enumerate(run.events) if isinstance(e.op, TileOp)]
    clashes = {
        (a, b): _clash(a, b)
        for a in {op for _, _, op in instructions}
        for b in {op for _, _, op in instructions}
    }
    for place, (_, event, op) in enumerate(instructions):
        for number, _, earlier in instructions[:place]:
            if clashes[(earlier, op)] and not event.before >> number & 1:
                found.append(f"{op} may run before {earlier}")
    return found
