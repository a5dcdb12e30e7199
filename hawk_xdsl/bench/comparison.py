"""Compares a compiled case with PyTorch in float64, on inputs that no gate saw."""

from collections.abc import Sequence
from dataclasses import dataclass

import ml_dtypes
import numpy as np
import torch
from torch.utils import _pytree as pytree

from hawk_xdsl.bench.suite import Case
from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.torch_values import to_numpy
from hawk_xdsl.generation.judging.trials import Trial
from hawk_xdsl.pipeline import Compiled
from hawk_xdsl.semantics.host import run_main
from hawk_xdsl.semantics.reference_types import Array

FRESH = 1_000_003
"""Where the seeds of the comparison start: far from those of examples."""


@dataclass(frozen=True)
class Comparison:
    """What is wrong with a compiled case, in one line, or ``None``; and its simulated cycles."""

    mistake: str | None
    cycles: float = 0.0


def compare_on_fresh_inputs(case: Case, compiled: Compiled, seed: int, count: int) -> Comparison:
    """Runs a compiled case on ``count`` sets of inputs, up to the first that goes wrong.

    A result is right if it is as near to PyTorch in float64 as the gate asks of a kernel: some
    roundings of the row's largest value, a factor of the error of PyTorch in the case's dtype, and
    a factor of what inputs off by a rounding change. Where ops between which f16 rounds make up
    the case, the error of the very same ops on the host, one after the other, counts beside
    PyTorch's own, which may keep more digits inside.
    """
    cycles = 0.0
    for number in range(count):
        tensors = case.tensors(FRESH + seed * count + number)
        inputs = tuple(_array(tensor) for tensor in tensors)
        try:
            run = compiled.run(inputs)
        except HawkError as error:
            return Comparison(f"on fresh inputs: {error}")
        trial = _trial(case, tensors, inputs, number)
        found = trial.mistake(run.outputs)
        if found is not None:
            found = _op_by_op(trial, compiled).mistake(run.outputs)
        if found is not None:
            return Comparison(found)
        cycles = cycles or run.cycles
    return Comparison(None, cycles)


def _trial(
    case: Case, tensors: Sequence[torch.Tensor], inputs: tuple[Array, ...], number: int
) -> Trial:
    def moved() -> tuple[Array, ...]:
        random = np.random.default_rng(number)
        return _results(case, [_rounded_off(tensor, random) for tensor in tensors])

    exact = _results(case, [_wide(tensor) for tensor in tensors])
    return Trial(f"fresh ({number})", inputs, exact, _results(case, tensors), moved)


def _op_by_op(trial: Trial, compiled: Compiled) -> Trial:
    """The trial with the results of the program's ops in their dtypes, where those are worse."""
    program = compiled.program
    plain = run_main(program.module, program.arguments(trial.inputs))
    declared = tuple(
        ours if ours.dtype.kind in "biu" else _further(ours, again, exact)
        for ours, again, exact in zip(trial.declared, plain, trial.exact, strict=True)
    )
    return Trial(trial.name, trial.inputs, trial.exact, declared, trial.moved)


def _further(first: Array, second: Array, exact: Array) -> Array:
    wanted, a, b = (array.astype(np.float64) for array in (exact, first, second))
    with np.errstate(invalid="ignore"):
        further = np.abs(b - wanted) > np.abs(a - wanted)
    return np.where(further, second.astype(first.dtype), first)


def _results(case: Case, tensors: Sequence[torch.Tensor]) -> tuple[Array, ...]:
    with torch.no_grad():
        results = pytree.tree_leaves(case.module()(*tensors))
    return tuple(_array(result) for result in results)


def _array(tensor: torch.Tensor) -> Array:
    return to_numpy(tensor)


def _wide(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.double() if tensor.is_floating_point() else tensor


def _rounded_off(tensor: torch.Tensor, random: np.random.Generator) -> torch.Tensor:
    if not tensor.is_floating_point():
        return tensor
    epsilon = float(ml_dtypes.finfo(to_numpy(tensor).dtype).eps)
    signs = random.choice([-0.5, 0.5], tuple(tensor.shape))
    return tensor.double() * (1 + epsilon * torch.from_numpy(np.asarray(signs)))
