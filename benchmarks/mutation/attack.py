"""What an attack is: a changed kernel text that is wrong on inputs that few tests have."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from hawk_xdsl.dialects.kernel_text import Signature
from hawk_xdsl.semantics.specification import Specification
from mutation.tiles import Line, Tile, lines_of


@dataclass(frozen=True)
class Attack:
    """A changed kernel text.

    ``harmless`` marks a control of its kind: changed in the same way, but computing the same, so
    that the gate must accept it. ``values`` are numbers that an input has to be near to.
    """

    kind: str
    what: str
    text: str
    harmless: bool = False
    values: tuple[float, ...] = ()


@dataclass(frozen=True)
class Target:
    """A kernel that is attacked: its text, what it computes, and its lines."""

    text: str
    specification: Specification
    signature: Signature
    lines: tuple[Line, ...]

    @staticmethod
    def of(text: str, specification: Specification, signature: Signature) -> "Target":
        """Raises ``KernelTextError`` for a text that does not build."""
        return Target(text, specification, signature, tuple(lines_of(text, signature)))

    def replaced(self, number: int, by: Sequence[str], also: dict[int, str] | None = None) -> str:
        """The text with a line replaced, and further ones by number."""
        lines = [(also or {}).get(line.number, line.text) for line in self.lines]
        return "\n".join([*lines[:number], *by, *lines[number + 1 :]]) + "\n"


Kind = Callable[[Target], Iterator[Attack]]

WIDER = {"bf16": "f32", "i8": "f16", "i16": "f32"}
"""For dtypes that lack instructions: one that has all and holds their values exactly."""


def in_place(tile: Tile, change: Callable[[Tile], list[str]], *, compares: bool) -> list[str]:
    """Lines that change a tile, in a wider dtype where its own lacks the instructions.

    ``compares``: whether the change needs a comparison.
    """
    wide = WIDER.get(tile.dtype)
    if wide is None or (tile.dtype == "i16" and not compares):
        return change(tile)
    name = "zw"
    back = f"{tile.name} = vcast {name} to {tile.dtype} round rint"
    lines = change(Tile(name, wide, tile.shape))
    return [f"{name} = vcast {tile.name} to {wide} round rint", *lines, back]


def chosen(tile: Tile, condition: Sequence[str], then: str, otherwise: str) -> list[str]:
    """Lines that put one of two operands into a tile by a condition, the last line's ``zp``."""
    return [*condition, f"zs = vsel zp, {then}, {otherwise}", f"{tile.name} = copy zs"]


def after(
    target: Target, line: Line, added: Sequence[str], kind: str, *, harmless: bool = False,
    values: tuple[float, ...] = (),
) -> Attack:  # fmt: skip
    """The attack that adds lines behind one."""
    what = f"{line.text} ⏎ {' ⏎ '.join(added)}"
    return Attack(kind, what, target.replaced(line.number, [line.text, *added]), harmless, values)


def instead(
    target: Target, line: Line, new: Sequence[str], kind: str, *, harmless: bool = False,
    values: tuple[float, ...] = (),
) -> Attack:  # fmt: skip
    """The attack that has other lines instead of one."""
    what = f"{line.text} → {' ⏎ '.join(new)}"
    return Attack(kind, what, target.replaced(line.number, new), harmless, values)
