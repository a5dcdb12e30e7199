"""A model with a dynamic dimension from its directory; what is believed of it is checked first."""

import json
from itertools import pairwise
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.dialects.func import FuncOp

from hawk_xdsl.codegen.generalise import NotAffineError, lengths_compared
from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.npu import KernelOp, NamedExtent, bound_kernel
from hawk_xdsl.dynamic_model.model import DynamicModel
from hawk_xdsl.dynamic_model.saving import length_file
from hawk_xdsl.errors import HawkError, ReadError
from hawk_xdsl.files.boundary import reading
from hawk_xdsl.files.typed import member
from hawk_xdsl.frontend.dynamic_program import DynamicAxes
from hawk_xdsl.ir_text import read_module
from hawk_xdsl.passes.module_family import ModuleFamily
from hawk_xdsl.report import read_full_report
from hawk_xdsl.saved import (
    EXAMPLE_FILE,
    MODULE_FILE,
    REPORT_FILE,
    WEIGHTS_FILE,
    numbered_arrays,
    read_arrays,
    saved_target,
    unnumbered,
)

_TODO = "compile it again"


def read_dynamic(directory: Path) -> tuple[DynamicModel, tuple[Array, ...] | None]:
    """The model, and the reference's outputs for its example, if known.

    Raises ``ReadError`` for a directory that holds no such model, or a damaged one.
    """
    report = read_full_report(directory / REPORT_FILE)
    name, ranges, axes = _dimension(directory / REPORT_FILE)
    kernels = _kernels(directory / MODULE_FILE)
    families: list[ModuleFamily] = []
    for low, high in ranges:
        extent = NamedExtent(name, low, high)
        modules = {
            length: _main_at(directory / length_file(name, length), length, kernels)
            for length in lengths_compared(extent)
        }
        families.append(ModuleFamily(modules, extent))
    weights = read_arrays(directory / WEIGHTS_FILE, "the weights")
    example = read_arrays(directory / EXAMPLE_FILE, "the example")
    model = DynamicModel(
        report.model,
        DynamicAxes(NamedExtent(name, ranges[0][0], ranges[-1][1]), axes),
        saved_target(directory, report.target),
        report.target,
        tuple(families),
        kernels,
        *unnumbered(weights),
        numbered_arrays(example, "input"),
        report.kernels,
    )
    _check_arguments(model, str(directory))
    return model, numbered_arrays(example, "output") or None


def _dimension(
    file: Path,
) -> tuple[str, tuple[tuple[int, ...], ...], tuple[tuple[int, ...], ...]]:
    """Its name, the ends of the ranges in order, and the axes of the inputs."""
    with reading(file, "the report", todo=_TODO):
        document: object = json.loads(file.read_text(encoding="utf-8"))
        dimension = member(dict[str, object], document, "dimension")
        name = member(str, dimension, "name", "dimension")
        ranges = member(tuple[tuple[int, ...], ...], dimension, "ranges", "dimension")
        axes = member(tuple[tuple[int, ...], ...], dimension, "axes", "dimension")
        ends = [end for each in ranges for end in each]
        follows = all(a[-1] + 1 == b[0] for a, b in pairwise(ranges))
        if not ends or any(len(each) != 2 for each in ranges) or ends != sorted(ends):
            raise ReadError("dimension.ranges: expected pairs of lengths in order", file=str(file))
        if not name.isidentifier() or ends[0] < 1 or not follows:
            raise ReadError("dimension: expected a name and ranges that follow", file=str(file))
    return name, ranges, axes


def _kernels(file: Path) -> dict[str, KernelOp]:
    with reading(file, "the module", todo=_TODO):
        text = file.read_text(encoding="utf-8")
    module = read_module(text, str(file))
    kernels = [op for op in module.ops if isinstance(op, KernelOp)]
    if len(kernels) < len(list(module.ops)):
        raise ReadError(f"must hold kernels only; {_TODO}", file=str(file))
    return {kernel.sym_name.data: kernel for kernel in kernels}


def _main_at(file: Path, length: int, kernels: dict[str, KernelOp]) -> ModuleOp:
    """@main at a length, whose launches are verified against the kernels bound to it."""
    with reading(file, "the module", todo=_TODO):
        text = file.read_text(encoding="utf-8")
    bound: list[KernelOp] = []

    def with_kernels(module: ModuleOp) -> None:
        for kernel in kernels.values():
            ranges = kernel.ranges
            if all(each.low <= length <= each.high for each in ranges):
                bound.append(bound_kernel(kernel, {each.name: length for each in ranges}))
                module.body.block.add_op(bound[-1])

    module = read_module(text, str(file), completed=with_kernels)
    for kernel in bound:
        kernel.detach()
    if [op.sym_name.data for op in module.ops if isinstance(op, FuncOp)] != ["main"]:
        raise ReadError(f"must hold one function, @main; {_TODO}", file=str(file))
    return module


def _check_arguments(model: DynamicModel, file: str) -> None:
    """Raises ``ReadError`` unless the longest takes the arrays beside it, and the rest parts."""
    try:
        longest = model.at(model.extent.high)
        for family in model.families:
            family.at(family.extent.low)
    except (NotAffineError, KeyError) as error:
        raise ReadError(
            f"the modules at several lengths differ: {error}; {_TODO}", file=file
        ) from error
    types = [
        kind.get_shape()
        for kind in longest.program.function.function_type.inputs
        if isinstance(kind, TensorType)
    ]
    shapes = [array.shape for array in (*model.parameters, *model.example_inputs)]
    if types != shapes or len(model.dimension.axes) != len(model.example_inputs):
        raise ReadError(f"@main takes other arguments than the files hold; {_TODO}", file=file)
    try:
        longest.program.arguments(model.example_inputs)
        model.dimension.length_of(model.example_inputs)
    except HawkError as error:
        raise ReadError(f"{error.message}; {_TODO}", file=file) from error
