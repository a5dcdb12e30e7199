"""The instructions that compute on tiles: vector, cube, and the scalar unit's reads."""

import numpy as np
from xdsl.dialects.builtin import MemRefType

from hawk_xdsl.dialects.dtype import Array, element_name, is_float
from hawk_xdsl.dialects.npu import (
    BinaryOp,
    MmadOp,
    ReadOp,
    VbrcOp,
    VcmpOp,
    VectorOp,
    VgatherOp,
    VreduceOp,
    VselOp,
    VtransposeOp,
    scope_of,
)
from hawk_xdsl.npu_target.approximation import accuracy_of
from hawk_xdsl.npu_target.cost import bias_cycles, mmad_cycles, vector_cost, work_of
from hawk_xdsl.npu_target.global_memory import GlobalTile
from hawk_xdsl.npu_target.instructions import Machine, Plan, TileInstruction, Values, tile_shape
from hawk_xdsl.npu_target.matrix_product import product
from hawk_xdsl.npu_target.memory import AllocatedBuffer, TileView
from hawk_xdsl.npu_target.regions import Region
from hawk_xdsl.npu_target.traps import Fault, TrapCode
from hawk_xdsl.npu_target.vector_compute import vector_compute


class VectorInstruction(TileInstruction):
    """An instruction of the vector unit; ``temporary`` is UB it overwrites while it runs."""

    def __init__(
        self,
        op: VectorOp,
        machine: Machine,
        slots: tuple[int, ...],
        temporary: tuple[AllocatedBuffer, Region] | None,
    ) -> None:
        super().__init__(op, machine, slots)
        self.vector_op = op
        self.work = work_of(op)
        self.function = vector_compute(op)
        self.temporary = temporary
        types = [value.type for value in op.inputs]
        self.is_tile = [isinstance(type_, MemRefType) for type_ in types]
        self.accuracy = accuracy_of(op, machine.target)
        self.runs = 0
        self.last_operands: Values = []

    def make_plan(self, operands: Values) -> Plan:
        """Cycles by repeats, after a check that the extents of the moment go together."""
        tiles = [value for value in operands if isinstance(value, TileView)]
        self._check_shapes(operands)
        shapes = [tile_shape(tile) for tile in tiles]
        return Plan(*vector_cost(self.work, shapes, self.machine.target))

    def _check_shapes(self, operands: Values) -> None:
        """What the verifier checks of static extents, for those of the moment."""
        out = operands[-1].shape
        for index, tile in enumerate(operands[:-1]):
            if isinstance(tile, TileView) and not self._fits(index, tile.shape, out):
                raise Fault(
                    TrapCode.SHAPE,
                    f"a tile of {list(tile.shape)} does not go with a result of {list(out)}",
                )

    def _fits(self, index: int, shape: tuple[int, ...], out: tuple[int, ...]) -> bool:
        match self.vector_op:
            case BinaryOp() | VcmpOp() | VselOp() | VbrcOp():
                return len(shape) <= len(out) and all(
                    a in (b, 1) for a, b in zip(reversed(shape), reversed(out), strict=False)
                )
            case VreduceOp() as op:
                axes = op.axes.get_values()
                return out == tuple(1 if i in axes else n for i, n in enumerate(shape))
            case VtransposeOp() as op:
                return out == tuple(shape[i] for i in op.permutation.get_values())
            case VgatherOp():
                return index == 0 or shape == out
            case _:
                return shape == out

    def count(self, operands: Values) -> None:
        """Runs, and the operands of the last one."""
        self.runs += 1
        self.last_operands = operands

    def compute(self, operands: Values) -> None:
        """The op's function on the tiles' elements."""
        inputs = [
            operand.data if tile else operand
            for operand, tile in zip(operands, self.is_tile, strict=False)
        ]
        if self.temporary is not None:
            self._use_temporary(*self.temporary)
        out = operands[-1].data
        if self.accuracy is None:
            self.function(inputs, out)
        else:
            source = inputs[0].copy()  # it may be where the result goes
            self.function(inputs, out)
            self.machine.approximation.apply(self.op, self.accuracy, source, out)

    def _use_temporary(self, buffer: AllocatedBuffer, region: Region) -> None:
        core = self.core
        core.check_order(self.pipe, region, write=True)
        buffer.generation += 1
        buffer.take(buffer.generation, poison=True)
        core.note(self.pipe, region, write=True)


BIAS = 4
"""The place of the bias among the operands of ``npu.mmad``."""


