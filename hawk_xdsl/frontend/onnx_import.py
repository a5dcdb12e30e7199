"""ONNX files as programs, through torch-mlir's importer.

Weights become arguments before the graph is imported, so that the IR never holds them. A dimension
with a name (``dim_param``) may be the dynamic one, and is a number in each program then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from hawk_xdsl.dialects.dtype import Array, is_float
from hawk_xdsl.dialects.npu import NamedExtent
from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.boundary import FOREIGN_ERRORS, reading
from hawk_xdsl.frontend.bindings import MlirModule, load_bindings
from hawk_xdsl.frontend.child import EnterStage, in_child
from hawk_xdsl.frontend.dynamic_program import DynamicAxes, DynamicProgram
from hawk_xdsl.frontend.legalize import LITERAL_ELEMENTS, drop_unused_parameters, legalize
from hawk_xdsl.frontend.program import Program, Reference
from hawk_xdsl.frontend.to_xdsl import generic_text, parsed

PIPELINES = {
    "lowering to torch": "builtin.module(torch-onnx-to-torch-backend-pipeline{backend-legal-ops=})",
    "lowering to linalg": "builtin.module("
    "torch-backend-to-linalg-on-tensors-backend-pipeline{allow-non-finites=true})",
    "canonicalization": "builtin.module(canonicalize,cse)",
}
"""From the importer's ops to linalg on tensors."""


def import_onnx(
    path: Path, on_stage: EnterStage = lambda stage: None, *, f64_as_f32: bool = False
) -> Program:
    """Reads an ONNX model whose inputs have static shapes.

    The example inputs are random, seeded: normal floats, and integers 0 or 1. The reference is
    onnx's own evaluator, where it can.

    Raises:
        HawkError: with the file: the onnx package is missing, no such model, a dimension with a
            name, or an op without a lowering.
    """
    model = _loaded(path)
    for value in _inputs(model):
        for axis, name in enumerate(_names(value)):
            if name is not None:
                todo = f"give its range: --dim {name or 'NAME'}=1..512"
                reason = f"input {value.name}, axis {axis} has the dynamic length {name or '?'}"
                raise HawkError(f"{reason}; {todo}", file=str(path))
    return _program(model, path, on_stage, f64_as_f32=f64_as_f32)


def import_dynamic_onnx(
    path: Path,
    extent: NamedExtent,
    on_stage: EnterStage = lambda stage: None,
    *,
    f64_as_f32: bool = False,
) -> DynamicProgram:
    """An ONNX model for a range of lengths of a dimension that has the extent's name there.

    Raises:
        HawkError: as ``import_onnx``; no input has the dimension, or another one is dynamic too.
    """
    model = _loaded(path)
    names = {name for value in _inputs(model) for name in _names(value) if name is not None}
    if names != {extent.name}:
        found = ", ".join(sorted(name or "?" for name in names)) or "no axis"
        reason = f"one dynamic dimension, {extent.name}, is needed, but {found} is dynamic"
        raise HawkError(reason, file=str(path))
    axes = tuple(
        tuple(axis for axis, name in enumerate(_names(value)) if name is not None)
        for value in _inputs(model)
    )

    @lru_cache(maxsize=1)
    def at(length: int) -> Program:
        on_stage(f"importing at {extent.name} = {length}")
        static = type(model)()
        static.CopyFrom(model)
        for value in _inputs(static):
            for dim in value.type.tensor_type.shape.dim:
                if not dim.HasField("dim_value"):
                    dim.dim_value = length
        del static.graph.value_info[:]
        for value in static.graph.output:
            value.type.tensor_type.ClearField("shape")
        return _program(
            static, path, lambda stage: None, f64_as_f32=f64_as_f32, judged=length == extent.high
        )

    return DynamicProgram(path.stem, DynamicAxes(extent, axes), at)


def _onnx() -> ModuleType:
    try:
        for part in ("checker", "numpy_helper", "reference", "shape_inference"):
            import_module(f"onnx.{part}")
        return import_module("onnx")
    except ImportError as error:
        todo = "pip install 'hawk-xdsl[onnx]'"
        raise HawkError(f"the onnx package is missing: {todo}") from error


def _loaded(path: Path) -> Any:
    onnx = _onnx()
    errors = (*FOREIGN_ERRORS, *_protobuf_errors(), onnx.checker.ValidationError)
    with reading(path, "this ONNX model", errors=errors):
        model = onnx.load(str(path))
        onnx.checker.check_model(model)
        return model


