"""Tiles as costs need them: extents that exist at the moment, strides, and where they are."""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.kernel_text import GlobalOperand
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.build_move import reshaped_strides
from hawk_xdsl.dialects.npu import Scope
from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target.cost import TileShape


class TileRef(NamedTuple):
    """A buffer on the core, a part of it, or a slice of a global operand.

    Attributes:
        number: of the buffer or operand among those of the stage.
        scope: where it is.
        dtype: of its elements.
        itemsize: their bytes.
        shape: extents as allocated or written.
        valid: how many of them exist at the moment.
        strides: in elements, of each dimension.
    """

    number: int
    scope: Scope
    dtype: str
    itemsize: int
    shape: tuple[int, ...]
    valid: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def bytes(self) -> int:
        """What it takes in its scope, padding included."""
        if self.scope.by_fractals:
            rows, columns = self.shape
            return up(rows, self.scope.rows) * up(columns, self.fractal_columns) * self.itemsize
        last = sum((n - 1) * stride for n, stride in zip(self.shape, self.strides, strict=True))
        return up((last + 1) * self.itemsize, self.scope.block)

    @property
    def fractal_columns(self) -> int:
        """Columns of a fractal: a block of bytes."""
        return self.scope.block // self.itemsize

    def shaped(self) -> TileShape:
        """What the cost tables need to know."""
        strides = tuple(stride * self.itemsize for stride in self.strides)
        return TileShape(self.valid, strides, self.itemsize)

    def viewed(self, shape: tuple[int, ...]) -> "TileRef":
        """The same bytes in another shape."""
        strides = reshaped_strides(self.shape, self.strides, shape)
        if strides is None:
            raise HawkError(f"{list(self.shape)} cannot be viewed as {list(shape)}")
        valid = shape
        if self.valid != self.shape:
            rest = iter([v for n, v in zip(self.shape, self.valid, strict=True) if n != 1])
            valid = tuple(1 if n == 1 else next(rest, n) for n in shape)
        return self._replace(shape=shape, valid=valid, strides=tuple(strides))


def up(value: int, multiple: int) -> int:
    """The next multiple from a value on."""
    return -(-value // multiple) * multiple


def itemsize_of(dtype: str) -> int:
    """Bytes of an element."""
    return DType(dtype).bytes


def allocated(
    number: int, scope: Scope, dtype: str, shape: tuple[int, ...], valid: tuple[int, ...]
) -> TileRef:
    """A buffer; where tiles lie by rows, these start on blocks."""
    itemsize = itemsize_of(dtype)
    strides = [1] * len(shape)
    row = shape[-1]
    if not scope.by_fractals and len(shape) > 1:
        row = up(row * itemsize, scope.block) // itemsize
    for axis in range(len(shape) - 2, -1, -1):
        strides[axis] = row
        row *= shape[axis]
    return TileRef(number, scope, dtype, itemsize, shape, valid, tuple(strides))


def global_slice(
    number: int, operand: GlobalOperand, slices: Sequence[ast.Slice], starts: Sequence[int]
) -> TileRef:
    """What exists of a slice of a global operand; fewer slices take its last dimensions as one."""
    shape = operand.shape
    if 0 < len(slices) < len(shape):
        shape = (*shape[: len(slices) - 1], prod(shape[len(slices) - 1 :]))
    lengths: list[int] = []
    valid: list[int] = []
    strides: list[int] = []
    step = prod(shape)
    for part, start, extent in zip(slices, starts, shape, strict=True):
        step //= extent
        if part.length is None:
            continue
        lengths.append(part.length)
        valid.append(max(1, min(part.length, -(-(extent - start) // part.stride))))
        strides.append(step * part.stride)
    return TileRef(
        number,
        Scope.GLOBAL,
        operand.dtype,
        itemsize_of(operand.dtype),
        tuple(lengths),
        tuple(valid),
        tuple(strides),
    )


def local_slice(tile: TileRef, slices: Sequence[ast.Slice]) -> TileRef:
    """A part of a buffer, points dropped."""
    shape: list[int] = []
    valid: list[int] = []
    strides: list[int] = []
    for part, extent, exists, stride in zip(
        slices, tile.shape, tile.valid, tile.strides, strict=True
    ):
        if part.length is None:
            continue
        shape.append(part.length)
        valid.append(exists if part.length == extent else part.length)
        strides.append(stride * part.stride)
    return tile._replace(shape=tuple(shape), valid=tuple(valid), strides=tuple(strides))
