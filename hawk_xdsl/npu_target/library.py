"""Cycles of what a vendor's library makes of several dependent instructions, such as a scan.

An Ascend chip has no instruction for a scan, an index tile or a reduction of rows. Its library
writes them with ordinary ones and a barrier wherever one needs the result of the one before. A
target names those in ``vector.library``; a row of theirs in ``vector.ops`` is the cost of a step.
Example: the sum of 8 rows of 1024 f32 is 4 additions of 16 repeats, then 2, then 1, and 2 barriers:
7 · 16 · 2 + 3 · 3.1 + 2 · (16 + 2) = 269 cycles with a tail of 16 and a barrier of 2.
"""

import math

from hawk_xdsl.dialects.npu import Role
from hawk_xdsl.npu_target.target import Cost, Target

Cycles = tuple[float, int]
"""Cycles, and how many of the hardware's instructions they are."""

COMBINES = {"sum": "vadd", "prod": "vmul", "max": "vmax", "min": "vmin"}
"""The instruction that puts two rows together, by the kind of a reduction."""


def wait(target: Target) -> float:
    """Cycles until a vector instruction may use the result of the one before: tail and barrier."""
    return target.sync.tail[target.vector.pipe] + target.sync.barrier


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


def positions_of_rows(step: Cost, rows: int, repeats: int, target: Target) -> Cycles:
    """An extreme of rows and its place: a comparison, then two selections, row after row."""
    return rows * step.cycles(repeats) + 2 * (rows - 1) * wait(target), 3 * rows


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
