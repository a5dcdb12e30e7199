"""Buffers that a rewrite of a kernel adds: of the extents of another one, or of a part of it."""

from collections.abc import Sequence

from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    AnyFloat,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    MemRefType,
    NoneAttr,
    StridedLayoutAttr,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter

from hawk_xdsl.dialects.npu import (
    AllocOp,
    Scope,
    ScopeAttr,
    Subview,
    element_bytes,
    strides_of,
)
from hawk_xdsl.hivm.emission import Extent, memref_type
from hawk_xdsl.transforms.buffers import root_of
from hawk_xdsl.transforms.pass_error import PassError


def tile_like(value: SSAValue, element: Attribute, rewriter: PatternRewriter) -> SSAValue:
    """A new tile in ub, of a dtype, with the extents of another, before the matched op.

    Where the extents are known only at run time, the buffer is as large as the one that the other
    tile is a view of.
    """
    shape = memref_type(value).get_shape()
    if DYNAMIC_INDEX not in shape:
        return tile_of(shape, element, rewriter)
    if memref_type(root_of(value)).get_num_dims() != len(shape):
        raise PassError("a tile of unknown extents is a view in fewer dimensions")
    whole = tile_of(memref_type(root_of(value)).get_shape(), element, rewriter)
    return leading_part(whole, extents_of(value), rewriter)


def extents_of(value: SSAValue) -> tuple[Extent, ...]:
    """The extents of a tile; what its type leaves open is a value that its view was made with."""
    shape = memref_type(value).get_shape()
    if DYNAMIC_INDEX not in shape:
        return shape
    if not isinstance(value.owner, memref.SubviewOp):
        raise PassError("a tile of unknown extents is no view")
    view = Subview.of(value.owner)
    pairs = zip(view.sizes, view.dropped, strict=True)
    return tuple(size for size, dropped in pairs if not dropped)


def leading_part(value: SSAValue, extents: Sequence[Extent], rewriter: PatternRewriter) -> SSAValue:
    """The part of a tile from its first element on; the tile itself if that is all."""
    type_ = memref_type(value)
    if tuple(extents) == type_.get_shape():
        return value
    return part(value, [0] * len(extents), extents, [False] * len(extents), rewriter)


def part(
    value: SSAValue,
    offsets: Sequence[Extent],
    extents: Sequence[Extent],
    dropped: Sequence[bool],
    rewriter: PatternRewriter,
) -> SSAValue:
    """A view of a tile without the dropped dimensions, each of one element."""
    steps = [1] * len(extents)
    full = memref.SubviewOp.infer_result_type(memref_type(value), offsets, extents, steps)
    assert isinstance(full.layout, StridedLayoutAttr)
    kept = [axis for axis, drop in enumerate(dropped) if not drop]
    layout = StridedLayoutAttr([full.layout.strides.data[i] for i in kept], full.layout.offset)
    shape = [full.get_shape()[axis] for axis in kept]
    result = MemRefType(full.element_type, shape, layout, full.memory_space)
    op = memref.SubviewOp.get(value, offsets, extents, steps, result)
    rewriter.insert(op)
    return op.result


def number(value: float, element: Attribute, rewriter: PatternRewriter) -> SSAValue:
    """A constant of a dtype before the matched op."""
    if isinstance(element, IntegerType):
        op = arith.ConstantOp(IntegerAttr(int(value), element))
    else:
        assert isinstance(element, AnyFloat)
        op = arith.ConstantOp(FloatAttr(value, element))
    rewriter.insert(op)
    return op.result


def put(op: Operation, rewriter: PatternRewriter) -> None:
    """An op before the matched one."""
    rewriter.insert(op)


def tile_of(shape: Sequence[int], element: Attribute, rewriter: PatternRewriter) -> SSAValue:
    """A new tile in ub, whose rows start on blocks, before the matched op."""
    space = ScopeAttr(Scope.UB)
    packed = MemRefType(element, shape, memory_space=space)
    block = Scope.UB.block // element_bytes(packed)
    extents = [*shape[:-1], -(-shape[-1] // block) * block] if len(shape) > 1 else list(shape)
    strides = strides_of(MemRefType(element, extents))
    layout = NoneAttr() if extents == list(shape) else StridedLayoutAttr(list(strides))
    op = AllocOp(MemRefType(element, shape, layout, space))
    rewriter.insert(op)
    return op.buffer
