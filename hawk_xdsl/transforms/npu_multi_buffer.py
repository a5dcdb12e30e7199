"""npu-multi-buffer: successive iterations of a loop use buffers in turn, so that pipes overlap."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from xdsl.context import Context
from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, i64
from xdsl.ir import Block, Operation, Region, SSAValue

from hawk_xdsl.dialects.constants import constant_of
from hawk_xdsl.dialects.npu import (
    AllocOp,
    BlockCountOp,
    BlockIdxOp,
    KernelOp,
    LoadOp,
    Pipe,
    TileOp,
)
from hawk_xdsl.dialects.npu.kernel_extents import ACROSS, STOPS
from hawk_xdsl.npu_target import Target
from hawk_xdsl.npu_target.placement import place
from hawk_xdsl.transforms.buffers import view_users
from hawk_xdsl.transforms.liveness import Positions, live_ranges
from hawk_xdsl.transforms.npu_pass import NpuPass
from hawk_xdsl.transforms.parts import for_each_part
from hawk_xdsl.transforms.pass_error import PassError
from hawk_xdsl.transforms.trip_count import at_most_one_trip


@dataclass(frozen=True)
class NpuMultiBufferPass(NpuPass):
    """Unrolls loops over tiles by ``buffers``, each copy with buffers of its own.

    Before ``npu-plan-memory``. A buffer that an iteration allocates is dead at its end and written
    before it is read in the next one, so the next one may as well have another: the copies that
    fill it, the instructions that use it and the copies that drain it then work on different
    iterations at once. What only one pipe touches stays single, since a pipe cannot overlap with
    itself. Where not all buffers fit twice, those that are loaded do, or else the loop stays as
    it is. The copies' ``npu.alloc`` say how many there are of each.

    Args:
        buffers: how many buffers take turns, at least 2, where a kernel's schedule does not say it.
        target: the target whose memory must hold them, instead of the one that each kernel names.

    Raises:
        PassError: fewer than 2 buffers.
        HawkError: no such target.
    """

    name = "npu-multi-buffer"

    buffers: int = 2
    target: str | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Multi-buffer every kernel of the module."""
        if self.buffers < 2:
            raise PassError(f"npu-multi-buffer: buffers={self.buffers}; at least 2 take turns")
        for kernel in op.walk():
            if isinstance(kernel, KernelOp):
                target = self.target_of(kernel, self.target)
                multi_buffer_kernel(kernel, target, self.buffers)


def multi_buffer_kernel(kernel: KernelOp, target: Target, buffers: int = 2) -> None:
    """Multi-buffer one kernel, inner loops first; one that is multi-buffered stays as it is.

    The kernel's schedule overrides how many buffers take turns; with 1 every buffer stays single.
    """
    for_each_part(kernel, lambda part: _multi_buffer_part(part, target, buffers))


def _multi_buffer_part(kernel: KernelOp, target: Target, buffers: int) -> None:
    if kernel.schedule is not None:
        buffers = kernel.schedule.buffers.data or buffers
    if buffers == 1:
        return
    if any(isinstance(op, AllocOp) and op.buffers is not None for op in kernel.walk()):
        return
    for loop in [op for op in _inner_first(kernel) if isinstance(op, scf.ForOp)]:
        _multi_buffer_loop(kernel, loop, target, buffers)


def _multi_buffer_loop(kernel: KernelOp, loop: scf.ForOp, target: Target, buffers: int) -> None:
    """Unroll a loop if its buffers fit."""
    trips = _most_trips(loop)
    if loop.iter_args or (trips is not None and trips < 2) or at_most_one_trip(loop):
        return
    for chosen in _choices(_shared_between_pipes(loop, target)):
        trial = kernel.clone()
        places = {op: place for place, op in enumerate(kernel.walk())}
        copies = list(trial.walk())
        trial_loop = copies[places[loop]]
        assert isinstance(trial_loop, scf.ForOp)
        _unroll(trial_loop, {copies[places[alloc]] for alloc in chosen}, buffers)
        if _fits(trial, target):
            _unroll(loop, set(chosen), buffers)
            return


def _inner_first(op: Operation) -> Iterator[Operation]:
    for region in op.regions:
        for block in region.blocks:
            for inner in block.ops:
                yield from _inner_first(inner)
    yield op


