"""Cycles of what a vendor's library makes of several dependent instructions, such as a scan.

An Ascend chip has no instruction for a scan, an index tile, a position or a reduction of more than
a repeat. Its library writes them with ordinary ones and a barrier wherever one needs the result of
the one before. A target names those in ``vector.library``; a row of theirs in ``vector.ops`` is the
cost of a step. ``benchmarks/vendor_ops.py`` runs that library and prints both.
Example: the sum of 8 rows of 1024 f32 is 4 additions of 16 repeats, then 2, then 1, and 2 barriers:
7 · 16 · 2 + 3 · 3.1 + 2 · (16 + 2) = 269 cycles with a tail of 16 and a barrier of 2.
"""

import math
from dataclasses import dataclass

from hawk_xdsl.dialects.npu import Reduction, Role
from hawk_xdsl.npu_target.cost_lines import Cost
from hawk_xdsl.npu_target.target import Target

Cycles = tuple[float, int]
"""Cycles, and how many of the hardware's instructions they are."""

COMBINES = {
    "sum": "vadd",
    "prod": "vmul",
    Reduction.MAX: "vmax",
    Reduction.MIN: "vmin",
    Reduction.ARGMAX: "vmax",
    Reduction.ARGMIN: "vmin",
}
"""The instruction that puts two rows together, by the kind of a reduction."""


@dataclass(frozen=True)
class Rows:
    """What a reduction works on: how many rows, and how many elements each has."""

    count: int
    length: int
    itemsize: int

    def repeats(self, target: Target, length: int | None = None) -> int:
        """Repeats of a row, or of so many elements of it."""
        size = (self.length if length is None else length) * self.itemsize
        return math.ceil(size / target.vector.repeat_bytes)


def wait(target: Target) -> float:
    """Cycles until a vector instruction may use the result of the one before: tail and barrier."""
    return target.sync.tail[target.vector.pipe] + target.sync.barrier


def round_trip(target: Target) -> float:
    """Cycles from the vector unit to the scalar unit and back: a flag each way."""
    return target.sync.tail[target.vector.pipe] + 4 * target.sync.flag


def mask_address(target: Target) -> float:
    """Cycles of a selection before it begins: the scalar unit writes the address of its bits."""
    return round_trip(target) + 2 * target.scalar.issue + target.sync.barrier


def scan_of_rows(step: Cost, rows: int, repeats: int, target: Target) -> Cycles:
    """A scan of rows onto rows, one after the other; ``repeats`` are those of one row."""
    return rows * step.cycles(repeats) + (rows - 1) * wait(target), rows


def scan_along_row(elements: int, target: Target) -> Cycles:
    """A scan along rows: the scalar unit reads, computes and writes each element."""
    scalar = target.scalar
    each = scalar.read[target.space(Role.VECTOR)] + scalar.operation + scalar.issue
    return elements * each, 1


def reduction_of_rows(step: Cost, rows: int, repeats: int, target: Target) -> Cycles:
    """Rows onto rows, in halves; ``repeats`` are those of one row, ``step`` puts two together."""
    if rows == 1:
        return step.cycles(repeats), 1
    levels = math.ceil(math.log2(rows))
    cycles = levels * step.latency + (rows - 1) * repeats * step.slope
    return max(cycles, step.cycles((rows - 1) * repeats)) + (levels - 1) * wait(target), levels


def halvings(length: int, repeat: int) -> tuple[list[int], int]:
    """Lengths that a row is added down to, half by half, to one repeat, and further waits.

    A row of less than two repeats is copied first; a half that is no power of two is added in two
    parts. Example: 1000 elements of f32 (64 a repeat) become 500, 256, 128, 64; one wait more.
    """
    if length < 2 * repeat:
        return [repeat, length - repeat], 0
    found = [math.ceil(length / 2)]
    while found[-1] > repeat:
        found.append(2 ** (math.ceil(math.log2(found[-1])) - 1))
    return found, 0 if found[0].bit_count() == 1 else 1


def reduction_along_rows(combine: Cost, last: Cost, rows: Rows, target: Target) -> Cycles:
    """Halves of each row onto each other down to a repeat, which an instruction reduces.

    Args:
        combine: the instruction that puts two halves together.
        last: the one that reduces a repeat.
        rows: the rows.
        target: the chip.
    """
    repeat = target.vector.repeat_bytes // rows.itemsize
    if rows.length <= repeat:
        return last.cycles(rows.count), math.ceil(rows.count / target.vector.max_repeats)
    lengths, more = halvings(rows.length, repeat)
    steps = [combine.cycles(rows.count * rows.repeats(target, length)) for length in lengths]
    waits = len(steps) + more
    return sum(steps) + waits * wait(target) + last.cycles(rows.count), len(steps) + 1


