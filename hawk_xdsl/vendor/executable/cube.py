"""The cube's instructions as calls of loops, which ``cube.mlir`` has for each dtype."""

import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from xdsl.dialects import arith, func, memref
from xdsl.dialects.builtin import BoolAttr, MemRefType, StridedLayoutAttr
from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from hawk_xdsl.dialects.hivm import (
    HivmFixpipeOp,
    HivmMmadL1Op,
    HivmNd2nzOp,
    element_of,
)
from hawk_xdsl.errors import HawkError
from hawk_xdsl.ir_text import read_module

_CASTS = {
    "f16": ("arith.extf", ": f16 to f32", "arith.truncf", ": f32 to f16"),
    "bf16": ("arith.extf", ": bf16 to f32", "arith.truncf", ": f32 to bf16"),
    "f32": ("arith.addf %zero,", ": f32", "arith.addf %zero,", ": f32"),
}
"""How an element becomes an f32, and an f32 an element; of f32 by adding 0."""


@cache
def _template() -> str:
    return files("hawk_xdsl.vendor.executable").joinpath("cube.mlir").read_text(encoding="utf-8")


def loops_of(element: str) -> list[func.FuncOp]:
    """The functions for a dtype. Raises ``HawkError`` for one that the cube does not multiply."""
    if element not in _CASTS:
        raise HawkError(f"the loops of the cube are not for {element}")
    widen, widened, narrow, narrowed = _CASTS[element]
    text = re.sub(r"WIDEN (%\w+)", rf"{widen} \1 {widened}", _template())
    text = re.sub(r"NARROW (%\w+)", rf"{narrow} \1 {narrowed}", text)
    for word, kind in (
        ("ROW", any_strides(element, 1)),
        ("MATRIX", any_strides(element, 2)),
        ("FRACTALS", any_strides(element, 4)),
        ("SUMS", any_strides("f32", 4)),
        ("ELEMENT", element),
    ):
        text = text.replace(word, kind)
    module = read_module(text, "cube.mlir")
    return [op.clone() for op in module.ops if isinstance(op, func.FuncOp)]


def any_strides(element: str, rank: int) -> str:
    """The type of every buffer of a dtype and rank."""
    marks = ", ".join("?" * rank)
    return f"memref<{'?x' * rank}{element}, strided<[{marks}], offset: ?>>"


@dataclass
class CubeAsCalls(RewritePattern):
    """Each instruction of the cube becomes a call; ``used`` are the dtypes whose loops it needs."""

    used: set[str] = field(default_factory=set[str])

    @op_type_rewrite_pattern
    def match_and_rewrite(
        self, op: HivmNd2nzOp | HivmMmadL1Op | HivmFixpipeOp, rewriter: PatternRewriter
    ) -> None:
        """Rewrite one."""
        match op:
            case HivmNd2nzOp():
                element = str(element_of(op.src))
                operands = [self._cast(op.src, rewriter), self._cast(op.dst, rewriter)]
                name = "nd2nz"
            case HivmMmadL1Op():
                element, name = str(element_of(op.a)), "mmad"
                flags = (op.a_transpose, op.b_transpose)
                operands = [
                    self._cast(op.a, rewriter),
                    self._cast(op.b, rewriter),
                    *(op.init_condition, op.real_m, op.real_k, op.real_n),
                    self._cast(op.c, rewriter),
                    *(self._flag(flag is not None, rewriter) for flag in flags),
                ]
            case HivmFixpipeOp():
                element, name = str(element_of(op.dst)), "fixpipe"
                relu = op.pre_relu is not None and op.pre_relu.data == "NORMAL_RELU"
                operands = [
                    self._cast(op.src, rewriter),
                    self._cast(op.dst, rewriter),
                    self._flag(relu, rewriter),
                ]
        self.used.add(element)
        calls = [func.CallOp(f"{name}_{element}", operands, [])]
        if isinstance(op, HivmMmadL1Op) and op.per_channel_bias is not None:
            calls.append(self._bias(op, op.per_channel_bias, rewriter))
        rewriter.replace(op, calls, [])

    def _bias(self, op: HivmMmadL1Op, row: SSAValue, rewriter: PatternRewriter) -> func.CallOp:
        """What a product starts from, added after it."""
        element = str(element_of(row))
        self.used.add(element)
        operands = [self._cast(row, rewriter), op.init_condition, op.real_m, op.real_n]
        return func.CallOp(f"bias_{element}", [*operands, self._cast(op.c, rewriter)], [])

    @staticmethod
    def _cast(value: SSAValue, rewriter: PatternRewriter) -> SSAValue:
        type_ = value.type
        assert isinstance(type_, MemRefType)
        rank = type_.get_num_dims()
        layout = StridedLayoutAttr([None] * rank, None)
        to = MemRefType(type_.element_type, [-1 << 63] * rank, layout, type_.memory_space)
        return rewriter.insert(memref.CastOp.get(value, to)).results[0]

    @staticmethod
    def _flag(flag: bool, rewriter: PatternRewriter) -> SSAValue:
        return rewriter.insert(arith.ConstantOp(BoolAttr.from_bool(flag))).result
