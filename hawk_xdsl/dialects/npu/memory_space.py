"""Memory spaces: names that a target declares, with their roles and how tiles lie in them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from xdsl.ir import Data
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.str_enum import StrEnum

from hawk_xdsl.dialects.npu.identifier import parse_name


class Role(StrEnum):
    """What a memory space is for."""

    GLOBAL = "global"
    """The kernel's arguments and scratch; the cores reach each other only through it."""
    VECTOR = "vector"
    """Operands and results of the vector unit."""
    MATRIX = "matrix"
    """Factors of the matrix unit."""
    ACCUMULATOR = "accumulator"
    """What the matrix unit adds products to."""
    LEFT = "left"
    """Where the matrix unit stages the left factor: a part of its instruction."""
    RIGHT = "right"
    """Where it stages the right factor."""

    @property
    def word(self) -> str:
        """The word for the role in kernel text and in messages: ``ub`` for vector operands."""
        return _WORDS[self]


_WORDS = {
    Role.GLOBAL: "global",
    Role.VECTOR: "ub",
    Role.MATRIX: "l1",
    Role.ACCUMULATOR: "l0c",
    Role.LEFT: "l0a",
    Role.RIGHT: "l0b",
}


@dataclass(frozen=True)
class Scope:
    """A memory space: ``#npu.scope<ub>``.

    A tile lies in it by rows, each from a block on, or as a matrix cut in fractals: bands of
    ``block`` bytes a row, padded to a multiple of ``rows`` rows.

    Attributes:
        name: what the target calls it.
        roles: what it is for, in the order of ``Role``.
        block: bytes that rows, or bands of fractals, are padded to.
        rows: rows of a fractal; 0 where tiles lie by rows.
    """

    name: str
    roles: tuple[Role, ...]
    block: int = 1
    rows: int = 0

    GLOBAL: ClassVar["Scope"]
    UB: ClassVar["Scope"]
    L1: ClassVar["Scope"]
    L0A: ClassVar["Scope"]
    L0B: ClassVar["Scope"]
    L0C: ClassVar["Scope"]

    def has(self, *roles: Role) -> bool:
        """Whether it plays one of the roles."""
        return any(role in self.roles for role in roles)

    @property
    def is_global(self) -> bool:
        """Whether it is global memory."""
        return Role.GLOBAL in self.roles

    @property
    def by_fractals(self) -> bool:
        """Whether matrices lie in fractals; otherwise tiles lie by rows."""
        return self.rows > 0

    def __str__(self) -> str:
        return self.name


Scope.GLOBAL = Scope("global", (Role.GLOBAL,))
Scope.UB = Scope("ub", (Role.VECTOR,), 32)
Scope.L1 = Scope("l1", (Role.MATRIX,), 32, 16)
Scope.L0A = Scope("l0a", (Role.LEFT,), 32, 16)
Scope.L0B = Scope("l0b", (Role.RIGHT,), 32, 16)
Scope.L0C = Scope("l0c", (Role.ACCUMULATOR,), 64, 16)

_KNOWN = {
    scope.name: scope
    for scope in (Scope.GLOBAL, Scope.UB, Scope.L1, Scope.L0A, Scope.L0B, Scope.L0C)
}


def names_of(scopes: Iterable[Scope]) -> str:
    """Memory spaces as text: ``ub, l1``."""
    return ", ".join(scope.name for scope in scopes)


@irdl_attr_definition
class ScopeAttr(Data[Scope]):
    """The memory space of an npu buffer: ``memref<8x64xf32, #npu.scope<ub>>``.

    The spaces of the Ascend family are written as their names, any other with what the target
    declares of it: ``#npu.scope<spm, [vector, matrix], block 128>``, ``rows 16`` for fractals.
    """

    name = "npu.scope"

    def print_parameter(self, printer: Printer) -> None:
        """The name alone where it says all."""
        scope = self.data
        with printer.in_angle_brackets():
            printer.print_string(scope.name)
            if _KNOWN.get(scope.name) == scope:
                return
            printer.print_string(f", [{', '.join(scope.roles)}], block {scope.block}")
            if scope.by_fractals:
                printer.print_string(f", rows {scope.rows}")

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Scope:
        """As printed."""
        with parser.in_angle_brackets():
            name = parse_name(parser, "a memory space")
            if parser.parse_optional_punctuation(",") is None:
                if name in _KNOWN:
                    return _KNOWN[name]
                parser.raise_error(
                    f"memory space {name}: say what it is for: #npu.scope<{name}, [vector], "
                    f"block 32>; known without: {', '.join(_KNOWN)}"
                )
            roles = parser.parse_comma_separated_list(
                parser.Delimiter.SQUARE, lambda: parser.parse_str_enum(Role)
            )
            parser.parse_punctuation(",")
            parser.parse_keyword("block")
            block, rows = parser.parse_integer(allow_negative=False), 0
            if parser.parse_optional_punctuation(",") is not None:
                parser.parse_keyword("rows")
                rows = parser.parse_integer(allow_negative=False)
            return Scope(name, tuple(sorted(set(roles), key=list(Role).index)), block, rows)
