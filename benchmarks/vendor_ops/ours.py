"""What the NPU simulator says of an instruction: values, temporaries and cycles."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import MemRefType
from xdsl.parser import Parser

from hawk_xdsl.dialects.npu import VectorOp
from hawk_xdsl.npu_target import Target
from hawk_xdsl.npu_target.cost import TileShape, vector_cost, work_of
from hawk_xdsl.npu_target.temporaries import temporary_bytes
from hawk_xdsl.npu_target.vector_compute import vector_compute
from hawk_xdsl.universe import context
from vendor_ops.cases import LETTERS, Case, Operand

ROW = 32
"""Rows of a tile in ub begin at a multiple of so many bytes."""


@dataclass(frozen=True)
class Ours:
    """The simulator's answer; ``cycles`` is ``None`` where the target lacks the instruction."""

    values: NDArray
    cycles: float | None
    instructions: int
    temporary: int


def _type(operand: Operand) -> str:
    size, shape = operand.numpy.itemsize, operand.shape
    extents = "x".join(map(str, shape))
    layout = ""
    if len(shape) > 1 and shape[-1] * size % ROW:
        row = math.ceil(shape[-1] * size / ROW) * ROW // size
        layout = f", strided<[{row}, 1]>"
    return f"memref<{extents}x{operand.dtype}{layout}, #npu.scope<ub>>"


def op_of(case: Case) -> VectorOp:
    """The instruction, in a kernel that allocates its operands."""
    tiles = [*zip(LETTERS, case.inputs, strict=False), ("o", case.out)]
    lines = [f"%{name} = npu.alloc : {_type(tile)}" for name, tile in tiles]
    lines += [
        f"%n{i} = arith.constant {value} : {kind}" for i, (value, kind) in enumerate(case.numbers)
    ]
    names = [f"%{name}" for name, _ in tiles[:-1]] + [f"%n{i}" for i in range(len(case.numbers))]
    types = [_type(tile) for _, tile in tiles[:-1]] + [kind for _, kind in case.numbers]
    mnemonic, *kind = case.npu[0].split(" ")
    ins = f"ins({', '.join(names)} : {', '.join(types)}) " if names else ""
    head = " ".join([f"npu.{mnemonic}", *kind])
    lines.append(f"{head} {ins}outs(%o : {_type(case.out)}) {case.npu[1]}")
    body = "\n".join(lines)
    text = f'npu.kernel @k ins() outs() on <vector> blocks 1 target "ascend910b1" {{\n{body}\n}}\n'
    module = Parser(context(), text).parse_module()
    (found,) = [op for op in module.walk() if isinstance(op, VectorOp)]
    found.verify_()
    return found


def ours(case: Case, inputs: list[NDArray], target: Target) -> Ours:
    """Run and time an instruction."""
    op = op_of(case)
    out = np.zeros(case.out.shape, case.out.numpy)
    numbers = [
        out.dtype.type(float(value)) if kind[0] in "fb" else int(value)
        for value, kind in case.numbers
    ]
    with np.errstate(all="ignore"):
        vector_compute(op)([*inputs, *numbers], out)
    shapes = [_shape(value.type) for value in op.operands if isinstance(value.type, MemRefType)]
    work = work_of(op)._replace(bits="bits" in case.name.split())
    cycles: float | None = None
    instructions = 0
    if work.dtype in target.vector.ops.get(work.row, {}):
        cycles, instructions = vector_cost(work, shapes, target)
    return Ours(out, cycles, instructions, temporary_bytes(op, target.vector))


def _shape(kind: MemRefType) -> TileShape:
    size = kind.element_type.size  # type: ignore[attr-defined]
    strides = tuple(n * size for n in kind.get_strides() or ())
    return TileShape(kind.get_shape(), strides, size)
