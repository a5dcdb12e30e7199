"""Reads an undecided op's region into its canonical specification."""

from collections.abc import Sequence

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Block, SSAValue

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.npu import UndecidedOp, YieldOp
from hawk_xdsl.semantics.canonical import canonical
from hawk_xdsl.semantics.loops import ChangedLoopsError, Loops, UnreadableError
from hawk_xdsl.semantics.narrowing import narrowed
from hawk_xdsl.semantics.reading import RegionReader, shape_of
from hawk_xdsl.semantics.reading_body import dtype_read
from hawk_xdsl.semantics.specification_form import Operand, ResultRegion, Specification

__all__ = ["Operand", "ResultRegion", "Specification", "specify"]


def specify(op: UndecidedOp, *, confine: bool = True) -> Specification:
    """The specification of an undecided op.

    ``confine``: integers may be confined to less than 32 bits, which a launch then checks, so that
    what is computed of them in 64 bits fits 32: see ``narrowed``.
    Raises ``UnreadableError`` with the reason.
    """
    block = op.body.block
    end = block.last_op
    assert isinstance(end, YieldOp)
    if any(0 in shape_of(value) for value in (*block.args, *end.arguments) if _is_tensor(value)):
        raise UnreadableError("a tensor without elements")
    loops = Loops([shape_of(value) for value in end.arguments])
    while True:
        try:
            return narrowed(_attempt(block, end.arguments, loops), confine=confine)
        except ChangedLoopsError:
            loops.restart()


def _is_tensor(value: SSAValue) -> bool:
    return isinstance(value.type, TensorType)


def _attempt(block: Block, values: Sequence[SSAValue], loops: Loops) -> Specification:
    names = [f"x{i}" for i in range(len(block.args))]
    reader = RegionReader(block, names, loops)
    results: list[ResultRegion] = []
    for position, value in enumerate(values):
        for region in range(len(loops.regions[position])):
            index = loops.of_region(position, region)
            term = reader.term(value, index)
            dtype = _stored(value)
            results.append(
                ResultRegion(f"y{position}", dtype, shape_of(value), index, term, position)
            )
    read = {term.operand for result in results for term in result.term.walk()}
    operands = tuple(
        Operand(
            name,
            _stored(argument),
            shape_of(argument),
            position,
            border=reader.borders.get(name),
        )
        for position, (name, argument) in enumerate(zip(names, block.args, strict=True))
        if isinstance(argument.type, TensorType) and name in read
    )
    draft = Specification(operands, tuple(results), dict(loops.axes))
    return canonical(draft, loops.split_axes)


def _stored(value: SSAValue) -> DType:
    """What global memory has for a tensor's elements; i64 only where it is proved to fit."""
    assert isinstance(value.type, TensorType)
    declared = value.type.element_type
    if declared == DType.F64.mlir:
        raise UnreadableError("a tensor of f64 cannot be a kernel's argument")
    return dtype_read(declared).stored
