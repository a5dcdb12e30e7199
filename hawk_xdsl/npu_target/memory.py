"""The scopes of one core: buffers at addresses in real bytes, and views of them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.npu import Role, Scope
from hawk_xdsl.npu_target.layout import FractalLayout
from hawk_xdsl.npu_target.regions import Extent, MemoryRegions, Region, extent_of
from hawk_xdsl.npu_target.traps import Fault, TrapCode

POISON = 0xFF
"""The byte that memory is filled with before it is written: NaN in every float dtype."""

FREE = -1
"""The owner of a buffer whose bytes belong to another one, or to none yet."""

Slices = tuple[slice | int, ...]
Marks = npt.NDArray[np.bool_]


class AllocatedBuffer:
    """One allocation: its bytes, and which incarnation of it wrote them.

    An ``npu.alloc`` in a loop makes a new incarnation (``generation``) in every iteration; what
    the one before wrote does not count any more. The first write of an incarnation takes the
    bytes from every buffer that shares them (``rivals``), which loses its contents thereby.

    Attributes:
        address: the first byte in the scope; 0 where every buffer has a place of its own.
        raw: all bytes, padding included.
        marks: which elements the incarnation has written; stale while ``complete``.
        complete: whether it has written all of them.
    """

    def __init__(
        self,
        name: str,
        scope: Scope,
        address: int,
        raw: npt.NDArray[np.uint8],
        shape: Sequence[int],
    ) -> None:
        self.name = name
        self.scope = scope
        self.address = address
        self.raw = raw
        self.marks = np.zeros(tuple(shape), dtype=np.bool_)
        self.rivals: list[AllocatedBuffer] = []
        self.generation = 0
        self.owner = FREE
        self.complete = False
        self.thief: AllocatedBuffer | None = None

    def overlaps(self, other: "AllocatedBuffer") -> bool:
        """Whether two buffers of one scope share bytes."""
        return (
            self.address < other.address + other.raw.size
            and other.address < self.address + self.raw.size
        )

    def take(self, generation: int, *, poison: bool) -> None:
        """A new incarnation writes for the first time: rob the rivals, poison the bytes."""
        self.owner = generation
        self.complete = False
        self.thief = None
        self.marks.fill(False)
        if poison:
            self.raw.fill(POISON)
        for rival in self.rivals:
            if rival.owner != FREE:
                rival.owner = FREE
                rival.thief = self


class TileView:
    """A view of a buffer that lies by rows: strided rows of contiguous elements.

    Attributes:
        data: the elements, shaped as the view (in fractal scopes as they are stored).
        marks: which of them are written.
        start: address of the first element in its scope, in bytes.
        whole: whether it is all of the buffer's elements.
        tails: marks of the elements behind each row that a copy by whole blocks overwrites.
    """

    __slots__ = (
        "buffer", "data", "marks", "memory", "region", "shape", "start", "tails", "whole",
    )  # fmt: skip

    def __init__(
        self,
        buffer: AllocatedBuffer,
        memory: MemoryRegions,
        data: Array,
        marks: Marks,
        start: int,
        tails: tuple[Marks, ...] = (),
    ) -> None:
        self.buffer = buffer
        self.memory = memory
        self.data = data
        self.marks = marks
        self.start = start
        self.whole = marks.size == buffer.marks.size
        self.tails = tails
        self.shape: tuple[int, ...] = marks.shape
        self.region: Region = memory.region(self.extent())

    def extent(self) -> Extent:
        """The bytes that an access touches: copies write whole blocks."""
        found = extent_of(self.start, self.data.shape, self.data.strides, self.data.itemsize)
        block = self.buffer.scope.block
        if any(step % block for _, step in found.repeats):
            return found
        tail = -(found.start + found.run) % block
        return Extent(found.start, found.run + tail, found.repeats)

    def block_elements(self) -> int:
        """Elements of the unit in which copies write."""
        return self.buffer.scope.block // self.data.itemsize

    def read(self) -> Array:
        """The elements, shaped as the view."""
        return self.data

    def write(self, values: Array) -> None:
        """Set all elements; converts to the buffer's dtype."""
        self.data[...] = values

    def view(self, slices: Slices) -> "TileView":
        """The elements that slices (with start and stop) select; an integer drops a dimension."""
        start = self.start + offset_of(self.data.strides, slices)
        return TileView(
            self.buffer, self.memory, self.data[slices], self.marks[slices], start,
            self.tails_of(slices),
        )  # fmt: skip

    def recast(self, shape: Sequence[int], strides: Sequence[int]) -> "TileView":
        """The same elements in the same order in another shape; ``strides`` are in elements."""
        steps = [stride * self.data.itemsize for stride in strides]
        data = np.lib.stride_tricks.as_strided(self.data, shape, steps)
        return TileView(self.buffer, self.memory, data, self.marks.reshape(shape), self.start)

    def tails_of(self, slices: Slices) -> tuple[Marks, ...]:
        """The marks behind each row of a view, up to the end of the row's last block."""
        if not slices:
            return ()
        last = slices[-1]
        stop = last + 1 if isinstance(last, int) else int(last.stop)
        columns, over = self.marks.shape[-1], -stop % self.block_elements()
        rows = slices[:-1]
        behind: list[Marks] = []
        if over and stop < columns:
            behind.append(self.marks[(*rows, slice(stop, stop + over))])
        if stop + over > columns or stop == columns:
            behind += [tail[(*rows, ...)] for tail in self.tails]
        return tuple(behind)

    def check_initialised(self, generation: int) -> None:
        """Raise ``Fault`` unless this incarnation wrote every element."""
        buffer = self.buffer
        if buffer.owner != generation:
            self._raise_lost(buffer)
        if buffer.complete:
            return
        if self.marks.all():
            buffer.complete = self.whole
            return
        missing = int(self.marks.size - np.count_nonzero(self.marks))
        first = [int(i) for i in np.argwhere(~self.marks)[0]]
        raise Fault(
            TrapCode.UNINITIALISED_READ,
            f"reads {missing} of {self.marks.size} elements of {buffer.name} that were never "
            f"written, the first at {first} of the tile",
            missing=missing,
        )

    @staticmethod
    def _raise_lost(buffer: AllocatedBuffer) -> None:
        thief = buffer.thief
        if thief is None:
            raise Fault(
                TrapCode.UNINITIALISED_READ, f"reads {buffer.name}, which was never written"
            )
        raise Fault(
            TrapCode.OVERLAP,
            f"reads {buffer.name} at {buffer.address}, which {thief.name} at {thief.address} has "
            "overwritten: both are live and share bytes",
            address=buffer.address,
            other=thief.address,
        )

    def claim(self, generation: int, *, poison: bool) -> None:
        """Note that this incarnation writes every element; call it before the data changes.

        ``poison`` the rest of a new incarnation, unless the instruction's sources may be there.
        """
        buffer = self.buffer
        if buffer.owner != generation:
            buffer.take(generation, poison=poison and not self.whole)
        if self.whole:
            buffer.complete = True
        elif not buffer.complete:
            self.marks.fill(True)

    def spoil_tails(self) -> None:
        """Forget the elements that a copy by whole blocks overwrites behind the rows."""
        if not self.tails:
            return
        if self.buffer.complete:
            self.buffer.complete = False
            self.buffer.marks.fill(True)
        for tail in self.tails:
            tail.fill(False)


