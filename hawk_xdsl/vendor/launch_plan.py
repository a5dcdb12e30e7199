"""How a host runs an exported model: its buffers, and what happens to them in which order."""

from collections.abc import Mapping, Sequence

from xdsl.dialects import func, tensor
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.ir import Operation, SSAValue

from hawk_xdsl.dialects.npu import KernelOp, LaunchOp
from hawk_xdsl.dialects.npu.launch import LAUNCHED_AS
from hawk_xdsl.errors import HawkError
from hawk_xdsl.hivm.translate import CORES

SAME_BYTES = (tensor.CollapseShapeOp, tensor.ExpandShapeOp, tensor.ReshapeOp, tensor.CastOp)
"""Ops of the host that are another view of the same buffer."""


def launch_plan(module: ModuleOp, arguments: Sequence[str]) -> dict[str, object]:
    """What a host needs to know, as JSON.

    ``buffers`` have a dtype and a shape, row-major; those of @main's arguments say of what. A step
    is a launch (``kernel``, its file, ``blocks``, ``core``, the buffers in the kernel's order:
    inputs, then outputs), a ``view`` of a buffer with another shape, or another op on the ``host``.

    Args:
        module: a compiled module.
        arguments: what the arguments of @main are, in words.

    Raises:
        HawkError: there is no @main.
    """
    main = next(
        (op for op in module.ops if isinstance(op, func.FuncOp) and op.sym_name.data == "main"),
        None,
    )
    if main is None:
        raise HawkError("the module has no func.func @main")
    kernels = {op.sym_name.data: op for op in module.ops if isinstance(op, KernelOp)}
    names: dict[SSAValue, str] = {}
    buffers: dict[str, dict[str, object]] = {}

    def named(value: SSAValue, **said: object) -> str:
        if value not in names:
            names[value] = f"b{len(names)}"
            buffers[names[value]] = {**_form(value), **said}
        return names[value]

    for value, said in zip(main.body.block.args, arguments, strict=True):
        named(value, argument=said)
    steps: list[dict[str, object]] = []
    results: list[str] = []
    for op in main.body.block.ops:
        given = [named(value) for value in op.operands]
        if isinstance(op, func.ReturnOp):
            results = given
        else:
            made = [named(value) for value in op.results]
            steps.append(_step(op, given, made, kernels))
    return {"buffers": buffers, "steps": steps, "results": results}


def _step(
    op: Operation, given: list[str], made: list[str], kernels: Mapping[str, KernelOp]
) -> dict[str, object]:
    if isinstance(op, LaunchOp):
        name = op.kernel.root_reference.data
        kernel = kernels[name]
        return {
            "kernel": name,
            "file": f"{name}.mlir",
            "blocks": kernel.blocks.value.data,
            "core": CORES.get(kernel.core.data, str(kernel.core.data)),
            "buffers": [*given, *made],
        }
    if isinstance(op, SAME_BYTES):
        return {"view": made[0], "of": given[0]}
    return {"host": str(op), "buffers": [*given, *made]}


def _form(value: SSAValue) -> dict[str, object]:
    """The dtype that is in memory, and the shape, of a tensor; of anything else its type."""
    type_ = value.type
    if not isinstance(type_, TensorType):
        return {"type": str(type_)}
    element = LAUNCHED_AS.get(type_.element_type, type_.element_type)
    return {"dtype": str(element), "shape": list(type_.get_shape())}
