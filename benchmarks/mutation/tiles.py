"""What is known of a kernel text line by line: its tiles in the unified buffer, with types."""

import re
from dataclasses import dataclass

from xdsl.dialects.builtin import MemRefType

from hawk_xdsl.dialects.kernel_text import Signature, build
from hawk_xdsl.dialects.npu import AllocOp, Scope, scope_of

BUFFER = r"[A-Za-z]\w*"
DEFINITION = re.compile(rf"({BUFFER}) = (.*)")


@dataclass(frozen=True)
class Tile:
    """A buffer: its name, dtype and shape."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def is_float(self) -> bool:
        """Whether its elements are floats."""
        return "f" in self.dtype

    @property
    def extents(self) -> str:
        """The shape as kernel text has it."""
        return ", ".join(map(str, self.shape))


@dataclass(frozen=True)
class Line:
    """A line of a kernel text, and what it defines in the unified buffer, if anything.

    ``tiles`` are all of the stage that the line is in.
    """

    number: int
    text: str
    tile: Tile | None
    value: str
    tiles: dict[str, Tile]


def lines_of(text: str, signature: Signature) -> list[Line]:
    """The lines of a text that builds. A name of several types in one stage is no tile."""
    program = build(text, signature, lambda core: 24)
    stages = [_tiles([op for op in stage.op.walk()]) for stage in program.kernels]
    found: list[Line] = []
    stage = -1
    for number, line in enumerate(text.splitlines()):
        stage += line.startswith("on ")
        tiles = stages[max(stage, 0)]
        match = DEFINITION.fullmatch(line)
        tile = tiles.get(match[1]) if match else None
        found.append(Line(number, line, tile, match[2] if match else "", tiles))
    return found


def _tiles(ops: list[object]) -> dict[str, Tile]:
    found: dict[str, Tile] = {}
    several: set[str] = set()
    for op in ops:
        if isinstance(op, AllocOp) and op.buffer.name_hint is not None:
            type_ = op.buffer.type
            assert isinstance(type_, MemRefType)
            if scope_of(op.buffer) != Scope.UB:
                continue
            name = op.buffer.name_hint
            tile = Tile(name, str(type_.element_type), tuple(type_.get_shape()))
            if found.setdefault(name, tile) != tile:
                several.add(name)
    return {name: tile for name, tile in found.items() if name not in several}
