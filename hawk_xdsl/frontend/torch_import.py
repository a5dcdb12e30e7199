"""PyTorch modules: exported, lowered by torch-mlir, with all weights as function arguments."""

import logging
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from typing import cast

import ml_dtypes
import numpy as np
import torch
from torch._ops import OpOverload
from torch.export.graph_signature import OutputKind, TensorArgument
from torch.utils import _pytree as pytree

from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.bindings import MlirModule, ModuleHandle
from hawk_xdsl.frontend.decompositions import (
    Table,
    is_importable,
    torch_mlir_table,
    wider_table,
)
from hawk_xdsl.frontend.legalize import (
    LegalFunction,
    drop_unused_parameters,
    legalize,
)
from hawk_xdsl.frontend.program import Program, Reference
from hawk_xdsl.frontend.to_xdsl import to_xdsl
from hawk_xdsl.semantics.reference_types import Array

PIPELINES = (
    "builtin.module(func.func(torch-match-quantized-custom-ops),"
    "torchdynamo-export-to-torch-backend-pipeline{extra-library=})",
    "builtin.module(torch-backend-to-linalg-on-tensors-backend-pipeline{allow-non-finites=true})",
    "builtin.module(canonicalize,cse)",
)
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


class _Lifted(torch.nn.Module):
    """A module whose parameters and buffers come first among the arguments of ``forward``."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        # Not registered as a submodule: export would lift its parameters a second time.
        object.__setattr__(self, "lifted", module)
        named = {**dict(module.named_parameters()), **dict(module.named_buffers())}
        self.names = tuple(named)
        self.values = tuple(value.detach() for value in named.values())

    def forward(self, *args: torch.Tensor) -> object:
        count = len(self.names)
        state = dict(zip(self.names, args[:count], strict=True))
        module = cast(torch.nn.Module, vars(self)["lifted"])
        return torch.func.functional_call(module, state, args[count:])


def import_torch(
    module: torch.nn.Module,
    example_inputs: Sequence[torch.Tensor],
    *,
    name: str = "model",
    file: str = "<python>",
) -> Program:
    """Lowers a module, as it computes in ``eval`` mode, to linalg on tensors.

    Args:
        module: any module that ``torch.export`` accepts with static shapes and that leaves its
            buffers alone; its ``training`` flags are restored.
        example_inputs: the positional arguments of ``forward``: tensors.
        name: for reports.
        file: the user's file, preferred as the place of errors.

    Raises:
        HawkError: torch cannot export the module, shapes depend on data, an op has no lowering,
            or integers need 64 bits.
    """
    inputs = _checked_inputs(example_inputs, file)
    lifted = _Lifted(module)
    with _quiet(), _inference(module):
        legal = _lowered(_export(lifted, inputs, file), file)
    names = [f"literal{i}" for i in range(len(legal.constants))] + list(lifted.names)
    values = [*legal.constants, *(to_numpy(value) for value in lifted.values)]
    kept = drop_unused_parameters(legal.module, len(values))
    return Program(
        name,
        legal.module,
        tuple(values[i] for i in kept),
        tuple(names[i] for i in kept),
        tuple(to_numpy(value) for value in inputs),
        eager_reference(module, inputs),
    )


def eager_reference(module: torch.nn.Module, inputs: Sequence[torch.Tensor]) -> Reference:
    """The module as a function of numpy arrays, in ``eval`` mode."""
    dtypes = [value.dtype for value in inputs]

    def reference(arrays: Sequence[Array]) -> tuple[Array, ...]:
        tensors = [to_torch(a, dtype) for a, dtype in zip(arrays, dtypes, strict=True)]
        with _quiet(), _inference(module):
            results = pytree.tree_leaves(module(*tensors))
        return tuple(to_numpy(result) for result in results)

    return reference


def to_numpy(tensor: torch.Tensor) -> Array:
    """A copy of a tensor; bf16 becomes ``ml_dtypes.bfloat16``."""
    plain = tensor.detach().cpu().contiguous()
    if plain.dtype == torch.bfloat16:
        return plain.view(torch.int16).numpy().view(ml_dtypes.bfloat16).copy()
    return plain.numpy().copy()


def to_torch(array: Array, dtype: torch.dtype) -> torch.Tensor:
    """A tensor of the given type with a copy of the array."""
    if array.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(array.astype(np.float32)).to(dtype)
    return torch.from_numpy(np.array(array)).to(dtype)


def one_line(error: BaseException) -> str:
    """The kind and the first line of an error that somebody else raised."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:300]}" if lines else type(error).__name__


