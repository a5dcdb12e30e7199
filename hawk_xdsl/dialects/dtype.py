"""The dtypes: one row says everything about one of them.

A ``DType`` is its name, so that it stands in texts, tables and JSON as it is. ``DType("f16")`` is
the one of a name, ``DType.of(type)`` that of an MLIR type. What is asked of it are properties::

    DType("bf16").is_float      # True
    DType("bf16").bytes         # 2
    DType("bf16").holds("i8")   # True: 8 bits of mantissa
"""

from enum import StrEnum
from functools import cached_property
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import (
    BFloat16Type,
    Float16Type,
    Float32Type,
    Float64Type,
    IntegerType,
    MemRefType,
)
from xdsl.ir import Attribute

Array = npt.NDArray[Any]
"""A numpy array of any dtype: which one, the IR says."""

Element = Float16Type | BFloat16Type | Float32Type | Float64Type | IntegerType
"""The MLIR types of elements."""


class DType(StrEnum):
    """A dtype by its name in MLIR. A row: name, MLIR type, numpy type, whether buffers have it.

    What a row with ``False`` says lives only in an op's region: ``stored`` is what memory has for
    it.
    """

    F16 = "f16", Float16Type(), np.float16, True
    BF16 = "bf16", BFloat16Type(), ml_dtypes.bfloat16, True
    F32 = "f32", Float32Type(), np.float32, True
    I8 = "i8", IntegerType(8), np.int8, True
    I16 = "i16", IntegerType(16), np.int16, True
    I32 = "i32", IntegerType(32), np.int32, True
    F64 = "f64", Float64Type(), np.float64, False
    I1 = "i1", IntegerType(1), np.int8, False  # a byte of 0 or 1
    I64 = "i64", IntegerType(64), np.int64, False

    _value_: str
    mlir: Element
    numpy: np.dtype[Any]
    in_buffers: bool

    def __new__(
        cls, name: str, mlir: Element, array: type[np.generic], in_buffers: bool
    ) -> "DType":
        """The member of a row."""
        made = str.__new__(cls, name)
        made._value_ = name
        made.mlir, made.numpy, made.in_buffers = mlir, np.dtype(array), in_buffers
        return made

    @staticmethod
    def of(type_: Attribute) -> "DType":
        """That of an MLIR type, or of a buffer's elements.

        Raises ``KeyError`` for a type that is none of the table's.
        """
        return _BY_TYPE[type_.element_type if isinstance(type_, MemRefType) else type_]

    @staticmethod
    def lookup(type_: Attribute) -> "DType | None":
        """That of an MLIR type; ``None`` if it is none of the table's."""
        return _BY_TYPE.get(type_)

    @cached_property
    def bits(self) -> int:
        """Bits of a value; of i1 one, though it takes a byte."""
        return self.mlir.bitwidth

    @cached_property
    def bytes(self) -> int:
        """Bytes of an element in memory."""
        return self.numpy.itemsize

    @cached_property
    def is_integer(self) -> bool:
        """Whether values are whole numbers, conditions among them."""
        return isinstance(self.mlir, IntegerType)

    @cached_property
    def is_float(self) -> bool:
        """Whether values are floating-point numbers."""
        return not self.is_integer

    @cached_property
    def is_condition(self) -> bool:
        """Whether values are 0 and 1."""
        return self.bits == 1

    @cached_property
    def is_narrow_float(self) -> bool:
        """Whether it is a float of less than 32 bits: sums of it are kept in f32."""
        return self.is_float and self.bits < 32

    @cached_property
    def stored(self) -> "DType":
        """What memory has for it: itself, i8 for i1, i32 for i64, f32 for f64."""
        if self.in_buffers:
            return self
        alike = [d for d in DType if d.in_buffers and d.is_float == self.is_float]
        larger = [d for d in alike if d.bits >= self.bits]
        return min(larger, key=lambda d: d.bits) if larger else max(alike, key=lambda d: d.bits)

    @cached_property
    def accumulator(self) -> "DType":
        """What sums of it are kept in: f32 of floats, i32 of integers."""
        return max((d for d in BUFFER_DTYPES if d.is_float == self.is_float), key=lambda d: d.bits)

    @cached_property
    def lowest(self) -> float | int:
        """The least value: a whole number of integers, minus infinity of floats."""
        if self.is_condition:
            return 0
        return -(1 << (self.bits - 1)) if self.is_integer else -float("inf")

    @cached_property
    def highest(self) -> float | int:
        """The largest value: a whole number of integers, infinity of floats."""
        if self.is_condition:
            return 1
        return (1 << (self.bits - 1)) - 1 if self.is_integer else float("inf")

    @cached_property
    def epsilon(self) -> float:
        """Of a float: from 1 to the next larger number."""
        return float(ml_dtypes.finfo(self.numpy).eps)

    @cached_property
    def largest_finite(self) -> float:
        """Of a float: the largest number that is not infinity."""
        return float(ml_dtypes.finfo(self.numpy).max)

    @cached_property
    def smallest_positive(self) -> float:
        """Of a float: the smallest number above 0, a denormal one."""
        return float(ml_dtypes.finfo(self.numpy).smallest_subnormal)

    @cached_property
    def overflow(self) -> float:
        """Of a float: the smallest real number that rounds to infinity, 65520 of f16."""
        return self.largest_finite * (1 + self.epsilon / 4 / (1 - self.epsilon / 2))

    @cached_property
    def mantissa_bits(self) -> int:
        """Of a float: bits of precision, the hidden one included: 11 of f16."""
        return int(ml_dtypes.finfo(self.numpy).nmant) + 1

    def holds(self, other: str) -> bool:
        """Whether it has all values of another dtype, exactly; never of itself.

        i16 holds i8, f32 holds bf16 and i16, bf16 holds i8 but neither i16 nor f16.
        """
        dtype = DType(other)
        if dtype is self or self.is_condition:
            return False
        if self.is_integer:
            return dtype.is_integer and dtype.bits < self.bits
        if dtype.is_integer:
            return dtype.bits <= self.mantissa_bits
        return (
            dtype.mantissa_bits <= self.mantissa_bits
            and dtype.largest_finite <= self.largest_finite
            and dtype.smallest_positive >= self.smallest_positive
        )


