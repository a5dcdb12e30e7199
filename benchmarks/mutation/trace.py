"""One block of a kernel as a list of events: what each reads, writes and computes, byte by byte.

Written from the memory consistency model; of the NPU model it uses only scalar arithmetic and what
an instruction computes on whole arrays, nothing of its memory, views, pipes or clocks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType
from xdsl.ir import Block, Operation, SSAValue

from hawk_xdsl.dialects.dtype import Array, DType, is_float
from hawk_xdsl.dialects.npu import (
    AllocOp,
    BarrierOp,
    BlockCountOp,
    BlockIdxOp,
    CopyOp,
    FixpipeOp,
    KernelOp,
    LoadOp,
    MmadOp,
    ReadOp,
    Scope,
    SetFlagOp,
    StoreOp,
    TileOp,
    VectorOp,
    WaitFlagOp,
    scope_of,
    strides_of,
)
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.npu_target.layout import buffer_bytes
from hawk_xdsl.npu_target.matrix_product import product
from hawk_xdsl.npu_target.scalars import constant_value, scalar_function
from hawk_xdsl.npu_target.temporaries import temporary_bytes
from hawk_xdsl.npu_target.vector_compute import vector_compute

Indices = npt.NDArray[np.int64]
Space = Scope | int
"""A scope of the core, or the number of a global operand."""


class IllegalError(Exception):
    """The kernel does what no schedule makes legal; the reason is the message."""


@dataclass(frozen=True)
class View:
    """Elements of a space: ``at`` counts elements from its start, shaped as the view."""

    space: Space
    dtype: np.dtype[np.generic]
    at: Indices

    @cached_property
    def bytes(self) -> Indices:
        """The bytes of all elements, sorted."""
        size = self.dtype.itemsize
        return np.unique(self.at.reshape(-1, 1) * size + np.arange(size))

    @cached_property
    def key(self) -> tuple[object, ...]:
        """Equal for views of the same bytes in the same order."""
        return self.space, self.at.shape, self.dtype.str, self.at.tobytes()


Memory = dict[Space, npt.NDArray[np.uint8]]


@dataclass
class Event:
    """One run of an instruction or of a flag or barrier.

    ``spoiled`` are the bytes behind its rows that a copy by whole blocks overwrites.
    """

    op: Operation
    reads: list[View] = field(default_factory=list)
    writes: list[View] = field(default_factory=list)
    spoiled: View | None = None
    run: Callable[[Memory], None] | None = None


def gather(memory: Memory, view: View) -> Array:
    """The elements of a view, copied."""
    return memory[view.space].view(view.dtype)[view.at]


def scatter(memory: Memory, view: View, values: Array) -> None:
    """Set the elements of a view."""
    memory[view.space].view(view.dtype)[view.at] = values.reshape(view.at.shape)


class Tracer:
    """Runs a block in program order and keeps its events.

    Raises:
        IllegalError: an index, shape or value that no schedule makes legal.
    """

    def __init__(self, kernel: KernelOp, memory: Memory, block: int) -> None:
        self.kernel = kernel
        self.memory = memory
        self.block = block
        self.events: list[Event] = []
        self.values: dict[SSAValue, Any] = {}
        for number, argument in enumerate(kernel.body.block.args):
            type_ = argument.type
            assert isinstance(type_, MemRefType)
            count = int(np.prod(type_.get_shape()))
            at = np.arange(count).reshape(type_.get_shape())
            self.values[argument] = View(number, DType.of(type_.element_type).numpy, at)
        self._block(kernel.body.block)

    def _of(self, value: SSAValue) -> int:
        found = self.values[value]
        assert isinstance(found, int | np.integer | bool | np.bool_)
        return int(found)

    def _view(self, value: SSAValue) -> View:
        found = self.values[value]
        assert isinstance(found, View)
        return found

    def _block(self, block: Block) -> None:
        for op in block.ops:
            self._op(op)
            if len(self.events) > 20_000:
                raise IllegalError("the block does not end")

    def _op(self, op: Operation) -> None:
        match op:
            case arith.ConstantOp():
                self.values[op.result] = constant_value(op)
            case BlockIdxOp():
                self.values[op.value] = self.block
            case BlockCountOp():
                self.values[op.value] = self.kernel.blocks.value.data
            case scf.ForOp():
                self._for(op)
            case scf.IfOp():
                region = op.true_region if self._of(op.cond) else op.false_region
                if region.blocks:
                    self._block(region.block)
            case memref.SubviewOp():
                self.values[op.result] = self._subview(op)
            case AllocOp():
                self.values[op.buffer] = _allocated(op)
            case SetFlagOp() | WaitFlagOp() | BarrierOp():
                self.events.append(Event(op))
            case TileOp():
                self._instruction(op)
            case _:
                function = scalar_function(op)
                if function is not None:
                    given = [self.values[operand] for operand in op.operands]
                    self.values[op.results[0]] = function(*given)

    def _for(self, op: scf.ForOp) -> None:
        if op.iter_args:
            raise IllegalError("a loop that carries values")
        start, stop, step = (self._of(value) for value in (op.lb, op.ub, op.step))
        if step < 1:
            raise IllegalError(f"a loop with step {step}")
        for index in range(start, stop, step):
            self.values[op.body.block.args[0]] = index
            self._block(op.body.block)

    def _subview(self, op: memref.SubviewOp) -> View:
        source = self._view(op.source)
        offsets = self._mixed(op.static_offsets.get_values(), op.offsets)
        sizes = self._mixed(op.static_sizes.get_values(), op.sizes)
        strides = self._mixed(op.static_strides.get_values(), op.strides)
        slices = list[slice]()
        for offset, size, stride, extent in zip(
            offsets, sizes, strides, source.at.shape, strict=True
        ):
            end = offset + (size - 1) * stride + 1
            if offset < 0 or size < 1 or end > extent:
                raise IllegalError(f"elements {offset} to {end} of {extent}")
            slices.append(slice(offset, end, stride))
        at = source.at[tuple(slices)]
        assert isinstance(op.result.type, MemRefType)
        wanted = op.result.type.get_shape()
        static = op.static_sizes.get_values()
        position, shape = 0, list[int]()
        for size, declared in zip(at.shape, static, strict=True):
            if position < len(wanted) and wanted[position] == declared:
                shape.append(size)
                position += 1
        return View(source.space, source.dtype, at.reshape(shape))

    def _mixed(self, static: Sequence[int], dynamic: Sequence[SSAValue]) -> list[int]:
        values = iter(dynamic)
        return [self._of(next(values)) if n == DYNAMIC_INDEX else n for n in static]

    def _instruction(self, op: TileOp) -> None:
        event = Event(op)
        event.reads = [self._view(value) for value in op.read_buffers()]
        event.writes = [self._view(value) for value in op.written_buffers()]
        match op:
            case ReadOp():
                self._read(op, event)
            case MmadOp():
                self._mmad(op, event)
            case VectorOp():
                self._vector(op, event)
            case LoadOp() | StoreOp() | CopyOp() | FixpipeOp():
                self._move(op, event)
            case _:
                raise IllegalError(f"{op.name} is unknown")
        assert event.run is not None
        event.run(self.memory)
        self.events.append(event)

    def _read(self, op: ReadOp, event: Event) -> None:
        source = self._view(op.source)
        indices = [self._of(index) for index in op.indices]
        if any(not 0 <= i < n for i, n in zip(indices, source.at.shape, strict=True)):
            raise IllegalError(f"reads element {indices} of {list(source.at.shape)}")
        element = View(source.space, source.dtype, source.at[tuple(indices)].reshape(1))
        event.reads = [element]
        value = gather(self.memory, element)[0]
        self.values[op.value] = value if is_float(element.dtype) else int(value)
        seen = value.tobytes()

        def run(memory: Memory) -> None:
            if gather(memory, element)[0].tobytes() != seen:
                raise IllegalError("a scalar that was read depends on the schedule")

        event.run = run

    def _mmad(self, op: MmadOp, event: Event) -> None:
        (lhs, rhs), (acc,) = event.reads, event.writes
        initialise = bool(self._of(op.init))
        if not initialise:
            event.reads.append(acc)
        wide = np.float32 if is_float(lhs.dtype) else np.float64

        def run(memory: Memory) -> None:
            a, b = (gather(memory, view).astype(wide, copy=False) for view in (lhs, rhs))
            a, b = (a.T if op.transpose_lhs else a), (b.T if op.transpose_rhs else b)
            result = product(a, b)
            if not initialise:
                result = result + gather(memory, acc)
            scatter(memory, acc, result.astype(acc.dtype))
            _spoil(memory, event)

        # The cube writes whole fractals, which are 256 elements in a row; a tile starts with one.
        first, width = int(acc.at[0, 0]), acc.dtype.itemsize
        fractals = np.unique((acc.at - first) // 256).reshape(-1, 1) * 256 + np.arange(256) + first
        event.spoiled = _rest(fractals.reshape(-1, 1) * width + np.arange(width), acc)
        event.run = run

    def _vector(self, op: VectorOp, event: Event) -> None:
        function, out = vector_compute(op), event.writes[0]
        inputs = [self.values[value] for value in op.inputs]
        if size := temporary_bytes(op, load_target(self.kernel.target.data).vector):
            assert op.temporary is not None
            begin = op.temporary.value.data
            at = np.arange(begin, begin + size)
            event.writes.append(View(Scope.UB, np.dtype(np.uint8), at))

        def run(memory: Memory) -> None:
            given = [gather(memory, v) if isinstance(v, View) else v for v in inputs]
            for scratch in event.writes[1:]:
                memory[Scope.UB][scratch.at] ^= 0x55
            result = np.empty(out.at.shape, out.dtype)
            function(given, result)
            scatter(memory, out, result)

        event.run = run

    def _move(self, op: LoadOp | StoreOp | CopyOp | FixpipeOp, event: Event) -> None:
        (source,), (dest,) = event.reads, event.writes
        pad = None
        if isinstance(op, LoadOp) and op.pad is not None:
            pad = self.values[op.pad]
        elif _squeezed(source) != _squeezed(dest):
            raise IllegalError(f"moves {source.at.shape} into {dest.at.shape}")
        relu = isinstance(op, FixpipeOp) and op.relu is not None
        if dest.space in (Scope.UB, Scope.L1):
            blocks = np.unique(dest.bytes // 32).reshape(-1, 1) * 32 + np.arange(32)
            event.spoiled = _rest(blocks, dest)

        def run(memory: Memory) -> None:
            values = gather(memory, source)
            if relu:
                values = values.clip(0)
            if pad is not None:
                whole = np.full(dest.at.shape, pad, values.dtype)
                whole[tuple(slice(0, extent) for extent in values.shape)] = values
                values = whole
            scatter(memory, dest, values.astype(dest.dtype))
            _spoil(memory, event)

        event.run = run


def _rest(touched: Indices, dest: View) -> View | None:
    """The touched bytes that are no elements of the destination."""
    rest = np.setdiff1d(touched, dest.bytes)
    return View(dest.space, np.dtype(np.uint8), rest) if rest.size else None


def _spoil(memory: Memory, event: Event) -> None:
    if event.spoiled is not None:
        memory[event.spoiled.space][event.spoiled.at] ^= 0x55


def _squeezed(view: View) -> list[int]:
    return [extent for extent in view.at.shape if extent != 1]


def _allocated(op: AllocOp) -> View:
    type_ = op.buffer.type
    assert isinstance(type_, MemRefType) and op.address is not None
    scope, dtype = scope_of(type_), DType.of(type_.element_type).numpy
    first = op.address.value.data // dtype.itemsize
    shape = type_.get_shape()
    axes = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    if scope == Scope.UB:
        strides = [stride or 0 for stride in strides_of(type_)]
        at = sum(axis * stride for axis, stride in zip(axes, strides, strict=True))
        return View(scope, dtype, first + np.asarray(at, np.int64))
    row, column = axes
    width = 16 if scope == Scope.L0C else 32 // dtype.itemsize
    rows = -(-shape[0] // 16) * 16
    assert rows * -(-shape[1] // width) * width * dtype.itemsize == buffer_bytes(type_)
    return View(
        scope, dtype, first + (column // width) * rows * width + row * width + column % width
    )