def _choices(allocs: Sequence[AllocOp]) -> Iterator[Sequence[AllocOp]]:
    """What to try: all, then those that are loaded into only."""
    loaded = [alloc for alloc in allocs if _is_loaded(alloc)]
    if allocs:
        yield allocs
    if loaded and len(loaded) < len(allocs):
        yield loaded


def _shared_between_pipes(loop: scf.ForOp, target: Target) -> list[AllocOp]:
    """The single buffers that this loop's iterations allocate and that several pipes touch."""
    return [
        op
        for op in loop.walk()
        if isinstance(op, AllocOp)
        and op.buffers is None
        and _loop_around(op) is loop
        and len(_pipes(op, target)) > 1
    ]


def _loop_around(op: Operation) -> Operation | None:
    """The innermost loop around an op that may run several times."""
    parent = op.parent_op()
    while parent is not None and (not isinstance(parent, scf.ForOp) or at_most_one_trip(parent)):
        parent = parent.parent_op()
    return parent


def _pipes(alloc: AllocOp, target: Target) -> set[Pipe]:
    users = view_users(alloc.buffer)
    return {target.pipe_of(user) for user in users if isinstance(user, TileOp)}


def _is_loaded(alloc: AllocOp) -> bool:
    return any(isinstance(user, LoadOp) for user in view_users(alloc.buffer))


def _most_trips(loop: scf.ForOp) -> int | None:
    """Most iterations of a loop on one core, if its bounds are numbers or blocks."""
    start, stop, step = (constant_of(value) for value in (loop.lb, loop.ub, loop.step))
    if isinstance(loop.lb.owner, BlockIdxOp):
        start = 0
    if isinstance(loop.step.owner, BlockCountOp):
        kernel = loop.parent_op()
        while not isinstance(kernel, KernelOp):
            assert kernel is not None
            kernel = kernel.parent_op()
        step = kernel.blocks.value.data
    if start is None or stop is None or step is None or step < 1:
        return None
    return max(0, -(-(stop - start) // step))


def _unroll(loop: scf.ForOp, chosen: set[Operation], buffers: int) -> None:
    """Put copies of the body behind it, each with buffers of its own for those chosen.

    A copy runs only if its iteration does, which is not asked where the numbers tell.
    """
    for op in chosen:
        op.properties["buffers"] = IntegerAttr(buffers, i64)
    loop.attributes.pop(ACROSS, None)
    loop.attributes.pop(STOPS, None)
    body, exact = loop.body.block, _runs_in_full_turns(loop, buffers)
    ops = [op for op in body.ops if not isinstance(op, scf.YieldOp)]
    end = body.last_op
    assert end is not None
    ahead: Operation | SSAValue = loop.step
    for _ in range(1, buffers):
        index = arith.AddiOp(body.args[0], ahead)
        body.insert_op_before(index, end)
        copy = Block([])
        _clone_into(copy, ops, {body.args[0]: index.result})
        if exact:
            _move_before(copy, end)
        else:
            runs = arith.CmpiOp(index, loop.ub, "slt")
            copy.add_op(scf.YieldOp())
            body.insert_ops_before([runs, scf.IfOp(runs, [], Region(copy))], end)
        ahead = arith.AddiOp(ahead, loop.step)
        _block_of(loop).insert_op_before(ahead, loop)
    loop.operands[2] = SSAValue.get(ahead)


def _runs_in_full_turns(loop: scf.ForOp, buffers: int) -> bool:
    numbers = all(constant_of(value) is not None for value in (loop.lb, loop.ub, loop.step))
    trips = _most_trips(loop)
    return numbers and trips is not None and trips % buffers == 0


def _block_of(op: Operation) -> Block:
    block = op.parent_block()
    assert block is not None
    return block


def _clone_into(block: Block, ops: Sequence[Operation], values: dict[SSAValue, SSAValue]) -> None:
    for op in ops:
        block.add_op(op.clone(values))


def _move_before(block: Block, end: Operation) -> None:
    for op in list(block.ops):
        op.detach()
        _block_of(end).insert_op_before(op, end)


def _fits(kernel: KernelOp, target: Target) -> bool:
    """Whether the buffers of a kernel find places in their scopes."""
    ranges = live_ranges(kernel, Positions.of(kernel), target.vector)
    ranges.sort(key=lambda range_: range_.scope.name)
    for scope, group in groupby(ranges, key=lambda range_: range_.scope):
        memory = target.memory(scope)
        if place(list(group), memory.bytes, memory.alignment) is None:
            return False
    return True
