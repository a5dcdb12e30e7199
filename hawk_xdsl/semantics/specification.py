"""Reads an undecided op's region into its canonical specification."""

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Block

from hawk_xdsl.dialects.npu import UndecidedOp, YieldOp
from hawk_xdsl.semantics.canonical import canonical
from hawk_xdsl.semantics.reading import RegionReader, UnreadableError, dtype_name, shape_of
from hawk_xdsl.semantics.specification_form import Operand, Result, Specification
from hawk_xdsl.semantics.terms import Affine

__all__ = ["KERNEL_DTYPES", "STORED_AS", "Operand", "Result", "Specification", "specify"]

STORED_AS = {"i1": "i8", "i64": "i32"}
"""Dtypes that global memory holds in another form."""

KERNEL_DTYPES = frozenset({"f16", "bf16", "f32", "i8", "i16", "i32"})
"""What a kernel's operands may be."""


def specify(op: UndecidedOp) -> Specification:
    """The specification of an undecided op. Raises ``UnreadableError`` with the reason."""
    return canonical(_read(op.body.block))


def _read(block: Block) -> Specification:
    end = block.last_op
    assert isinstance(end, YieldOp)
    names = [f"x{i}" for i in range(len(block.args))]
    reader = RegionReader(block, names)
    results: list[Result] = []
    for position, value in enumerate(end.arguments):
        used: set[str] = set()
        index: list[Affine] = []
        for extent in shape_of(value):
            index.append(reader.bound_axis(extent, used))
            used |= index[-1].axes
        term = reader.term(value, tuple(index))
        assert isinstance(value.type, TensorType)
        dtype = _stored(dtype_name(value.type.element_type), str(value.type.element_type))
        results.append(Result(f"y{position}", dtype, shape_of(value), tuple(index), term, position))
    read = {term.operand for result in results for term in result.term.walk()}
    operands = tuple(
        Operand(
            name,
            _stored(dtype_name(argument.type.element_type), str(argument.type.element_type)),
            shape_of(argument),
            position,
        )
        for position, (name, argument) in enumerate(zip(names, block.args, strict=True))
        if isinstance(argument.type, TensorType) and name in read
    )
    return Specification(operands, tuple(results), dict(reader.extents))


def _stored(dtype: str, declared: str) -> str:
    stored = STORED_AS.get(dtype, dtype)
    if declared == "f64" or stored not in KERNEL_DTYPES:
        raise UnreadableError(f"a tensor of {declared} cannot be a kernel's argument")
    return stored
