"""Global memory: arrays whose every element knows who touched it last, on whichever core."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.npu_target.memory import POISON, Slices, offset_of
from hawk_xdsl.npu_target.traps import Fault, TrapCode

Stamps = npt.NDArray[np.int32]
"""Numbers of accesses; 0 is none."""

MANY = -1
"""The stamp of an element that several blocks have read."""


class AccessLog:
    """Who made each stamped access: block, pipe, and the number within the pipe.

    Blocks run one after the other, so those of the running one are the stamps from
    ``first_of_block`` on. ``names`` are those of the pipes, by number: of one core, or one after
    the other of ``together`` cores that work on a block.
    """

    def __init__(self, names: Sequence[str], together: int = 1) -> None:
        self.names = names
        self._of_a_core = max(1, len(names) // together)
        self.first_of_block = 1
        self.blocks = [0]
        self.pipes = [0]
        self.sequences = [0]

    def same_core(self, pipe: int, other: int) -> bool:
        """Whether two pipes are of one core."""
        return pipe // self._of_a_core == other // self._of_a_core

    def begin_block(self) -> None:
        """The accesses from now on are another block's."""
        self.first_of_block = len(self.blocks)

    def stamp(self, block: int, pipe: int, sequence: int) -> int:
        """The number of a new access."""
        self.blocks.append(block)
        self.pipes.append(pipe)
        self.sequences.append(sequence)
        return len(self.blocks) - 1


class GlobalArray:
    """An argument of the kernel. Inputs are read only and never in conflict; outputs are stamped.

    Attributes:
        writers: for each element the stamp of its last write; ``None`` for an input.
        readers: for each pipe that reads the output back, the stamps of its last reads.
    """

    def __init__(self, name: str, data: Array, log: AccessLog, *, output: bool) -> None:
        self.name = name
        self.data = data
        self.log = log
        self.writers: Stamps | None = None
        self.readers: dict[int, Stamps] = {}
        if output:
            data.reshape(-1).view(np.uint8).fill(POISON)
            self.writers = np.zeros(data.shape, dtype=np.int32)

    def unwritten(self) -> int:
        """How many elements of an output no block has written."""
        assert self.writers is not None
        return int(self.writers.size - np.count_nonzero(self.writers))


class GlobalTile:
    """A view of a global array; ``start`` is bytes from the array's first element."""

    __slots__ = ("array", "data", "shape", "stamps", "start")

    def __init__(self, array: GlobalArray, data: Array, stamps: Stamps | None, start: int) -> None:
        self.array = array
        self.data = data
        self.stamps = stamps
        self.start = start
        self.shape: tuple[int, ...] = data.shape

    def view(self, slices: Slices) -> "GlobalTile":
        """The elements that slices select; an integer drops its dimension."""
        every = (*slices, ...)  # so that even one element is a view, not a number
        stamps = None if self.stamps is None else self.stamps[every]
        start = self.start + offset_of(self.data.strides, slices)
        return GlobalTile(self.array, self.data[every], stamps, start)

    def recast(self, shape: Sequence[int], strides: Sequence[int]) -> "GlobalTile":
        """All of a contiguous array in another shape; its strides in elements follow from that."""
        stamps = None if self.stamps is None else self.stamps.reshape(shape)
        view = GlobalTile(self.array, self.data.reshape(shape), stamps, self.start)
        if view.data.strides != tuple(stride * self.data.itemsize for stride in strides):
            raise Fault(TrapCode.UNSUPPORTED, "is not another shape of a contiguous array")
        return view

    def note_read(self, block: int, pipe: int, sequence: int, knows: list[int]) -> None:
        """Check and note a read. Raises ``Fault`` for a race or elements nobody wrote."""
        stamps = self.stamps
        if stamps is None:
            return
        if not stamps.all():
            missing = int(stamps.size - np.count_nonzero(stamps))
            raise Fault(
                TrapCode.UNINITIALISED_READ,
                f"reads {missing} of {stamps.size} elements of {self.array.name} before they are "
                "written",
                missing=missing,
            )
        self._check(stamps, block, pipe, knows, "reads", "written")
        readers, log = self._reader_stamps(pipe), self.array.log
        foreign = (readers != 0) & (readers < log.first_of_block)
        readers[...] = np.where(foreign, MANY, log.stamp(block, pipe, sequence))

    def note_write(self, block: int, pipe: int, sequence: int, knows: list[int]) -> None:
        """Check and note a write. Raises ``Fault`` for a race or a write to an input."""
        stamps = self.stamps
        if stamps is None:
            raise Fault(
                TrapCode.INPUT_WRITTEN, f"writes {self.array.name}, which is an input of the kernel"
            )
        if stamps.any():
            self._check(stamps, block, pipe, knows, "writes", "written")
        for reader in self.array.readers:
            self._check(self._reader_stamps(reader), block, pipe, knows, "writes", "read")
        stamps.fill(self.array.log.stamp(block, pipe, sequence))

    def _reader_stamps(self, pipe: int) -> Stamps:
        """The stamps of a pipe's reads of these elements: as ``stamps``, of another array."""
        writers, stamps = self.array.writers, self.stamps
        assert writers is not None and stamps is not None
        if pipe not in self.array.readers:
            self.array.readers[pipe] = np.zeros_like(writers)
        offset = self.start // self.data.itemsize * stamps.itemsize
        return np.ndarray(stamps.shape, np.int32, self.array.readers[pipe], offset, stamps.strides)

    def _check(
        self, stamps: Stamps, block: int, pipe: int, knows: list[int], does: str, done: str
    ) -> None:
        log, name = self.array.log, self.array.name
        low, high = int(stamps.min()), int(stamps.max())
        found = [low] if low == high else [int(stamp) for stamp in np.unique(stamps)]
        for stamp in found:
            if stamp == 0:
                continue
            other = log.blocks[stamp]
            if stamp == MANY or other != block:
                who = "several blocks" if stamp == MANY else f"block {other}"
                raise Fault(
                    TrapCode.CORE_RACE,
                    f"block {block} {does} elements of {name} that {who} has {done}, and blocks "
                    "have no order",
                    block=block,
                    other=other,
                )
            if log.sequences[stamp] > knows[log.pipes[stamp]]:
                missing = "flag or barrier"
                if not log.same_core(pipe, log.pipes[stamp]):
                    missing = "npu.cross_set there and npu.cross_wait here"
                raise Fault(
                    TrapCode.RACE,
                    f"{does} elements of {name} that {log.names[log.pipes[stamp]]} has {done}, "
                    f"with no {missing} in between",
                )
