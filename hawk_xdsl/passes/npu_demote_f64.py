"""npu-demote-f64: tensors of f64 between ops become f32 where none is an argument or a result.

torch-mlir computes the variance of narrow floats in f64. Kernels compute in f32 at most, so that a
tensor of f64 between two groups would keep both of them on the host.
"""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    FloatAttr,
    ModuleOp,
    TensorType,
    f32,
    f64,
)
from xdsl.dialects.linalg.ops import GenericOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter
from xdsl.rewriter import InsertPoint

from hawk_xdsl.linalg.dead_ops import erase_dead_ops
from hawk_xdsl.passes.function_pass import functions_of
from hawk_xdsl.passes.outline_dataflow import is_plain_copy
from hawk_xdsl.transforms.npu_pass import NpuPass

_OF_INTEGERS = (arith.SIToFPOp, arith.UIToFPOp, arith.FPToSIOp, arith.FPToUIOp)
"""Conversions that f64 does exactly for 32 bits, and f32 does not."""

_CASTS = (arith.ExtFOp, arith.TruncFOp)


@dataclass(frozen=True)
class NpuDemoteF64Pass(NpuPass):
    """Computes in f32 what a function computes in f64 from narrower floats.

    Ops that share tensors of f64 are demoted together. They stay where one of them converts to or
    from integers, where a tensor is an argument or a result of the function, or where an op is
    none of linalg or tensor. An f64 that never leaves the body of an op stays too.
    """

    name = "npu-demote-f64"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Demotes in each function with a body of one block."""
        for function in functions_of(op):
            for ops in _components(function.body.block):
                if not any(map(_keeps, ops)):
                    for each in ops:
                        _demote(each)
            erase_dead_ops(function.body.block)


def _is_wide(value: SSAValue) -> bool:
    return isinstance(value.type, TensorType) and value.type.element_type == f64


@dataclass(eq=False)
class _Component:
    """Ops that tensors of f64 connect."""

    ops: list[Operation]


def _components(block: Block) -> list[list[Operation]]:
    """The ops that tensors of f64 connect, in program order."""
    of: dict[Operation, _Component] = {}
    for op in block.ops:
        wide = [value for value in (*op.operands, *op.results) if _is_wide(value)]
        if wide:
            of[op] = _Component([op])
        for value in wide:
            other = of[value.owner] if isinstance(value.owner, Operation) else of[op]
            small, large = sorted((of[op], other), key=lambda component: len(component.ops))
            if small is not large:
                large.ops += small.ops
                of.update(dict.fromkeys(small.ops, large))
    place = {op: i for i, op in enumerate(block.ops)}
    return [sorted(each.ops, key=place.__getitem__) for each in dict.fromkeys(of.values())]


def _keeps(op: Operation) -> bool:
    """Whether an op keeps the f64 that it computes with."""
    if op.name.split(".")[0] not in ("linalg", "tensor", "arith"):
        return True
    if any(_is_wide(value) and not isinstance(value.owner, Operation) for value in op.operands):
        return True
    return any(
        isinstance(inner, _OF_INTEGERS) and f64 in (inner.operands[0].type, inner.results[0].type)
        for inner in op.walk()
    )


def _demote(op: Operation) -> None:
    """Computes an op in f32; a cast between f64 and f32 is none any more."""
    rewriter = PatternRewriter(op)
    _demote_literals(op, rewriter)
    for inner in list(op.walk()):
        arguments = [arg for region in inner.regions for arg in region.block.args]
        for value in (*arguments, *inner.results):
            if value.type == f64:
                rewriter.replace_value_with_new_type(value, f32)
            elif isinstance(value.type, TensorType) and value.type.element_type == f64:
                narrow = TensorType(f32, value.type.get_shape())
                rewriter.replace_value_with_new_type(value, narrow)
    for inner in list(op.walk()):
        if isinstance(inner, _CASTS) and inner.operands[0].type == inner.results[0].type:
            rewriter.replace(inner, [], inner.operands)
    if isinstance(op, GenericOp) and is_plain_copy(op):
        rewriter.replace(op, [], op.inputs)


def _demote_literals(op: Operation, rewriter: PatternRewriter) -> None:
    """Says a literal in f32, and the numbers that an op takes from outside."""
    if isinstance(op, arith.ConstantOp) and isinstance(op.value, DenseIntOrFPElementsAttr):
        type_ = TensorType(f32, op.value.get_shape())
        numbers = [float(str(number)) for number in op.value.get_values()]
        op.properties["value"] = DenseIntOrFPElementsAttr.from_list(type_, numbers)
    for inner in op.walk():
        for position, value in enumerate(inner.operands):
            if value.type == f64 and isinstance(value.owner, arith.ConstantOp):
                number = value.owner.value
                assert isinstance(number, FloatAttr)
                narrow = arith.ConstantOp(FloatAttr(number.value.data, f32))
                rewriter.insert(narrow, InsertPoint.before(op))
                inner.operands[position] = narrow.result
