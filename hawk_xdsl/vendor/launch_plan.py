"""How a host runs an exported model: its buffers, and what happens to them in which order."""

from collections.abc import Sequence

from xdsl.dialects import func, tensor
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.ir import Operation, SSAValue

from hawk_xdsl.dialects.npu import LaunchOp
from hawk_xdsl.dialects.npu.launch import LAUNCHED_AS
from hawk_xdsl.errors import HawkError
from hawk_xdsl.hivm.launch_functions import (
    CORES,
    block_count,
    cores_in_order,
    function_name,
    needs_flags,
)
from hawk_xdsl.npu_target import Target
from hawk_xdsl.transforms.device_launch import DeviceLaunch, device_launches

SAME_BYTES = (tensor.CollapseShapeOp, tensor.ExpandShapeOp, tensor.ReshapeOp, tensor.CastOp)
"""Ops of the host that are another view of the same buffer."""


def launch_plan(module: ModuleOp, target: Target, arguments: Sequence[str]) -> dict[str, object]:
    """What a host needs to know, as JSON.

    ``buffers`` have a dtype and a shape, row-major; those of @main's arguments say of what. A step
    is a launch (``kernel``, ``blocks``, ``core``, the buffers in the function's order: inputs, then
    outputs), a ``view`` of a buffer with another shape, or another op on the ``host``. A launch on
    one kind of core has a ``file``, one on both (``MIX``) ``files``, of the cube cores first. With
    ``flags`` the address of flags between cores comes before the buffers. Views of what a launch
    writes come before it where a stage of it reads them.

    Args:
        module: a compiled module.
        target: what it was compiled for.
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
    launches = {op: placed for placed in device_launches(module) for op in placed.ops}
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
        made = [named(value) for value in op.results]
        if isinstance(op, func.ReturnOp):
            results = given
        elif not isinstance(op, LaunchOp):
            steps.append(_host_step(op, given, made))
        elif op is launches[op].ops[-1]:
            placed = launches[op]
            step = _launch_step(placed.launch, target)
            steps.append({**step, "buffers": [named(value) for value in placed.values]})
    return {"buffers": buffers, "steps": steps, "results": results}


def _launch_step(launch: DeviceLaunch, target: Target) -> dict[str, object]:
    files = [f"{function_name(launch, core)}.mlir" for core in cores_in_order(launch)]
    return {
        "kernel": launch.name,
        **({"file": files[0]} if len(files) == 1 else {"files": files}),
        "blocks": block_count(launch, target),
        "core": CORES[launch.core],
        **({"flags": True} if needs_flags(launch) else {}),
    }


def _host_step(op: Operation, given: list[str], made: list[str]) -> dict[str, object]:
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
