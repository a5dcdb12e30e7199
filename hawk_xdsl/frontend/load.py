"""What a user names on the command line: a ``.mlir`` or ``.onnx`` file, ``FILE.py:factory``, …"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hawk_xdsl.dialects.npu import NamedExtent
from hawk_xdsl.errors import HawkError, OptionError
from hawk_xdsl.files.boundary import reading
from hawk_xdsl.frontend.child import EnterStage
from hawk_xdsl.frontend.dynamic_program import DynamicProgram
from hawk_xdsl.frontend.mlir_dynamic import import_dynamic_mlir
from hawk_xdsl.frontend.mlir_import import import_mlir
from hawk_xdsl.frontend.program import Program
from hawk_xdsl.plug_ins import PlugInError, plug_ins

PLUG_INS = "hawk_xdsl.frontends"
"""The group of entry points whose objects are front ends; a name is the suffix of their files."""

FrontEnd = Callable[[Path, str], Program]
"""Reads a program from a file and what the user named in it, empty if nothing: ``FILE:part``.

Raises ``HawkError``.
"""


def _read_mlir(path: Path, part: str, on_stage: EnterStage, f64_as_f32: bool) -> Program:
    if part:
        raise HawkError(f"has one function; drop :{part}", file=str(path))
    return import_mlir(path, on_stage, f64_as_f32=f64_as_f32)


def _read_python(
    path: Path, part: str, on_stage: EnterStage, f64_as_f32: bool
) -> Program | DynamicProgram:
    from hawk_xdsl.frontend.torch_factory import load_factory

    return load_factory(path, part, on_stage, f64_as_f32=f64_as_f32)


def _read_onnx(path: Path, part: str, on_stage: EnterStage, f64_as_f32: bool) -> Program:
    from hawk_xdsl.frontend.onnx_import import import_onnx

    if part:
        raise HawkError(f"has one graph; drop :{part}", file=str(path))
    return import_onnx(path, on_stage, f64_as_f32=f64_as_f32)


_OWN: Mapping[str, Callable[[Path, str, EnterStage, bool], Program | DynamicProgram]] = {
    "mlir": _read_mlir,
    "onnx": _read_onnx,
    "py": _read_python,
}
"""The front ends of the package, by the suffix of the files that they read."""


@dataclass(frozen=True)
class SourceFile:
    """A source as the user named it: a file, its suffix, and a part of it or nothing."""

    path: Path
    suffix: str
    part: str


def load_program(
    source: str, on_stage: EnterStage = lambda stage: None, *, f64_as_f32: bool = False
) -> Program:
    """Reads a program of static shapes, as ``load_source`` does.

    Raises ``HawkError``, also for one with a dynamic dimension.
    """
    program = load_source(source, on_stage, f64_as_f32=f64_as_f32)
    if isinstance(program, DynamicProgram):
        raise HawkError(f"{source}: {program.extent} is dynamic: static shapes are needed here")
    return program


def load_source(
    source: str,
    on_stage: EnterStage = lambda stage: None,
    *,
    f64_as_f32: bool = False,
    dimension: NamedExtent | None = None,
) -> Program | DynamicProgram:
    """Reads a program, or one with a dynamic dimension.

    Args:
        source: ``FILE.py:factory``, where ``factory()`` returns a ``torch.nn.Module`` and a tuple
            of example input tensors, perhaps with ``dynamic_shapes`` of ``torch.export``; the path
            of a ``.mlir`` or ``.onnx`` file; or a file with the suffix of a plug-in, with or
            without ``:part``.
        on_stage: told of each stage of the package's own front ends as it begins.
        f64_as_f32: for these: compute in f32 what is f64; else f64 is refused.
        dimension: what every ``?`` in the types of a ``.mlir`` file's arguments is, or the
            dimension of this name of an ``.onnx`` file's inputs.

    Raises:
        HawkError: one line with file, line and reason, whatever is wrong with it.
    """
    named = check_source(source)
    if dimension is not None:
        if named.suffix not in ("mlir", "onnx") or named.part:
            reason = "a dimension of a .mlir or .onnx file; a factory returns dynamic_shapes"
            raise OptionError(f"--dim {dimension.name}: {reason}")
        return _read_dynamic(named, dimension, on_stage, f64_as_f32=f64_as_f32)
    if named.suffix in _OWN:
        return _OWN[named.suffix](named.path, named.part, on_stage, f64_as_f32)
    front_end = plug_ins(PLUG_INS, _OWN)[named.suffix].load()
    program = front_end(named.path, named.part)
    if not isinstance(program, Program):
        name = type(program).__name__
        raise PlugInError(f"plug-in {named.suffix}: a front end must return a Program, not {name}")
    return program


def _read_dynamic(
    named: "SourceFile", dimension: NamedExtent, on_stage: EnterStage, *, f64_as_f32: bool
) -> DynamicProgram:
    if named.suffix == "mlir":
        return import_dynamic_mlir(named.path, dimension, on_stage, f64_as_f32=f64_as_f32)
    from hawk_xdsl.frontend.onnx_import import import_dynamic_onnx

    return import_dynamic_onnx(named.path, dimension, on_stage, f64_as_f32=f64_as_f32)


def check_source(source: str) -> SourceFile:
    """What a source names.

    Raises ``HawkError`` for what no front end reads, and for a file that is not there.
    """
    known = (*_OWN, *plug_ins(PLUG_INS, _OWN))
    file, part = source, ""
    if _suffix(file) not in known:
        file, _, part = source.rpartition(":")
    if _suffix(file) not in known or (_suffix(file) == "py" and not part):
        others = ", ".join(f".{suffix}" for suffix in known if suffix not in ("py", "mlir", "onnx"))
        expected = "FILE.py:factory, a .mlir or an .onnx file" + (
            f", or {others}" if others else ""
        )
        raise HawkError(f"expected {expected}, got {source}")
    with reading(file, "the source"):
        if not Path(file).is_file():
            raise HawkError("no such file", file=file)
    return SourceFile(Path(file), _suffix(file), part)


def _suffix(file: str) -> str:
    return Path(file).suffix.removeprefix(".")
