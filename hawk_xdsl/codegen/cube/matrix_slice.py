"""A tile of a matrix as a slice of a tensor in global memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from hawk_xdsl.dialects.kernel_text.syntax import Slice, Tile
from hawk_xdsl.schedule.build_syntax import expression_of
from hawk_xdsl.semantics.terms import Affine

ONE = "1"
"""The name of a matrix dimension that no axis has: one row or one column."""


@dataclass(frozen=True)
class Side:
    """One dimension of a matrix: the axes that a tile has as one, in order; the rest are points.

    ``name`` is the loop variable. Without axes the dimension is 1.
    """

    flat: tuple[str, ...]
    points: tuple[str, ...]

    @property
    def name(self) -> str:
        """The axis, or the axes joined; ``ONE`` without any."""
        return "_".join(self.flat) or ONE

    def extent(self, axes: Mapping[str, int]) -> int:
        """Elements along the dimension."""
        return prod(axes[axis] for axis in self.flat)


@dataclass(frozen=True)
class Tensor:
    """A tensor in global memory, read or written at an index over axes."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    index: tuple[Affine, ...]


@dataclass(frozen=True)
class MatrixSlice:
    """A matrix tile as a slice of a tensor; ``transposed``: its rows are the second side.

    ``divides`` are the sides whose tiles must divide them, since a window reaches beyond the tile.
    """

    tile: Tile
    transposed: bool
    divides: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Covered:
    """A dimension of a tensor that runs over a side, ``stride`` elements a step."""

    position: int
    side: str
    stride: int


def matrix_slice(
    tensor: Tensor,
    sides: tuple[Side, Side],
    sizes: Mapping[str, int],
    axes: Mapping[str, int],
    *,
    matrix: bool = True,
) -> MatrixSlice | None:
    """The slice of a tensor that is one tile of two sides; ``None`` where none says it.

    Of ``x: f32[64, 3, 32]`` at index ``[i2, i0, i1]`` a tile of the sides ``i0`` and ``i1``, 2 × 16
    elements, is ``x[i2, i0:2, i1:16]``; the sides ``i1`` and ``i0`` give the same, transposed.

    The elements of the tile's rows must be next to each other. A side of several axes must be the
    tensor's last dimensions: one slice takes them together; or one dimension whose index is the
    side's name. With ``matrix`` the slice has two dimensions even where a side has no axis.

    Args:
        tensor: what is sliced.
        sides: of the matrix, rows first.
        sizes: elements of a tile by side; a side that it covers whole has no loop.
        axes: extents of all axes.
        matrix: whether the slice is an operand of the cube and not what the result is stored into.
    """
    joined = _joined(tensor, sides, axes)
    if joined is None:
        return None
    tiled = {side.name for side in sides if side.flat}
    slices: list[Slice] = []
    found: list[_Covered] = []
    divides: set[str] = set()
    for position, dim in enumerate(joined.index):
        here = [(side, stride) for side, stride in dim.terms if side in tiled]
        if len(here) > 1 or any(factor < 0 for _, factor in dim.terms):
            return None
        slices.append(Slice(expression_of(_looped(dim, sides, sizes, axes))))
        for side, stride in here:
            found.append(_Covered(position, side, stride))
            slices[-1] = Slice(slices[-1].start, sizes[side], stride)
            if dim.plain is None:
                divides.add(side)
    if sorted(each.side for each in found) != sorted(tiled):
        return None
    order = _order(found, joined.shape, sides, slices, matrix=matrix)
    if order is None:
        return None
    transposed = order != [side.name for side in sides]
    return MatrixSlice(Tile(tensor.name, tuple(slices)), transposed, frozenset(divides))


def row_slice(
    tensor: Tensor, side: Side, sizes: Mapping[str, int], axes: Mapping[str, int]
) -> MatrixSlice | None:
    """The slice of a tensor that is one row along a side; ``None`` where none says it.

    One dimension may run over all axes of the side: ``x[32 * i1 + i2]`` over the side ``i1_i2``.
    """
    if not side.flat:
        return None
    if len(side.flat) > 1 and tensor.index and tensor.index[-1] == flat_index(side.flat, axes):
        tensor = replace(tensor, index=(*tensor.index[:-1], Affine.axis(side.name)))
    return matrix_slice(tensor, (Side((), ()), side), sizes, axes, matrix=False)


def _joined(tensor: Tensor, sides: tuple[Side, Side], axes: Mapping[str, int]) -> Tensor | None:
    """The tensor with the last dimensions as one where a side has them all; else ``None``."""
    index, shape = list(tensor.index), list(tensor.shape)
    for side in sides:
        count = len(side.flat)
        if count < 2 or any(dim.plain == side.name for dim in index):
            continue
        tail = [dim.plain for dim in index[-count:]]
        if tail != list(side.flat) or shape[-count:] != [axes[axis] for axis in side.flat]:
            return None
        index[-count:], shape[-count:] = [Affine.axis(side.name)], [side.extent(axes)]
    return replace(tensor, index=tuple(index), shape=tuple(shape))


def _order(
    found: Sequence[_Covered],
    shape: Sequence[int],
    sides: tuple[Side, Side],
    slices: list[Slice],
    *,
    matrix: bool,
) -> list[str] | None:
    """The sides in the order of the slice's dimensions; ``None`` if its rows have gaps.

    A vector has one side only. For the cube it is a matrix with a row or column of one element: the
    last other dimension becomes that side. Example: of ``x: f32[4, 64]`` at ``[i1, i0]`` a tile of
    the side i0 becomes ``x[i1:1, i0:16]``, a 1 × 16 matrix.
    """
    last = max((p for p, extent in enumerate(shape) if extent != 1), default=len(shape) - 1)
    innermost = found[-1]
    contiguous = innermost.position == last and innermost.stride == 1
    order = [each.side for each in found]
    if len(found) == 1 and matrix:
        free = [position for position in range(len(shape)) if position != innermost.position]
        if not free:
            return None
        column = free[-1] > innermost.position
        slices[free[-1]] = Slice(slices[free[-1]].start, 1)
        order.insert(1 if column else 0, ONE)
        contiguous = contiguous or column
    elif len(found) == 1:
        order = [side.name for side in sides]
        contiguous = contiguous or sides[1].name == ONE
    return order if contiguous else None


def _looped(
    dim: Affine, sides: Sequence[Side], sizes: Mapping[str, int], axes: Mapping[str, int]
) -> Affine:
    """The part of an index that loops give: a tile that has all of a side has no loop."""
    whole = {side.name for side in sides if sizes.get(side.name) == side.extent(axes)}
    return Affine(dim.constant, tuple(term for term in dim.terms if term[0] not in whole))


def flat_index(axes: Sequence[str], extents: Mapping[str, int]) -> Affine:
    """The index along a dimension that several axes make up, the last one innermost."""
    index = Affine()
    for axis in axes:
        index = index.scaled(extents[axis]) + Affine.axis(axis)
    return index
