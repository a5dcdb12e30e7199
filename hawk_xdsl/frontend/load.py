"""What a user names on the command line: ``FILE.py:factory`` or ``model.mlir``."""

import importlib.util
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import cast

from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.boundary import reading
from hawk_xdsl.frontend.mlir_import import import_mlir
from hawk_xdsl.frontend.program import Program


def load_program(source: str) -> Program:
    """Reads a program.

    Args:
        source: ``FILE.py:factory``, where ``factory()`` returns a ``torch.nn.Module`` and a tuple
            of example input tensors; or the path of a ``.mlir`` file.

    Raises:
        HawkError: one line with file, line and reason, whatever is wrong with it.
    """
    file, factory = check_source(source)
    return import_mlir(Path(file)) if factory is None else _load_python(Path(file), file, factory)


def check_source(source: str) -> tuple[str, str | None]:
    """The file and the factory (none of a ``.mlir`` file) that a source names.

    Raises ``HawkError`` for what names none, and for a file that is not there.
    """
    file, factory = source, None
    if not source.endswith(".mlir"):
        file, colon, factory = source.rpartition(":")
        if not colon or not file.endswith(".py"):
            raise HawkError(f"expected FILE.py:factory or a .mlir file, got {source}")
    with reading(file, "the source"):
        if not Path(file).is_file():
            raise HawkError("no such file", file=file)
    return file, factory


def _load_python(path: Path, file: str, factory: str) -> Program:
    # torch takes seconds to load: programs in text do without it.
    import torch

    from hawk_xdsl.frontend.torch_import import import_torch
    from hawk_xdsl.frontend.torch_lowering import EXPORT_ERRORS, one_line

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
    pair = cast(Sequence[object], result) if isinstance(result, tuple | list) else ()
    if len(pair) != 2 or not isinstance(pair[0], torch.nn.Module):
        reason = f"{factory} must return (torch.nn.Module, example inputs)"
        raise HawkError(f"{reason}, not {type(result).__name__}", file=file)
    inputs = cast(Sequence[torch.Tensor], pair[1])
    return import_torch(pair[0], inputs, name=factory, file=file)


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
