"""PyTorch modules: exported, lowered by torch-mlir, with all weights as function arguments."""

import logging
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from io import StringIO
from typing import cast

import torch
from torch._ops import OpOverload
from torch.export.graph_signature import InputKind, InputSpec, OutputKind, TensorArgument
from torch.utils import _pytree as pytree

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.child import EnterStage
from hawk_xdsl.frontend.decompositions import (
    Table,
    is_importable,
    torch_mlir_table,
    wider_table,
)
from hawk_xdsl.frontend.embedding_bags import equal_bags
from hawk_xdsl.frontend.exported import module_of
from hawk_xdsl.frontend.legalize import (
    LegalFunction,
    drop_unused_parameters,
    legalize,
)
from hawk_xdsl.frontend.lifted import Changes, Lifted, WithState, number_as_tensor
from hawk_xdsl.frontend.narrow_f64 import as_f32
from hawk_xdsl.frontend.pooled_places import places_by_comparison
from hawk_xdsl.frontend.program import Program, Reference
from hawk_xdsl.frontend.promotion import promote_unsigned
from hawk_xdsl.frontend.random_numbers import DrawError, Seeded, first_draw
from hawk_xdsl.frontend.to_xdsl import parsed
from hawk_xdsl.frontend.torch_lowering import EXPORT_ERRORS, lowered_text, one_line, place_of
from hawk_xdsl.frontend.torch_values import checked_inputs, to_numpy, to_torch, unsupported
from hawk_xdsl.frontend.unrounded_order import order_before_rounding
from hawk_xdsl.reference.signedness import mark, signed


class _ChangesError(HawkError):
    """The module changes what it was given in ``forward``."""

    def __init__(self, what: str, changes: Changes, file: str) -> None:
        super().__init__(f"the module changes {what} in forward", file=file)
        self.changes = changes


@dataclass(frozen=True)
class _ReadingOptions:
    """How a module is read: the user's file, who is told of stages, and whether f64 is f32."""

    file: str
    on_stage: EnterStage
    f64_as_f32: bool


def import_torch(
    module: torch.nn.Module | torch.export.ExportedProgram,
    example_inputs: Sequence[torch.Tensor] | None = None,
    *,
    name: str = "model",
    file: str = "<python>",
    on_stage: EnterStage = lambda stage: None,
    f64_as_f32: bool = False,
) -> Program:
    """Lowers a module, as it computes in ``eval`` mode, to linalg on tensors.

    Args:
        module: any module that ``torch.export`` accepts with static shapes; its ``training``
            flags are restored. One that draws random numbers gets a seed as its last input.
            Buffers that it changes are inputs after the given ones, and what becomes of them, and
            of inputs that it changes, are results after its own. Or a program that was exported,
            with static shapes.
        example_inputs: the positional arguments of ``forward``: tensors. Default: those that a
            program was exported with.
        name: for reports.
        file: the user's file, preferred as the place of errors.
        on_stage: told of each stage as it begins.
        f64_as_f32: compute in f32 what is f64, inputs and results too; else f64 is refused.

    Raises:
        HawkError: torch cannot export the module, shapes depend on data, an op has no lowering,
            or integers need 64 bits.
    """
    if isinstance(module, torch.export.ExportedProgram):
        module, example_inputs = module_of(module, example_inputs, file)
    given = cast(object, module)  # whatever its annotation says
    if not isinstance(given, torch.nn.Module):
        raise HawkError(f"expected a torch.nn.Module, not {type(given).__name__}", file=file)
    inputs = checked_inputs(example_inputs, file, f64_as_f32=f64_as_f32)
    reading = _ReadingOptions(file, on_stage, f64_as_f32)
    try:
        return _program(module, inputs, name, reading)
    except DrawError:
        seed = torch.zeros(1, dtype=torch.int32)
        return _program(Seeded(module), (*inputs, seed), name, reading)


