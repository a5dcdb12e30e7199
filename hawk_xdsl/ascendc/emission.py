"""A kernel's C++ text under construction: its lines, and the names of its values."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from xdsl.ir import Operation, SSAValue

from hawk_xdsl.ascendc.names import TYPES
from hawk_xdsl.dialects.npu import KernelOp
from hawk_xdsl.npu_target import Target
from hawk_xdsl.transforms.pass_error import PassError

IndexText = int | str
"""A number of elements, or the C++ expression of one."""


@dataclass(frozen=True)
class AscendcView:
    """A part of a tensor in C++.

    Attributes:
        name: of the ``LocalTensor`` or ``GlobalTensor``.
        dtype: of its elements, as MLIR spells it.
        offset: of its first element, in elements.
        shape: its extents.
        strides: in elements.
    """

    name: str
    dtype: str
    offset: IndexText
    shape: tuple[IndexText, ...]
    strides: tuple[int, ...]

    @property
    def packed(self) -> bool:
        """Whether its elements lie one after the other, in the order of its dimensions."""
        running = 1
        for extent, stride in zip(self.shape[:0:-1], self.strides[:0:-1], strict=True):
            if isinstance(extent, str) or (extent != 1 and stride != running):
                return False
            running *= extent
        return not self.shape or self.shape[0] == 1 or self.strides[0] == running


@dataclass
class AscendcEmission:
    """Where lines go, and what became of the values of the npu kernel.

    Attributes:
        kernel: the kernel that is written.
        target: what it was compiled for.
        bits: the buffers of truth values that are bits in AscendC.
        lines: what was written so far.
        views: the tensors.
        scalars: the C++ expression of each scalar.
        functions: those of ``INDEX_FUNCTIONS`` that are used.
    """

    kernel: KernelOp
    target: Target
    bits: frozenset[SSAValue]
    lines: list[str] = field(default_factory=list[str])
    views: dict[SSAValue, AscendcView] = field(default_factory=dict[SSAValue, AscendcView])
    scalars: dict[SSAValue, str] = field(default_factory=dict[SSAValue, str])
    functions: set[str] = field(default_factory=set[str])
    _names: set[str] = field(default_factory=set[str])
    _depth: int = 1

    def emit(self, line: str) -> None:
        """A line at the depth of the block around it."""
        self.lines.append("    " * self._depth + line)

    @contextmanager
    def block(self, head: str) -> Generator[None]:
        """A head and braces around what is emitted meanwhile."""
        self.emit(f"{head} {{".lstrip())
        self._depth += 1
        yield
        self._depth -= 1
        self.emit("}")

    def name(self, hint: str | None) -> str:
        """A name that no other value has."""
        base = hint or "v"
        number, found = 1, base
        while found in self._names:
            found = f"{base}_{number}"
            number += 1
        self._names.add(found)
        return found

    def index(self, value: SSAValue | int) -> IndexText:
        """An index as a number or an expression."""
        if isinstance(value, int):
            return value
        text = self.scalars[value]
        return int(text) if text.lstrip("-").isdigit() else text

    def function(self, name: str, left: IndexText, right: IndexText) -> str:
        """A call of one of ``INDEX_FUNCTIONS``."""
        self.functions.add(name)
        return f"{name}({left}, {right})"

    def type_of(self, op: Operation, dtype: str) -> str:
        """The C++ type of a dtype."""
        if dtype not in TYPES:
            raise self.fail(op, f"no C++ type for {dtype}")
        return TYPES[dtype]

    def fail(self, op: Operation, why: str) -> PassError:
        """The error for an op that is not written."""
        return PassError(f"@{self.kernel.sym_name.data}: {op.name} has no form in AscendC: {why}")


def plus(*terms: IndexText) -> IndexText:
    """The sum of indices, without zeros."""
    number = sum(term for term in terms if isinstance(term, int))
    texts = [term for term in terms if isinstance(term, str)]
    if number or not texts:
        texts.append(str(number))
    return " + ".join(texts) if any(isinstance(term, str) for term in terms) else number


def times(left: IndexText, right: IndexText) -> IndexText:
    """The product of two indices."""
    if isinstance(left, int) and isinstance(right, int):
        return left * right
    if 0 in (left, right):
        return 0
    factors = [factor for factor in (left, right) if factor != 1]
    return " * ".join(f"({f})" if " " in str(f) else str(f) for f in factors)


def product(extents: Sequence[IndexText]) -> IndexText:
    """The number of elements."""
    count: IndexText = 1
    for extent in extents:
        count = times(count, extent)
    return count
