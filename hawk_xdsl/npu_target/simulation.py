"""Runs a kernel on the NPU simulator: every block, its values, rules and time."""

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Literal

import numpy as np
from xdsl.ir import Operation

from hawk_xdsl.dialects.dtype import Array, is_float
from hawk_xdsl.dialects.npu import KernelOp, Pipe, bound_kernel
from hawk_xdsl.npu_target.approximation import FILLERS, Approximation, Estimates, Undefined
from hawk_xdsl.npu_target.arguments import arrays_of, untouched
from hawk_xdsl.npu_target.core_count import groups_at_once
from hawk_xdsl.npu_target.core_group import CoreGroup, pipe_names
from hawk_xdsl.npu_target.global_memory import AccessLog, GlobalTile
from hawk_xdsl.npu_target.instructions import Machine
from hawk_xdsl.npu_target.l2.cache import traffic_of
from hawk_xdsl.npu_target.l2.traffic import Traffic
from hawk_xdsl.npu_target.legality import verify_kernel
from hawk_xdsl.npu_target.memory import TileView
from hawk_xdsl.npu_target.performance import Performance, bytes_by_path, warnings_of
from hawk_xdsl.npu_target.pipes import CorePipes, FlagKey, RecordWait
from hawk_xdsl.npu_target.steps import RunawayError, StepCounter, TooLong
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.npu_target.target_file import load_target
from hawk_xdsl.npu_target.traps import Fault, Trap, TrapCode, value_name
from hawk_xdsl.npu_target.watch import Watch, written_state

Mode = Literal["planned", "program-order"]


@dataclass(frozen=True)
class TraceEvent:
    """An instruction on the timeline: cycles since the launch.

    ``misses`` is the share of its bytes that L2 had not, on average over the launch; ``None`` for
    what loads nothing from global memory.
    """

    core: int
    block: int
    pipe: Pipe
    name: str
    start: float
    end: float
    misses: float | None = None


@dataclass(frozen=True)
class FlagWait:
    """A flag on the timeline: when it is set, and the wait from being reached until it is passed.

    Cycles since the launch.
    """

    core: int
    block: int
    source: Pipe
    target: Pipe
    event: int
    set_at: float
    start: float
    end: float


@dataclass(frozen=True, kw_only=True)
class Simulation(Performance):
    """What a kernel did.

    Attributes:
        outputs: one array for each output of the kernel.
        traffic: what it moved through L2; ``None`` if the target has none.
        timeline: every instruction, if a trace was asked for.
        waits: every flag, if a trace was asked for.
    """

    outputs: tuple[Array, ...]
    traffic: Traffic | None = None
    timeline: tuple[TraceEvent, ...] = ()
    waits: tuple[FlagWait, ...] = ()


def simulate(
    kernel: KernelOp,
    inputs: Sequence[Array],
    target: Target | None = None,
    *,
    mode: Mode = "planned",
    trace: bool = False,
    limit: float = inf,
    steps: StepCounter | None = None,
    estimates: Estimates = "signed",
    traffic: Traffic | None = None,
    extents: Mapping[str, int] | None = None,
    watch: Watch | None = None,
    joins: bool = False,
) -> Simulation:
    """Run all blocks of a verified kernel on the model of a target.

    Args:
        kernel: the kernel; ``target``: where to run, its own if not given.
        inputs: one array for each input, with its shape and dtype (i1 as int8).
        mode: ``planned`` with addresses, flags and barriers of the IR; ``program-order`` before.
        trace: whether to keep the timeline; ``watch`` gets what each instruction has written.
        limit: cycles that each block may take; ``steps`` counts and limits those of all blocks.
        estimates: which way the results of approximate instructions are off.
        traffic: what it moves through L2 (``traffic_of``), which is empty before if not given.
        extents: the lengths that the launch gives; ``joins``: another kernel began it, at no cost.

    Raises:
        Trap: the kernel breaks a rule; an output depends on a result that is not defined.
        RunawayError, HawkError: it takes more cycles or steps than it may; inputs do not fit it.
    """
    kernel, target = bound_kernel(kernel, extents or {}), target or load_target(kernel.target.data)
    verify_kernel(kernel, target)
    traffic = traffic or traffic_of(kernel, target)
    taken = [Approximation(estimates, filler) for filler in FILLERS]

    def run(approximation: Approximation, keep: bool, steps: StepCounter | None) -> Simulation:
        return _Simulation(
            kernel,
            inputs,
            target,
            planned=mode == "planned",
            trace=keep,
            limit=limit,
            steps=steps,
            approximation=approximation,
            traffic=traffic,
            watch=watch if approximation is taken[0] else None,
            joins=joins,
        ).simulation()

    try:
        with np.errstate(all="ignore"):
            found = run(taken[0], trace, steps)
            if taken[0].met is not None:  # run again with another value in its place
                again = run(taken[1], False, steps and StepCounter(steps.limit))
                _check_defined(kernel, taken[0].met, found.outputs, again.outputs)
            return found
    except TooLong as error:
        raise _runaway(kernel) from error


