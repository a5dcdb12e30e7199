"""L2 over the launches of a network: what each finds there, and what it leaves.

Within a launch the unit is the cell of its own tiles. Between launches it is a chunk of a tensor,
since the next kernel cuts the same tensor into other tiles.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from hawk_xdsl.dialects.npu import KernelOp
from hawk_xdsl.npu_target.core_count import groups_at_once
from hawk_xdsl.npu_target.l2.cells import Grid
from hawk_xdsl.npu_target.l2.recency import GONE, Recency
from hawk_xdsl.npu_target.l2.stream import AccessStream, access_stream
from hawk_xdsl.npu_target.l2.traffic import Traffic
from hawk_xdsl.npu_target.target import L2Spec, Target

CHUNKS = 64
"""Parts of a tensor whose bytes are there or not between launches."""

_Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Left:
    """What is there of a tensor, by chunk: bytes, how many of them are unwritten to memory, age."""

    size: int
    there: _Floats
    dirty: _Floats
    age: _Floats


class L2Cache:
    """The L2 of a target, and the memory behind it. It begins empty: the first launch is cold."""

    def __init__(self, spec: L2Spec, memory: float) -> None:
        """``memory`` is the rate of the memory, in bytes per cycle."""
        self._spec = spec
        self._memory = memory
        self._left: dict[Hashable, _Left] = {}

    def launch(self, stream: AccessStream, tensors: Sequence[Hashable] | None = None) -> Traffic:
        """What a launch costs, and remember what it leaves.

        Args:
            stream: its accesses.
            tensors: a name for each argument, by which other launches find the same tensor;
                without them its arguments are the tensors 0, 1, 2, …
        """
        names = range(len(stream.grids)) if tensors is None else tensors
        return _Launch(self._spec, self._memory, stream, list(names), self._left).traffic()


def cache_of(target: Target) -> L2Cache | None:
    """An empty L2 of a target; ``None`` if it has none."""
    return None if target.l2 is None else L2Cache(target.l2, target.global_bandwidth)


def traffic_of(
    kernel: KernelOp,
    target: Target,
    l2: L2Cache | None = None,
    tensors: Sequence[Hashable] | None = None,
) -> Traffic | None:
    """What a launch of a kernel moves through L2; ``None`` if the target has none.

    ``l2`` is what earlier launches left, and remembers this one; it is empty if not given.
    ``tensors`` are as for :meth:`L2Cache.launch`.
    """
    cache = l2 or cache_of(target)
    if cache is None:
        return None
    return cache.launch(access_stream(kernel, groups_at_once(kernel, target)), tensors)


class _Launch:
    """One launch."""

    def __init__(
        self,
        spec: L2Spec,
        memory: float,
        stream: AccessStream,
        tensors: Sequence[Hashable],
        left: dict[Hashable, _Left],
    ) -> None:
        self._rates = [rate for _, rate in spec.hits]
        self._past = spec.past
        self._memory = memory
        self._stream = stream
        self._tensors = tensors
        self._left = left
        self._recency = Recency([float(limit) for limit, _ in spec.hits])
        empty = [np.zeros(0)]
        self._sizes = np.concatenate([*empty, *(grid.sizes() for grid in stream.grids)]).tolist()
        self._dirty: set[int] = set()
        self._foreign: dict[int, tuple[Hashable, int]] = {}
        self._arrive()

    def traffic(self) -> Traffic:
        """Run all accesses; leave what is there to the next launch."""
        stores, past, zones = self._stream.stores, self._stream.past, len(self._rates)
        handed, seen = self._stream.handed, set[int]()
        hands_over = any(handed)
        moved = [[0.0] * (zones + 1) for _ in stores]
        written = [0.0 for _ in stores]
        sizes, dirty, touch = self._sizes, self._dirty, self._recency.touch
        evicted: list[int] = []
        ahead: dict[int, float] = {}
        for op, cell, size in zip(
            self._stream.op.tolist(),
            self._stream.cell.tolist(),
            self._stream.bytes.tolist(),
            strict=True,
        ):
            if past[op]:
                moved[op][GONE] += size
                continue
            zone = touch(cell, sizes[cell], evicted)
            if hands_over:
                if handed[op] and cell not in seen:
                    zone = 0  # another core has just stored it, whatever the order of this list
                seen.add(cell)
            if stores[op]:
                dirty.add(cell)
                zone = 0  # L2 takes it at its best rate; what has to leave for it comes on top
            elif zone == GONE and sizes[cell] > size:
                # A cell that is larger than the access comes whole; others then find the rest.
                ahead[cell] = sizes[cell] - size
                size = sizes[cell]
            elif cell in ahead:
                known = min(size, ahead[cell])
                ahead[cell] -= known
                size -= known
            moved[op][zone] += size
            if evicted:
                for gone in evicted:
                    if gone in dirty:
                        dirty.remove(gone)
                        written[op] += sizes[gone]
                evicted.clear()
        self._leave()
        loads = [row for row, store in zip(moved, stores, strict=True) if not store]
        return Traffic(
            hits=sum(sum(row[:GONE]) for row in loads),
            misses=sum(row[GONE] for row in loads),
            stored=sum(sum(row) for row, store in zip(moved, stores, strict=True) if store),
            written_back=sum(written),
            cycles_per_byte={
                op: 1 / self._past if by else self._cost(row, back)
                for op, by, row, back in zip(self._stream.ops, past, moved, written, strict=True)
            },
            miss_share={
                op: row[GONE] / sum(row)
                for op, row, store in zip(self._stream.ops, moved, stores, strict=True)
                if sum(row) and not store
            },
        )

    def _cost(self, moved: Sequence[float], written: float) -> float:
        """Cycles per byte of an instruction, from its bytes by zone.

        L2 hands on what was just used while it looks for what was not: of both the slower counts.
        Of 16 loads of a tile by as many cores 15 find what the first one has brought. That one may
        take three times as long as each of the others, and costs nothing.
        """
        total = sum(moved)
        if not total:
            return 1 / self._rates[0]
        far = zip(moved[1:GONE], self._rates[1:], strict=True)
        found = sum(size / rate for size, rate in far) + moved[GONE] / self._memory
        return (max(total / self._rates[0], found) + written / self._memory) / total

    def _arrive(self) -> None:
        """Fill L2 with what earlier launches left, the oldest first."""
        cells: list[tuple[float, int, float]] = []
        own = set(self._tensors)
        for tensor, grid in zip(self._tensors, self._stream.grids, strict=True):
            left = self._left.get(tensor)
            if left is not None and left.size:
                cells += self._own_cells(left, grid)
        number = len(self._sizes)
        for tensor, left in self._left.items():
            if tensor in own:
                continue
            for chunk in np.flatnonzero(left.there).tolist():
                self._foreign[number] = (tensor, chunk)
                self._sizes.append(float(left.there[chunk]))
                if left.dirty[chunk] > 0:
                    self._dirty.add(number)
                cells.append((float(left.age[chunk]), number, self._sizes[number]))
                number += 1
        evicted: list[int] = []
        for _, cell, size in sorted(cells, reverse=True):
            self._recency.touch(cell, size, evicted)
        self._dirty.difference_update(evicted)

    def _own_cells(self, left: _Left, grid: Grid) -> list[tuple[float, int, float]]:
        """Age, number and bytes of the cells of an argument of which at least half is there."""
        low, high = (self._chunks(bytes_, left.size) for bytes_ in grid.hulls())
        chunk_bytes = left.size / CHUNKS
        there, dirty = (_mean(each / chunk_bytes, low, high) for each in (left.there, left.dirty))
        age = _mean(left.age, low, high)
        found: list[tuple[float, int, float]] = []
        for cell in np.flatnonzero(there >= 0.5).tolist():
            number = grid.first + cell
            found.append((float(age[cell]), number, self._sizes[number]))
            if dirty[cell] >= 0.5:
                self._dirty.add(number)
        return found

    @staticmethod
    def _chunks(bytes_: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.int64]:
        return np.minimum(bytes_ * CHUNKS // max(1, size), CHUNKS - 1)

    def _leave(self) -> None:
        """Note what is there, by tensor and chunk; its age is the bytes used since."""
        ages: dict[int, float] = {}
        passed = 0.0
        for cell in self._recency.newest_first():
            ages[cell] = passed
            passed += self._sizes[cell]
        left: dict[Hashable, _Left] = {}
        for tensor, grid in zip(self._tensors, self._stream.grids, strict=True):
            found = self._left_of(grid, ages)
            if tensor not in left or found.there.sum() > left[tensor].there.sum():
                left[tensor] = found
        for number, (tensor, chunk) in self._foreign.items():
            before = self._left[tensor]
            if tensor not in left:
                zero = np.zeros(CHUNKS)
                left[tensor] = _Left(before.size, zero, zero.copy(), zero.copy())
            if number in ages:
                left[tensor].there[chunk] = self._sizes[number]
                left[tensor].dirty[chunk] = self._sizes[number] if number in self._dirty else 0.0
                left[tensor].age[chunk] = ages[number]
        self._left.clear()
        self._left.update(left)

    def _left_of(self, grid: Grid, ages: dict[int, float]) -> _Left:
        """What is there of an argument."""
        total = int(np.prod(grid.shape)) * grid.itemsize
        numbers = [cell for cell in range(grid.cells) if grid.first + cell in ages]
        cells = np.array(numbers, np.int64)
        sizes = np.array([self._sizes[grid.first + cell] for cell in numbers])
        dirty = np.array([grid.first + cell in self._dirty for cell in numbers], np.float64)
        age = np.array([ages[grid.first + cell] for cell in numbers])
        low, high = (self._chunks(bytes_, total)[cells] for bytes_ in grid.hulls())
        there = _spread(sizes, low, high)
        weight = np.maximum(there, 1.0)
        return _Left(
            total,
            there,
            _spread(sizes * dirty, low, high),
            _spread(sizes * age, low, high) / weight,
        )


def _mean(values: _Floats, low: npt.NDArray[np.int64], high: npt.NDArray[np.int64]) -> _Floats:
    """The mean of values from ``low`` to ``high``, both included, for many such ranges."""
    sums = np.concatenate([np.zeros(1), np.cumsum(values)])
    return (sums[high + 1] - sums[low]) / (high + 1 - low)


def _spread(values: _Floats, low: npt.NDArray[np.int64], high: npt.NDArray[np.int64]) -> _Floats:
    """Sums by chunk of values that lie evenly over ranges of chunks."""
    steps = np.zeros(CHUNKS + 1)
    share = values / (high + 1 - low)
    np.add.at(steps, low, share)
    np.subtract.at(steps, high + 1, share)
    return np.cumsum(steps)[:CHUNKS]
