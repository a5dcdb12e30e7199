"""Literals of a dtype, and the types of buffers."""

from collections.abc import Sequence

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
from xdsl.ir import Attribute

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.kernel_text.errors import KernelTextError
from hawk_xdsl.dialects.npu import Scope, ScopeAttr, Size


def dtype_of(element: Attribute) -> DType:
    """The dtype of an element type. Raises ``KernelTextError`` if the text has none."""
    dtype = DType.lookup(element)
    if dtype is None or not dtype.in_buffers:
        raise KernelTextError(f"kernel text has no dtype {element}")
    return dtype


def literal(value: int | float, dtype: str, line: int | None) -> FloatAttr | IntegerAttr:
    """A number as a constant of a dtype, rounded to it.

    Raises:
        KernelTextError: for a number that the dtype cannot hold.
    """
    element = DType(dtype).mlir
    if isinstance(element, IntegerType):
        if not isinstance(value, int):
            raise KernelTextError(f"{value} is not an integer, but the dtype is {dtype}", line=line)
        if not DType(dtype).lowest <= value <= DType(dtype).highest:
            raise KernelTextError(f"{value} does not fit {dtype}", line=line)
        return IntegerAttr(value, element)
    infinite = value in (float("inf"), float("-inf"))
    if not infinite and abs(value) >= DType(dtype).overflow:
        raise KernelTextError(f"{value} does not fit {dtype}", line=line)
    return FloatAttr(float(value), element)


def number_of(constant: Attribute) -> int | float:
    """A constant as the literal of the fewest digits that gives it back in its dtype.

    Raises:
        KernelTextError: for NaN and for constants that are no numbers.
    """
    if isinstance(constant, IntegerAttr):
        return constant.value.data
    if not isinstance(constant, FloatAttr):
        raise KernelTextError(f"{constant} is not a number")
    value = constant.value.data
    if value != value:
        raise KernelTextError("kernel text has no NaN")
    if value in (float("inf"), float("-inf")):
        return value
    return _shortest(value, constant.type)


def _shortest(value: float, type_: AnyFloat) -> float:
    """0.0999755859375 of f16 is 0.1, which rounds to it."""
    for digits in range(1, 18):
        short = float(f"{value:.{digits}g}")
        fits = abs(short) < dtype_of(type_).overflow
        if fits and FloatAttr(short, type_).value.data == value:
            return short
    return value


def global_type(dtype: str, sizes: Sequence[Size]) -> MemRefType:
    """A contiguous row-major buffer in global memory; a size that is no number is dynamic."""
    shape = [size if isinstance(size, int) else DYNAMIC_INDEX for size in sizes]
    return MemRefType(DType(dtype).mlir, shape, NoneAttr(), ScopeAttr(Scope.GLOBAL))


def buffer_type(dtype: str, shape: Sequence[int], scope: Scope) -> MemRefType:
    """A buffer on the core; where tiles lie by rows, rows start on blocks."""
    element = DType(dtype).mlir
    layout: NoneAttr | StridedLayoutAttr = NoneAttr()
    if not scope.by_fractals and len(shape) > 1:
        block = scope.block // DType(dtype).bytes
        row = -(-shape[-1] // block) * block
        if row != shape[-1]:
            strides = [1, row]
            for extent in reversed(shape[1:-1]):
                strides.append(strides[-1] * extent)
            layout = StridedLayoutAttr(list(reversed(strides)))
    return MemRefType(element, shape, layout, ScopeAttr(scope))
