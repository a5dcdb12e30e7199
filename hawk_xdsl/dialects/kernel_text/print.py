"""Npu kernels back to kernel text: their syntax tree, and its canonical text."""

from collections.abc import Sequence

from xdsl.dialects.builtin import MemRefType

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.buffer_types import dtype_of
from hawk_xdsl.dialects.kernel_text.errors import KernelTextError
from hawk_xdsl.dialects.kernel_text.places import MIXED_WORD
from hawk_xdsl.dialects.kernel_text.print_stage import StageReader
from hawk_xdsl.dialects.kernel_text.signature import (
    GlobalOperand,
    KernelProgram,
    Signature,
    StageKernel,
)
from hawk_xdsl.dialects.kernel_text.unparse import text_of
from hawk_xdsl.dialects.npu import KernelOp, Size, size_at


def print_program(program: KernelProgram) -> str:
    """The canonical text of a program.

    Raises:
        KernelTextError: for IR that has no text form.
    """
    return print_kernels(program.kernels, program.temps)


def print_kernels(
    kernels: Sequence[StageKernel | KernelOp], temps: Sequence[GlobalOperand] = ()
) -> str:
    """The canonical text of kernels, as stages where there are several or one is for the cube.

    Raises:
        KernelTextError: for IR that has no text form.
    """
    return text_of(syntax_of(kernels, temps))


def syntax_of(
    kernels: Sequence[StageKernel | KernelOp], temps: Sequence[GlobalOperand] = ()
) -> ast.KernelText:
    """The syntax tree of kernels.

    A kernel without the names of its operands takes them from the IR; operands of one name in
    several kernels are the same. Flags, barriers and addresses are left out.

    Raises:
        KernelTextError: for IR that has no text form.
    """
    stages = [named(kernel) for kernel in kernels]
    names = [temp.name for temp in temps]
    return ast.KernelText(
        tuple(ast.Temp(temp.name, temp.dtype, temp.shape) for temp in temps),
        tuple(_stage(stage, names) for stage in stages),
    )


def _stage(stage: StageKernel, temps: Sequence[str]) -> ast.Stage:
    parts = [
        ast.Stage(part.core, StageReader(stage, part, temps).body()) for part in stage.op.parts
    ]
    return ast.Stage(MIXED_WORD, (), None, tuple(parts)) if stage.op.is_mixed else parts[0]


def named(kernel: StageKernel | KernelOp) -> StageKernel:
    """A kernel with names for its operands: their names in the IR, made unique."""
    if isinstance(kernel, StageKernel):
        return kernel
    names: list[str] = []
    for number, argument in enumerate(kernel.buffers):
        hint = argument.name_hint or f"x{number}"
        names.append(hint if hint not in names else f"{hint}x{number}")
    return StageKernel(kernel, tuple(names))


def signature_of(
    name: str, kernels: Sequence[StageKernel | KernelOp], temps: Sequence[GlobalOperand] = ()
) -> Signature:
    """The signature that the text of kernels builds against.

    Args:
        name: of the program.
        kernels: at least one.
        temps: operands that are scratch.
    """
    if not kernels:
        raise KernelTextError("no kernels")
    stages = [named(kernel) for kernel in kernels]
    scratch = {temp.name for temp in temps}
    written = {name for stage in stages for name in stage.writes}
    operands: dict[str, GlobalOperand] = {}
    sizes: dict[str, tuple[Size, ...]] = {}
    for stage in stages:
        highest = {extent.name: extent.high for extent in stage.op.ranges}
        arguments = zip(stage.operands, stage.op.buffers, stage.op.shapes, strict=True)
        for operand, argument, shape in arguments:
            type_ = argument.type
            assert isinstance(type_, MemRefType)
            most = tuple(size_at(size, highest) for size in shape)
            operands[operand] = GlobalOperand(operand, dtype_of(type_.element_type), most)
            if most != type_.get_shape():
                sizes[operand] = shape
    kept = [operand for operand in operands.values() if operand.name not in scratch]
    return Signature(
        name,
        tuple(operand for operand in kept if operand.name not in written),
        tuple(operand for operand in kept if operand.name in written),
        stages[0].op.target.data,
        extents=stages[0].op.ranges,
        sizes=sizes,
    )
