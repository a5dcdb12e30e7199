"""Views of memory as the library takes them, and the element types of MLIR in numpy."""

import ctypes
from dataclasses import dataclass

import ml_dtypes
import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import (
    BFloat16Type,
    Float16Type,
    Float32Type,
    IndexType,
    IntAttr,
    IntegerType,
    MemRefType,
    StridedLayoutAttr,
)


class UnknownOperation(NotImplementedError):
    """The compiler made something that is not run here."""


@dataclass(frozen=True)
class Tile:
    """A view of memory: the address of its base, and offset, extents and strides in elements.

    ``bits`` is the width of an element: 1 for a truth value.
    """

    base: int
    offset: int
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    bits: int
    dtype: np.dtype
    owner: NDArray | None = None

    def array(self) -> NDArray:
        """The elements as an array that shares the memory."""
        size = self.dtype.itemsize
        address = self.base + self.offset * size
        reach = 1 + sum((n - 1) * s for n, s in zip(self.sizes, self.strides, strict=True))
        raw = (ctypes.c_uint8 * (max(reach, 1) * size)).from_address(address)
        flat = np.frombuffer(raw, self.dtype)
        steps = tuple(s * size for s in self.strides)
        return np.lib.stride_tricks.as_strided(flat, self.sizes, steps)

    def truth(self) -> NDArray[np.bool_]:
        """A dense tile of truth values, one bit each."""
        count = int(np.prod(self.sizes))
        raw = (ctypes.c_uint8 * (-(-count // 8))).from_address(self.base + self.offset // 8)
        bits = np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little")
        return bits[:count].reshape(self.sizes) != 0

    def descriptor(self) -> ctypes.Structure:
        """The struct that the library takes: two pointers, an offset, extents and strides."""
        rank = len(self.sizes)
        kind = type("Descriptor", (ctypes.Structure,), {"_fields_": [
            ("allocated", ctypes.c_void_p), ("aligned", ctypes.c_void_p),
            ("offset", ctypes.c_int64),
            ("sizes", ctypes.c_int64 * rank), ("strides", ctypes.c_int64 * rank),
        ]})  # fmt: skip
        extents = ctypes.c_int64 * rank
        return kind(self.base, self.base, self.offset, extents(*self.sizes), extents(*self.strides))


def whole_array(array: NDArray) -> Tile:
    """All of an array, such as an argument in global memory."""
    strides = tuple(s // array.itemsize for s in array.strides)
    return Tile(array.ctypes.data, 0, array.shape, strides, 8 * array.itemsize, array.dtype, array)


def numpy_type(element: object) -> tuple[np.dtype, int]:
    """The dtype of an element type, and its bits."""
    match element:
        case Float32Type():
            return np.dtype(np.float32), 32
        case Float16Type():
            return np.dtype(np.float16), 16
        case BFloat16Type():
            return np.dtype(ml_dtypes.bfloat16), 16
        case IndexType():
            return np.dtype(np.int64), 64
        case IntegerType():
            bits = element.width.data
            return np.dtype(f"int{max(bits, 8)}"), bits
        case _:
            raise UnknownOperation(f"elements of {element}")


def layout_of(kind: MemRefType) -> tuple[int, ...] | None:
    """The strides that a type says, in elements; ``None`` if it says none."""
    if not isinstance(kind.layout, StridedLayoutAttr):
        return None
    return tuple(n.data for n in kind.layout.strides if isinstance(n, IntAttr))


def dense_strides(sizes: tuple[int, ...]) -> tuple[int, ...]:
    """Strides of rows side by side, in elements."""
    return tuple(int(np.prod(sizes[i + 1 :])) for i in range(len(sizes)))


def strides_of(kind: MemRefType, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of a type, in elements."""
    return layout_of(kind) or dense_strides(sizes)
