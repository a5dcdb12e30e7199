"""A compiled model as a directory: what is written, and what is believed when it is read back.

Every file is data: IR is verified, arrays are safetensors, JSON is checked field by field, and the
target is read from the directory itself or the package. Nothing in it names another file.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.dialects.func import FuncOp

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.errors import ReadError
from hawk_xdsl.files.boundary import FOREIGN_ERRORS, reading
from hawk_xdsl.ir_text import read_module
from hawk_xdsl.npu_target import Target, Units, available_targets, load_target
from hawk_xdsl.reference.signedness import input_dtypes
from hawk_xdsl.report import read_report

MODULE_FILE = "main.mlir"
WEIGHTS_FILE = "weights.safetensors"
EXAMPLE_FILE = "example.safetensors"
REPORT_FILE = "report.json"
TARGET_FILE = "target.toml"
KERNELS_FOLDER = "kernels"
LENGTHS_FOLDER = "lengths"

OWN = frozenset(
    {
        MODULE_FILE,
        WEIGHTS_FILE,
        EXAMPLE_FILE,
        REPORT_FILE,
        TARGET_FILE,
        KERNELS_FOLDER,
        LENGTHS_FOLDER,
    }
)
"""All that such a directory holds."""

_TODO = "compile it again"


@dataclass(frozen=True)
class Saved:
    """What a directory of a compiled model holds.

    ``outputs`` are what the reference gave for the example ``inputs``, if there was one.
    """

    name: str
    target: Target
    target_given: str
    module: ModuleOp
    parameter_names: tuple[str, ...]
    parameters: tuple[Array, ...]
    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...] | None
    units: tuple[Units, ...] | None


def read_saved(directory: Path) -> Saved:
    """Reads a directory that ``hawk compile`` wrote. Raises ``ReadError`` with the file."""
    file = directory / MODULE_FILE
    with reading(file, "the module", todo=_TODO):
        if not file.is_file():
            raise ReadError("no compiled model here: run hawk compile first", file=str(directory))
        text = file.read_text(encoding="utf-8")
    module = read_module(text, str(file))
    report = read_report(directory / REPORT_FILE)
    weights = read_arrays(directory / WEIGHTS_FILE, "the weights")
    example = read_arrays(directory / EXAMPLE_FILE, "the example")
    saved = Saved(
        report.model,
        saved_target(directory, report.target),
        report.target,
        module,
        *unnumbered(weights),
        numbered_arrays(example, "input"),
        numbered_arrays(example, "output") or None,
        report.units,
    )
    _check_arguments(saved, str(directory))
    return saved


def _check_arguments(saved: Saved, file: str) -> None:
    """Raises ``ReadError`` unless the module is one @main for the arrays beside it."""
    functions = [op for op in saved.module.ops if isinstance(op, FuncOp)]
    if [op.sym_name.data for op in functions] != ["main"] or not functions[0].body.blocks:
        raise ReadError(f"{MODULE_FILE} must hold one function, @main; {_TODO}", file=file)
    types = functions[0].function_type.inputs.data
    arrays = (*saved.parameters, *saved.inputs)
    if len(types) != len(arrays):
        message = f"@main takes {len(types)} arguments, but the files hold {len(arrays)}"
        raise ReadError(f"{message}; {_TODO}", file=file)
    dtypes = input_dtypes(functions[0])
    for number, (type_, array) in enumerate(zip(types, arrays, strict=True)):
        wanted = (dtypes[number], type_.get_shape()) if isinstance(type_, TensorType) else None
        if wanted != (array.dtype, array.shape):
            message = f"argument {number} is {type_}, but the files hold {array.dtype} of shape"
            raise ReadError(f"{message} {array.shape}; {_TODO}", file=file)


def read_arrays(file: Path, what: str) -> dict[str, Array]:
    """The arrays of a safetensors file, by name. Raises ``ReadError``."""
    with reading(file, what, todo=_TODO, errors=(*FOREIGN_ERRORS, SafetensorError)):
        return load_file(file)


def write_arrays(file: Path, arrays: Mapping[str, Array]) -> None:
    """Writes arrays as safetensors. Raises ``OSError``."""
    try:
        save_file({name: np.array(array, order="C") for name, array in arrays.items()}, file)
    except SafetensorError as error:  # a full disk, for one
        raise OSError(str(error)) from error


def named_weights(names: Sequence[str], arrays: Sequence[Array]) -> dict[str, Array]:
    """Parameters by names that sort in their order; ``unnumbered`` takes the number off again."""
    pairs = zip(names, arrays, strict=True)
    return {f"{number:04}:{name}": array for number, (name, array) in enumerate(pairs)}


def write_data(
    folder: Path,
    names: Sequence[str],
    parameters: Sequence[Array],
    inputs: Sequence[Array],
    reference: Callable[[Sequence[Array]], Sequence[Array]] | None,
) -> None:
    """Writes weights, and an example with what a reference gives for it. Raises ``OSError``."""
    example = {f"input{i}": array for i, array in enumerate(inputs)}
    if reference is not None:
        example |= {f"output{i}": array for i, array in enumerate(reference(inputs))}
    write_arrays(folder / WEIGHTS_FILE, named_weights(names, parameters))
    write_arrays(folder / EXAMPLE_FILE, example)


def write_target(folder: Path, target: Target, given: str) -> None:
    """Writes a target that is none of the package; ``saved_target`` reads it."""
    if given not in available_targets() and target.document:
        (folder / TARGET_FILE).write_bytes(target.document)


def unnumbered(weights: Mapping[str, Array]) -> tuple[tuple[str, ...], tuple[Array, ...]]:
    """Names and arrays of parameters: what ``named_weights`` was given."""
    names = sorted(weights)
    return tuple(name.partition(":")[2] for name in names), tuple(weights[name] for name in names)


def numbered_arrays(arrays: Mapping[str, Array], word: str) -> tuple[Array, ...]:
    """The arrays ``word0``, ``word1``, … in order."""
    names = [f"{word}{number}" for number in range(len(arrays))]
    return tuple(arrays[name] for name in names if name in arrays)


def saved_target(directory: Path, given: str) -> Target:
    """The target it was compiled for: its copy in the directory, else one of the package.

    Raises ``ReadError`` if there is neither.
    """
    copy = directory / TARGET_FILE
    if copy.is_file():
        return load_target(copy)
    if given in available_targets():
        return load_target(given)
    raise ReadError(f"lacks the target {given!r} it was compiled for; {_TODO}", file=str(copy))
