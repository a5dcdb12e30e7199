"""``memref.subview`` decoded once: places, and which dimensions the result lacks."""

import numpy as np
import pytest
from xdsl.dialects import memref, test
from xdsl.dialects.builtin import MemRefType, StridedLayoutAttr, f32

from hawk_xdsl.dialects.npu import Scope, ScopeAttr, Subview

SOURCE = MemRefType(f32, [4, 8, 16], memory_space=ScopeAttr(Scope.UB))


def subview(sizes: list[int], shape: list[int], strides: list[int]) -> Subview:
    source = test.TestOp(result_types=[SOURCE]).results[0]
    layout = StridedLayoutAttr(strides)
    result = MemRefType(f32, shape, layout, ScopeAttr(Scope.UB))
    return Subview.of(memref.SubviewOp.get(source, [0, 0, 0], sizes, [1, 1, 1], result))


@pytest.mark.parametrize(
    ("sizes", "shape", "strides", "dropped"),
    [
        ([4, 8, 16], [4, 8, 16], [128, 16, 1], (False, False, False)),
        ([1, 8, 16], [8, 16], [16, 1], (True, False, False)),
        ([1, 1, 16], [1, 16], [128, 1], (False, True, False)),
        ([1, 1, 16], [1, 16], [16, 1], (True, False, False)),
        ([1, 1, 1], [], [], (True, True, True)),
        ([4, 1, 1], [4, 1], [128, 1], (False, True, False)),
    ],
)
def test_dimensions_of_the_result_are_told_apart_by_their_strides(
    sizes: list[int], shape: list[int], strides: list[int], dropped: tuple[bool, ...]
) -> None:
    assert subview(sizes, shape, strides).dropped == dropped


def test_the_index_takes_what_the_subview_takes() -> None:
    source = np.arange(4 * 8 * 16).reshape(4, 8, 16)
    index = subview([1, 8, 16], [8, 16], [16, 1]).index((2, 1, 3), (1, 3, 5), (1, 2, 3))
    np.testing.assert_array_equal(source[index], source[2, 1:7:2, 3:16:3])
