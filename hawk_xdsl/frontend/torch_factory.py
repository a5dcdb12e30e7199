"""PyTorch programs: a Python file of the user's, and a function in it that makes the model."""

import importlib.util
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import cast

import torch

from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.child import EnterStage
from hawk_xdsl.frontend.dynamic_program import DynamicProgram
from hawk_xdsl.frontend.program import Program
from hawk_xdsl.frontend.torch_dynamic import import_dynamic
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.frontend.torch_lowering import EXPORT_ERRORS, one_line


def load_factory(
    path: Path,
    factory: str,
    on_stage: EnterStage = lambda stage: None,
    *,
    f64_as_f32: bool = False,
) -> Program | DynamicProgram:
    """The program of a function that returns a ``torch.nn.Module`` and its example inputs.

    With ``dynamic_shapes`` of ``torch.export`` as a third element it has a dynamic dimension.
    Raises ``HawkError`` with the file, and the line in it that failed.
    """
    file = str(path)
    try:
        function = getattr(_execute(path), factory, None)
        if not callable(function):
            raise HawkError(f"has no function {factory}", file=file)
        result: object = function()
    except HawkError:
        raise
    except EXPORT_ERRORS as error:
        line = _line_in(error, path)
        raise HawkError(f"{factory} failed: {one_line(error)}", file=file, line=line) from None
    if isinstance(result, torch.export.ExportedProgram):
        result = (result, None)
    parts = list(cast(Sequence[object], result)) if isinstance(result, tuple | list) else []
    if len(parts) not in (2, 3) or not isinstance(
        parts[0], torch.nn.Module | torch.export.ExportedProgram
    ):
        reason = f"{factory} must return (torch.nn.Module or ExportedProgram, example inputs)"
        raise HawkError(f"{reason}, not {type(result).__name__}", file=file)
    if len(parts) == 3 and parts[2] is not None:
        return import_dynamic(
            cast(torch.nn.Module, parts[0]),
            cast(Sequence[torch.Tensor], parts[1]),
            parts[2],
            name=factory,
            file=file,
            on_stage=on_stage,
            f64_as_f32=f64_as_f32,
        )
    inputs = cast(Sequence[torch.Tensor] | None, parts[1])
    return import_torch(
        parts[0], inputs, name=factory, file=file, on_stage=on_stage, f64_as_f32=f64_as_f32
    )


def _execute(path: Path) -> ModuleType:
    name = f"hawk_program_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
    return module


def _line_in(error: BaseException, path: Path) -> int | None:
    """The last line of the user's file that the error went through."""
    if isinstance(error, SyntaxError):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).absolute() == path.absolute()]
    return own[-1].lineno if own else None
