"""Bytes of the vector unit's memory that an instruction needs for itself, beside its operands.

What needs how much is data of a target, ``[vector.temporaries]``: a row says what the bytes are
counted by. Example: ``broadcast = { rows = 1 }`` spreads each element of a column over a block,
before the column stands beside rows. So ``vsub`` of [100, 64] and [100, 1] needs 104 blocks of 32
bytes, for a repeat spreads eight.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from xdsl.dialects import memref
from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType
from xdsl.ir import SSAValue

from hawk_xdsl.dialects.npu import (
    ROWS,
    OpForm,
    Reduction,
    TileOp,
    VectorOp,
    element_bytes,
)
from hawk_xdsl.npu_target.cost import VectorWork, work_of
from hawk_xdsl.npu_target.target import VectorSpec
from hawk_xdsl.npu_target.temporary import Temporary

PLACE = 4
"""Bytes of a position, which is i32."""


class TileExtents(NamedTuple):
    """Extents of an operand, and bytes of an element."""

    shape: tuple[int, ...]
    itemsize: int


def temporary_bytes(op: TileOp, spec: VectorSpec) -> int:
    """What an instruction of the IR needs; of views of unknown extents that of their buffers."""
    if not isinstance(op, VectorOp):
        return 0
    tiles = [_extents(value) for value in op.operands if isinstance(value.type, MemRefType)]
    numbers = len(op.operands) - len(tiles)
    return bytes_needed(work_of(op), tiles, numbers, spec)


def bytes_needed(
    work: VectorWork, tiles: Sequence[TileExtents], numbers: int, spec: VectorSpec
) -> int:
    """What an instruction needs.

    Args:
        work: its row in the tables, and the axes of a reduction.
        tiles: its operands that are tiles, the destination last.
        numbers: how many of its operands are numbers.
        spec: the vector unit.
    """
    source, out = tiles[0], tiles[-1]
    mnemonic, _, kind = work.row.partition("_")
    form = ROWS[mnemonic].form
    if form is OpForm.REDUCE:
        row = spec.temporaries.get(_reduction(kind, source, work.axes, spec))
        return _counted(row, source, out, 0, spec)
    total = _counted(spec.temporaries.get(work.row), source, out, numbers, spec)
    for tile in tiles[:-1]:
        if tile.shape and tile.shape[-1] == 1 and out.shape[-1] > 1 and form is not OpForm.GATHER:
            total += _counted(spec.temporaries.get("broadcast"), tile, out, numbers, spec)
    return total


def _reduction(kind: str, source: TileExtents, axes: Sequence[int], spec: VectorSpec) -> str:
    """The row of a reduction: its kind, and whether it is along rows."""
    what = "reduce"
    if kind in (Reduction.ARGMAX, Reduction.ARGMIN):
        what = "position"
    elif kind == Reduction.PROD:
        what = "product"
    if len(source.shape) - 1 not in axes:
        return f"{what}_of_rows"
    longer = source.shape[-1] * source.itemsize > spec.repeat_bytes
    return f"{what}_along_rows" if longer else f"{what}_along_short_rows"


def _counted(
    row: Temporary | None, source: TileExtents, out: TileExtents, numbers: int, spec: VectorSpec
) -> int:
    if row is None:
        return 0
    block, repeat = spec.block_bytes, spec.repeat_bytes
    rows = math.prod(source.shape[:-1])
    length = (source.shape[-1] if source.shape else 1) * source.itemsize
    repeats = math.ceil(length / repeat)
    half = math.ceil(math.ceil(length / source.itemsize / 2) * source.itemsize / repeat)
    total = (
        row.blocks + row.numbers * numbers + row.row_repeats * repeats + row.row_blocks * rows
    ) * block
    total += row.rows * math.ceil(rows * block / repeat) * repeat
    total += (row.repeats + row.half * half) * rows * repeat
    total += row.tile * rows * _whole(length, block)
    total += row.places * _whole(rows * length, 2 * block) // source.itemsize * PLACE
    total += row.marks * _whole(math.ceil(rows * length / 8), block)
    total += row.elements * math.prod(out.shape)
    return _whole(total, block)


def _whole(size: int, unit: int) -> int:
    """Bytes rounded up to whole units."""
    return math.ceil(size / unit) * unit


def _extents(value: SSAValue) -> TileExtents:
    """The extents of a tile; those that are not known are at most those of its buffer's shape."""
    assert isinstance(value.type, MemRefType)
    shape, root = value.type.get_shape(), value
    while isinstance(root.owner, memref.SubviewOp):
        root = root.owner.source
    assert isinstance(root.type, MemRefType)
    whole = root.type.get_shape()[-len(shape) :] if shape else ()
    whole = (1,) * (len(shape) - len(whole)) + tuple(whole)
    known = tuple(w if n == DYNAMIC_INDEX else n for n, w in zip(shape, whole, strict=True))
    return TileExtents(known, element_bytes(value.type))