def _program(
    module: torch.nn.Module,
    inputs: tuple[torch.Tensor, ...],
    name: str,
    reading: _ReadingOptions,
) -> Program:
    """The module lowered. Raises ``DrawError`` if it draws random numbers."""
    file, f64_as_f32 = reading.file, reading.f64_as_f32
    with _quiet(), _inference(module):
        lifted, exported, legal = _with_all_changes(module, inputs, reading)
    inputs = (*inputs, *lifted.state)
    names = [f"literal{i}" for i in range(len(legal.constants))] + list(lifted.names)
    values = [*legal.constants, *(to_numpy(value) for value in lifted.values)]
    kept = drop_unused_parameters(legal.module, len(values))
    _check_weights(lifted, [i - len(legal.constants) for i in kept], file, f64_as_f32=f64_as_f32)
    narrowed = as_f32 if f64_as_f32 else lambda array: array
    unsigned = [len(kept) + i for i, value in enumerate(inputs) if value.dtype == torch.uint8]
    mark(legal.function, unsigned, _unsigned_results(exported))
    return Program(
        name,
        legal.module,
        tuple(narrowed(signed(values[i])) for i in kept),
        tuple(names[i] for i in kept),
        tuple(narrowed(to_numpy(value)) for value in inputs),
        eager_reference(WithState(module, lifted) if lifted.changes else module, inputs),
    )


def _with_all_changes(
    module: torch.nn.Module, inputs: tuple[torch.Tensor, ...], reading: _ReadingOptions
) -> tuple[Lifted, torch.export.ExportedProgram, LegalFunction]:
    """The module lowered, with all that it changes among its arguments and results."""
    changes = Changes()
    while True:
        lifted = Lifted(module, changes)
        try:
            reading.on_stage("export")
            exported = _export(lifted, inputs, reading)
            legal = _lowered(exported, lifted.names, reading)
            if not lifted.assigned:
                return lifted, exported, legal
            found = Changes(buffers=lifted.assigned)
        except _ChangesError as error:
            found = error.changes
            if found.within(changes):
                raise
        changes = changes.joined(found)


def _check_weights(lifted: Lifted, used: Sequence[int], file: str, *, f64_as_f32: bool) -> None:
    """Raises ``HawkError`` for the first used weight that no kernel takes."""
    for position in used:
        reason = None
        if position >= 0:
            reason = unsupported(lifted.values[position].dtype, f64_as_f32=f64_as_f32)
        if reason is not None:
            raise HawkError(f"{lifted.names[position]}: {reason}", file=file)


def _unsigned_results(program: torch.export.ExportedProgram) -> list[int]:
    values = {node.name: node.meta.get("val") for node in program.graph.nodes}
    specs = program.graph_signature.output_specs
    return [i for i, spec in enumerate(specs) if values[spec.arg.name].dtype == torch.uint8]


def eager_reference(module: torch.nn.Module, inputs: Sequence[torch.Tensor]) -> Reference:
    """The module as a function of numpy arrays, in ``eval`` mode."""
    dtypes = [value.dtype for value in inputs]

    def reference(arrays: Sequence[Array]) -> tuple[Array, ...]:
        tensors = [to_torch(a, dtype) for a, dtype in zip(arrays, dtypes, strict=True)]
        with _quiet(), _inference(module):
            results = pytree.tree_leaves(module(*tensors))
        return tuple(to_numpy(cast(torch.Tensor, number_as_tensor(r))) for r in results)

    return reference


def _export(
    lifted: Lifted, inputs: Sequence[torch.Tensor], reading: _ReadingOptions
) -> torch.export.ExportedProgram:
    try:
        program = torch.export.export(
            lifted, (*lifted.values, *inputs, *lifted.state), strict=False
        )
    except EXPORT_ERRORS as error:
        reason = f"torch cannot export this module: {one_line(error)}"
        raise HawkError(reason, file=reading.file) from error
    _check_draws(program, reading.file)
    _check_nodes(program, lifted.names, reading.file)
    _check_results(program, reading)
    promote_unsigned(program)
    order_before_rounding(program)
    equal_bags(program)
    places_by_comparison(program)
    return program


def _check_draws(program: torch.export.ExportedProgram, file: str) -> None:
    """Raises ``DrawError`` for the first op that draws random numbers."""
    node = first_draw(program)
    if node is not None:
        place, line = place_of(node, file)
        drawn = "of draws only rand, randn, bernoulli and dropout have kernels"
        raise DrawError(f"{node.target}: {drawn}", file=place, line=line)