def extreme_of_one_row(combine: Cost, last: Cost, row: Rows, target: Target) -> Cycles:
    """The largest or smallest of one row: its repeats onto one, which is reduced to a register."""
    repeats = row.repeats(target)
    cycles = combine.cycles(repeats) + last.cycles(1) + combine.latency + 2 * wait(target)
    return cycles + round_trip(target) + 2 * target.scalar.issue, 3


def product_along_rows(combine: Cost, rows: Rows, target: Target) -> Cycles:
    """Repeats of each row onto one, then halves down to a block, which the scalar unit takes apart.

    From half a block on the scalar unit moves the upper half of each row beside the lower ones.
    """
    block = target.vector.block_bytes // rows.itemsize
    repeat = target.vector.repeat_bytes // rows.itemsize
    scalar = target.scalar
    element = scalar.read[target.space(Role.VECTOR)] + scalar.issue
    cycles = rows.count * combine.cycles(rows.repeats(target)) if rows.length > repeat else 0.0
    steps = rows.count if rows.length > repeat else 0
    halves = math.ceil(math.log2(max(2, min(rows.length, repeat)) / block)) if block else 0
    cycles += max(0, halves) * combine.cycles(rows.count)
    steps += max(0, halves)
    trips = round(math.log2(block))
    cycles += trips * combine.cycles(math.ceil(rows.count / (repeat // block)))
    cycles += (trips + 1) * round_trip(target) + rows.count * block * element
    return cycles + steps * wait(target), steps + trips


def positions_of_rows(steps: "PositionSteps", rows: Rows, target: Target) -> Cycles:
    """An extreme of rows and its place, row after row.

    A comparison, the extreme, a row of the number of the row, and a selection into the places,
    which are i32 whatever is compared; the last three wait for the one before.
    """
    repeats = rows.repeats(target)
    places = math.ceil(rows.length * 4 / target.vector.repeat_bytes)
    both = steps.compare.cycles(repeats) + steps.combine.cycles(repeats)
    filled, chosen = steps.fill.cycles(places), steps.select.cycles(places)
    each = both + filled + chosen + 3 * wait(target)
    begin = steps.fill.cycles(repeats) + filled + 2 * wait(target) + round_trip(target)
    return begin + (rows.count - 1) * each, 4 * rows.count - 2


@dataclass(frozen=True)
class PositionSteps:
    """The instructions of a reduction to positions; ``fill`` and ``select`` are those of i32."""

    compare: Cost
    combine: Cost
    fill: Cost
    select: Cost


def positions_along_rows(last: Cost, rows: Rows, target: Target) -> Cycles:
    """Places of extremes: of short rows by an instruction, of longer ones row by row.

    An instruction over all rows of at most a repeat gives values, another one places. A longer row
    leaves both in a register, which the scalar unit reads and writes to memory.
    """
    if rows.length * rows.itemsize <= target.vector.repeat_bytes:
        return 2 * last.cycles(rows.count), 2
    each = last.cycles(rows.repeats(target)) + round_trip(target) + 4 * target.scalar.issue
    return rows.count * each, rows.count


def counting(step: Cost, elements: int, itemsize: int, target: Target) -> Cycles:
    """Indices: the scalar unit writes a block, additions double what there is."""
    block = target.vector.block_bytes // itemsize
    steps = max(1, math.ceil(math.log2(max(1, elements / block))))
    cycles = target.sync.flag * 2 + block * target.scalar.issue + (steps - 1) * wait(target)
    made, repeat = block, target.vector.repeat_bytes // itemsize
    for _ in range(steps):
        cycles += step.cycles(math.ceil(made / repeat))
        made *= 2
    return cycles, steps


def counting_in_rows(elements: int, target: Target) -> Cycles:
    """Indices of a tile of several dimensions: the scalar unit writes each element."""
    return elements * target.scalar.issue, 1


def gather(
    step: Cost, multiply: Cost, add: Cost, repeats: tuple[int, int], target: Target
) -> Cycles:
    """Elements by index: indices become addresses in two steps.

    Args:
        step: the gather itself.
        multiply: of i32 by a number.
        add: of i32 and a number.
        repeats: of the result, and of the indices.
        target: the chip.
    """
    addresses = multiply.cycles(repeats[1]) + add.cycles(repeats[1])
    return addresses + 2 * wait(target) + step.cycles(repeats[0]), 3
