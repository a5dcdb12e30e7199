"""A model in, verified NPU kernels out, and a callable that runs on the NPU simulator."""

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, cast, overload

from hawk_xdsl.compiled import Compiled
from hawk_xdsl.compiler import open_decider
from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.npu import KernelOp
from hawk_xdsl.dynamic_model.compile import compile_dynamic
from hawk_xdsl.dynamic_model.model import DynamicModel
from hawk_xdsl.dynamic_model.saved import read_dynamic
from hawk_xdsl.errors import OptionError
from hawk_xdsl.executors import Workplace
from hawk_xdsl.frontend.constant_folding import folded
from hawk_xdsl.frontend.dynamic_program import DynamicProgram
from hawk_xdsl.frontend.program import Program
from hawk_xdsl.frontend.shared_operands import shared_operands_joined
from hawk_xdsl.frontend.window_weights import window_weights_ordered
from hawk_xdsl.knowledge_store import StorePlace
from hawk_xdsl.npu_target import (
    Target,
)
from hawk_xdsl.op_work import elsewhere_of
from hawk_xdsl.passes.decide_program import Listeners, decide_program
from hawk_xdsl.passes.npu_decide import Placed
from hawk_xdsl.propose.decide import Decider
from hawk_xdsl.propose.settings import Progress, Settings
from hawk_xdsl.saved import LENGTHS_FOLDER, read_saved
from hawk_xdsl.transforms.npu_bypass_l2 import bypass_l2
from hawk_xdsl.transforms.npu_merge_launches import merge_launches
from hawk_xdsl.transforms.pipeline import finish_kernel
from hawk_xdsl.universe import context

if TYPE_CHECKING:
    import torch


def compile_program(
    program: Program,
    target: str | Target = "ascend910b1",
    settings: Settings | None = None,
    *,
    store: StorePlace | None = None,
    model: str | None = None,
    workplace: Workplace | None = None,
    progress: Progress = lambda line: None,
    on_stage: Progress | None = None,
    on_outlined: Callable[[int], None] = lambda count: None,
    on_decision: Callable[[Placed], None] = lambda placed: None,
) -> Compiled:
    """Lowers a program to verified kernels of a target.

    Args:
        program: what a front end delivered; it is not changed.
        target: a target, its name, or the path of its TOML file.
        settings: who is asked, the budget, the seed, whether ops may stay on the host.
        store: the knowledge store, a file or an address; default: the user's.
        model: the local model, a directory or Hugging Face id; default: the configured one.
        workplace: processes that decide the ops, here or of a cluster; default: this one.
        progress: gets a line about what is being done.
        on_stage: gets a line for each stage instead; default: ``progress``.
        on_outlined: gets how many ops are undecided.
        on_decision: gets each decision.

    Raises:
        HawkError: for anything wrong with the input or the environment; ``UndecidableError`` if an
            op has no kernel and may not stay on the host.
    """
    with (
        open_decider(
            target, settings or Settings(), store=store, model=model, progress=progress
        ) as decider,
        ExitStack() as stack,
    ):
        if workplace is not None:
            decider.elsewhere = elsewhere_of(decider, workplace, model, stack)
        return compile_with(
            decider,
            program,
            progress=on_stage or progress,
            on_outlined=on_outlined,
            on_decision=on_decision,
        )


def compile_with(
    decider: Decider,
    program: Program,
    *,
    progress: Progress = lambda line: None,
    on_outlined: Callable[[int], None] = lambda count: None,
    on_decision: Callable[[Placed], None] = lambda placed: None,
) -> Compiled:
    """Lowers a program with an open decider, as :func:`compile_program` does."""
    progress("folding constants")
    program = folded(program)
    if decider.settings.join_operands:
        program = window_weights_ordered(shared_operands_joined(program))
    told = Listeners(progress, on_outlined, on_decision)
    module, placed = decide_program(context(), program.module, decider, told)
    progress("planning memory and synchronisation")
    for kernel in [op for op in module.walk() if isinstance(op, KernelOp)]:
        finish_kernel(kernel, decider.target)
    if decider.settings.merge_launches:
        merge_launches(module, decider.target)
    bypass_l2(module, decider.target)
    module.verify()
    bounds = [each.decision.bound for each in placed]
    known = tuple(bound.units for bound in bounds if bound is not None)
    units = known if len(known) == len(bounds) else None
    return Compiled(program, module, decider.target, decider.target_given, tuple(placed), units)


@overload
def compile_model(
    module: "torch.nn.Module | torch.export.ExportedProgram | Path | str",
    example_inputs: "Sequence[torch.Tensor] | None" = None,
    target: str | Target = "ascend910b1",
    *,
    dynamic_shapes: None = None,
    settings: Settings | None = None,
    store: StorePlace | None = None,
    model: str | None = None,
    f64_as_f32: bool = False,
) -> Compiled: ...


@overload
def compile_model(
    module: "torch.nn.Module | Path | str",
    example_inputs: "Sequence[torch.Tensor] | None" = None,
    target: str | Target = "ascend910b1",
    *,
    dynamic_shapes: object,
    settings: Settings | None = None,
    store: StorePlace | None = None,
    model: str | None = None,
    f64_as_f32: bool = False,
) -> DynamicModel: ...