def _runaway(kernel: KernelOp) -> RunawayError:
    return RunawayError(f"@{kernel.sym_name.data} does not end within what was allowed for it")


def _check_defined(
    kernel: KernelOp, undefined: Undefined, outputs: Sequence[Array], again: Sequence[Array]
) -> None:
    """Raise ``Trap`` if outputs differ between runs that differ in undefined results only."""
    for argument, first, second in zip(kernel.outputs, outputs, again, strict=True):
        if (differs := _differ(first, second)).any():
            place = [int(i) for i in np.argwhere(differs)[0]]
            raise Trap(
                TrapCode.UNDEFINED,
                f"{value_name(argument)}{place} depends on the result for {undefined.value:g}, "
                "which is not defined: select another value there",
                op=undefined.op,
                kernel=kernel.sym_name.data,
                facts={"value": f"{undefined.value:g}"},
            )


def _differ(first: Array, second: Array) -> Array:
    """Where bits are not the same; all NaN are."""
    unsigned = f"u{first.itemsize}"
    differs = first.view(unsigned) != second.view(unsigned)
    return differs & ~(np.isnan(first) & np.isnan(second)) if is_float(first.dtype) else differs


def time_kernel(
    kernel: KernelOp,
    target: Target,
    limit: float = inf,
    steps: StepCounter | None = None,
    traffic: Traffic | None = None,
    *,
    joins: bool = False,
) -> Performance | None:
    """How long a planned and synchronised kernel takes, without its values: it takes milliseconds.

    Runs the first block, which has as many tiles as any, computes nothing and checks only what
    shapes tell; what the kernel reads to steer by is taken for 0. It ranks kernels, and is no
    verdict on them. ``None`` says that it takes more than ``limit`` cycles, or more ``steps`` than
    these allow, which count those of the block. ``traffic`` and ``joins`` are as for ``simulate``.

    Raises:
        Trap: an instruction cannot have the shapes it gets, or the kernel does not end.
    """
    verify_kernel(kernel, target)
    arguments = kernel.body.block.args
    run = _Simulation(
        kernel,
        (),
        target,
        planned=True,
        trace=False,
        values=False,
        limit=limit,
        steps=steps,
        traffic=traffic or traffic_of(kernel, target),
        joins=joins,
    )
    tiles = [GlobalTile(array, array.data, None, 0) for array in untouched(arguments)]
    try:
        cycles = run.run_block(0, tiles)
    except TooLong:
        return None
    pipes = target.all_pipes
    return Performance(
        cycles=run.begins + cycles,
        busy=dict(zip(pipes, run.group.busy(), strict=True)),
        stalls={(pipes[a], pipes[b]): time for (a, b), time in run.group.stalled().items()},
        bytes_moved=bytes_by_path(run.group.instructions),
        warnings=(),
    )


