"""``memref.subview`` decoded: what it takes of each dimension of its source."""

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import memref
from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType
from xdsl.dialects.utils import get_dynamic_index_list
from xdsl.ir import SSAValue

from hawk_xdsl.dialects.npu.tile_op import strides_of


@dataclass(frozen=True)
class Subview:
    """The places of a subview, one a dimension of its source.

    Attributes:
        offsets: of the first element: a number, or the SSA value that is it, as are the next two.
        sizes: how many elements.
        strides: the distance between them, in elements of that dimension.
        dropped: whether the result lacks the dimension, which has one element.
    """

    offsets: tuple[SSAValue | int, ...]
    sizes: tuple[SSAValue | int, ...]
    strides: tuple[SSAValue | int, ...]
    dropped: tuple[bool, ...]

    @classmethod
    def of(cls, op: memref.SubviewOp) -> "Subview":
        """Decode an op."""
        offsets, sizes, strides = (
            tuple(get_dynamic_index_list(static.get_values(), dynamic, DYNAMIC_INDEX))
            for static, dynamic in (
                (op.static_offsets, op.offsets),
                (op.static_sizes, op.sizes),
                (op.static_strides, op.strides),
            )
        )
        assert isinstance(op.source.type, MemRefType) and isinstance(op.result.type, MemRefType)
        return cls(
            offsets, sizes, strides, _dropped(op.source.type, sizes, strides, op.result.type)
        )

    def index(
        self, starts: Sequence[int], counts: Sequence[int], steps: Sequence[int]
    ) -> tuple[slice | int, ...]:
        """What numpy takes of the source where the places have these values."""
        places = zip(starts, counts, steps, self.dropped, strict=True)
        return tuple(
            start if dropped else slice(start, start + (count - 1) * step + 1, step)
            for start, count, step, dropped in places
        )


def _dropped(
    source: MemRefType,
    sizes: Sequence[SSAValue | int],
    strides: Sequence[SSAValue | int],
    result: MemRefType,
) -> tuple[bool, ...]:
    """Which dimensions the result lacks.

    Of several dimensions of size 1 those stay that have the strides of the result's: of
    ``memref<4x8x16>`` a part of 1x1x16 as ``memref<1x16, strided<[128, 1]>>`` lacks the second one,
    as ``memref<1x16, strided<[16, 1]>>`` the first.
    """
    kept = list(zip(result.get_shape(), strides_of(result), strict=True))
    surplus = len(sizes) - len(kept)
    dropped: list[bool] = []
    for size, stride, step in zip(sizes, strides_of(source), strides, strict=True):
        distance = stride * step if stride is not None and isinstance(step, int) else None
        drop = size == 1 and dropped.count(True) < surplus and kept[:1] != [(1, distance)]
        if not drop:
            del kept[:1]
        dropped.append(drop)
    return tuple(dropped)
