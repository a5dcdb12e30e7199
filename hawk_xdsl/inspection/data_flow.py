"""Who computes what others read in @main: launches, ops on the host, inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import BlockArgument, Operation, SSAValue

from hawk_xdsl.dialects.npu import LaunchOp, UndecidedOp

Step = LaunchOp | UndecidedOp
"""What takes time in @main: a launch, or an op that stays on the host."""


@dataclass(frozen=True)
class DataFlow:
    """The steps of @main in order; for each the steps and the arguments of @main that it reads.

    ``final`` are the steps whose results the network returns.
    """

    steps: tuple[Step, ...]
    reads: tuple[tuple[int, ...], ...]
    arguments: tuple[tuple[int, ...], ...]
    final: frozenset[int]


def data_flow(module: ModuleOp) -> DataFlow:
    """The data flow of @main; ops that are no steps (views, constants) are seen through."""
    main = next((op for op in module.ops if isinstance(op, FuncOp)), None)
    body = [] if main is None else list(main.body.block.ops)
    steps = tuple(op for op in body if isinstance(op, LaunchOp | UndecidedOp))
    numbers: Mapping[Operation, int] = {op: number for number, op in enumerate(steps)}
    origins = [_origins(op.operands, numbers) for op in steps]
    returned = [value for op in body if isinstance(op, ReturnOp) for value in op.operands]
    return DataFlow(
        steps,
        tuple(found for found, _ in origins),
        tuple(found for _, found in origins),
        frozenset(_origins(returned, numbers)[0]),
    )


def _origins(
    values: Sequence[SSAValue], steps: Mapping[Operation, int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The steps and the arguments that values come from."""
    waiting, seen = list(values), set[SSAValue]()
    found, arguments = set[int](), set[int]()
    while waiting:
        value = waiting.pop()
        if value in seen:
            continue
        seen.add(value)
        if isinstance(value, BlockArgument):
            arguments.add(value.index)
        elif isinstance(value.owner, Operation):
            if value.owner in steps:
                found.add(steps[value.owner])
            else:
                waiting += value.owner.operands
    return tuple(sorted(found)), tuple(sorted(arguments))
