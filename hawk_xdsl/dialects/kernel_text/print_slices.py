"""Subviews of the IR back to slices of the text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects import memref
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import SSAValue

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.errors import KernelTextError
from hawk_xdsl.dialects.kernel_text.print_index import index_expression, ragged_length
from hawk_xdsl.dialects.npu import Subview


@dataclass(frozen=True)
class PartOfBuffer:
    """What a value is of the buffer that has a name.

    Attributes:
        base: the named buffer.
        offsets: one a dimension of the base, as are the next three.
        sizes: valid elements.
        strides: distances.
        dropped: whether the dimension is a point.
        whole: whether it is the buffer up to its valid extents.
    """

    base: SSAValue
    offsets: tuple[SSAValue | int, ...]
    sizes: tuple[SSAValue | int, ...]
    strides: tuple[int, ...]
    dropped: tuple[bool, ...]
    whole: bool


def part_of(value: SSAValue) -> PartOfBuffer:
    """The named buffer behind a value, and the part of it.

    Raises:
        KernelTextError: for subviews of subviews, and those with dynamic strides.
    """
    type_ = value.type
    if not isinstance(type_, MemRefType):
        raise KernelTextError(f"{type_} where a buffer is needed")
    op = value.owner
    if not isinstance(op, memref.SubviewOp):
        shape, rank = type_.get_shape(), type_.get_num_dims()
        return PartOfBuffer(value, (0,) * rank, shape, (1,) * rank, (False,) * rank, True)
    if isinstance(op.source.owner, memref.SubviewOp):
        raise KernelTextError("a part of a part of a buffer has no text form")
    view = Subview.of(op)
    strides = tuple(stride for stride in view.strides if isinstance(stride, int))
    if len(strides) != len(view.strides):
        raise KernelTextError("a dynamic stride has no text form")
    assert isinstance(op.source.type, MemRefType)
    whole = not any(view.dropped) and all(
        offset == 0 and stride == 1 and (not isinstance(size, int) or size == extent)
        for offset, size, stride, extent in zip(
            view.offsets, view.sizes, strides, op.source.type.get_shape(), strict=True
        )
    )
    return PartOfBuffer(op.source, view.offsets, view.sizes, strides, view.dropped, whole)


def root_of(value: SSAValue) -> SSAValue:
    """The allocated buffer or kernel argument behind views."""
    while isinstance(value.owner, memref.SubviewOp | memref.ReinterpretCastOp):
        value = value.owner.source
    return value


def slices_of(
    part: PartOfBuffer, names: Mapping[SSAValue, str], lengths: Sequence[int] | None
) -> tuple[ast.Slice, ...]:
    """The slices of a part, one a dimension of its buffer.

    Args:
        part: of a buffer or an operand.
        names: of the variables.
        lengths: the lengths of the dimensions that are kept, where they are known from the buffer
            on the other side; else they are the sizes.
    """
    slices: list[ast.Slice] = []
    known = iter(lengths) if lengths is not None else None
    for offset, size, stride, dropped in zip(
        part.offsets, part.sizes, part.strides, part.dropped, strict=True
    ):
        start = index_expression(offset, names)
        if dropped:
            slices.append(ast.Slice(start))
            continue
        length = next(known) if known is not None else _length(size)
        slices.append(ast.Slice(start, length, stride))
    return tuple(slices)


def _length(size: SSAValue | int) -> int:
    return size if isinstance(size, int) else ragged_length(size)