class MmadInstruction(TileInstruction):
    """A matrix product on the cube, staging included."""

    def __init__(self, op: MmadOp, machine: Machine, slots: tuple[int, ...]) -> None:
        super().__init__(op, machine, slots)
        self.transpose_lhs = op.transpose_lhs is not None
        self.transpose_rhs = op.transpose_rhs is not None
        self.dtype = element_name(op.lhs.type)

    def make_plan(self, operands: Values) -> Plan:
        """Cycles by fractals; m, k and n within the instruction's fields."""
        lhs, rhs, _, acc, *bias = operands
        m, k = reversed(lhs.shape) if self.transpose_lhs else lhs.shape
        rhs_k, n = reversed(rhs.shape) if self.transpose_rhs else rhs.shape
        if (m, n) != acc.shape or k != rhs_k:
            raise Fault(
                TrapCode.SHAPE,
                f"multiplies {m} by {k} with {rhs_k} by {n} into {acc.shape[0]} by {acc.shape[1]}",
            )
        for row in bias:
            if row.shape != (1, n):
                raise Fault(TrapCode.SHAPE, f"starts {n} columns from a bias of {list(row.shape)}")
        largest = self.machine.target.cube.max_extent
        for extent, letter in ((m, "m"), (k, "k"), (n, "n")):
            if not 1 <= extent <= largest:
                raise Fault(
                    TrapCode.FIELD_RANGE,
                    f"{letter} is {extent}, not in 1..{largest}",
                    extent=extent,
                )
        cycles = mmad_cycles(m, k, n, self.dtype, lhs.data.itemsize, self.machine.target)
        if bias:
            cycles += bias_cycles(n, acc.data.itemsize, self.machine.target)
        chunks = _fractal_chunks(acc)
        return Plan(cycles + (chunks - 1) * self.machine.target.cube.fixed, chunks)

    def count(self, operands: Values) -> None:
        """Nothing."""

    def access(self, operands: Values, generations: list[int]) -> None:
        """As every instruction; accumulating also reads the destination."""
        if not operands[2]:
            operands[3].check_initialised(generations[-1])
        super().access(operands, generations)

    def compute(self, operands: Values) -> None:
        """Products in float32 (exact integers for i8), rounded once into the accumulator."""
        lhs, rhs = _factor(operands[0]), _factor(operands[1])
        result = product(lhs.T if self.transpose_lhs else lhs, rhs.T if self.transpose_rhs else rhs)
        acc: TileView = operands[3]
        if not operands[2]:
            result = result + acc.read()
        elif len(operands) > BIAS:
            result = result + _factor(operands[BIAS])
        acc.write(result)
        acc.spoil_tails()


def _fractal_chunks(acc: TileView) -> int:
    """How many instructions write a part of an accumulator.

    L0c keeps a matrix as bands, each one fractal wide and as tall as the buffer, one band after the
    other. A tile as tall as its buffer is contiguous: one instruction. A shorter one has a gap
    after each band and takes an instruction per band: 16 × 48 of a 64 × 48 buffer takes three.
    """
    if not acc.buffer.scope.by_fractals:
        return 1
    rows, bands, _ = acc.data.shape
    whole = rows + -rows % acc.buffer.scope.rows
    return 1 if whole * acc.data.strides[0] == acc.data.strides[1] else bands


def _factor(tile: TileView) -> Array:
    values = tile.read()
    return values.astype(np.float32 if is_float(values.dtype) else np.float64, copy=False)


class ReadInstruction(TileInstruction):
    """A scalar read; ``result`` is the slot of its value."""

    def __init__(self, op: ReadOp, machine: Machine, slots: tuple[int, ...], result: int) -> None:
        super().__init__(op, machine, slots)
        self.result = result
        self.value: object = 0
        self.cycles = machine.target.scalar.read[scope_of(op.source)]
        self.alignments = [1] * len(self.locals)  # a scalar needs no block of its own

    def step(self, env: Values) -> None:
        """Read one element; the scalar unit goes on when it is there."""
        source = env[self.slots[0]]
        indices = [env[slot] for slot in self.slots[1:]]
        try:
            element = self._element(source, indices)
            generations = [element.buffer.generation] if isinstance(element, TileView) else []
            self.core.now += self.core.issue_cycles
            self.execute([element], generations, self.core.now)
        except Fault as fault:
            fault.op = fault.op or self.op
            raise
        env[self.result] = self.value

    def _element(self, source: TileView | GlobalTile, indices: list[int]) -> TileView | GlobalTile:
        for index, extent in zip(indices, source.shape, strict=True):
            if not 0 <= index < extent:
                raise Fault(
                    TrapCode.OUT_OF_BOUNDS,
                    f"reads element {indices} of a tile of {list(source.shape)}",
                    index=index,
                    size=extent,
                )
        return source.view(tuple(slice(index, index + 1) for index in indices))

    def make_plan(self, operands: Values) -> Plan:
        """The latency of the scalar unit's load."""
        return Plan(self.cycles)

    def count(self, operands: Values) -> None:
        """Nothing."""

    def compute(self, operands: Values) -> None:
        """Take the element."""
        value = operands[0].data.reshape(-1)[0]
        self.value = value if is_float(value.dtype) else int(value)

    def take_time(self, plan: Plan, issued: float, operands: Values) -> float:
        """The scalar unit waits for the value."""
        self.core.now = issued + plan.cycles
        self.core.busy[self.pipe] += plan.cycles
        return issued
