"""The algebra of static layout ops: any chain of them as reshape, slice, transpose, reshape."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod

from xdsl.dialects import tensor
from xdsl.dialects.builtin import DYNAMIC_INDEX
from xdsl.dialects.linalg.ops import TransposeOp
from xdsl.ir import Operation

from hawk_xdsl.linalg.structured import static_shape


@dataclass(frozen=True)
class AxisFactor:
    """A factor of an axis of the source, of which ``length`` indices are taken.

    Attributes:
        axis: the source's axis.
        extent: the extent of the factor; the factors of an axis multiply to its extent.
        offset: the first index taken.
        length: how many are taken.
        step: the distance between them.
    """

    axis: int
    extent: int
    offset: int
    length: int
    step: int = 1

    @property
    def is_full(self) -> bool:
        """Whether every index is taken, in order."""
        return self.length == self.extent

    def sliced(self, offset: int, length: int, step: int) -> "AxisFactor":
        """A slice of what is taken."""
        return replace(
            self, offset=self.offset + offset * self.step, length=length, step=self.step * step
        )

    def split(self, outer: int) -> "tuple[AxisFactor, AxisFactor] | None":
        """As two factors, of which the outer one takes ``outer`` indices, if that is possible."""
        inner = self.length // outer
        if self.length % outer or self.step != 1 or self.extent % inner or self.offset % inner:
            return None
        first = AxisFactor(self.axis, self.extent // inner, self.offset // inner, outer)
        return first, AxisFactor(self.axis, inner, 0, inner)


@dataclass(frozen=True)
class TensorView:
    """Where each element of a tensor comes from in its source.

    Attributes:
        source: the source's shape.
        factors: the factors of the source's axes, in order; factors of extent 1 are left out.
        axes: for each axis of the view the positions of its factors, outermost first; a factor of
            length 1 is in no axis.
    """

    source: tuple[int, ...]
    factors: tuple[AxisFactor, ...]
    axes: tuple[tuple[int, ...], ...]

    @staticmethod
    def identity(shape: Sequence[int]) -> "TensorView":
        """The tensor itself."""
        factors = tuple(AxisFactor(a, n, 0, n) for a, n in enumerate(shape) if n != 1)
        position = iter(range(len(factors)))
        return TensorView(
            tuple(shape), factors, tuple((next(position),) if n != 1 else () for n in shape)
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """The view's shape."""
        return tuple(prod(self.factors[p].length for p in axis) for axis in self.axes)

    @property
    def order(self) -> tuple[int, ...]:
        """The positions of the factors that vary, outermost first."""
        return tuple(position for axis in self.axes for position in axis)

    @property
    def is_sliced(self) -> bool:
        """Whether a part of the source is left out."""
        return not all(factor.is_full for factor in self.factors)

    @property
    def is_permuted(self) -> bool:
        """Whether elements are in another order than in the source."""
        return list(self.order) != sorted(self.order)

    @property
    def is_reshape(self) -> bool:
        """Whether the view is the source's bytes under another shape."""
        return not self.is_sliced and not self.is_permuted

    @property
    def same_axes(self) -> tuple[int | None, ...] | None:
        """For each axis of the view the source's axis that it is, ``None`` for an added unit axis.

        ``None`` altogether, unless the view only adds or drops unit axes.
        """
        if not self.is_reshape or any(len(axis) > 1 for axis in self.axes):
            return None
        if any(self.factors[p].extent != self.source[self.factors[p].axis] for p in self.order):
            return None
        return tuple(self.factors[axis[0]].axis if axis else None for axis in self.axes)

    def reshaped(self, shape: Sequence[int]) -> "TensorView | None":
        """Under another shape of as many elements; ``None`` if a slice is in the way."""
        factors, waiting = list(self.factors), list(self.order)
        axes: list[tuple[int, ...]] = []
        for extent in shape:
            taken: list[int] = []
            while extent > 1:
                if not waiting:
                    return None
                position = waiting.pop(0)
                length = factors[position].length
                if extent % length:
                    halves = factors[position].split(extent) if length % extent == 0 else None
                    if halves is None:
                        return None
                    factors[position : position + 1] = halves
                    waiting = [p + (p > position) for p in waiting]
                    axes = [tuple(p + (p > position) for p in axis) for axis in axes]
                    taken = [p + (p > position) for p in taken]
                    waiting.insert(0, position + 1)
                    length = extent
                taken.append(position)
                extent //= length
            axes.append(tuple(taken))
        return TensorView(self.source, tuple(factors), tuple(axes)) if not waiting else None

    def transposed(self, permutation: Sequence[int]) -> "TensorView":
        """With axis ``permutation[i]`` as axis i."""
        return replace(self, axes=tuple(self.axes[p] for p in permutation))

    def sliced(
        self, offsets: Sequence[int], sizes: Sequence[int], steps: Sequence[int]
    ) -> "TensorView | None":
        """The slice of each axis; ``None`` if one cuts across the factors of an axis."""
        factors = list(self.factors)
        for axis, offset, size, step in zip(self.axes, offsets, sizes, steps, strict=True):
            remaining = list(axis)
            while remaining:
                position = remaining.pop(0)
                inner = prod(factors[p].length for p in remaining)
                if step == 1 and offset % inner == 0 and size % inner == 0:
                    factors[position] = factors[position].sliced(offset // inner, size // inner, 1)
                    break
                if not remaining:
                    factors[position] = factors[position].sliced(offset, size, step)
                elif offset // inner == (offset + (size - 1) * step) // inner:
                    factors[position] = factors[position].sliced(offset // inner, 1, 1)
                    offset %= inner
                else:
                    return None
        kept = tuple(tuple(p for p in axis if factors[p].length > 1) for axis in self.axes)
        return TensorView(self.source, tuple(factors), kept)

    def coarsened(self) -> "TensorView":
        """With neighbouring factors of a source axis joined again, where the view keeps them so."""
        for position in range(len(self.factors) - 1):
            joined = self._joined(position)
            if joined is not None:
                return joined.coarsened()
        return self

    def _joined(self, position: int) -> "TensorView | None":
        outer, inner = self.factors[position : position + 2]
        if outer.axis != inner.axis or not inner.is_full or outer.step != 1:
            return None
        if outer.length > 1 and not any(
            (position, position + 1) in pairwise(axis) for axis in self.axes
        ):
            return None
        factor = AxisFactor(
            outer.axis,
            outer.extent * inner.extent,
            outer.offset * inner.extent,
            outer.length * inner.extent,
        )
        factors = (*self.factors[:position], factor, *self.factors[position + 2 :])
        dropped = position if outer.length > 1 else None
        axes = tuple(tuple(p - (p > position) for p in axis if p != dropped) for axis in self.axes)
        return TensorView(self.source, factors, axes)


def through(view: TensorView, op: Operation) -> TensorView | None:
    """The view after a layout op was applied to it; ``None`` if the op or its result is not one."""
    match op:
        case tensor.ExpandShapeOp() | tensor.CollapseShapeOp():
            return view.reshaped(static_shape(op.results[0]))
        case TransposeOp():
            return view.transposed(op.permutation.get_values())
        case tensor.ExtractSliceOp():
            places = (op.static_offsets, op.static_sizes, op.static_strides)
            offsets, sizes, steps = (place.get_values() for place in places)
            if DYNAMIC_INDEX in (*offsets, *sizes, *steps):
                return None
            sliced = view.sliced(offsets, sizes, steps)
            return None if sliced is None else sliced.reshaped(static_shape(op.result))
        case _:
            return None


def view_through(shape: Sequence[int], chain: Sequence[Operation]) -> tuple[TensorView, int]:
    """The view of a tensor of this shape through the longest beginning of a chain that has one.

    Returns:
        the view, and how many ops of the chain it covers.
    """
    view = TensorView.identity(shape)
    for count, op in enumerate(chain):
        after = through(view, op)
        if after is None:
            return view.coarsened(), count
        view = after
    return view.coarsened(), len(chain)