class FractalTile(TileView):
    """A matrix in fractals: ``data`` is [rows, bands, width], a view of the physical bands."""

    __slots__ = ("band_width",)

    def __init__(
        self,
        buffer: AllocatedBuffer,
        memory: MemoryRegions,
        data: Array,
        marks: Marks,
        start: int,
        tails: tuple[Marks, ...] = (),
    ) -> None:
        self.band_width = int(data.shape[-1])
        super().__init__(buffer, memory, data, marks, start, tails)

    def block_elements(self) -> int:
        """The width of a band."""
        return self.band_width

    def extent(self) -> Extent:
        """The bytes that an access touches: the matrix unit writes whole fractals."""
        rows, bands, width = self.data.shape
        shape = (_whole_rows(self.buffer.scope, rows), bands, width)
        return extent_of(self.start, shape, self.data.strides, self.data.itemsize)

    def read(self) -> Array:
        """The matrix, copied out of its bands."""
        rows, columns = self.shape
        bands = self.data[:rows]
        return bands.reshape(rows, bands.shape[1] * self.band_width)[:, :columns]

    def write(self, values: Array) -> None:
        """Set the matrix; the rest of the last band keeps its bytes."""
        rows, columns = self.shape
        full = columns // self.band_width
        width = full * self.band_width
        if full:
            self.data[:rows, :full] = values[:, :width].reshape(rows, full, self.band_width)
        if width < columns:
            self.data[:rows, full, : columns - width] = values[:, width:]

    def view(self, slices: Slices) -> "FractalTile":
        """A part that starts at a fractal. Raises ``Fault`` for any other start.

        Factors may start at any row of a band: sixteen rows from there on are a fractal too, at
        whole blocks. So a window of an image, whose rows are pixels, is a part of it.
        """
        (row, row_stop), (column, column_stop) = (_bounds(part) for part in slices)
        scope = self.buffer.scope
        fractal = scope.rows if scope.has(Role.ACCUMULATOR) else 1
        if row % fractal or column % self.band_width:
            raise Fault(
                TrapCode.MISALIGNED,
                f"a view of {self.buffer.name} starts at [{row}, {column}], inside a fractal of "
                f"{fractal} by {self.band_width}",
            )
        first, last = column // self.band_width, -(-column_stop // self.band_width)
        data = self.data[row:row_stop, first:last]
        start = self.start + row * data.strides[0] + first * data.strides[1]
        marks = self.marks[row:row_stop, column:column_stop]
        return FractalTile(self.buffer, self.memory, data, marks, start, self.tails_of(slices))

    def tails_of(self, slices: Slices) -> tuple[Marks, ...]:
        """The marks beside a view in its bands, and below it in the fractals of an accumulator."""
        (row, row_stop), (column, column_stop) = (_bounds(part) for part in slices)
        band, offset = divmod(self.start - self.buffer.address, self.data.strides[1])
        top, left = offset // self.data.strides[0], band * self.band_width
        bottom, right = top + row_stop, left + column_stop
        height = _whole_rows(self.buffer.scope, row_stop - row)
        end = right + -right % self.band_width
        marks = self.buffer.marks
        beside = marks[top + row : bottom, right:end]
        below = marks[bottom : top + row + height, left + column : end]
        return tuple(tail for tail in (beside, below) if tail.size)


