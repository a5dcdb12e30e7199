"""The instructions that move tiles: their bursts, field ranges, and share of global memory."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hawk_xdsl.dialects.dtype import Array, element_name
from hawk_xdsl.dialects.npu import (
    CopyOp,
    FixpipeOp,
    LoadOp,
    Scope,
    StoreOp,
    scope_of,
)
from hawk_xdsl.npu_target.cost import fill_cycles, move_cycles, unpadded_bytes
from hawk_xdsl.npu_target.global_memory import GlobalTile
from hawk_xdsl.npu_target.instructions import Machine, Plan, TileInstruction, Values
from hawk_xdsl.npu_target.memory import FractalTile, TileView
from hawk_xdsl.npu_target.pipes import Transfer
from hawk_xdsl.npu_target.target import PathSpec
from hawk_xdsl.npu_target.traps import Fault, TrapCode

MoveOp = LoadOp | StoreOp | CopyOp | FixpipeOp

FILL = "vbrc"
"""The vector instruction that sets a tile to a number."""


@dataclass(frozen=True)
class Bursts:
    """How a move is cut: ``count`` runs of ``size`` bytes an instruction, so many instructions."""

    count: int
    size: int
    instructions: int


Dimensions = list[tuple[int, int, int]]
"""Extent, stride of one side, stride of the other, in bytes; outermost first."""


def bursts_of(dims: Dimensions, itemsize: int, near: Scope) -> Bursts:
    """The contiguous runs that two strided tiles have in common.

    ``near`` is where the second side lies: in a memory of rows each run starts on a block.

    Raises:
        Fault: a run would start inside a block.
    """
    size, rest = itemsize, [dim for dim in dims if dim[0] > 1]
    while rest and rest[-1][1] == size and rest[-1][2] == size:
        size *= rest.pop()[0]
    for _, _, stride in rest:
        if stride % near.block:
            raise Fault(
                TrapCode.MISALIGNED,
                f"copies runs of {size} bytes that start every {stride} bytes in {near}, not on "
                f"blocks of {near.block}; a strided run needs a row of its own in {near}",
                run=size,
                stride=stride,
            )
    count = rest.pop()[0] if rest else 1
    return Bursts(count, size, math.prod(extent for extent, _, _ in rest))


class MoveInstruction(TileInstruction):
    """A copy of a tile between memory spaces, or within one."""

    def __init__(
        self, op: MoveOp, machine: Machine, slots: tuple[int, ...], path: PathSpec
    ) -> None:
        super().__init__(op, machine, slots)
        self.op: MoveOp = op
        self.path = path
        self.relu = isinstance(op, FixpipeOp) and op.relu is not None
        self.padded = isinstance(op, LoadOp) and op.pad is not None
        self.route = f"{scope_of(op.source)}->{scope_of(op.dest)}"
        self.near = next(
            scope for scope in (scope_of(op.dest), scope_of(op.source)) if not scope.is_global
        )
        self.moved_bytes = 0
        self.runs = 0
        self.small = 0
        self.misaligned = 0

    def make_plan(self, operands: Values) -> Plan:
        """Bursts within the instruction's fields, and what they cost alone."""
        source: TileView | GlobalTile = operands[0]
        dest: TileView | GlobalTile = operands[1]
        self._check_shapes(source.shape, dest.shape)
        bursts = self._bursts(source, dest)
        path = self.path
        if bursts.count > path.max_bursts:
            raise Fault(
                TrapCode.FIELD_RANGE,
                f"needs {bursts.count} bursts, of which one instruction has at most "
                f"{path.max_bursts}; use smaller tiles, or longer contiguous rows",
                bursts=bursts.count,
            )
        if bursts.size > path.max_burst_bytes:
            raise Fault(
                TrapCode.FIELD_RANGE,
                f"needs a burst of {bursts.size} bytes; one has at most {path.max_burst_bytes}",
                bytes=bursts.size,
            )
        cycles = bursts.instructions * move_cycles(path, bursts.count, bursts.size)
        total = bursts.instructions * bursts.count * bursts.size
        if self.padded:
            cycles += self._fill_cycles(source.shape, dest)
        transfer = Transfer(
            cycles,
            path.cost.latency,
            stores=bool(self.global_writes),
            shared=total * self.machine.cycles_per_byte(self.op),
        )
        return Plan(cycles, bursts.instructions, total, transfer)

    def _fill_cycles(self, source: tuple[int, ...], dest: TileView | GlobalTile) -> float:
        """Cycles of filling the destination first, where the copy itself cannot pad so much.

        A copy pads the end of a row by a block at most. The rest is a fill by the vector unit,
        which the copy waits for; in fractals a fill on the pipe of the copy (assumed: as fast).
        """
        if isinstance(dest, FractalTile):
            return 0.0 if source == dest.shape else dest.data.nbytes * self.path.cost.slope
        size = unpadded_bytes(source, dest.shape, dest.data.itemsize, self.near.block)
        if not size:
            return 0.0
        target, dtype = self.machine.target, element_name(self.op.dest.type)
        if dtype not in target.vector.ops.get(FILL, {}):
            raise Fault(
                TrapCode.DTYPE, f"pads with a {FILL} of {dtype}, which {target.name} does not have"
            )
        return fill_cycles(size, dtype, target)

    def _check_shapes(self, source: tuple[int, ...], dest: tuple[int, ...]) -> None:
        if 0 in source or 0 in dest:
            raise Fault(TrapCode.SHAPE, f"moves an empty tile: {list(source)} into {list(dest)}")
        if self.padded:
            fits = len(source) == len(dest) and all(
                small <= large for small, large in zip(source, dest, strict=True)
            )
        else:
            fits = _squeezed(source) == _squeezed(dest)
        if not fits:
            raise Fault(TrapCode.SHAPE, f"moves a tile of {list(source)} into one of {list(dest)}")

    def _bursts(self, source: TileView | GlobalTile, dest: TileView | GlobalTile) -> Bursts:
        if isinstance(source, FractalTile) or isinstance(dest, FractalTile):
            return _matrix_bursts(source, dest, source.shape if self.padded else None)
        near, far = (source, dest) if isinstance(dest, GlobalTile) else (dest, source)
        shape, far_strides = _without_units(far)
        if self.padded:
            shape, far_strides = far.shape, far.data.strides
            near_strides = near.data.strides
        else:
            _, near_strides = _without_units(near)
        dims = list(zip(shape, far_strides, near_strides, strict=True))
        return bursts_of(dims, far.data.itemsize, self.near)

    def compute(self, operands: Values) -> None:
        """Copy the elements."""
        source: TileView | GlobalTile = operands[0]
        dest: TileView | GlobalTile = operands[1]
        values = source.data if isinstance(source, GlobalTile) else source.read()
        if self.relu:
            values = values.clip(0)
        if self.padded:
            values = _padded(values, dest.shape, operands[2])
        elif values.shape != dest.shape:
            values = values.reshape(dest.shape)
        if isinstance(dest, GlobalTile):
            dest.data[...] = values
        else:
            dest.write(values)
            dest.spoil_tails()

    def count(self, operands: Values) -> None:
        """Bytes, and copies that are small or start at an odd address."""
        source: TileView | GlobalTile = operands[0]
        dest: TileView | GlobalTile = operands[1]
        self.runs += 1
        size = self.plan.bytes if self.plan else source.data.nbytes
        self.moved_bytes += size
        far = source if isinstance(source, GlobalTile) else dest
        advice = self.machine.target.advice
        if isinstance(far, GlobalTile) and advice is not None:
            self.small += size < advice.move_bytes
            self.misaligned += far.start % advice.global_alignment != 0

    def take_time(self, plan: Plan, issued: float, operands: Values) -> float:
        """Occupy the pipe; global memory is shared with the other cores."""
        core = self.core
        if self.global_reads or self.global_writes:
            return core.transfer(self.pipe, issued, plan.transfer)
        return core.occupy(self.pipe, issued, plan.cycles)


