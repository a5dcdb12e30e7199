"""The global memory that a kernel touches, in order: every access of every block, nothing run.

Each loop is an axis of an array (``iterations``), so that an instruction's addresses in all its
iterations are computed at once. Iterations that do not exist (a core has fewer, a branch is not
taken) are masked.

Blocks that run at once are taken in step: the n-th access of each comes before the next of any.
Example: one core loads A0, B0, A0, B1 and another A0, B2, A0, B3. The order is A0, A0, B0, B2, A0,
A0, B1, B3: of the four loads of A0 only the first can miss.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from xdsl.dialects import memref, scf
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Block, Operation, SSAValue

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.npu import (
    BlockCountOp,
    BlockIdxOp,
    FixpipeOp,
    KernelOp,
    KernelPart,
    LoadOp,
    StoreOp,
    Subview,
)
from hawk_xdsl.npu_target.l2.boxes import Boxes, reshaped
from hawk_xdsl.npu_target.l2.cells import Grid, accesses_of, grids_of
from hawk_xdsl.npu_target.l2.iterations import Index, Indices, Mask, constant, deepened

MOST_ACCESSES = 1 << 22
"""Iterations of one instruction that are looked at; the rest is taken to be like them."""


@dataclass(frozen=True)
class AccessStream:
    """The accesses of a launch, in order.

    Attributes:
        ops: the instructions that move global memory.
        stores: which of them write.
        past: which of them pass L2 by.
        handed: which of them load what other cores of the launch have stored before.
        grids: the cells of each argument.
        op: for each access the number of its instruction.
        cell: for each access the number of its cell.
        bytes: for each access the bytes it moves.
    """

    ops: tuple[Operation, ...]
    stores: tuple[bool, ...]
    past: tuple[bool, ...]
    handed: tuple[bool, ...]
    grids: tuple[Grid, ...]
    op: npt.NDArray[np.int64]
    cell: Index
    bytes: npt.NDArray[np.float64]


def access_stream(kernel: KernelOp, cores: int) -> AccessStream:
    """The accesses of all blocks of a kernel, of which ``cores`` run at once.

    An index that was read from memory is taken as any, with the same chance. The parts of a mixed
    kernel go on at the same pace: when one has made half of its accesses, so have the others.
    """
    shapes = [_shape_of(argument) for argument in kernel.body.block.args]
    walks = [_KernelWalk(kernel, part) for part in kernel.parts]
    slots = max(1, *(walk.slots for walk in walks))
    boxes = [
        move.boxes(
            slots, slots / max(1, walk.slots), cores * walk.cores, shapes[move.view.argument][0]
        )
        for walk in walks
        for move in walk.moves
    ]
    moves = [move for walk in walks for move in walk.moves]
    handed = len(shapes) - kernel.scratch_count
    grids = grids_of(boxes, shapes)
    found = [accesses_of(box, grids[box.argument]) for box in boxes]
    empty = np.zeros(0, np.int64)
    order = np.concatenate([empty, *(order for order, _, _ in found)])
    by_order = np.argsort(order, kind="stable")
    numbers = [np.full(len(order), number) for number, (order, _, _) in enumerate(found)]
    return AccessStream(
        tuple(move.op for move in moves),
        tuple(move.store for move in moves),
        tuple(isinstance(move.op, LoadOp) and move.op.past_l2 is not None for move in moves),
        tuple(not move.store and move.view.argument >= handed for move in moves),
        tuple(grids),
        np.concatenate([empty, *numbers])[by_order],
        np.concatenate([empty, *(cell for _, cell, _ in found)])[by_order],
        np.concatenate([np.zeros(0), *(size for _, _, size in found)])[by_order],
    )


def _shape_of(argument: SSAValue) -> tuple[tuple[int, ...], int]:
    type_ = argument.type
    assert isinstance(type_, MemRefType)
    return type_.get_shape(), DType.of(type_.element_type).bytes


@dataclass(frozen=True)
class _View:
    """A box of an argument, by axis of the argument; ``kept`` are the axes of the view itself."""

    argument: int
    shape: tuple[int, ...]
    starts: tuple[Index | None, ...]
    counts: tuple[Index, ...]
    steps: tuple[Index, ...]
    kept: tuple[int, ...]

    @staticmethod
    def whole(argument: int, shape: Sequence[int]) -> "_View":
        """All of an argument."""
        rank = len(shape)
        counts = tuple(constant(extent) for extent in shape)
        return _View(
            argument,
            tuple(shape),
            (constant(0),) * rank,
            counts,
            (constant(1),) * rank,
            tuple(range(rank)),
        )

    def part(
        self,
        starts: Sequence[Index | None],
        counts: Sequence[Index],
        steps: Sequence[Index],
        dropped: Sequence[bool],
    ) -> "_View":
        """A part of it, given by its own axes."""
        own_starts, own_counts, own_steps = [*self.starts], [*self.counts], [*self.steps]
        for axis, start, count, step in zip(self.kept, starts, counts, steps, strict=True):
            first, stride = own_starts[axis], own_steps[axis]
            known = first is not None and start is not None
            own_starts[axis] = _sum(first, start, stride) if known else None
            own_counts[axis] = count
            own_steps[axis] = _times(stride, step)
        kept = [axis for axis, drop in zip(self.kept, dropped, strict=True) if not drop]
        return _View(
            self.argument,
            self.shape,
            tuple(own_starts),
            tuple(own_counts),
            tuple(own_steps),
            tuple(kept),
        )


def _sum(first: Index | None, start: Index | None, stride: Index) -> Index:
    assert first is not None and start is not None
    depth = max(first.ndim, start.ndim, stride.ndim)
    return deepened(first, depth) + deepened(start, depth) * deepened(stride, depth)


def _times(left: Index, right: Index) -> Index:
    depth = max(left.ndim, right.ndim)
    return deepened(left, depth) * deepened(right, depth)


@dataclass
class _Move:
    """An instruction that moves global memory: where, when in the order, in which iterations."""

    op: Operation
    store: bool
    view: _View
    place: Index
    mask: Mask

    def boxes(self, slots: int, stretch: float, cores: int, argument: Sequence[int]) -> Boxes:
        """Its iterations, one after the other, in the shape of the argument.

        A block has ``slots`` moments, of which each access takes ``stretch``.
        """
        view = self.view
        depth = self.place.ndim
        starts = [None if start is None else deepened(start, depth) for start in view.starts]
        counts = [deepened(count, depth) for count in view.counts]
        steps = [deepened(step, depth) for step in view.steps]
        mask = self.mask.reshape(*self.mask.shape, *[1] * (depth - self.mask.ndim))
        known = [start for start in starts if start is not None]
        shape = np.broadcast_shapes(
            self.place.shape, mask.shape, *(index.shape for index in (*known, *counts))
        )
        taken = np.flatnonzero(np.broadcast_to(mask, shape))[:MOST_ACCESSES]

        def flat(index: Index) -> Index:
            return np.broadcast_to(index, shape).reshape(-1)[taken]

        block = flat(np.arange(shape[0]).reshape(-1, *[1] * (depth - 1)))
        moment = (flat(self.place) * stretch).astype(np.int64)
        order = (block // cores * slots + moment) * cores + block % cores
        lengths: list[Index] = []
        firsts: list[Index] = []
        elements = np.ones(len(taken))
        for start, count, step, extent in zip(starts, counts, steps, view.shape, strict=True):
            elements *= flat(count)
            length = flat((count - 1) * step + 1)
            if start is None:
                starts = np.maximum(extent - length, 0) + 1
                firsts.append(np.random.default_rng(0).integers(0, starts))
            else:
                firsts.append(flat(start))
            lengths.append(length)
        box = reshaped(firsts, lengths, view.shape, argument)
        return Boxes(view.argument, *box, elements, order)


class _KernelWalk:
    """Walks a part of a kernel. ``slots`` counts the accesses of a body of one block so far."""

    def __init__(self, kernel: KernelOp, part: KernelPart) -> None:
        self.indices = Indices()
        self.cores = part.cores
        self.blocks = kernel.blocks.value.data * part.cores
        self.views: dict[SSAValue, _View] = {}
        self.moves: list[_Move] = []
        self.slots = 0
        self.mask: Mask = np.ones(self.blocks, np.bool_)
        for number, argument in enumerate(kernel.body.block.args):
            shape, _ = _shape_of(argument)
            self.views[argument] = _View.whole(number, shape)
        self.body(part.block)

    def body(self, block: Block) -> None:
        """All ops of a block."""
        for op in block.ops:
            match op:
                case BlockIdxOp():
                    self._define(op.value, np.arange(self.blocks))
                case BlockCountOp():
                    self._define(op.value, constant(self.blocks))
                case scf.ForOp():
                    self._for(op)
                case scf.IfOp():
                    self._if(op)
                case memref.SubviewOp() if op.source in self.views:
                    self.views[op.result] = self._part(op)
                case memref.ReinterpretCastOp() if op.source in self.views:
                    argument = self.views[op.source].argument
                    self.views[op.result] = _View.whole(argument, op.static_sizes.get_values())
                case LoadOp():
                    self._move(op, op.source, store=False)
                case StoreOp() | FixpipeOp():
                    self._move(op, op.dest, store=True)
                case _:
                    self.indices.evaluate(op)

    def _define(self, value: SSAValue, index: Index) -> None:
        self.indices.define(value, index)

    def _move(self, op: Operation, where: SSAValue, *, store: bool) -> None:
        view = self.views.get(where)
        if view is None:
            return
        place = np.full((1,) * self.indices.depth, self.slots, np.int64)
        self.moves.append(_Move(op, store, view, place, self.mask))
        self.slots += 1

    def _part(self, op: memref.SubviewOp) -> _View:
        """A part; a size or step that nobody knows is that of the whole, or 1."""
        subview, source = Subview.of(op), self.views[op.source]
        starts = [self._known(place) for place in subview.offsets]
        sizes = [self._known(place) for place in subview.sizes]
        steps = [self._known(place) for place in subview.strides]
        extents = (source.counts[axis] for axis in source.kept)
        return source.part(
            starts,
            [extent if n is None else n for n, extent in zip(sizes, extents, strict=True)],
            [constant(1) if step is None else step for step in steps],
            subview.dropped,
        )

    def _known(self, place: SSAValue | int) -> Index | None:
        return constant(place) if isinstance(place, int) else self.indices.get(place)

    def _for(self, op: scf.ForOp) -> None:
        """A loop is one more axis, of its most trips; a core with fewer does nothing in some."""
        indices = self.indices
        bounds = [indices.get(value) for value in (op.lb, op.ub, op.step)]
        lower, upper, step = (constant(0) if each is None else each for each in bounds)
        known = all(each is not None for each in bounds)
        depth = indices.depth
        lower, upper, step = (deepened(each, depth) for each in (lower, upper, step))
        trips = int(np.max(-((lower - upper) // np.maximum(step, 1)), initial=0)) if known else 1
        around = max(lower.size, upper.size, self.mask.size)
        trips = min(trips, max(1, MOST_ACCESSES // around))
        if trips < 1:
            return
        turns = np.arange(trips).reshape(*[1] * depth, trips)
        outer_mask, outer_slots, first = self.mask, self.slots, len(self.moves)
        indices.depth = depth + 1
        variable = lower[..., None] + step[..., None] * turns
        self._define(op.body.block.args[0], variable)
        mask = deepened(outer_mask, depth)[..., None]
        self.mask = mask & (variable < upper[..., None]) if known else mask
        self.slots = 0
        self.body(op.body.block)
        for move in self.moves[first:]:
            inner = deepened(turns, move.place.ndim)
            move.place = move.place + inner * self.slots + outer_slots
        self.slots = outer_slots + trips * self.slots
        self.mask = outer_mask
        indices.depth = depth

    def _if(self, op: scf.IfOp) -> None:
        """Both branches, each in its iterations; in all of them where the condition is unknown."""
        holds = self.indices.get(op.cond)
        outer = self.mask
        for region, wanted in ((op.true_region, True), (op.false_region, False)):
            if not region.blocks:
                continue
            if holds is not None:
                depth = max(outer.ndim, holds.ndim)
                self.mask = deepened(outer, depth) & ((deepened(holds, depth) != 0) == wanted)
            self.body(region.block)
            self.mask = outer
