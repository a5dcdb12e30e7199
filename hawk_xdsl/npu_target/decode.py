"""Decodes a kernel once into steps, so that running a block costs little beyond its numpy work.

xDSL's interpreter loop takes several microseconds an op (scoped dictionaries, dispatch, result
objects) and prints the module into every error; a step is one call on a list of values.
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Block, Operation, SSAValue

from hawk_xdsl.dialects.npu import (
    AllocOp,
    BarrierOp,
    BlockCountOp,
    BlockIdxOp,
    CopyOp,
    CrossSetOp,
    CrossWaitOp,
    FixpipeOp,
    KernelOp,
    KernelPart,
    LoadOp,
    MmadOp,
    Pipe,
    ReadOp,
    ReturnOp,
    SetFlagOp,
    StoreOp,
    Subview,
    VectorOp,
    WaitFlagOp,
    scope_of,
)
from hawk_xdsl.npu_target.global_memory import GlobalTile
from hawk_xdsl.npu_target.instructions import Machine, TileInstruction, Values
from hawk_xdsl.npu_target.memory import TileView
from hawk_xdsl.npu_target.moves import MoveInstruction
from hawk_xdsl.npu_target.scalars import Function, constant_value, scalar_function
from hawk_xdsl.npu_target.scopes import Scopes
from hawk_xdsl.npu_target.synchronisation import Barrier, BarrierAll, SetFlag, WaitFlag
from hawk_xdsl.npu_target.tile_instructions import (
    MmadInstruction,
    ReadInstruction,
    VectorInstruction,
)
from hawk_xdsl.npu_target.traps import Fault, TrapCode

Step = Callable[[Values], None]


CrossDecoder = Callable[[CrossSetOp | CrossWaitOp], Step]
"""The step of a flag between cores."""


class DecodedKernel:
    """What a kernel has for one kind of core, as steps on an environment, a slot an SSA value.

    Attributes:
        instructions: the decoded tile instructions, with their counters.
        loops: the slot of each loop's variable.
    """

    def __init__(
        self,
        kernel: KernelOp,
        part: KernelPart,
        machine: Machine,
        scopes: Scopes,
        cross: CrossDecoder | None = None,
    ) -> None:
        self._cross = cross
        self._machine = machine
        self._scopes = scopes
        self._slots: dict[SSAValue, int] = {}
        self._initial: Values = []
        self.instructions: list[TileInstruction] = []
        self.loops: dict[Operation, int] = {}
        self._arguments = [self.slot(argument) for argument in kernel.body.block.args]
        self._block_index = self._constant(None)
        self._block_count = self._constant(kernel.blocks.value.data * part.cores)
        self._steps = self._block(part.block)

    def environment(self, arguments: Sequence[GlobalTile], block: int) -> Values:
        """The values before the first step of a block."""
        env = list(self._initial)
        for slot, argument in zip(self._arguments, arguments, strict=True):
            env[slot] = argument
        env[self._block_index] = block
        return env

    def run(self, env: Values) -> None:
        """Run all steps. Raises ``Fault``."""
        self._steps(env)

    def slot(self, value: SSAValue) -> int:
        """The place of a value in the environment."""
        if value not in self._slots:
            self._slots[value] = self._constant(None)
        return self._slots[value]

    def _constant(self, value: object) -> int:
        self._initial.append(value)
        return len(self._initial) - 1

    def _slots_of(self, values: Sequence[SSAValue]) -> tuple[int, ...]:
        return tuple(self.slot(value) for value in values)

    def _block(self, block: Block) -> Step:
        """All ops of a block but its terminator; its scalar ops are charged together."""
        steps: list[Step] = []
        scalar_ops = 0
        for op in block.ops:
            if isinstance(op, ReturnOp | scf.YieldOp):
                continue
            function = scalar_function(op)
            try:
                if function is not None:
                    steps.append(self._scalar(op, function))
                    scalar_ops += 1
                else:
                    step = self._decode(op)
                    if step is not None:
                        steps.append(step)
            except Fault as fault:
                fault.op = fault.op or op
                raise
        core, cycles = self._machine.core, scalar_ops * self._machine.target.scalar.operation
        take, count = self._machine.steps.take, len(steps) + 1

        def run(env: Values) -> None:
            take(count)
            core.now += cycles
            for step in steps:
                step(env)

        return run

    def _decode(self, op: Operation) -> Step | None:
        """The step of an op, or ``None`` if it only has a constant result."""
        match op:
            case arith.ConstantOp():
                self._initial[self.slot(op.result)] = constant_value(op)
                return None
            case BlockIdxOp():
                self._slots[op.value] = self._block_index
                return None
            case BlockCountOp():
                self._slots[op.value] = self._block_count
                return None
            case scf.ForOp():
                return self._for(op)
            case scf.IfOp():
                return self._if(op)
            case memref.SubviewOp():
                return self._subview(op)
            case memref.ReinterpretCastOp():
                return self._cast(op)
            case AllocOp():
                return self._alloc(op)
            case SetFlagOp() | WaitFlagOp() | BarrierOp():
                return self._synchronisation(op)
            case CrossSetOp() | CrossWaitOp() if self._cross is not None:
                return self._cross(op)
            case _:
                return self._instruction(op)

    def _scalar(self, op: Operation, function: Function) -> Step:
        slots, result = self._slots_of(op.operands), self.slot(op.results[0])
        if len(slots) == 1:
            (only,) = slots

            def unary(env: Values) -> None:
                env[result] = function(env[only])

            return unary

        def step(env: Values) -> None:
            try:
                env[result] = function(*[env[slot] for slot in slots])
            except Fault as fault:
                fault.op = op
                raise

        return step

    def _for(self, op: scf.ForOp) -> Step:
        lower, upper, stride = self._slots_of((op.lb, op.ub, op.step))
        variable, *carried = self._slots_of(op.body.block.args)
        self.loops[op] = variable
        starts, results = self._slots_of(op.iter_args), self._slots_of(op.results)
        body = self._block(op.body.block)
        terminator = op.body.block.last_op
        assert isinstance(terminator, scf.YieldOp)
        yielded = self._slots_of(terminator.operands)

        def step(env: Values) -> None:
            if env[stride] < 1:
                fault = Fault(TrapCode.ARITHMETIC, f"a loop with step {env[stride]}")
                fault.op = op
                raise fault
            values = [env[slot] for slot in starts]
            for index in range(env[lower], env[upper], env[stride]):
                env[variable] = index
                for slot, value in zip(carried, values, strict=True):
                    env[slot] = value
                body(env)
                values = [env[slot] for slot in yielded]
            for slot, value in zip(results, values, strict=True):
                env[slot] = value

        return step

    def _if(self, op: scf.IfOp) -> Step:
        condition, results = self.slot(op.cond), self._slots_of(op.results)
        branches: list[tuple[Step, tuple[int, ...]] | None] = []
        for region in (op.false_region, op.true_region):
            if not region.blocks:
                branches.append(None)
                continue
            terminator = region.block.last_op
            assert isinstance(terminator, scf.YieldOp)
            body = self._block(region.block)
            branches.append((body, self._slots_of(terminator.operands)))

        def step(env: Values) -> None:
            branch = branches[bool(env[condition])]
            if branch is None:
                return
            body, yielded = branch
            body(env)
            for slot, value in zip(results, [env[slot] for slot in yielded], strict=True):
                env[slot] = value

        return step

    def _alloc(self, op: AllocOp) -> Step:
        tile = self._scopes.allocate(op)
        self._initial[self.slot(op.buffer)] = tile
        buffer = tile.buffer

        def step(env: Values) -> None:
            buffer.generation += 1

        return step

    def _subview(self, op: memref.SubviewOp) -> Step:
        source, result = self.slot(op.source), self.slot(op.result)
        subview = Subview.of(op)
        offsets, sizes, strides = (
            tuple(self._constant(n) if isinstance(n, int) else self.slot(n) for n in places)
            for places in (subview.offsets, subview.sizes, subview.strides)
        )
        cache: dict[tuple[Any, ...], TileView | GlobalTile] = {}

        def step(env: Values) -> None:
            tile: TileView | GlobalTile = env[source]
            key = (tile, *[env[slot] for slot in (*offsets, *sizes, *strides)])
            view = cache.get(key)
            if view is None:
                starts = [env[slot] for slot in offsets]
                counts = [env[slot] for slot in sizes]
                steps = [env[slot] for slot in strides]
                try:
                    view = _view(tile, subview, starts, counts, steps)
                except Fault as fault:
                    fault.op = op
                    raise
                if isinstance(view, TileView):
                    cache[key] = view
            env[result] = view

        return step

    def _cast(self, op: memref.ReinterpretCastOp) -> Step:
        """Another shape of a whole buffer of rows, or of a whole argument."""
        source, result = self.slot(op.source), self.slot(op.result)
        shape, strides = op.static_sizes.get_values(), op.static_strides.get_values()
        source_type = op.source.type
        assert isinstance(source_type, MemRefType)
        whole = prod(shape) == prod(source_type.get_shape())
        if op.offsets or op.sizes or op.strides or any(op.static_offsets.get_values()) or not whole:
            raise Fault(TrapCode.UNSUPPORTED, "is not another shape of a whole buffer")

        def step(env: Values) -> None:
            env[result] = env[source].recast(shape, strides)

        return step

    def _synchronisation(self, op: SetFlagOp | WaitFlagOp | BarrierOp) -> Step | None:
        core = self._machine.core
        if not self._machine.ordered:
            return None
        match op:
            case SetFlagOp():
                found = SetFlag(op, core)
            case WaitFlagOp():
                found = WaitFlag(op, core)
            case BarrierOp():
                found = BarrierAll(op, core) if op.pipe.data == Pipe.ALL else Barrier(op, core)
        pipe = found.pipe
        return lambda env: core.issue(pipe, found)

    def _instruction(self, op: Operation) -> Step:
        machine, slots = self._machine, self._slots_of(op.operands)
        match op:
            case VectorOp():
                temporary = self._scopes.temporary(op)
                instruction = VectorInstruction(op, machine, slots, temporary)
            case LoadOp() | StoreOp() | CopyOp() | FixpipeOp():
                path = machine.target.path_between(scope_of(op.source), scope_of(op.dest))
                instruction = MoveInstruction(op, machine, slots, path)
            case MmadOp():
                instruction = MmadInstruction(op, machine, slots)
            case ReadOp():
                instruction = ReadInstruction(op, machine, slots, self.slot(op.value))
            case _:
                raise Fault(TrapCode.UNSUPPORTED, "is not an op that a kernel can have")
        self.instructions.append(instruction)
        return instruction.step


def _view(
    tile: TileView | GlobalTile,
    subview: Subview,
    starts: Sequence[int],
    counts: Sequence[int],
    steps: Sequence[int],
) -> TileView | GlobalTile:
    """A part of a tile. Raises ``Fault`` if it is not within the tile."""
    for start, count, step, extent in zip(starts, counts, steps, tile.shape, strict=True):
        if count < 1 or step < 1:
            raise Fault(TrapCode.SHAPE, f"takes {list(counts)} elements with steps {list(steps)}")
        if start < 0 or start + (count - 1) * step >= extent:
            name = tile.array.name if isinstance(tile, GlobalTile) else tile.buffer.name
            raise Fault(
                TrapCode.OUT_OF_BOUNDS,
                f"takes elements {list(starts)} to "
                f"{[s + (c - 1) * t for s, c, t in zip(starts, counts, steps, strict=True)]} of "
                f"{name}, which has {list(tile.shape)}",
                start=start,
                count=count,
                extent=extent,
            )
    return tile.view(subview.index(starts, counts, steps))
