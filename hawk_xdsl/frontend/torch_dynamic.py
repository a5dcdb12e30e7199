"""PyTorch modules with a dynamic dimension, which is told as ``torch.export`` takes it."""

import inspect
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import cast

import torch

from hawk_xdsl.codegen.generalise import lengths_compared
from hawk_xdsl.dialects.npu import NamedExtent
from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.child import EnterStage
from hawk_xdsl.frontend.dynamic_program import DynamicAxes, DynamicProgram
from hawk_xdsl.frontend.program import Program
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.frontend.torch_values import checked_inputs

TODO = 'torch.export.Dim("NAME", min=1, max=512)'
"""How a dimension is written, in messages."""


def import_dynamic(
    module: torch.nn.Module,
    example_inputs: Sequence[torch.Tensor],
    dynamic_shapes: object,
    *,
    name: str = "model",
    file: str = "<python>",
    on_stage: EnterStage = lambda stage: None,
    f64_as_f32: bool = False,
) -> DynamicProgram:
    """A module for a range of lengths of one dimension of its inputs.

    Args:
        module: the model, not one that was exported.
        example_inputs: tensors of any length of the dimension; others are made of them.
        dynamic_shapes: as ``torch.export.export`` takes it: for each input, by place or by name,
            its dynamic axes as ``{axis: torch.export.Dim}`` or one entry an axis.
        name: for reports.
        file: the user's file, preferred as the place of errors.
        on_stage: told of each stage as it begins.
        f64_as_f32: as for ``import_torch``.

    Raises:
        HawkError: one line with the dimension's name.
    """
    if isinstance(module, torch.export.ExportedProgram):
        reason = "dynamic shapes are for a module, not for a program that was exported"
        raise HawkError(f"{reason}: give the module and dynamic_shapes", file=file)
    inputs = checked_inputs(example_inputs, file, f64_as_f32=f64_as_f32)
    try:
        axes, extent = dynamic_axes(module, inputs, dynamic_shapes)
    except HawkError as error:
        raise HawkError(error.message, file=file) from None

    @lru_cache(maxsize=1)
    def at(length: int) -> Program:
        on_stage(f"importing at {extent.name} = {length}")
        resized = [_resized(x, which, length) for x, which in zip(inputs, axes, strict=True)]
        return import_torch(module, resized, name=name, file=file, f64_as_f32=f64_as_f32)

    first = at(lengths_compared(extent)[0])
    state = len(first.example_inputs) - len(inputs)  # a seed, and buffers that the module changes
    return DynamicProgram(name, DynamicAxes(extent, axes + ((),) * state), at)


def dynamic_axes(
    module: torch.nn.Module, inputs: Sequence[torch.Tensor], dynamic_shapes: object
) -> tuple[tuple[tuple[int, ...], ...], NamedExtent]:
    """For each input its dynamic axes, and the dimension that they all are.

    Raises ``HawkError`` for another form, and for what is not one dimension with bounds.
    """
    found: list[tuple[int, ...]] = []
    extents: dict[NamedExtent, None] = {}
    for number, (tensor, given) in enumerate(
        zip(inputs, _by_place(module, inputs, dynamic_shapes), strict=True)
    ):
        dynamic: list[int] = []
        for axis, size in _by_axis(given, number).items():
            what = f"input {number}, axis {axis}"
            extent = _extent(size, what)
            if not 0 <= axis < tensor.dim():
                named = f"{extent.name}: " if extent else ""
                raise HawkError(f"{named}input {number} has {tensor.dim()} axes, not axis {axis}")
            if extent is not None:
                extents[extent] = None
                dynamic.append(axis)
            elif isinstance(size, int) and size != tensor.shape[axis]:
                raise HawkError(f"{what}: dynamic_shapes says {size}, it has {tensor.shape[axis]}")
        found.append(tuple(sorted(dynamic)))
    if len(extents) != 1:
        names = " and ".join(map(str, extents)) if extents else "no axis is dynamic"
        needed = "one dynamic dimension and axes for each input are needed"
        raise HawkError(f"{needed}: {names}" + ("; make all but one static" if extents else ""))
    return tuple(found), next(iter(extents))


def _by_place(
    module: torch.nn.Module, inputs: Sequence[torch.Tensor], dynamic_shapes: object
) -> Sequence[object]:
    """What is said of each input."""
    if isinstance(dynamic_shapes, Mapping):
        by_name = cast("Mapping[object, object]", dynamic_shapes)
        names = list(inspect.signature(module.forward).parameters)[: len(inputs)]
        unknown = [str(name) for name in by_name if name not in names]
        if unknown:
            known = ", ".join(names)
            raise HawkError(f"dynamic_shapes names {unknown[0]}, but the inputs are {known}")
        return [by_name.get(name) for name in names] + [None] * (len(inputs) - len(names))
    if not isinstance(dynamic_shapes, list | tuple):
        kind = type(dynamic_shapes).__name__
        raise HawkError(f"dynamic_shapes must be a tuple or dict of the inputs, not {kind}")
    by_place = cast("Sequence[object]", dynamic_shapes)
    if len(by_place) != len(inputs):
        needed = "one dynamic dimension and axes for each input are needed"
        raise HawkError(f"{needed}: {len(by_place)} are given for {len(inputs)} inputs")
    return by_place


def _by_axis(given: object, number: int) -> Mapping[int, object]:
    """What is said of the axes of an input."""
    if given is None:
        return {}
    if isinstance(given, list | tuple):
        return dict(enumerate(cast("Sequence[object]", given)))
    if isinstance(given, Mapping):
        axes = cast("Mapping[object, object]", given)
        if all(isinstance(axis, int) for axis in axes):
            return cast("Mapping[int, object]", axes)
    raise HawkError(f"input {number}: its dynamic shape must be {{axis: {TODO}}}, not {given!r}")


def _extent(size: object, what: str) -> NamedExtent | None:
    """The dimension that an axis is; ``None`` for a static one."""
    if size is None or isinstance(size, int) or size is torch.export.Dim.STATIC:
        return None
    if isinstance(size, NamedExtent):
        return size
    if not isinstance(size, torch.export.Dim):
        raise HawkError(f"{what}: {size!r} has no name and bounds: use {TODO}")
    name = size.__name__
    if hasattr(size, "root"):
        raise HawkError(f"{what}: {name} is computed from another dimension: not supported")
    low, high = size.min, size.max
    if not isinstance(high, int) or not high < 2**31:
        raise HawkError(f"{what}: {name} has no upper bound: use {TODO.replace('NAME', name)}")
    return NamedExtent(name, max(1, int(low)), high)  # the default of min is 0


def _resized(tensor: torch.Tensor, axes: Sequence[int], length: int) -> torch.Tensor:
    """A tensor of another length along axes, of the same elements again and again."""
    for axis in axes:
        if not tensor.shape[axis]:
            raise HawkError("an example input has no elements along its dynamic axis")
        places = torch.arange(length) % tensor.shape[axis]
        tensor = tensor.index_select(axis, places)
    return tensor
