"""The kernel text: the compact language that npu kernels are written in, to npu ops and back."""

from hawk_xdsl.dialects.kernel_text.build import StageBuilder, build
from hawk_xdsl.dialects.kernel_text.errors import KernelTextError
from hawk_xdsl.dialects.kernel_text.grammar import grammar, with_rule
from hawk_xdsl.dialects.kernel_text.narrow import narrowed_grammar, statement_grammar
from hawk_xdsl.dialects.kernel_text.parse import is_name, keywords, parse
from hawk_xdsl.dialects.kernel_text.places import Places
from hawk_xdsl.dialects.kernel_text.prefix import PrefixBuilder
from hawk_xdsl.dialects.kernel_text.print import print_kernels, print_program, signature_of
from hawk_xdsl.dialects.kernel_text.signature import (
    GlobalOperand,
    KernelProgram,
    Signature,
    StageKernel,
)
from hawk_xdsl.dialects.kernel_text.text_lines import line_of
from hawk_xdsl.dialects.kernel_text.unparse import text_of

__all__ = [
    "GlobalOperand",
    "KernelProgram",
    "KernelTextError",
    "Places",
    "PrefixBuilder",
    "Signature",
    "StageBuilder",
    "StageKernel",
    "build",
    "grammar",
    "is_name",
    "keywords",
    "line_of",
    "narrowed_grammar",
    "parse",
    "print_kernels",
    "print_program",
    "signature_of",
    "statement_grammar",
    "text_of",
    "with_rule",
]
