"""Views of the vendor's buffers: a place, and axes of a size, a stride and a start.

The vendor collapses and expands tiles at will; a view here is only written out (as a subview of
another shape of its buffer) where an instruction uses it. Worked example: ``[n, 64]`` at row ``i``
of an argument of 512 elements has the axes ``n`` from ``i`` by 64, and ``64`` from 0 by 1.
Collapsed it is one axis of ``64 n`` from ``64 i`` by 1, which is written as a subview of the
argument in the shape ``[512]``; not collapsed, in the shape ``[8, 64]``, at ``[i, 0]``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from xdsl.dialects import memref
from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType, StridedLayoutAttr
from xdsl.ir import SSAValue

from hawk_xdsl.hivm.reading.errors import HivmImportError
from hawk_xdsl.hivm.reading.linear import IndexForm, product
from hawk_xdsl.hivm.reading.places import Place
from hawk_xdsl.hivm.reading.writing import Writer

ZERO = IndexForm()


@dataclass(frozen=True)
class Axis:
    """A size, the distance of its elements in elements of the buffer, and the first of them."""

    size: IndexForm
    stride: int
    start: IndexForm = ZERO

    @property
    def is_unit(self) -> bool:
        """Whether it has one element, so that its stride does not matter."""
        return self.size.number == 1


@dataclass(frozen=True)
class VendorTile:
    """A view of a place; a dimension is a group of axes, several where they cannot be merged.

    ``offset`` is what comes, in elements, on top of the starts of its axes.
    """

    place: Place
    dims: tuple[Sequence[Axis], ...]
    offset: IndexForm = ZERO

    @property
    def sizes(self) -> tuple[IndexForm, ...]:
        """The size of each dimension."""
        return tuple(_size(group) for group in self.dims)

    def collapsed(self, reassociation: Sequence[Sequence[int]]) -> "VendorTile":
        """Dimensions joined as ``memref.collapse_shape`` does."""
        dims, offset = list[Sequence[Axis]](), self.offset
        for members in reassociation:
            merged, more = _merged([axis for dim in members for axis in self.dims[dim]])
            dims.append(merged)
            offset += more
        return VendorTile(self.place, tuple(dims), offset)

    def expanded(
        self, reassociation: Sequence[Sequence[int]], sizes: Sequence[IndexForm]
    ) -> "VendorTile":
        """Dimensions taken apart as ``memref.expand_shape`` does, into dimensions of ``sizes``."""
        dims, offset = list[Sequence[Axis]](), self.offset
        for group, members in zip(self.dims, reassociation, strict=True):
            apart, more = _taken_apart(group, [sizes[member] for member in members])
            dims += [(axis,) for axis in apart]
            offset += more
        return VendorTile(self.place, tuple(dims), offset)

    def part(
        self, offsets: Sequence[IndexForm], sizes: Sequence[IndexForm], kept: Sequence[bool]
    ) -> "VendorTile":
        """Some elements of each dimension with steps of 1; dimensions not ``kept`` are dropped."""
        dims, offset = list[Sequence[Axis]](), self.offset
        for group, start, size, keep in zip(self.dims, offsets, sizes, kept, strict=True):
            if len(group) > 1:
                if start.number != 0 or size != _size(group):
                    raise HivmImportError("takes a part of a dimension that was joined over gaps")
                dims.append(group)
                continue
            axis = group[0]
            if keep:
                dims.append((Axis(size, axis.stride, axis.start + start),))
            else:
                offset += (axis.start + start).times(axis.stride)
        return VendorTile(self.place, tuple(dims), offset)

    def write(self, writer: Writer) -> SSAValue:
        """The view as a buffer of the kernel, a dimension an axis."""
        axes = [axis for group in self.dims for axis in group] or [Axis(IndexForm({}, 1), 1)]
        last, offset = len(axes) - 1, self.offset
        alone = all(axis.is_unit for axis in axes)
        real = [place for place, axis in enumerate(axes) if not axis.is_unit]
        real = [last] if alone and axes else real
        for place, axis in enumerate(axes):
            if place not in real or alone:
                offset += axis.start.times(axis.stride)
                axes[place] = Axis(axis.size, 1)
        _place_offset(writer, axes, real, offset)
        shape = _surrounding(axes, real, self.place.count)
        return _subview(writer, self.place.shaped(writer, shape), axes)


def same_axes(tiles: Sequence[VendorTile]) -> list[VendorTile]:
    """Tiles of one shape with the same axes: what one of them has apart, the others get apart."""
    found = list(tiles)
    for dim in range(len(found[0].dims)):
        finest = max((tile.dims[dim] for tile in found), key=len)
        if len(finest) == 1:
            continue
        sizes = [axis.size for axis in finest]
        for place, tile in enumerate(found):
            if len(tile.dims[dim]) < len(finest):
                apart, more = _taken_apart(tile.dims[dim], sizes)
                dims = (*tile.dims[:dim], tuple(apart), *tile.dims[dim + 1 :])
                found[place] = VendorTile(tile.place, dims, tile.offset + more)
    return found


def _size(group: Sequence[Axis]) -> IndexForm:
    size = product([axis.size for axis in group])
    if size is None:
        raise HivmImportError("a dimension is joined of two of unknown sizes")
    return size


def _merged(axes: Sequence[Axis]) -> tuple[tuple[Axis, ...], IndexForm]:
    """One dimension of several axes, those merged that follow each other without gaps.

    And the elements that axes of one element start from.
    """
    left = [axis for axis in axes if not axis.is_unit]
    offset = ZERO
    for axis in axes:
        if axis.is_unit:
            offset += axis.start.times(axis.stride)
    if not left:
        return (Axis(IndexForm({}, 1), 1),), offset
    merged = [left[0]]
    for axis in left[1:]:
        outer, count = merged[-1], axis.size.number
        if count is not None and outer.stride == axis.stride * count:
            start = outer.start.times(count) + axis.start
            merged[-1] = Axis(outer.size.times(count), axis.stride, start)
        else:
            merged.append(axis)
    return tuple(merged), offset


def _taken_apart(group: Sequence[Axis], sizes: Sequence[IndexForm]) -> tuple[list[Axis], IndexForm]:
    """The axes of given sizes that a dimension is joined of, and elements that they start after."""
    real = [size for size in sizes if size.number != 1]
    if len(real) == len(group):
        found = iter(group)
        return [Axis(size, 1) if size.number == 1 else next(found) for size in sizes], ZERO
    if len(group) > 1:
        raise HivmImportError("takes a dimension apart that was joined over gaps")
    axes: list[Axis] = []
    stride: int | None = group[0].stride
    for size in reversed(sizes):
        if size.number == 1:
            axes.append(Axis(size, 1))
            continue
        if stride is None:
            raise HivmImportError("takes a dimension apart at an unknown size")
        axes.append(Axis(size, stride))
        stride = None if size.number is None else stride * size.number
    return axes[::-1], group[0].start.times(group[0].stride)


def _place_offset(writer: Writer, axes: list[Axis], real: Sequence[int], offset: IndexForm) -> None:
    """Add elements to the starts of axes: what a stride goes into of what the outer ones leave."""
    for place in real:
        axis = axes[place]
        if offset == ZERO:
            return
        here = offset.over(axis.stride)
        if here is None:
            multiple = {v: f for v, f in offset.terms.items() if f % axis.stride == 0}
            whole = IndexForm(multiple).over(axis.stride)
            assert whole is not None
            rest = writer.divided(offset - IndexForm(multiple), axis.stride, "floordiv")
            here = whole + IndexForm.of(rest)
        axes[place] = replace(axis, start=axis.start + here)
        offset = offset - here.times(axis.stride)


def _surrounding(axes: Sequence[Axis], real: Sequence[int], count: int) -> tuple[int, ...]:
    """The shape without gaps, of at most so many elements, in which all axes lie.

    An axis of one element has extent 1 there, so that the others hold the offset: of ``[1, 64]``
    at element ``64 i`` of 512 the shape is ``[1, 512]``.
    """
    if real and axes[real[-1]].stride != 1:
        raise HivmImportError("takes elements that do not follow each other")
    shape = [1] * len(axes)
    outer: int | None = None
    for place in real:
        stride = axes[place].stride
        reach = count - count % stride if outer is None else outer
        if reach % stride:
            raise HivmImportError("its dimensions do not lie within each other")
        shape[place] = reach // stride
        outer = stride
    return tuple(shape)


def _subview(writer: Writer, root: SSAValue, axes: Sequence[Axis]) -> SSAValue:
    assert isinstance(root.type, MemRefType)
    shape = root.type.get_shape()
    numbers = [axis.size.number for axis in axes]
    if numbers == list(shape) and all(axis.start == ZERO for axis in axes):
        return root
    strides = [prod(shape[place + 1 :]) for place in range(len(shape))]
    offset = ZERO
    for axis, stride in zip(axes, strides, strict=True):
        offset += axis.start.times(stride)
    type_ = MemRefType(
        root.type.element_type,
        [DYNAMIC_INDEX if number is None else number for number in numbers],
        StridedLayoutAttr(strides, offset.number),
        root.type.memory_space,
    )
    starts = [_value(writer, axis.start) for axis in axes]
    counts = [_value(writer, axis.size) for axis in axes]
    key = ("subview", root, *starts, None, *counts)
    return writer.once(
        key, lambda: memref.SubviewOp.get(root, starts, counts, [1] * len(shape), type_)
    )


def _value(writer: Writer, form: IndexForm) -> SSAValue | int:
    number = form.number
    return writer.index(form) if number is None else number