def _whole_rows(scope: Scope, rows: int) -> int:
    """The rows that writing some of a view's rows overwrites, from its first one on."""
    return rows + -rows % scope.rows if scope.has(Role.ACCUMULATOR) else rows


def _bounds(part: slice | int) -> tuple[int, int]:
    if isinstance(part, int) or part.step not in (None, 1):
        raise Fault(TrapCode.SHAPE, "a matrix in fractals keeps both dimensions, with stride 1")
    return int(part.start), int(part.stop)


def offset_of(strides: Sequence[int], slices: Slices) -> int:
    """Bytes from the first element of an array to that of a view of it."""
    return sum(
        step * (part if isinstance(part, int) else int(part.start))
        for step, part in zip(strides, slices, strict=True)
    )


def row_tile(buffer: AllocatedBuffer, memory: MemoryRegions, data: Array) -> TileView:
    """All of a buffer that lies by rows; ``data`` are they."""
    return TileView(buffer, memory, data, buffer.marks, buffer.address)


def fractal_tile(
    buffer: AllocatedBuffer,
    memory: MemoryRegions,
    layout: FractalLayout,
    dtype: np.dtype[np.generic],
) -> FractalTile:
    """All of a buffer in fractals."""
    bands = buffer.raw.view(dtype).reshape(layout.bands, layout.rows, layout.width)
    return FractalTile(buffer, memory, bands.transpose(1, 0, 2), buffer.marks, buffer.address)
