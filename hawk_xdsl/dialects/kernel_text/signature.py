"""What a kernel text is built against, and what building gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from hawk_xdsl.dialects.kernel_text.places import Places
from hawk_xdsl.dialects.npu import KernelOp, NamedExtent, Size


class GlobalOperand(NamedTuple):
    """A buffer in global memory: contiguous, row-major.

    Attributes:
        name: as in the text.
        dtype: ``f16``, ``bf16``, ``f32``, ``i8``, ``i16`` or ``i32``.
        shape: elements of each dimension; where ``Signature.sizes`` has the operand, the most.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Signature:
    """The header of a kernel text, which the compiler writes.

    Attributes:
        name: the symbol of the kernel; several stages get ``name_0``, ``name_1``, ….
        inputs: operands that are only read.
        outputs: operands that are written.
        target: the name of the target.
        places: what it calls its memory spaces and kinds of cores.
        extents: lengths that are known at launch, names in the text.
        sizes: the dimensions of operands and temps that depend on extents, by name of the operand.
    """

    name: str
    inputs: tuple[GlobalOperand, ...]
    outputs: tuple[GlobalOperand, ...]
    target: str
    places: Places = field(default_factory=Places)
    extents: tuple[NamedExtent, ...] = ()
    sizes: Mapping[str, tuple[Size, ...]] = field(default_factory=dict[str, tuple[Size, ...]])

    def sizes_of(self, operand: GlobalOperand) -> tuple[Size, ...]:
        """The dimensions of an operand or temp: numbers, or lengths that depend on extents."""
        return self.sizes.get(operand.name, operand.shape)


@dataclass(frozen=True)
class StageKernel:
    """One stage as a kernel.

    Attributes:
        op: the kernel.
        operands: the name of the global operand behind each of its arguments, in order.
    """

    op: KernelOp
    operands: tuple[str, ...]

    @property
    def reads(self) -> tuple[str, ...]:
        """The operands that the kernel only reads."""
        return self.operands[: len(self.op.inputs)]

    @property
    def writes(self) -> tuple[str, ...]:
        """The operands that the kernel writes."""
        return self.operands[len(self.op.inputs) :]


@dataclass(frozen=True)
class KernelProgram:
    """A built kernel text: its kernels in launch order, and the scratch between them."""

    kernels: tuple[StageKernel, ...]
    temps: tuple[GlobalOperand, ...]