def _checked_inputs(inputs: Sequence[object], file: str) -> tuple[torch.Tensor, ...]:
    tensors = tuple(value for value in inputs if isinstance(value, torch.Tensor))
    if len(tensors) != len(inputs):
        odd = next(value for value in inputs if not isinstance(value, torch.Tensor))
        raise HawkError(f"example inputs must be tensors, not {type(odd).__name__}", file=file)
    return tensors


def _export(
    lifted: _Lifted, inputs: Sequence[torch.Tensor], file: str
) -> torch.export.ExportedProgram:
    try:
        return torch.export.export(lifted, (*lifted.values, *inputs), strict=False)
    except EXPORT_ERRORS as error:
        raise HawkError(f"torch cannot export this module: {one_line(error)}", file=file) from error


def _lowered(program: torch.export.ExportedProgram, file: str) -> LegalFunction:
    """The program as linalg, with torch's own decompositions where torch-mlir's do not do."""
    table = torch_mlir_table()
    exported = _decomposed(program, table, file)
    try:
        return _linalg(exported, file)
    except HawkError as error:
        wider = wider_table(table, _operators(exported))
        if wider is None:
            raise
        exported = _decomposed(program, wider, file)
        if not is_importable(_operators(exported)):
            raise
        try:
            return _linalg(exported, file)
        except HawkError:
            raise error from None


def _linalg(exported: torch.export.ExportedProgram, file: str) -> LegalFunction:
    mlir = MlirModule(_import(exported, file))
    for pipeline in PIPELINES:
        mlir.run(pipeline, file=file)
    module, context = to_xdsl(mlir, file=file)
    return legalize(module, context, file=file)


def _operators(program: torch.export.ExportedProgram) -> frozenset[OpOverload]:
    targets = (node.target for node in program.graph.nodes)
    return frozenset(target for target in targets if isinstance(target, OpOverload))


def _decomposed(
    program: torch.export.ExportedProgram, table: Table, file: str
) -> torch.export.ExportedProgram:
    try:
        exported = program.run_decompositions(dict(table))
    except EXPORT_ERRORS as error:
        raise HawkError(f"torch cannot export this module: {one_line(error)}", file=file) from error
    for node in exported.graph.nodes:
        for value in pytree.tree_leaves(node.meta.get("val")):
            shape = value.shape if isinstance(value, torch.Tensor) else ()
            if any(isinstance(extent, torch.SymInt) for extent in shape):
                reason = f"{node.target} has a shape that depends on data"
                raise HawkError(f"dynamic shapes are not supported: {reason}", file=file)
    for output in exported.graph_signature.output_specs:
        if output.kind is not OutputKind.USER_OUTPUT:
            raise HawkError("the module changes a buffer or an input in forward", file=file)
        if not isinstance(output.arg, TensorArgument):
            raise HawkError("every result of the module must be a tensor", file=file)
    return exported


def _import(exported: torch.export.ExportedProgram, file: str) -> ModuleHandle:
    from torch_mlir import fx

    try:
        return fx.export_and_import(
            exported, output_type="raw", func_name="main", decomposition_table={}
        )
    except EXPORT_ERRORS as error:
        raise HawkError(f"torch-mlir cannot import this: {one_line(error)}", file=file) from error


@contextmanager
def _inference(module: torch.nn.Module) -> Generator[None]:
    """Evaluation mode without gradients or fused attention; leaves the module as it was."""
    training = [(part, part.training) for part in module.modules()]
    fast_path = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast_path)
        for part, flag in training:
            part.training = flag


@contextmanager
def _quiet() -> Generator[None]:
    """Keeps torch's warnings, logs and prints, which are about its internals, from the user."""
    logger = logging.getLogger("torch")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
