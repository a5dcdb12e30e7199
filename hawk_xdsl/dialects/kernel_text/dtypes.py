"""Element types by their names in the text, literals of them, and the layout of buffers."""

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    AnyFloat,
    BFloat16Type,
    Float16Type,
    Float32Type,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    MemRefType,
    NoneAttr,
    StridedLayoutAttr,
    bf16,
    f16,
    f32,
    i8,
    i16,
    i32,
)
from xdsl.ir import Attribute

from hawk_xdsl.dialects.kernel_text.errors import KernelTextError
from hawk_xdsl.dialects.npu import Scope, ScopeAttr

Element = Float16Type | BFloat16Type | Float32Type | IntegerType

DTYPES: dict[str, Element] = {
    "f16": f16,
    "bf16": bf16,
    "f32": f32,
    "i8": i8,
    "i16": i16,
    "i32": i32,
}
"""The element types that a kernel can hold, by name."""

_OVERFLOW = {"f16": 65520.0, "bf16": 2.0**128 - 2.0**119, "f32": 2.0**128 - 2.0**103}
"""The smallest numbers that round to infinity."""


def dtype_name(element: Attribute) -> str:
    """The name of an element type. Raises ``KernelTextError`` if the text has none."""
    for name, dtype in DTYPES.items():
        if dtype == element:
            return name
    raise KernelTextError(f"kernel text has no dtype {element}")


def literal(value: int | float, dtype: str, line: int | None) -> FloatAttr | IntegerAttr:
    """A number as a constant of a dtype, rounded to it.

    Raises:
        KernelTextError: for a number that the dtype cannot hold.
    """
    element = DTYPES[dtype]
    if isinstance(element, IntegerType):
        limit = 1 << (element.bitwidth - 1)
        if not isinstance(value, int):
            raise KernelTextError(f"{value} is not an integer, but the dtype is {dtype}", line=line)
        if not -limit <= value < limit:
            raise KernelTextError(f"{value} does not fit {dtype}", line=line)
        return IntegerAttr(value, element)
    infinite = value in (float("inf"), float("-inf"))
    if not infinite and abs(value) >= _OVERFLOW[dtype]:
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
        fits = abs(short) < _OVERFLOW[dtype_name(type_)]
        if fits and FloatAttr(short, type_).value.data == value:
            return short
    return value


def global_type(dtype: str, shape: Sequence[int]) -> MemRefType:
    """A contiguous row-major buffer in global memory."""
    return MemRefType(DTYPES[dtype], shape, NoneAttr(), ScopeAttr(Scope.GLOBAL))


def buffer_type(dtype: str, shape: Sequence[int], scope: Scope) -> MemRefType:
    """A buffer on the core; where tiles lie by rows, rows start on blocks."""
    element = DTYPES[dtype]
    layout: NoneAttr | StridedLayoutAttr = NoneAttr()
    if not scope.by_fractals and len(shape) > 1:
        block = scope.block * 8 // element.bitwidth
        row = -(-shape[-1] // block) * block
        if row != shape[-1]:
            strides = [1, row]
            for extent in reversed(shape[1:-1]):
                strides.append(strides[-1] * extent)
            layout = StridedLayoutAttr(list(reversed(strides)))
    return MemRefType(element, shape, layout, ScopeAttr(scope))
