"""A kernel of dynamic shapes at given extents: the kernel of static shapes that a launch runs.

Where the kernel divides or cuts by an extent, the bound one has a number. Its instructions, flags
and addresses stay as they are.
"""

from collections.abc import Iterator, Mapping

from xdsl.dialects import affine, arith, memref
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    AffineMapAttr,
    DenseArrayBase,
    IntegerAttr,
    MemRefType,
    StridedLayoutAttr,
    i64,
)
from xdsl.ir import BlockArgument, Operation, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineExpr
from xdsl.rewriter import Rewriter

from hawk_xdsl.dialects.constants import constant_of
from hawk_xdsl.dialects.npu.extent import size_at
from hawk_xdsl.dialects.npu.kernel import KernelOp
from hawk_xdsl.dialects.npu.kernel_extents import ACROSS, STOPS
from hawk_xdsl.dialects.npu.subview import Subview
from hawk_xdsl.errors import HawkError


def bound_kernel(kernel: KernelOp, extents: Mapping[str, int]) -> KernelOp:
    """A copy of a kernel with its extents replaced by numbers; one without any is given back.

    Args:
        kernel: verified.
        extents: a value for each extent, by name.

    Raises:
        HawkError: an extent is missing, unknown or out of its range.
    """
    _check(kernel, extents)
    if not kernel.ranges:
        return kernel
    bound = kernel.clone()
    values = [extents[extent.name] for extent in kernel.ranges]
    for argument, shape in zip(bound.buffers, kernel.shapes, strict=True):
        type_ = argument.type
        assert isinstance(type_, MemRefType)
        sizes = [size_at(size, extents) for size in shape]
        static = MemRefType(type_.element_type, sizes, type_.layout, type_.memory_space)
        Rewriter.replace_value_with_new_type(argument, static)
    constants = [
        constant
        for argument, value in zip(bound.extent_arguments, values, strict=True)
        for constant in _replace_extent(bound, argument, value)
    ]
    for argument in bound.extent_arguments:
        bound.body.block.erase_arg(argument)
    bound.properties.pop("extents", None)
    bound.properties.pop("sizes", None)
    for op in list(bound.walk()):
        _bind(op, values)
    for constant in constants:
        if not constant.result.uses:
            constant.detach()
            constant.erase()
    return bound


def _replace_extent(
    kernel: KernelOp, argument: BlockArgument, value: int
) -> Iterator[arith.ConstantOp]:
    """Put a constant in the place of an extent: one for each part of a mixed kernel."""
    for part in kernel.parts:
        constant = arith.ConstantOp(IntegerAttr.from_index_int_value(value))
        constant.result.name_hint = argument.name_hint
        first, around = part.block.first_op, part.block.parent_op()
        assert first is not None and around is not None
        part.block.insert_op_before(constant, first)
        argument.replace_uses_with_if(
            constant.result, lambda use, around=around: around.is_ancestor(use.operation)
        )
        yield constant


def _check(kernel: KernelOp, extents: Mapping[str, int]) -> None:
    name = kernel.sym_name.data
    for extent in kernel.ranges:
        value = extents.get(extent.name)
        if value is None:
            raise HawkError(f"@{name} needs a value for the extent {extent}")
        if not extent.low <= value <= extent.high:
            raise HawkError(f"@{name}: {extent.name} is {value}, but it is built for {extent}")
    known = {extent.name for extent in kernel.ranges}
    if unknown := sorted(set(extents) - known):
        raise HawkError(f"@{name} has no extent {unknown[0]}")


def _bind(op: Operation, values: list[int]) -> None:
    """Fold what is now a number, and make types static whose sources have become so."""
    stops, across = op.attributes.get(STOPS), op.attributes.get(ACROSS)
    if isinstance(stops, AffineMapAttr) and isinstance(across, DenseArrayBase):
        numbers = [int(number) for number in across.get_values()]
        numbers[1::3] = stops.data.eval(values, [])
        op.attributes[ACROSS] = DenseArrayBase.from_list(i64, numbers)
        del op.attributes[STOPS]
    match op:
        case affine.ApplyOp() | affine.MinOp():
            _fold(op)
        case memref.SubviewOp():
            _retype_subview(op)
        case memref.ReinterpretCastOp():
            _make_static(op)
        case _:
            pass


def _fold(op: affine.ApplyOp | affine.MinOp) -> None:
    """Put numbers for operands that are numbers; an ``apply`` without others becomes one."""
    numbers = [constant_of(operand) for operand in op.operands]
    if all(number is None for number in numbers):
        return
    kept = [operand for operand, n in zip(op.operands, numbers, strict=True) if n is None]
    dims = [
        AffineExpr.dimension(kept.index(operand)) if n is None else AffineExpr.constant(n)
        for operand, n in zip(op.operands, numbers, strict=True)
    ]
    map_ = op.map.data.replace_dims_and_symbols(dims, (), len(kept), 0)
    if isinstance(op, affine.ApplyOp):
        (result,) = map_.results
        if isinstance(result, AffineConstantExpr):
            constant = arith.ConstantOp(IntegerAttr.from_index_int_value(result.value))
            Rewriter.replace_op(op, constant)
            return
        Rewriter.replace_op(op, affine.ApplyOp(kept, AffineMapAttr(map_)))
    else:
        Rewriter.replace_op(op, affine.MinOp(kept, AffineMapAttr(map_)))


def _retype_subview(op: memref.SubviewOp) -> None:
    source, old = op.source.type, op.result.type
    assert isinstance(source, MemRefType) and isinstance(old, MemRefType)
    view = Subview.of(op)
    full = memref.SubviewOp.infer_result_type(source, view.offsets, view.sizes, view.strides)
    assert isinstance(full.layout, StridedLayoutAttr)
    kept = [axis for axis, dropped in enumerate(view.dropped) if not dropped]
    strides = [full.layout.strides.data[axis] for axis in kept]
    layout = StridedLayoutAttr(strides, full.layout.offset)
    type_ = MemRefType(old.element_type, old.get_shape(), layout, old.memory_space)
    if type_ != old:
        Rewriter.replace_value_with_new_type(op.result, type_)


def _make_static(op: memref.ReinterpretCastOp) -> None:
    """Another shape of an argument, with numbers for its sizes and strides."""
    if not op.sizes and not op.strides:
        return
    sizes, strides = (
        _numbers(static.get_values(), given)
        for static, given in ((op.static_sizes, op.sizes), (op.static_strides, op.strides))
    )
    old = op.result.type
    assert isinstance(old, MemRefType)
    layout = old.layout
    type_ = MemRefType(old.element_type, sizes, layout, old.memory_space)
    if isinstance(layout, StridedLayoutAttr):
        type_ = MemRefType(old.element_type, sizes, StridedLayoutAttr(strides), old.memory_space)
    offsets = op.static_offsets.get_values()
    new = memref.ReinterpretCastOp(op.source, [], [], [], offsets, sizes, strides, type_)
    Rewriter.replace_op(op, new)


def _numbers(static: tuple[int, ...], given: tuple[SSAValue, ...]) -> list[int]:
    """Numbers with those of the dynamic places filled in."""
    rest = iter(given)
    found: list[int] = []
    for number in static:
        value = number if number != DYNAMIC_INDEX else constant_of(next(rest))
        assert value is not None
        found.append(value)
    return found
