"""What the statements of a tile need for themselves, before their buffers have names."""

from collections.abc import Sequence

from hawk_xdsl.codegen.vector.buffers import Statement, TileValue
from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.npu import BINARY_OPS, ROWS
from hawk_xdsl.npu_target.cost import VectorWork
from hawk_xdsl.npu_target.target import VectorSpec
from hawk_xdsl.npu_target.temporaries import TileExtents, bytes_needed


def temporary_of(statement: Statement, spec: VectorSpec) -> int:
    """Bytes that an instruction of the vector unit needs beside its operands; others need none."""
    syntax, out = statement.syntax, statement.out
    if out is None or isinstance(syntax, ast.Store):
        return 0
    match syntax:
        case ast.Elementwise():
            operands, axes = syntax.operands, ()
        case ast.Compare():
            operands, axes = (syntax.lhs, syntax.rhs), ()
        case ast.Reduce() | ast.Broadcast():
            operands, axes = (syntax.source,), syntax.axes if isinstance(syntax, ast.Reduce) else ()
        case _:
            return 0
    found = [_extents(operand, statement.operands) for operand in operands]
    tiles = [extents for extents in found if extents is not None]
    if not tiles or syntax.mnemonic not in ROWS:
        return 0
    numbers, row = len(found) - len(tiles), syntax.mnemonic
    if isinstance(syntax, ast.Reduce):
        row = f"{row}_{syntax.kind}"
    elif numbers and (row in BINARY_OPS or isinstance(syntax, ast.Compare)):
        row = f"{row}_scalar"
    tiles.append(TileExtents(out.shape, DType(out.dtype).bytes))
    return bytes_needed(VectorWork(row, "", axes), tiles, numbers, spec)


def _extents(operand: ast.Operand, values: Sequence[TileValue]) -> TileExtents | None:
    """Extents of an operand ``@0``, or of a slice of it; ``None`` for a number."""
    if isinstance(operand, ast.Number) or not operand.name.startswith("@"):
        return None
    value = values[int(operand.name[1:])]
    if not value.shape:
        return None
    shape = value.shape
    if operand.slices is not None:
        shape = tuple(part.length for part in operand.slices if part.length is not None)
    return TileExtents(shape, DType(value.dtype).bytes)
