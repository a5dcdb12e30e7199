"""An exported PyTorch program through torch-mlir, in a child process that it may abort."""

import re
from collections.abc import Iterator
from pathlib import Path

import torch
from torch._ops import OpOverload
from torch.fx import Node
from torch.fx.node import map_arg
from torch_mlir import fx

from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.bindings import MlirModule, ModuleHandle, load_bindings
from hawk_xdsl.frontend.child import SECONDS, AbortError, EnterStage, in_child
from hawk_xdsl.frontend.to_xdsl import generic_text

PIPELINES = {
    "lowering within torch": "builtin.module(func.func(torch-match-quantized-custom-ops),"
    "torchdynamo-export-to-torch-backend-pipeline{extra-library=})",
    "lowering to linalg": "builtin.module("
    "torch-backend-to-linalg-on-tensors-backend-pipeline{allow-non-finites=true})",
    "canonicalization": "builtin.module(canonicalize,cse)",
}
"""From torch ops to linalg on tensors, without fusion: grouping is ``npu-outline``'s task."""

EXPORT_ERRORS = (
    RuntimeError,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    NameError,
    AssertionError,
    ArithmeticError,
    ImportError,
    OSError,
    SyntaxError,
)
"""What a user's module, or torch on its behalf, may raise."""

FEW_SECONDS = 20
"""What one op alone may take, in seconds of CPU time, where it is known that some op aborts."""

_FRAME = re.compile(r'File "([^"]+)", line (\d+)')


def one_line(error: BaseException) -> str:
    """The kind and the first line of an error that somebody else raised."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:300]}" if lines else type(error).__name__


def lowered_text(
    program: torch.export.ExportedProgram,
    file: str,
    on_stage: EnterStage = lambda stage: None,
) -> str:
    """The program as linalg on tensors, as text that xDSL reads.

    Raises:
        HawkError: an op has no lowering, or torch-mlir aborts; then the op that it aborts at alone
            is named, if there is one.
    """
    try:
        return _text(program, file, on_stage=on_stage)
    except AbortError as error:
        node = _culprit(program, error.cause)
        if node is None:
            raise
        message = f"{node.target}: torch-mlir {error.how} at this op{error.reason}"
        place = place_of(node, file)
        raise HawkError(message, file=place[0], line=place[1]) from None


def place_of(node: Node, file: str) -> tuple[str, int | None]:
    """Where in the user's file a node of a graph comes from, as far as it is known."""
    found = _FRAME.findall(node.meta.get("stack_trace") or "")
    own = [line for name, line in found if Path(name).absolute() == Path(file).absolute()]
    return (file, int(own[-1])) if own else (file, None)


def _text(
    program: torch.export.ExportedProgram,
    file: str,
    seconds: int = SECONDS,
    on_stage: EnterStage = lambda stage: None,
) -> str:
    load_bindings()  # once here instead of in every child

    def work(enter: EnterStage) -> str:
        enter("import")
        mlir = MlirModule(_imported(program, file))
        for stage, pipeline in PIPELINES.items():
            enter(stage)
            mlir.run(pipeline, file=file)
        enter("generalization")
        return generic_text(mlir, file=file)

    return in_child(work, file=file, seconds=seconds, on_stage=on_stage)


def _imported(program: torch.export.ExportedProgram, file: str) -> ModuleHandle:
    try:
        return fx.export_and_import(
            program, output_type="raw", func_name="main", decomposition_table={}
        )
    except EXPORT_ERRORS as error:
        raise HawkError(f"torch-mlir cannot import this: {one_line(error)}", file=file) from error


def _culprit(program: torch.export.ExportedProgram, cause: str) -> Node | None:
    """The first op that ends a process in the same way when it is all of a program."""
    tried: set[object] = set()
    for node in program.graph.nodes:
        if not isinstance(node.target, OpOverload) or node.target in tried:
            continue
        tried.add(node.target)
        try:
            inputs = tuple(_zeros(other) for other in node.all_input_nodes)
            _text(torch.export.export(_Alone(node), inputs, strict=False), "", FEW_SECONDS)
        except AbortError as error:
            if error.cause == cause:
                return node
        except (HawkError, *EXPORT_ERRORS):
            continue
    return None


def _zeros(node: Node) -> torch.Tensor:
    value = node.meta.get("val")
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{node.name} is no tensor")
    return torch.zeros(tuple(value.shape), dtype=value.dtype)


class _Alone(torch.nn.Module):
    """One node of a graph as a module: its tensors are the inputs."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self._node = node

    def forward(self, *tensors: torch.Tensor) -> object:
        given: Iterator[torch.Tensor] = iter(tensors)
        values = {other: next(given) for other in self._node.all_input_nodes}
        args = map_arg(self._node.args, lambda n: values[n])
        kwargs = map_arg(self._node.kwargs, lambda n: values[n])
        assert callable(self._node.target)
        return self._node.target(*args, **kwargs)
