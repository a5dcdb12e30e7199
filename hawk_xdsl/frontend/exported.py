"""Programs that the user has exported, as modules and their example inputs."""

from collections.abc import Sequence
from typing import cast

import torch
from torch.export import ExportedProgram

from hawk_xdsl.errors import HawkError


def module_of(
    program: ExportedProgram, example_inputs: Sequence[torch.Tensor] | None, file: str
) -> tuple[torch.nn.Module, Sequence[torch.Tensor]]:
    """A program with static shapes as a module, with its own example inputs if none are given.

    Raises:
        HawkError: a dimension of an input is dynamic, the program has no example inputs, or it
            was called with arguments by name.
    """
    _check_static(program, file)
    if example_inputs is None:
        if program.example_inputs is None:
            raise HawkError("the exported program has no example inputs: give them", file=file)
        example_inputs, named = program.example_inputs
        if named:
            name = next(iter(named))
            reason = f"the exported program takes {name} by name: pass it by place"
            raise HawkError(reason, file=file)
    return cast(torch.nn.Module, program.module()), example_inputs


def _check_static(program: ExportedProgram, file: str) -> None:
    inputs = set(program.graph_signature.user_inputs)
    for node in program.graph.nodes:
        value = node.meta.get("val")
        if node.op != "placeholder" or node.name not in inputs:
            continue
        shape = cast(Sequence[object], getattr(value, "shape", ()))
        for axis, extent in enumerate(shape):
            if isinstance(extent, torch.SymInt):
                what = f"{node.name}: dimension {axis} ({extent}) is dynamic"
                todo = "export it with static shapes, or give the module and dynamic_shapes"
                raise HawkError(f"{what}: {todo}", file=file)
