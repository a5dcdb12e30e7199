"""Compares a compiled case with PyTorch in float64, on inputs that no gate saw."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils import _pytree as pytree

from hawk_xdsl.bench.fresh_inputs import CHANGES, changed
from hawk_xdsl.bench.suite import Case
from hawk_xdsl.compiled import Compiled
from hawk_xdsl.dialects.dtype import Array, is_float
from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.torch_values import to_numpy
from hawk_xdsl.gate.tolerance import Expected
from hawk_xdsl.reference.error import difference
from hawk_xdsl.reference.evaluate import Judged
from hawk_xdsl.reference.host import run_main, run_main_with_errors

OWN_FACTOR = 4.0
"""How many times further off than PyTorch in the case's dtype a result may be at an element."""

FRESH = 1_000_003
"""Where the seeds of the comparison start: far from those of examples."""


@dataclass(frozen=True)
class CaseComparison:
    """What is wrong with a compiled case, in one line, or ``None``; and its simulated cycles."""

    mistake: str | None
    cycles: float = 0.0


def compare_on_fresh_inputs(case: Case, compiled: Compiled, seed: int) -> CaseComparison:
    """Runs a compiled case on a set of inputs of each kind, up to the first that goes wrong.

    A float result is right if each element is as near to PyTorch in float64 as roundings of the
    program's own intermediates explain, or some times as far off as PyTorch in the case's dtype is
    there. Where ops between which f16 rounds make up the case, PyTorch may keep more digits inside:
    the results of the very same ops on the host, one after the other, are right too.
    """
    cycles = 0.0
    for number, name in enumerate(CHANGES):
        draw = FRESH + seed * len(CHANGES) + number
        tensors = changed(case.tensors(draw), name, draw)
        inputs = tuple(_array(tensor) for tensor in tensors)
        try:
            run = compiled.run(inputs)
        except HawkError as error:
            return CaseComparison(f"on fresh inputs: {error}")
        mistake = _mistake(case, compiled, tensors, inputs, run.outputs)
        if mistake is not None:
            return CaseComparison(f"on fresh inputs ({name}): {mistake}")
        cycles = cycles or run.cycles
    return CaseComparison(None, cycles)


def _mistake(
    case: Case,
    compiled: Compiled,
    tensors: Sequence[torch.Tensor],
    inputs: Sequence[Array],
    outputs: Sequence[Array],
) -> str | None:
    exact = _results(case, [_wide(tensor) for tensor in tensors])
    declared = _results(case, tensors)
    program = compiled.program
    arguments = program.arguments(inputs)
    judged = run_main_with_errors(program.module, arguments)
    host = run_main(program.module, arguments)
    for position, output in enumerate(outputs):
        wanted = _expected(exact[position], declared[position], judged[position])
        again = _expected(exact[position], host[position], judged[position])
        found = wanted.mistake(output)
        if found is not None and again.mistake(output) is not None:
            return f"result {position}: {found}"
    return None


def _expected(exact: Array, declared: Array, judged: Judged) -> Expected:
    """What a result must be: errors of the program and of a result in its own dtype count."""
    if not is_float(declared.dtype):
        return Expected(exact, declared, judged.error)
    own = difference(declared, exact)
    known = np.where(np.isfinite(own), OWN_FACTOR * own, 0.0)
    program = 0.0 if judged.error is None else np.abs(judged.error)
    return Expected(exact, declared, np.maximum(program, known))


def _results(case: Case, tensors: Sequence[torch.Tensor]) -> tuple[Array, ...]:
    with torch.no_grad():
        results = pytree.tree_leaves(case.module()(*tensors))
    return tuple(_array(result) for result in results)


def _array(tensor: torch.Tensor) -> Array:
    return to_numpy(tensor)


def _wide(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.double() if tensor.is_floating_point() else tensor