def _protobuf_errors() -> tuple[type[Exception], ...]:
    from google.protobuf.message import Error

    return (Error,)


def _inputs(model: Any) -> list[Any]:
    """The inputs of the graph that have no value there."""
    given = {weight.name for weight in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in given]


def _names(value: Any) -> list[str | None]:
    """The names of an input's dynamic dimensions, perhaps empty; ``None`` for static ones."""
    dims = value.type.tensor_type.shape.dim
    return [None if dim.HasField("dim_value") else dim.dim_param for dim in dims]


@dataclass(frozen=True)
class _Weights:
    names: tuple[str, ...]
    arrays: tuple[Array, ...]


def _with_weights_as_inputs(model: Any) -> tuple[Any, _Weights]:
    """A model whose long floating-point initializers are its first inputs, and their values.

    Integers stay: lowerings need shapes, axes and indices as constants.
    """
    onnx = _onnx()
    static = type(model)()
    static.CopyFrom(model)
    kept: list[Any] = []
    names: list[str] = []
    arrays: list[Array] = []
    for weight in static.graph.initializer:
        array: Array = onnx.numpy_helper.to_array(weight)
        if array.size <= LITERAL_ELEMENTS or not is_float(array.dtype):
            kept.append(weight)
            continue
        names.append(weight.name)
        arrays.append(array)
    values = [
        onnx.helper.make_tensor_value_info(
            name, onnx.helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
        )
        for name, array in zip(names, arrays, strict=True)
    ]
    inputs = _inputs(static)
    del static.graph.initializer[:]
    static.graph.initializer.extend(kept)
    del static.graph.input[:]
    static.graph.input.extend([*values, *inputs])
    return static, _Weights(tuple(names), tuple(arrays))


def _program(
    model: Any, path: Path, on_stage: EnterStage, *, f64_as_f32: bool, judged: bool = True
) -> Program:
    """The model as a program; one that is not ``judged`` has no reference."""
    file = str(path)
    onnx = _onnx()
    imported, weights = _with_weights_as_inputs(model)
    errors = (*FOREIGN_ERRORS, *_protobuf_errors(), onnx.shape_inference.InferenceError)
    with reading(path, "the shapes of this ONNX model", errors=errors):
        imported = onnx.shape_inference.infer_shapes(imported, data_prop=True)
    load_bindings()

    def work(enter: EnterStage) -> str:
        enter("importing")
        module = MlirModule.from_onnx(imported, file)
        for stage, pipeline in PIPELINES.items():
            enter(stage)
            module.run(pipeline, file=file)
        enter("generalization")
        return generic_text(module, file=file)

    text = in_child(work, file=file, on_stage=on_stage)
    on_stage("reading into xDSL")
    xdsl_module, context = parsed(text, file=file)
    legal = legalize(xdsl_module, context, file=file, f64_as_f32=f64_as_f32)
    names = (*(f"literal{i}" for i in range(len(legal.constants))), *weights.names)
    arrays = (*legal.constants, *weights.arrays)
    kept = drop_unused_parameters(legal.module, len(arrays))
    inputs = _examples(_inputs(model), f64_as_f32=f64_as_f32)
    return Program(
        path.stem,
        legal.module,
        tuple(arrays[i] for i in kept),
        tuple(names[i] for i in kept),
        inputs,
        _reference(model, inputs) if judged else None,
    )


def _examples(values: Sequence[Any], *, f64_as_f32: bool) -> tuple[Array, ...]:
    onnx = _onnx()
    random = np.random.default_rng(0)
    found: list[Array] = []
    for value in values:
        kind = value.type.tensor_type
        shape = tuple(dim.dim_value for dim in kind.shape.dim)
        dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type))
        if f64_as_f32 and dtype == np.float64:
            dtype = np.dtype(np.float32)
        if is_float(dtype):
            found.append(random.standard_normal(shape).astype(dtype))
        else:
            found.append(random.integers(0, 2, shape).astype(dtype))
    return tuple(found)


def _reference(model: Any, inputs: Sequence[Array]) -> Reference | None:
    """onnx's evaluator as a function of arrays; ``None`` where it cannot run the example."""
    onnx = _onnx()
    names = [value.name for value in _inputs(model)]

    try:
        evaluator = onnx.reference.ReferenceEvaluator(model)

        def reference(arrays: Sequence[Array]) -> tuple[Array, ...]:
            return tuple(evaluator.run(None, dict(zip(names, arrays, strict=True))))

        reference(inputs)
    except Exception:  # whatever its ops raise: there is no second opinion then
        return None
    return reference
