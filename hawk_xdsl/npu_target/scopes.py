"""The memories of a core: one place for every allocation, planned or not."""

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import MemRefType

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.npu import AllocOp, Scope, VectorOp, element_bytes, scope_of, strides_of
from hawk_xdsl.npu_target.layout import buffer_bytes, fractal_layout
from hawk_xdsl.npu_target.memory import (
    FREE,
    POISON,
    AllocatedBuffer,
    TileView,
    fractal_tile,
    row_tile,
)
from hawk_xdsl.npu_target.regions import Extent, MemoryRegions, Region
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.npu_target.temporaries import temporary_bytes
from hawk_xdsl.npu_target.traps import Fault, TrapCode, value_name


class Scopes:
    """The scopes of one core. Planned buffers share them; others get bytes of their own."""

    def __init__(self, target: Target, *, planned: bool) -> None:
        self._target = target
        self._planned = planned
        self._raw: dict[Scope, npt.NDArray[np.uint8]] = {}
        self._memories: dict[Scope, MemoryRegions] = {}
        self._private: list[MemoryRegions] = []
        self._buffers: list[AllocatedBuffer] = []

    def allocate(self, op: AllocOp) -> TileView:
        """The buffer of an allocation, as a tile. Raises ``Fault`` if it has no legal place."""
        type_ = op.buffer.type
        assert isinstance(type_, MemRefType)
        name = value_name(op.buffer)
        address = None if op.address is None else op.address.value.data
        buffer, memory = self._place(
            name, scope_of(type_), address, buffer_bytes(type_), type_.get_shape()
        )
        if not buffer.scope.by_fractals:
            itemsize = element_bytes(type_)
            strides = tuple((stride or 0) * itemsize for stride in strides_of(type_))
            data = np.ndarray(
                type_.get_shape(), DType.of(type_.element_type).numpy, buffer.raw, 0, strides
            )
            return row_tile(buffer, memory, data)
        dtype = DType.of(type_.element_type).numpy
        return fractal_tile(buffer, memory, fractal_layout(type_), dtype)

    def temporary(self, op: VectorOp) -> tuple[AllocatedBuffer, Region] | None:
        """The bytes that an instruction overwrites, if it needs any."""
        size = temporary_bytes(op, self._target.vector)
        if not size:
            return None
        address = None if op.temporary is None else op.temporary.value.data
        name = f"the temporary of {op.name}"
        buffer, memory = self._place(name, scope_of(op.destination), address, size, ())
        return buffer, memory.region(Extent(buffer.address, size, ()))

    def _place(
        self, name: str, scope: Scope, address: int | None, size: int, shape: tuple[int, ...]
    ) -> tuple[AllocatedBuffer, MemoryRegions]:
        if self._planned:
            if address is None:
                raise Fault(TrapCode.UNPLANNED, f"{name} has no address; run npu-plan-memory first")
            check_place(self._target, name, scope, address, size)
            raw = self._scope_bytes(scope)[address : address + size]
            memory = self._memories.setdefault(scope, MemoryRegions())
        else:
            address = 0
            raw = np.full(size, POISON, np.uint8)
            memory = MemoryRegions()
            self._private.append(memory)
        buffer = AllocatedBuffer(name, scope, address, raw, shape)
        if self._planned:
            for other in self._buffers:
                if other.scope == scope and other.overlaps(buffer):
                    other.rivals.append(buffer)
                    buffer.rivals.append(other)
        self._buffers.append(buffer)
        return buffer, memory

    def _scope_bytes(self, scope: Scope) -> npt.NDArray[np.uint8]:
        if scope not in self._raw:
            self._raw[scope] = np.full(self._target.memory(scope).bytes, POISON, np.uint8)
        return self._raw[scope]

    def reset(self) -> None:
        """A block starts: nothing is written, nothing was touched."""
        for buffer in self._buffers:
            buffer.owner = FREE
            buffer.thief = None
        for memory in (*self._memories.values(), *self._private):
            memory.forget()


def check_place(target: Target, name: str, scope: Scope, address: int, size: int) -> None:
    """Raise ``Fault`` unless bytes at an address are aligned and within their scope."""
    spec = target.memory(scope)
    if address % spec.alignment:
        raise Fault(
            TrapCode.MISALIGNED,
            f"{name} is at byte {address} of {scope}, not a multiple of {spec.alignment}",
            address=address,
            alignment=spec.alignment,
        )
    if address + size > spec.bytes:
        raise Fault(
            TrapCode.CAPACITY,
            f"{name} takes bytes {address} to {address + size - 1} of {scope}, which has "
            f"{spec.bytes}",
            address=address,
            bytes=size,
            capacity=spec.bytes,
        )
