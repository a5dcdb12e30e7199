"""The vendor's buffers: an address and bytes, of which tiles of any dtype and shape are viewed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

from xdsl.dialects.builtin import DYNAMIC_INDEX, IntegerType, MemRefType, i8
from xdsl.ir import Attribute, Block, Operation, SSAValue

from hawk_xdsl.dialects.npu import Scope, element_bytes
from hawk_xdsl.hivm.reading.errors import HivmImportError
from hawk_xdsl.hivm.reading.linear import IndexForm
from hawk_xdsl.hivm.reading.places import PlacedBuffer
from hawk_xdsl.hivm.reading.tiles import Axis, VendorTile
from hawk_xdsl.hivm.reading.vendor_ops import space
from hawk_xdsl.hivm.reading.writing import Writer
from hawk_xdsl.npu_target import Target

FRACTAL = 16
"""Rows of a fractal."""

SCOPES = {"ub": Scope.UB, "cbuf": Scope.L1, "cc": Scope.L0C}
"""The memory spaces of buffers by the vendor's names."""

i1 = IntegerType(1)


class Room:
    """The bytes of the vector unit's memory behind the vendor's last buffer.

    Masks go there, which the vendor keeps as bits and our kernels as bytes, and what instructions
    need for themselves beyond what the vendor gives them.
    """

    def __init__(self, used: int, target: Target) -> None:
        memory = target.memory(Scope.UB)
        self._alignment, self._bytes = memory.alignment, memory.bytes
        self._next = used
        self._masks: dict[tuple[int, int], int] = {}

    def take(self, size: int, what: str) -> int:
        """An address for so many bytes. Raises ``HivmImportError`` if there is no room."""
        address = -(-self._next // self._alignment) * self._alignment
        if address + size > self._bytes:
            raise HivmImportError(
                f"{what} needs {size} bytes behind the vendor's buffers, which leave "
                f"{max(0, self._bytes - address)}"
            )
        self._next = address + size
        return address

    def mask(self, address: int, count: int) -> int:
        """The address for a mask of the vendor's, the same for the same bits."""
        if (address, count) not in self._masks:
            self._masks[address, count] = self.take(count, "a mask of bytes")
        return self._masks[address, count]


@dataclass(frozen=True)
class Sized:
    """An extent of a view: its size, the number if it is one, and else what it is at most."""

    form: IndexForm
    limit: int | None

    @classmethod
    def known(cls, size: int) -> "Sized":
        """An extent that is a number."""
        return cls(IndexForm({}, size), size)

    @property
    def most(self) -> int | None:
        """The number, or what it is at most if it is none."""
        return self.limit if self.form.number is None else self.form.number


@dataclass
class Pointer:
    """A buffer at an address: ``hivm.hir.pointer_cast``, or the one that an iteration chose."""

    type: MemRefType
    address: int
    room: Room
    anchor: tuple[Block, Operation | None]
    _buffers: dict[Attribute, PlacedBuffer] = field(default_factory=dict[Attribute, PlacedBuffer])

    def moved_to(self, anchor: tuple[Block, Operation | None]) -> "Pointer":
        """The same bytes, declared elsewhere."""
        return Pointer(self.type, self.address, self.room, anchor)

    @property
    def bytes(self) -> int:
        """How many bytes it has."""
        return prod(self.type.get_shape()) * element_bytes(self.type)

    def buffer(self, element: Attribute) -> PlacedBuffer:
        """Its bytes as elements of a dtype; of i1 a byte each, in another place."""
        if element not in self._buffers:
            if element == i1:
                # Typed as bits where a view names them; else bytes hold eight each.
                count = prod(self.type.get_shape()) * (1 if self.type.element_type == i1 else 8)
                address = self.room.mask(self.address, count)
                made = PlacedBuffer(self.anchor, i8, [count], Scope.UB, address)
            else:
                count = self.bytes // element_bytes(MemRefType(element, [1]))
                made = PlacedBuffer(self.anchor, element, [count], Scope.UB, self.address)
            self._buffers[element] = made
        return self._buffers[element]

    def view(self, type_: MemRefType, sizes: Sequence[Sized], start: int = 0) -> VendorTile:
        """A tile without gaps from a byte on.

        One unknown extent has the most that fits; of several those but the first their limits.
        """
        element = type_.element_type
        buffer = self.buffer(element)
        limits = _limits(sizes, buffer.count, type_)
        axes: list[tuple[Axis, ...]] = []
        stride = 1
        for limit, size in zip(reversed(limits), reversed(sizes), strict=True):
            axes.append((Axis(size.form, stride),))
            stride *= limit
        offset = start * (8 if element == i1 else 1) // element_bytes(MemRefType(element, [1]))
        return VendorTile(buffer, tuple(reversed(axes)), IndexForm({}, offset))

    def whole(self) -> VendorTile:
        """All of it, as it is declared."""
        return self.view(self.type, [Sized.known(size) for size in self.type.get_shape()])


def _limits(sizes: Sequence[Sized], count: int, type_: MemRefType) -> list[int]:
    """The extents that a buffer of a view has; unknown ones whole blocks where rows follow."""
    unknown = [place for place, size in enumerate(sizes) if size.form.number is None]
    if any(sizes[place].limit is None for place in unknown[1:]):
        raise HivmImportError(f"a view with several unknown extents: {type_}")
    limits = [size.most or 1 for size in sizes]
    for place in unknown[:1]:
        limit = count // prod(limit for i, limit in enumerate(limits) if i != place)
        per_block = Scope.UB.block // element_bytes(type_)
        inner = all(limit == 1 for limit in limits[place + 1 :])
        if inner and place and limit > per_block:
            limit -= limit % per_block
        limits[place] = limit
    return limits


@dataclass(frozen=True)
class Fractals:
    """A matrix in the cube's fractals: ``[columns / C0][rows / 16][16][C0]`` of the vendor's."""

    pointer: Pointer
    place: PlacedBuffer
    rows: int
    columns: int

    def moved_to(self, anchor: tuple[Block, Operation | None]) -> "Fractals":
        """The same bytes, declared elsewhere."""
        return fractals(self.pointer.moved_to(anchor))

    def part(self, writer: Writer, rows: IndexForm, columns: IndexForm) -> SSAValue:
        """Its first rows and columns as a buffer of the kernel."""
        axes = ((Axis(rows, self.columns),), (Axis(columns, 1),))
        return VendorTile(self.place, axes).write(writer)


def fractals(pointer: Pointer) -> Fractals:
    """The matrix of a buffer in L1 or L0C."""
    shape = pointer.type.get_shape()
    if len(shape) != 4 or shape[2] != FRACTAL or DYNAMIC_INDEX in shape:
        raise HivmImportError(f"a buffer that is not fractals: {pointer.type}")
    rows, columns = shape[1] * FRACTAL, shape[0] * shape[3]
    scope = SCOPES[space(pointer.type)]
    place = PlacedBuffer(
        pointer.anchor, pointer.type.element_type, [rows, columns], scope, pointer.address
    )
    return Fractals(pointer, place, rows, columns)
