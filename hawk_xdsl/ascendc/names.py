"""What AscendC calls the dtypes, pipes and instructions of the npu dialect, and their dtypes."""

from collections.abc import Mapping
from dataclasses import dataclass

from hawk_xdsl.dialects.npu import Pipe

TYPES: Mapping[str, str] = {
    "f32": "float",
    "f16": "half",
    "bf16": "bfloat16_t",
    "i32": "int32_t",
    "i16": "int16_t",
    "i8": "int8_t",
}
"""The C++ type of each dtype."""

PIPES: Mapping[str, str] = {
    Pipe.SCALAR: "S",
    Pipe.VECTOR: "V",
    Pipe.MTE2: "MTE2",
    Pipe.MTE3: "MTE3",
    Pipe.ALL: "ALL",
}
"""The pipes of a vector core, without ``PIPE_``."""

BLOCK = 32
"""Bytes of a block: rows of an instruction start on one."""

REPEAT = 256
"""Bytes that one repeat of an instruction works on."""


@dataclass(frozen=True)
class AscendcRow:
    """An element-wise instruction.

    Attributes:
        name: the function of AscendC.
        dtypes: what it is taken for here; others are refused.
        by_number: the function whose second operand is a number, if there is one.
    """

    name: str
    dtypes: frozenset[str]
    by_number: str = ""


FLOATS = frozenset({"f16", "f32"})
NUMBERS = FLOATS | {"i16", "i32"}

INSTRUCTIONS: Mapping[str, AscendcRow] = {
    "vexp": AscendcRow("Exp", FLOATS),
    "vln": AscendcRow("Ln", FLOATS),
    "vabs": AscendcRow("Abs", FLOATS),
    "vsqrt": AscendcRow("Sqrt", FLOATS),
    "vrsqrt": AscendcRow("Rsqrt", FLOATS),
    "vrec": AscendcRow("Reciprocal", FLOATS),
    "vrelu": AscendcRow("Relu", FLOATS | {"i32"}),
    "vadd": AscendcRow("Add", NUMBERS, "Adds"),
    "vsub": AscendcRow("Sub", NUMBERS),
    "vmul": AscendcRow("Mul", NUMBERS, "Muls"),
    "vdiv": AscendcRow("Div", FLOATS),
    "vmax": AscendcRow("Max", NUMBERS, "Maxs"),
    "vmin": AscendcRow("Min", NUMBERS, "Mins"),
}
"""Instructions that are one function of AscendC each."""

CASTS = frozenset(
    {("f16", "f32"), ("f32", "f16"), ("f32", "bf16"), ("bf16", "f32"), ("f32", "i32")}
    | {("i32", "f32"), ("f16", "i32"), ("f32", "i16"), ("f16", "i16"), ("i16", "f16")}
)
"""Pairs of dtypes that ``Cast`` is taken for here, source and destination."""

INDEX_FUNCTIONS: Mapping[str, str] = {
    "Smaller": "return a < b ? a : b;",
    "Larger": "return a > b ? a : b;",
    "FloorDiv": "return a / b - (a % b < 0);",
}
"""Functions of two indices that a file defines if it uses them; ``b`` of a division is positive."""
