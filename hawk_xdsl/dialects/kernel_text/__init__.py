"""The kernel text: the compact language that npu kernels are written in, to npu ops and back."""

from hawk_xdsl.dialects.kernel_text.build import StageBuilder, build
from hawk_xdsl.dialects.kernel_text.errors import KernelTextError
from hawk_xdsl.dialects.kernel_text.parse import canonical_blanks, grammar, parse
from hawk_xdsl.dialects.kernel_text.signature import (
    GlobalOperand,
    Program,
    Signature,
    StageKernel,
)

__all__ = [
    "GlobalOperand",
    "KernelTextError",
    "Program",
    "Signature",
    "StageBuilder",
    "StageKernel",
    "build",
    "canonical_blanks",
    "grammar",
    "parse",
]