class _Simulation:
    """One simulation."""

    def __init__(
        self,
        kernel: KernelOp,
        inputs: Sequence[Array],
        target: Target,
        *,
        planned: bool,
        trace: bool,
        values: bool = True,
        limit: float = inf,
        steps: StepCounter | None = None,
        approximation: Approximation | None = None,
        traffic: Traffic | None = None,
        watch: Watch | None = None,
        joins: bool = False,
    ) -> None:
        self.kernel = kernel
        self.target = target
        self.blocks = kernel.blocks.value.data
        self.groups = groups_at_once(kernel, target)
        self.begins = 0.0 if joins or not kernel.is_mixed else target.launch.mixed or 0.0
        self.events: list[TraceEvent] = []
        self.waits: list[FlagWait] = []
        self.pending: list[tuple[int, int, Operation, float, float]] = []
        self.pending_waits: list[tuple[int, FlagKey, float, float, float]] = []
        self.planned = planned
        self.traffic = traffic
        taken = approximation or Approximation()
        steps = steps or StepCounter()

        def watched(op: Operation, tiles: Sequence[TileView | GlobalTile]) -> None:
            if watch is not None:
                for tile in tiles:
                    watch(written_state(self.group.block, self.group.place(op), op, tile))

        def machine(pipes: CorePipes, number: int) -> Machine:
            recorder = None
            if trace:
                recorder = self._recorder(number)
                pipes.record_wait = self._wait_recorder(number)
            return Machine(
                pipes,
                target,
                planned,
                recorder,
                values,
                limit,
                steps,
                taken,
                traffic,
                None if watch is None else watched,
            )

        active = min(self.blocks, self.groups)
        try:
            self.group = CoreGroup(kernel, target, active, machine, planned=planned)
            self.log = AccessLog(pipe_names(kernel, target), len(self.group.cores))
            self.arrays = arrays_of(kernel, inputs, self.log) if values else []
        except Fault as fault:
            raise self._trap(fault, fault.op, "") from fault

    def simulation(self) -> Simulation:
        """Run all blocks, each on the core that is free first."""
        arguments = [GlobalTile(array, array.data, array.writers, 0) for array in self.arrays]
        free = [(self.begins, core) for core in range(min(self.blocks, self.groups))]
        busy = [[0.0] * len(self.target.all_pipes) for _ in free]
        stalled: list[dict[tuple[int, int], float]] = [{} for _ in free]
        for block in range(self.blocks):
            start, core = heapq.heappop(free)
            cycles = self.run_block(block, arguments)
            busy[core] = [a + b for a, b in zip(busy[core], self.group.busy(), strict=True)]
            for pair, time in self.group.stalled().items():
                stalled[core][pair] = stalled[core].get(pair, 0.0) + time
            heapq.heappush(free, (start + cycles, core))
            self._place_events(start, core, block)
        self._check_outputs()
        cycles, last = max(free)
        pipes = self.target.all_pipes
        instructions = self.group.instructions
        inputs = self.kernel.input_count.value.data
        run = Simulation(
            outputs=tuple(array.data for array in self.arrays[inputs:]),
            cycles=cycles,
            busy={pipe: busy[last][i] for i, pipe in enumerate(pipes)},
            stalls={(pipes[a], pipes[b]): time for (a, b), time in stalled[last].items()},
            bytes_moved=bytes_by_path(instructions),
            warnings=(),
            timeline=tuple(self.events),
            waits=tuple(self.waits),
            traffic=self.traffic,
        )
        banks = self.target.vector.banks if self.planned else None
        return replace(run, warnings=warnings_of(run, instructions, banks, self.target))

    def run_block(self, block: int, arguments: Sequence[GlobalTile]) -> float:
        """Run one block on idle cores; returns its cycles. Raises ``Trap``."""
        self.log.begin_block()
        try:
            return self.group.run(block, arguments)
        except Fault as fault:
            raise self._trap(fault, fault.op, fault.place) from fault

    def _trap(self, fault: Fault, op: Operation | None, place: str) -> Trap:
        kernel = self.kernel.sym_name.data
        return Trap(fault.code, fault.message, op=op, kernel=kernel, place=place, facts=fault.facts)

    def _check_outputs(self) -> None:
        scratch = self.kernel.scratch_count
        for array in self.arrays[: len(self.arrays) - scratch]:
            missing = 0 if array.writers is None else array.unwritten()
            if missing:
                assert array.writers is not None
                first = [int(i) for i in np.argwhere(array.writers == 0)[0]]
                raise Trap(
                    TrapCode.UNWRITTEN_OUTPUT,
                    f"{missing} of {array.data.size} elements of the output {array.name} are "
                    f"never written, the first at {first}",
                    kernel=self.kernel.sym_name.data,
                    facts={"missing": missing},
                )

    def _recorder(self, core: int) -> Callable[[int, Operation, float, float], None]:
        return lambda pipe, op, start, end: self.pending.append((core, pipe, op, start, end))

    def _wait_recorder(self, core: int) -> RecordWait:
        return lambda key, set_at, start, end: self.pending_waits.append(
            (core, key, set_at, start, end)
        )

    def _place_events(self, start: float, core: int, block: int) -> None:
        """Note what one block did; cores that work together are numbered one after the other."""
        pipes, together = self.target.all_pipes, len(self.group.cores)
        misses = {} if self.traffic is None else self.traffic.miss_share
        for number, pipe, op, begin, end in self.pending:
            times = (start + begin, start + end)
            event = TraceEvent(
                core * together + number, block, pipes[pipe], op.name, *times, misses.get(op)
            )
            self.events.append(event)
        for number, (source, target, event), set_at, begin, end in self.pending_waits:
            ends = (pipes[source], pipes[target], event)
            times = (start + set_at, start + begin, start + end)
            self.waits.append(FlagWait(core * together + number, block, *ends, *times))
        self.pending.clear()
        self.pending_waits.clear()
