"""The syntax tree of the kernel text: what a parsed kernel body consists of."""

from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from hawk_xdsl.dialects.npu import (
    Accumulation,
    Comparison,
    Move,
    Reduction,
    Rounding,
)


@dataclass(frozen=True, slots=True)
class Integer:
    """An integer literal, not negative."""

    value: int


@dataclass(frozen=True, slots=True)
class Variable:
    """A loop variable or a scalar that was read."""

    name: str


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``left operator right`` with one of ``+ - * // %``."""

    operator: str
    left: "Expression"
    right: "Expression"


Expression: TypeAlias = Integer | Variable | Arithmetic
"""Integer arithmetic, as it stands in slices, bounds and conditions."""


@dataclass(frozen=True, slots=True)
class Slice:
    """``start`` (a point, ``length`` is None), ``start:length`` or ``start:length:stride``."""

    start: Expression
    length: int | None = None
    stride: int = 1


@dataclass(frozen=True, slots=True)
class Tile:
    """A buffer, a part of it, or a scalar by its name; ``slices`` None stands for all of it."""

    name: str
    slices: tuple[Slice, ...] | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A literal; an int where it was written without a point or an exponent."""

    value: int | float


Operand: TypeAlias = Tile | Number


@dataclass(frozen=True, slots=True)
class Load:
    """``load x[0:8, 0:64] into ub``, with ``pad`` the value of what lies outside.

    ``scope`` is the memory space by the target's name for it, or by the word for its role.
    """

    mnemonic: ClassVar[str] = "load"
    source: Tile
    scope: str
    pad: Number | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """``read x[i, 3]``: one element as a scalar."""

    mnemonic: ClassVar[str] = "read"
    source: str
    indices: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Fill:
    """``fill 0.0 f32[8, 64] in ub``."""

    mnemonic: ClassVar[str] = "fill"
    value: Number
    dtype: str
    shape: tuple[int, ...]
    scope: str


@dataclass(frozen=True, slots=True)
class View:
    """``view a as [8, 1, 64]``: the same bytes in another shape."""

    mnemonic: ClassVar[str] = "view"
    source: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Factor:
    """An operand of ``mmad``, perhaps transposed."""

    tile: Tile
    transposed: bool = False


@dataclass(frozen=True, slots=True)
class Mmad:
    """``mmad a, b.T, c``; with a row that the sums start from ``mmad a, b.T, c, r``."""

    mnemonic: ClassVar[str] = "mmad"
    lhs: Factor
    rhs: Factor
    accumulator: str
    bias: Tile | None = None


@dataclass(frozen=True, slots=True)
class Elementwise:
    """``vadd a, b`` and all others that are written as a mnemonic and operands."""

    mnemonic: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """``vcmp gt a, b``."""

    mnemonic: ClassVar[str] = "vcmp"
    predicate: Comparison
    lhs: Tile
    rhs: Operand


@dataclass(frozen=True, slots=True)
class Cast:
    """``vcast a to f16 round rint``."""

    mnemonic: ClassVar[str] = "vcast"
    source: Tile
    dtype: str
    rounding: Rounding


@dataclass(frozen=True, slots=True)
class Reduce:
    """``vreduce sum a axis 0, 1``."""

    mnemonic: ClassVar[str] = "vreduce"
    kind: Reduction
    source: Tile
    axes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cumulate:
    """``vcumulate sum a axis 1``."""

    mnemonic: ClassVar[str] = "vcumulate"
    kind: Accumulation
    source: Tile
    axis: int


@dataclass(frozen=True, slots=True)
class Transpose:
    """``vtranspose a perm [1, 0]``."""

    mnemonic: ClassVar[str] = "vtranspose"
    source: Tile
    permutation: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Arange:
    """``varange i32[8, 64] axis 1``."""

    mnemonic: ClassVar[str] = "varange"
    dtype: str
    shape: tuple[int, ...]
    axis: int


@dataclass(frozen=True, slots=True)
class Broadcast:
    """``vbrc a to [8, 64]``."""

    mnemonic: ClassVar[str] = "vbrc"
    source: Tile
    shape: tuple[int, ...]


Value: TypeAlias = (
    Load
    | Read
    | Fill
    | View
    | Mmad
    | Elementwise
    | Compare
    | Cast
    | Reduce
    | Cumulate
    | Transpose
    | Arange
    | Broadcast
)
"""What stands to the right of ``=``."""


@dataclass(frozen=True, slots=True)
class Assign:
    """``name = value``."""

    name: str
    value: Value
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Store:
    """``store [relu] a into y[0:8, 0:64]``."""

    mnemonic: ClassVar[str] = "store"
    source: Tile
    dest: Tile
    relu: bool = False
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Signal:
    """``signal 0 after store``: flag 0, once all stores (or loads) before it have finished.

    The cores of the other kind that work on the same block see it.
    """

    flag: int
    move: Move
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Await:
    """``await 0 before load``: later loads (or stores) come after the other cores' flag 0."""

    flag: int
    move: Move
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Loop:
    """``variable in start..stop step step``."""

    variable: str
    start: Expression
    stop: Expression
    step: int


@dataclass(frozen=True, slots=True)
class For:
    """``for … { … }``; an empty body opens the loop for statements that follow."""

    loop: Loop
    body: tuple["Statement", ...] = ()
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class If:
    """``if left relation right { … }``."""

    left: Expression
    relation: str
    right: Expression
    body: tuple["Statement", ...] = ()
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Across:
    """``across … { … }``: iterations that are distributed over the blocks."""

    loops: tuple[Loop, ...]
    body: tuple["Statement", ...] = ()
    line: int | None = field(default=None, compare=False)


Block: TypeAlias = For | If | Across
Statement: TypeAlias = Assign | Store | Signal | Await | For | If | Across


@dataclass(frozen=True, slots=True)
class Temp:
    """``temp t f32[512, 768]``: global scratch between stages."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Stage:
    """``on cube { … }``: one kernel. A body without stages is one vector stage.

    ``on mixed { … }`` is one kernel too: ``parts`` are what each kind of core runs at once, and
    its own ``body`` is empty.
    """

    core: str
    body: tuple[Statement, ...]
    line: int | None = field(default=None, compare=False)
    parts: tuple["Stage", ...] = ()


@dataclass(frozen=True, slots=True)
class KernelText:
    """A whole body."""

    temps: tuple[Temp, ...]
    stages: tuple[Stage, ...]


Node: TypeAlias = (
    Expression
    | Slice
    | Tile
    | Number
    | Factor
    | Value
    | Loop
    | Statement
    | Temp
    | Stage
    | KernelText
)
"""Anything that a syntax tree consists of."""
