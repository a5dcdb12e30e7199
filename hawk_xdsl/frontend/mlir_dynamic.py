"""``.mlir`` files of one function whose arguments have a dynamic dimension, ``tensor<?x64xf32>``.

At a length the function is called by one of static types; inlining and canonicalization then leave
static shapes everywhere.
"""

import json
import re
from pathlib import Path

from hawk_xdsl.dialects.npu import NamedExtent
from hawk_xdsl.errors import HawkError, OptionError
from hawk_xdsl.files.boundary import reading
from hawk_xdsl.frontend.bindings import MlirModule, load_bindings
from hawk_xdsl.frontend.child import EnterStage, in_child
from hawk_xdsl.frontend.dynamic_program import DynamicAxes, DynamicProgram
from hawk_xdsl.frontend.mlir_import import import_mlir_text
from hawk_xdsl.frontend.program import Program

_RANGE = re.compile(r"([A-Za-z_]\w*)=(\d+)\.\.(\d+)")


def parse_dimension(text: str) -> NamedExtent:
    """``seq=1..512``. Raises ``OptionError`` for anything else."""
    match = _RANGE.fullmatch(text)
    if match is None or not 1 <= int(match[2]) <= int(match[3]):
        raise OptionError(f"--dim {text}: expected NAME=LOW..HIGH, such as seq=1..512")
    return NamedExtent(match[1], int(match[2]), int(match[3]))


def import_dynamic_mlir(
    path: Path,
    extent: NamedExtent,
    on_stage: EnterStage = lambda stage: None,
    *,
    f64_as_f32: bool = False,
) -> DynamicProgram:
    """A file all of whose ``?`` in the types of arguments are one dimension.

    Raises:
        HawkError: as ``import_mlir``; no argument has a ``?``.
    """
    with reading(path, "this file"):
        text = path.read_text(encoding="utf-8")
    file = str(path)
    load_bindings()

    def work(enter: EnterStage) -> str:
        enter("parsing")
        return json.dumps(MlirModule.parse(text, file).dynamic_axes())

    found: list[list[int]] = json.loads(in_child(work, file=file, on_stage=on_stage))
    axes = tuple(map(tuple, found))
    if not any(axes):
        raise HawkError(f"no argument has a dynamic dimension to be {extent}", file=file)

    def at(length: int) -> Program:
        on_stage(f"importing at {extent.name} = {length}")
        return import_mlir_text(
            text, name=path.stem, file=file, f64_as_f32=f64_as_f32, length=length
        )

    return DynamicProgram(path.stem, DynamicAxes(extent, axes), at)