def compile_model(
    module: "torch.nn.Module | torch.export.ExportedProgram | Path | str",
    example_inputs: "Sequence[torch.Tensor] | None" = None,
    target: str | Target = "ascend910b1",
    *,
    dynamic_shapes: object = None,
    settings: Settings | None = None,
    store: StorePlace | None = None,
    model: str | None = None,
    f64_as_f32: bool = False,
) -> Compiled | DynamicModel:
    """Compiles a PyTorch module, in evaluation mode, for inputs of the example's shapes.

    Args:
        module: the model, or one that was exported with static shapes; its weights become
            arguments of the compiled function. Or a file, as ``hawk compile`` takes it: an
            ``.onnx`` or ``.mlir`` file, or ``FILE.py:factory``; it has its own inputs.
        example_inputs: tensors of the shapes and dtypes to compile for; default: those that the
            model was exported with.
        target: a target, its name, or the path of its TOML file.
        dynamic_shapes: one dimension that may have any length between its bounds, as
            ``torch.export.export`` takes it: ``({1: torch.export.Dim("seq", min=1, max=512)},)``;
            of a file, as ``--dim`` takes it: ``"seq=1..512"``.
        settings: who is asked, the budget, the seed, whether ops may stay on the host.
        store: the knowledge store, a file or an address; default: the user's.
        model: the local language model, a directory or Hugging Face id; default: the configured;
            it is not asked for kernels of dynamic shapes.
        f64_as_f32: compute in f32 what is f64, inputs and results too; else f64 is refused.

    Raises:
        HawkError: one line with the reason.
    """
    program = _imported(module, example_inputs, dynamic_shapes, f64_as_f32=f64_as_f32)
    if isinstance(program, DynamicProgram):
        return compile_dynamic(program, target, settings, store=store)
    return compile_program(program, target, settings, store=store, model=model)


def _imported(
    module: "torch.nn.Module | torch.export.ExportedProgram | Path | str",
    example_inputs: "Sequence[torch.Tensor] | None",
    dynamic_shapes: object,
    *,
    f64_as_f32: bool,
) -> Program | DynamicProgram:
    """What ``compile_model`` was given, by the front end for it."""
    if isinstance(module, Path | str):
        from hawk_xdsl.frontend.load import load_source
        from hawk_xdsl.frontend.mlir_dynamic import parse_dimension

        if example_inputs is not None:
            raise OptionError(f"{module}: a file has its own inputs; drop the example inputs")
        dimension = None if dynamic_shapes is None else parse_dimension(str(dynamic_shapes))
        return load_source(str(module), f64_as_f32=f64_as_f32, dimension=dimension)
    from hawk_xdsl.frontend.torch_dynamic import import_dynamic
    from hawk_xdsl.frontend.torch_import import import_torch

    if dynamic_shapes is None:
        return import_torch(module, example_inputs, f64_as_f32=f64_as_f32)
    given = cast("torch.nn.Module", module)
    return import_dynamic(given, example_inputs or (), dynamic_shapes, f64_as_f32=f64_as_f32)


@overload
def compile_mlir(
    path: Path | str,
    target: str | Target = "ascend910b1",
    *,
    dimension: None = None,
    settings: Settings | None = None,
    store: StorePlace | None = None,
    model: str | None = None,
) -> Compiled: ...


@overload
def compile_mlir(
    path: Path | str,
    target: str | Target = "ascend910b1",
    *,
    dimension: str,
    settings: Settings | None = None,
    store: StorePlace | None = None,
    model: str | None = None,
) -> DynamicModel: ...


def compile_mlir(
    path: Path | str,
    target: str | Target = "ascend910b1",
    *,
    dimension: str | None = None,
    settings: Settings | None = None,
    store: StorePlace | None = None,
    model: str | None = None,
) -> Compiled | DynamicModel:
    """Compiles a ``.mlir`` file of one function on tensors.

    Args:
        path: the file; the dialects are those that ``torch-mlir`` lowers from, or linalg.
        target: a target, its name, or the path of its TOML file.
        dimension: what every ``?`` in the types of the arguments is, as ``"seq=1..512"``.
        settings: who is asked, the budget, the seed, whether ops may stay on the host.
        store: the knowledge store, a file or an address; default: the user's.
        model: the local language model, a directory or Hugging Face id; default: the configured.

    Raises:
        HawkError: one line with the reason.
    """
    from hawk_xdsl.frontend.mlir_dynamic import import_dynamic_mlir, parse_dimension
    from hawk_xdsl.frontend.mlir_import import import_mlir

    if dimension is not None:
        dynamic = import_dynamic_mlir(Path(path), parse_dimension(dimension))
        return compile_dynamic(dynamic, target, settings, store=store)
    program = import_mlir(Path(path))
    return compile_program(program, target, settings, store=store, model=model)


def load_compiled(
    directory: Path, inputs: Sequence[Array] | None = None
) -> tuple[Compiled, tuple[Array, ...] | None]:
    """A compiled model from its files, and the reference's outputs for its example, if known.

    What is promised of it is what :mod:`hawk_xdsl.saved` checks; its kernels run under the rules
    of the NPU simulator, but nobody proves again that they compute what the ops were.

    Args:
        directory: what ``hawk compile`` or ``save`` wrote.
        inputs: a model with a dynamic dimension is taken at their length; default: its example's,
            which is the longest.

    Raises:
        ReadError: the directory holds no compiled model, or a damaged one.
        HawkError: the inputs have another length than the model takes.
    """
    if os.path.isdir(directory / LENGTHS_FOLDER):
        dynamic, outputs = read_dynamic(directory)
        return dynamic.of(dynamic.example_inputs if inputs is None else inputs), outputs
    saved = read_saved(directory)
    program = Program(
        name=saved.name,
        module=saved.module,
        parameters=saved.parameters,
        parameter_names=saved.parameter_names,
        example_inputs=saved.inputs,
    )
    return (
        Compiled(program, saved.module, saved.target, saved.target_given, units=saved.units),
        saved.outputs,
    )


def load_dynamic(directory: Path) -> DynamicModel:
    """A compiled model with a dynamic dimension from its files, which ``save`` wrote.

    Raises ``ReadError`` for a directory that holds none, or a damaged one.
    """
    return read_dynamic(directory)[0]
