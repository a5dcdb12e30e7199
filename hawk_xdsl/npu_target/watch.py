"""What a buffer held after each instruction that wrote into it."""

from collections.abc import Callable
from dataclasses import dataclass

from xdsl.ir import Operation

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.kernel_text import line_of
from hawk_xdsl.npu_target.global_memory import GlobalTile
from hawk_xdsl.npu_target.memory import TileView


@dataclass(frozen=True)
class WrittenState:
    """What an instruction has just written.

    Attributes:
        block: which block ran it.
        place: where in the run: ``block 3, %i0 = 8``.
        op_name: the instruction.
        line: of the kernel text that it was built from, if it was.
        buffer: the name of what it wrote into, without ``%``.
        values: the elements written; of l1, l0a, l0b and l0c as they are stored.
    """

    block: int
    place: str
    op_name: str
    line: int | None
    buffer: str
    values: Array


Watch = Callable[[WrittenState], None]
"""Gets each state when it is there."""


def written_state(
    block: int, place: str, op: Operation, tile: TileView | GlobalTile
) -> WrittenState:
    """The state after an instruction; its values are a copy."""
    owner = tile.array if isinstance(tile, GlobalTile) else tile.buffer
    name = owner.name.removeprefix("%")
    return WrittenState(block, place, op.name, line_of(op), name, tile.data.copy())
