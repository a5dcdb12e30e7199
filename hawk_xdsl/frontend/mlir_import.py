"""Programs in ``.mlir`` files: any upstream syntax, pretty or generic."""

from pathlib import Path

import numpy as np
from xdsl.dialects.builtin import TensorType

from hawk_xdsl.dialects.dtype import Array, is_float
from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.boundary import reading
from hawk_xdsl.frontend.bindings import MlirModule, load_bindings
from hawk_xdsl.frontend.child import EnterStage, in_child
from hawk_xdsl.frontend.legalize import drop_unused_parameters, legalize
from hawk_xdsl.frontend.program import Program
from hawk_xdsl.frontend.to_xdsl import generic_text, parsed
from hawk_xdsl.reference.value_types import numpy_dtype

PIPELINE = "builtin.module(inline,canonicalize,cse,symbol-dce)"
"""Private helper functions are inlined; nothing is fused."""


def import_mlir(
    path: Path, on_stage: EnterStage = lambda stage: None, *, f64_as_f32: bool = False
) -> Program:
    """Reads a module of one public function on tensors of static shapes.

    Large constants become parameters. The example inputs are random, seeded: normal floats, and
    integers 0 or 1. ``f64_as_f32``: compute in f32 what is f64, arguments and results too.

    Raises:
        HawkError: with file and line: no such file, bad syntax, or an op without a lowering.
    """
    with reading(path, "this file"):
        text = path.read_text(encoding="utf-8")
    name, file = path.stem, str(path)
    return import_mlir_text(text, name=name, file=file, on_stage=on_stage, f64_as_f32=f64_as_f32)


def import_mlir_text(
    text: str,
    *,
    name: str = "model",
    file: str = "<text>",
    on_stage: EnterStage = lambda stage: None,
    f64_as_f32: bool = False,
    length: int | None = None,
) -> Program:
    """As ``import_mlir``, for text at hand.

    ``length`` is that of every dynamic axis of its arguments.
    """
    load_bindings()  # once here instead of in every child

    def work(enter: EnterStage) -> str:
        enter("parsing")
        module = MlirModule.parse(text, file)
        enter("inlining and canonicalization")
        if length is not None:
            module.call_at(length)
        module.run(PIPELINE, file=file)
        if length is not None:
            module.return_static()
        enter("generalization")
        return generic_text(module, file=file)

    xdsl_module, context = parsed(in_child(work, file=file, on_stage=on_stage), file=file)
    legal = legalize(xdsl_module, context, file=file, f64_as_f32=f64_as_f32)
    count = len(legal.constants)
    kept = drop_unused_parameters(legal.module, count)
    program = Program(
        name,
        legal.module,
        tuple(legal.constants[i] for i in kept),
        tuple(f"literal{i}" for i in kept),
        (),
    )
    random = np.random.default_rng(0)
    with reading(file, "this module", errors=(MemoryError, ValueError)):  # it may be vast
        inputs = tuple(_example(type_, random, file) for type_ in program.input_types)
    return Program(name, legal.module, program.parameters, program.parameter_names, inputs)


def _example(type_: object, random: np.random.Generator, file: str) -> Array:
    if not isinstance(type_, TensorType):
        raise HawkError(f"expected an argument of tensor type, found {type_}", file=file)
    dtype = numpy_dtype(type_)
    if dtype is None:
        raise HawkError(f"arguments of {type_} are not supported", file=file)
    shape = type_.get_shape()
    if is_float(dtype):
        return random.standard_normal(shape).astype(dtype)
    return random.integers(0, 2, shape).astype(dtype)
