"""Where the buffers of an npu kernel lie in HIVM: address spaces, padded rows, bits, fractals."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from xdsl.dialects.builtin import IntegerType, MemRefType, StridedLayoutAttr
from xdsl.ir import Attribute

from hawk_xdsl.dialects.hivm import FRACTAL, HivmAddressSpaceAttr, c0_of
from hawk_xdsl.dialects.npu import Scope, ScopeAttr, scope_of, strides_of
from hawk_xdsl.transforms.pass_error import PassError

SPACES: Mapping[Scope, str] = {
    Scope.GLOBAL: "gm",
    Scope.UB: "ub",
    Scope.L1: "cbuf",
    Scope.L0A: "ca",
    Scope.L0B: "cb",
    Scope.L0C: "cc",
}
"""The address space of each memory space of the Ascend family."""

BITS_OF_A_BLOCK = 256
"""Truth values of a block of 32 bytes: a row of them starts on one."""


def address_space(scope: Scope) -> HivmAddressSpaceAttr:
    """The address space of a memory space. Raises ``PassError`` for one of another family."""
    if scope not in SPACES:
        raise PassError(f"memory space {scope} is not one of HIVM")
    return HivmAddressSpaceAttr(SPACES[scope])


def in_hivm(type_: MemRefType) -> MemRefType:
    """A buffer's type with HIVM's address space, rows as they are."""
    assert isinstance(type_.memory_space, ScopeAttr)
    space = address_space(type_.memory_space.data)
    return MemRefType(type_.element_type, type_.get_shape(), type_.layout, space)


def physical_type(type_: MemRefType, *, truth: bool) -> MemRefType:
    """The contiguous buffer in which an allocated one lies.

    Rows are as long as their strides say: 3 x 5 of f32 in ub takes 3 x 8. Truth values are bits in
    rows of whole blocks: 3 x 5 takes 3 x 256. 20 x 40 of f16 in L1 takes 3 x 2 x 16 x 16.
    """
    scope, shape = scope_of(type_), type_.get_shape()
    element: Attribute = type_.element_type
    if scope.by_fractals:
        rows, columns = shape
        width = FRACTAL if scope == Scope.L0C else c0_of(element)
        extents = [_blocks(columns, width), _blocks(rows, FRACTAL), FRACTAL, width]
        return MemRefType(element, extents, memory_space=address_space(scope))
    strides = strides_of(type_)
    if truth:
        element, strides = IntegerType(1), bit_strides(shape)
    extents = list(shape[:1])
    for outer, inner in pairwise(strides):
        assert outer is not None and inner is not None
        extents.append(outer // inner)
    return MemRefType(element, extents, memory_space=address_space(scope))


def row_type(type_: MemRefType) -> MemRefType:
    """The contiguous row, in whole blocks, in which a matrix of one row lies."""
    width = c0_of(type_.element_type)
    extents = [_blocks(type_.get_shape()[1], width) * width]
    return MemRefType(type_.element_type, extents, memory_space=address_space(scope_of(type_)))


def bit_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """Strides, in elements, of a tile of truth values."""
    strides = [1]
    for place, extent in enumerate(reversed(shape[1:])):
        row = _blocks(extent, BITS_OF_A_BLOCK) * BITS_OF_A_BLOCK if place == 0 else extent
        strides.append(strides[-1] * row)
    return tuple(reversed(strides))


def with_shape(type_: MemRefType, shape: Sequence[int]) -> MemRefType:
    """The view of the leading part of a contiguous buffer."""
    layout = StridedLayoutAttr(list(strides_of(type_)))
    return MemRefType(type_.element_type, shape, layout, type_.memory_space)


def _blocks(extent: int, size: int) -> int:
    return -(-extent // size)