def _matrix_bursts(
    source: TileView | GlobalTile, dest: TileView | GlobalTile, shape: tuple[int, ...] | None
) -> Bursts:
    """A matrix to or from fractals: a burst for each row, contiguous on the other side."""
    matrix, other = (source, dest) if isinstance(source, FractalTile) else (dest, source)
    rows, columns = shape or matrix.shape
    itemsize = other.data.itemsize
    if not isinstance(other, FractalTile) and columns > 1:
        stride = other.data.strides[-1] if other.shape[-1] != 1 else _without_units(other)[1][-1]
        if stride != itemsize:
            raise Fault(
                TrapCode.FIELD_RANGE,
                f"the elements of a row are {stride} bytes apart in {scope_name(other)}; a copy "
                f"to or from {scope_name(matrix)} needs them next to each other",
                stride=stride,
            )
    return Bursts(rows, columns * itemsize, 1)


def scope_name(tile: TileView | GlobalTile) -> str:
    """The scope of a tile."""
    return str(Scope.GLOBAL if isinstance(tile, GlobalTile) else tile.buffer.scope)


def _squeezed(shape: Sequence[int]) -> list[int]:
    return [extent for extent in shape if extent != 1]


def _without_units(tile: TileView | GlobalTile) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Extents and strides of the dimensions that are not 1."""
    kept = [
        (extent, stride)
        for extent, stride in zip(tile.data.shape, tile.data.strides, strict=True)
        if extent != 1
    ]
    return tuple(extent for extent, _ in kept), tuple(stride for _, stride in kept)


def _padded(values: Array, shape: tuple[int, ...], pad: object) -> Array:
    """The values in the first corner of a shape, the rest set to ``pad``."""
    whole = np.full(shape, pad, values.dtype)
    whole[tuple(slice(0, extent) for extent in values.shape)] = values
    return whole
