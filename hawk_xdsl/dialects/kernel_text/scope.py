"""What names stand for while a kernel is built: buffers, scalars, and the blocks they live in."""

from dataclasses import dataclass, field
from typing import TypeAlias

from xdsl.ir import Block, Operation, SSAValue

from hawk_xdsl.dialects.kernel_text.index import IndexVariable, Linear
from hawk_xdsl.dialects.kernel_text.signature import GlobalOperand
from hawk_xdsl.dialects.npu import Scope


@dataclass
class Global:
    """A global operand of the program, its dimensions, and what the kernel does with it."""

    operand: GlobalOperand
    argument: SSAValue
    is_input: bool
    is_temp: bool
    sizes: tuple[Linear, ...]
    read: bool = False
    written: bool = False


@dataclass(frozen=True)
class Ragged:
    """The valid extent of a dimension that is cut at an edge: min(length, ceil(limit / stride)).

    Attributes:
        length: elements of the dimension as allocated.
        limit: elements of the global dimension from the start of the slice on.
        stride: the stride of the slice.
    """

    length: int
    limit: Linear
    stride: int = 1


Extent: TypeAlias = int | Ragged
"""How many elements of a dimension are valid."""


@dataclass(frozen=True)
class AccumulatorFill:
    """Where an l0c buffer was filled, and what has accumulated into it since.

    Attributes:
        depth: the number of blocks around the fill.
        started: whether an mmad followed.
        around: the blocks between the fill and the first mmad.
    """

    depth: int
    started: bool = False
    around: tuple["BlockFrame", ...] = ()


@dataclass(frozen=True)
class Buffer:
    """A named buffer on the core.

    Attributes:
        base: the allocated buffer or a view of it, of static shape.
        root: the allocated buffer.
        dtype: of its elements.
        shape: as allocated.
        extents: what of it is valid.
        scope: where it is.
        depth: the number of blocks around its definition.
        accumulation: for l0c.
    """

    base: SSAValue
    root: SSAValue
    dtype: str
    shape: tuple[int, ...]
    extents: tuple[Extent, ...]
    scope: Scope
    depth: int
    accumulation: AccumulatorFill | None = None


@dataclass(frozen=True)
class Scalar:
    """A loop variable (``dtype`` None) or an element that was read."""

    variable: IndexVariable
    dtype: str | None = None


Binding: TypeAlias = Buffer | Scalar


@dataclass(eq=False)
class BlockFrame:
    """A block of the text that is being built.

    Attributes:
        kind: ``kernel``, ``across``, ``for`` or ``if``.
        block: where its operations go.
        owner: the loop or condition; None for the kernel.
        variable: of a ``for``.
        names: the names defined here.
        memo: values computed here that can be used again.
    """

    kind: str
    block: Block
    owner: Operation | None = None
    variable: IndexVariable | None = None
    names: dict[str, Binding] = field(default_factory=dict[str, Binding])
    memo: dict[object, SSAValue] = field(default_factory=dict[object, SSAValue])
