"""Puts decided kernels in the place of an undecided op: symbols, launches and free reshapes."""

from collections.abc import Sequence

from xdsl.builder import Builder
from xdsl.dialects.builtin import MemRefType, TensorType
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from hawk_xdsl.dialects.kernel_text import KernelProgram
from hawk_xdsl.dialects.npu import LaunchOp, UndecidedOp
from hawk_xdsl.linalg.view_ops import emit_reshape
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.specification_form import FULL_I32


def launch_instead(
    op: UndecidedOp, specification: Specification, program: KernelProgram, symbols: Sequence[str]
) -> None:
    """Replaces the op by launches of the program's kernels, which go by ``symbols``.

    The kernels see each tensor in the specification's shape: reshaping it costs nothing. A launch
    says which of its integers must lie in a range that is narrower than 32 bits, and is where the
    op is from.
    """
    confined = {o.name: o.range for o in specification.operands if o.range not in (None, FULL_I32)}
    builder = Builder(InsertPoint.before(op))

    def emit(created: Operation) -> SSAValue:
        created.location = op.location
        return builder.insert(created).results[0]

    values: dict[str, SSAValue] = {}
    for operand in specification.operands:
        source = op.inputs[operand.source]
        values[operand.name] = emit_reshape(source, operand.shape, emit)
    results = {result.name: result.position for result in specification.outputs}
    for stage, symbol in zip(program.kernels, symbols, strict=True):
        types: list[Attribute] = []
        for name, argument in zip(stage.writes, stage.op.outputs, strict=True):
            assert isinstance(argument.type, MemRefType)
            element = argument.type.element_type
            if name in results:
                declared = op.results[results[name]].type
                assert isinstance(declared, TensorType)
                element = declared.element_type
            types.append(TensorType(element, argument.type.get_shape()))
        launch = builder.insert(LaunchOp(symbol, [values[name] for name in stage.reads], types))
        launch.location = op.location
        launch.confine([confined.get(name) for name in stage.reads])
        values.update(zip(stage.writes, launch.results, strict=True))
    replacements: list[SSAValue] = []
    for result, position in results.items():
        declared = op.results[position].type
        assert isinstance(declared, TensorType)
        replacements.append(emit_reshape(values[result], declared.get_shape(), emit))
    Rewriter.replace_op(op, [], replacements)
