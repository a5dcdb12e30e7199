"""Building a mixed kernel: a body for each kind of core, joined into one kernel."""

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import Block, Region
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.kernel_text.errors import KernelTextError
from hawk_xdsl.dialects.kernel_text.extents import sizes_map
from hawk_xdsl.dialects.kernel_text.scope import Global
from hawk_xdsl.dialects.kernel_text.signature import Signature, StageKernel
from hawk_xdsl.dialects.npu import Core, KernelOp, PartOp


@dataclass(frozen=True)
class BuiltPart:
    """The body of one kind of core, as it was built: with all operands as arguments.

    Attributes:
        core: the kind of core.
        block: its ops.
        operands: what it does with each global operand.
        total: iterations of its ``across``.
        max_blocks: how many cores of the kind run at once.
    """

    core: Core
    block: Block
    operands: Sequence[Global]
    total: int
    max_blocks: int


def joined(
    name: str, parts: Sequence[BuiltPart], signature: Signature, line: int | None
) -> StageKernel:
    """The mixed kernel of some parts.

    Its operands are what only is read, the outputs, and then as scratch the temps that some part
    reads. It has as many blocks as the part with the most iterations has groups of cores.

    Raises:
        KernelTextError: if it stores no output, or its parts are of one kind.
    """
    places = signature.places
    cores = [places.cores_a_block(part.core) for part in parts]
    together = list(zip(*(part.operands for part in parts), strict=True))
    read = [all_ for all_ in together if _read(all_) and not _written(all_)]
    outputs = [all_ for all_ in together if _written(all_) and not _is_scratch(all_)]
    scratch = [all_ for all_ in together if _is_scratch(all_)]
    order = [*read, *outputs, *scratch]
    if not outputs:
        raise KernelTextError("the kernel stores no output", line=line)
    wanted = max(-(-part.total // each) for part, each in zip(parts, cores, strict=True))
    most = min(part.max_blocks // each for part, each in zip(parts, cores, strict=True))
    op = KernelOp(
        name,
        [each[0].argument.type for each in read],
        [each[0].argument.type for each in (*outputs, *scratch)],
        target=signature.target,
        core=Core.MIXED,
        blocks=max(1, min(wanted, most)),
        scratch=len(scratch),
        extents=signature.extents,
        sizes=sizes_map(signature.extents, [each[0].sizes for each in order]),
    )
    for all_, argument in zip(order, op.buffers, strict=True):
        argument.name_hint = all_[0].operand.name
        for each in all_:
            each.argument.replace_all_uses_with(argument)
    end = op.body.block.last_op
    assert end is not None
    for part, each in zip(parts, cores, strict=True):
        lengths = part.block.args[len(part.operands) :]
        for length, argument in zip(lengths, op.extent_arguments, strict=True):
            argument.name_hint = length.name_hint
            length.replace_all_uses_with(argument)
        for argument in list(part.block.args):
            part.block.erase_arg(argument)
        op.body.block.insert_op_before(PartOp(part.core, each, Region(part.block)), end)
    try:
        op.verify()
    except VerifyException as error:
        raise KernelTextError(str(error), line=line) from error
    return StageKernel(op, tuple(all_[0].operand.name for all_ in order))


def _read(operand: Sequence[Global]) -> bool:
    return any(each.read for each in operand)


def _written(operand: Sequence[Global]) -> bool:
    return any(each.written for each in operand)


def _is_scratch(operand: Sequence[Global]) -> bool:
    return operand[0].is_temp and _written(operand) and _read(operand)
