"""From a HIVM kernel to what the vendor's lowering takes, and through that to upstream dialects."""

import re
from collections.abc import Mapping

from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.pattern_rewriter import GreedyRewritePatternApplier, PatternRewriteWalker

from hawk_xdsl.ir_text import generic_text
from hawk_xdsl.vendor.executable.cube import CubeAsCalls, loops_of
from hawk_xdsl.vendor.executable.instructions import PATTERNS
from hawk_xdsl.vendor.executable.meetings import meetings_as_calls
from hawk_xdsl.vendor.executable.memory import (
    AddressesAsViews,
    allocate_spaces,
    core_as_arguments,
    without_order,
)
from hawk_xdsl.vendor.running import VendorToolError, message_of, run_tool

OPT = "bishengir-opt"

TO_UPSTREAM = (
    "--execution-engine-convert-hivm-to-upstream",
    "--execution-engine-convert-hfusion-to-upstream",
    "--eliminate-empty-tensors",
    "--empty-tensor-to-alloc-tensor",
    "--one-shot-bufferize",
    "--convert-linalg-to-loops",
    "--expand-strided-metadata",
    "--lower-affine",
    "--canonicalize",
    "--cse",
    "--mlir-print-op-generic",
)
"""The vendor's way from HIVM to dialects that any MLIR knows."""

_SPACE = re.compile(r", #hivm\.address_space<\w+>")


def for_the_vendors_lowering(module: ModuleOp, sizes: Mapping[str, int]) -> str:
    """The text of a module of one HIVM kernel, which is changed, without what stands for hardware.

    Args:
        module: the kernel, planned or not.
        sizes: bytes of each address space.
    """
    (function,) = [op for op in module.ops if isinstance(op, func.FuncOp)]
    without_order(function)
    module.body.block.add_ops(meetings_as_calls(function))
    core_as_arguments(function)
    cube = CubeAsCalls()
    buffers = allocate_spaces(function, sizes)
    patterns = GreedyRewritePatternApplier([AddressesAsViews(buffers), cube, *PATTERNS])
    PatternRewriteWalker(patterns, apply_recursively=False).rewrite_region(function.body)
    for element in sorted(cube.used):
        module.body.block.add_ops(loops_of(element))
    return _SPACE.sub("", generic_text(module))


def upstream(text: str, *, seconds: float) -> str:
    """What the vendor's lowering makes of a text. Raises ``VendorToolError``."""
    ran = run_tool(OPT, TO_UPSTREAM, text, seconds=seconds)
    if ran.status:
        raise VendorToolError(OPT, message_of(ran.errors))
    return ran.output
