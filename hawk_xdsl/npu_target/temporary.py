"""What the bytes are counted by that a vector instruction needs for itself, as a target says it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Temporary:
    """What a vector instruction needs for itself: a sum of what it is counted by.

    Attributes:
        blocks: blocks, whatever it works on.
        numbers: blocks for each operand that is a number.
        rows: blocks for each row of the source, rounded up to those of whole repeats.
        row_blocks: blocks for each row of the source.
        row_repeats: blocks for each repeat of one row of the source.
        repeats: repeats for each row of the source.
        half: times half of each row of the source, in whole repeats.
        tile: times the bytes of the source, its rows in whole blocks.
        places: an i32 for each element of the source, whose bytes are rounded up to two blocks.
        marks: times an eighth of the bytes of the source.
        elements: bytes for each element of the result.
    """

    blocks: int = 0
    numbers: int = 0
    rows: int = 0
    row_blocks: int = 0
    row_repeats: int = 0
    repeats: int = 0
    half: int = 0
    tile: int = 0
    places: int = 0
    marks: int = 0
    elements: int = 0


REDUCTIONS = tuple(
    f"{what}_{how}"
    for what in ("reduce", "product", "position")
    for how in ("along_rows", "along_short_rows", "of_rows")
)
"""Rows of ``temporaries`` for reductions: a row is short if it is no longer than a repeat."""

A_BLOCK_A_REPEAT: Mapping[str, Temporary] = {
    row: Temporary(row_repeats=1) for row in REDUCTIONS if row.endswith("along_rows")
}
"""The temporaries of a target that says nothing of them."""