_BY_TYPE: dict[Attribute, DType] = {dtype.mlir: dtype for dtype in DType}

DTYPES: tuple[DType, ...] = tuple(DType)
"""All of them; names are found among them too, as ``"f16" in DTYPES``."""

BUFFER_DTYPES: tuple[DType, ...] = tuple(dtype for dtype in DType if dtype.in_buffers)
"""What the elements of a kernel's buffers can be."""

FLOATS: tuple[DType, ...] = tuple(
    sorted((d for d in BUFFER_DTYPES if d.is_float), key=lambda dtype: -dtype.bits)
)
"""The floats that buffers have, the widest first."""

INTEGERS: tuple[DType, ...] = tuple(
    sorted((d for d in BUFFER_DTYPES if d.is_integer), key=lambda dtype: -dtype.bits)
)
"""The integers that buffers have, the widest first."""

CONDITION: DType = DType.I1
"""What comparisons and predicates give in an op's region."""

TRUTH: DType = CONDITION.stored
"""What comparisons of tiles write, and selections of tiles read: 0 or 1 for each element."""

INDEX: DType = DType.I32
"""What positions are: results of argmax, offsets of gathers, numbers of elements."""

WIDE_FLOAT: DType = DType.F16.accumulator
"""What floats are computed in where their own dtype is too narrow, or lacks an instruction."""

WIDE_INTEGER: DType = DType.I8.accumulator
"""The same of integers."""

NARROW_FLOATS: tuple[DType, ...] = tuple(d for d in BUFFER_DTYPES if d.is_narrow_float)
"""The floats of less than 32 bits that buffers have."""


def is_float(dtype: np.dtype[Any]) -> bool:
    """Whether a numpy type is a float, bfloat16 included, which numpy does not count as one."""
    return np.issubdtype(dtype, np.floating) or dtype == DType.BF16.numpy


def element_name(type_: Attribute) -> str:
    """The MLIR name of an element type, or of a buffer's elements, be it in the table or not."""
    return str(type_.element_type if isinstance(type_, MemRefType) else type_)