def _check_nodes(program: torch.export.ExportedProgram, names: Sequence[str], file: str) -> None:
    """Raises ``HawkError`` for the first weight or op that is complex: torch-mlir may abort."""
    arguments = _arguments(program, names)
    for node in program.graph.nodes:
        for value in pytree.tree_leaves(node.meta.get("val")):
            if isinstance(value, torch.Tensor) and value.dtype.is_complex:
                what = arguments.get(node.name, f"{node.target}")
                place, line = place_of(node, file)
                reason = unsupported(value.dtype, result=True)
                raise HawkError(f"{what}: {reason}", file=place, line=line)


def _arguments(program: torch.export.ExportedProgram, names: Sequence[str]) -> dict[str, str]:
    """What the arguments of a graph are to the user, by the names of their nodes."""
    given = [spec.arg.name for spec in program.graph_signature.input_specs if _is_given(spec)]
    inputs = (f"example input {i}" for i in range(len(given) - len(names)))
    return dict(zip(given, [*names, *inputs], strict=True))


def _is_given(spec: InputSpec) -> bool:
    return spec.kind is InputKind.USER_INPUT


def _check_results(program: torch.export.ExportedProgram, reading: _ReadingOptions) -> None:
    """Raises ``HawkError`` unless every result is a tensor that a kernel can store."""
    values = {node.name: node.meta.get("val") for node in program.graph.nodes}
    for position, output in enumerate(program.graph_signature.output_specs):
        if output.kind is not OutputKind.USER_OUTPUT:
            continue
        if not isinstance(output.arg, TensorArgument):
            kind = _shown(getattr(output.arg, "value", output.arg))
            reason = f"result {position} is {kind}: every result of the module must be a tensor"
            raise HawkError(reason, file=reading.file)
        dtype = values[output.arg.name].dtype
        reason = unsupported(dtype, result=True, f64_as_f32=reading.f64_as_f32)
        if reason is not None:
            raise HawkError(f"result {position}: {reason}", file=reading.file)


def _check_effects(program: torch.export.ExportedProgram, names: Sequence[str], file: str) -> None:
    """Raises ``HawkError`` if the module does more than to give results."""
    arguments = _arguments(program, names)
    outputs = program.graph_signature.output_specs
    effects = [each for each in outputs if each.kind is not OutputKind.USER_OUTPUT]
    if not effects:
        return
    targets = [arguments.get(each.target or "", "") for each in effects]
    if not all(targets):
        raise HawkError("the module has side effects in forward", file=file)
    changes = Changes(
        tuple(target for target in targets if target in names),
        tuple(sorted(int(t.rsplit(" ", 1)[1]) for t in targets if t not in names)),
    )
    raise _ChangesError(targets[0], changes, file)


def _shown(value: object) -> str:
    """A constant result, or of any other the kind."""
    constant = value is None or isinstance(value, bool | int | float | str)
    return repr(value) if constant else "a number that depends on data"


def _lowered(
    program: torch.export.ExportedProgram, names: Sequence[str], reading: _ReadingOptions
) -> LegalFunction:
    """The program as linalg, with torch's own decompositions where torch-mlir's do not do."""
    reading.on_stage("decomposition")
    table = torch_mlir_table()
    exported = _decomposed(program, table, reading.file)
    _check_effects(exported, names, reading.file)
    try:
        return _linalg(exported, reading)
    except HawkError as error:
        wider = wider_table(table, _operators(exported))
        if wider is None:
            raise
        exported = _decomposed(program, wider, reading.file)
        if not is_importable(_operators(exported)):
            raise
        try:
            return _linalg(exported, reading)
        except HawkError:
            raise error from None


def _linalg(exported: torch.export.ExportedProgram, reading: _ReadingOptions) -> LegalFunction:
    text = lowered_text(exported, reading.file, reading.on_stage)
    reading.on_stage("reading into xDSL")
    module, context = parsed(text, file=reading.file)
    return legalize(module, context, file=reading.file, f64_as_f32=reading.f64_as_f32)


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
    return exported


@contextmanager
def _inference(module: torch.nn.Module) -> Generator[None]:
    """Evaluation mode without gradients or fused attention; leaves the module as it was."""
    training = [(part, part.training) for part in module.modules()]
    fast_path = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    with suppress(NotImplementedError):  # an exported program is in the mode it was exported in
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
