"""Indices of max poolings: of equal values the first, of several NaN the last, no padding."""

import numpy as np
import pytest
import torch

from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.linalg.structured import equation_of
from hawk_xdsl.reference.host import run_main

pytestmark = pytest.mark.corpus

NAN, LOW = float("nan"), float("-inf")


def drawn(*shape: int) -> torch.Tensor:
    """Few different values, so that windows have ties."""
    return torch.randint(0, 3, shape, generator=torch.Generator().manual_seed(0)).float()


SPECIAL = torch.tensor(
    [[LOW, LOW, 1.0, 2.0], [LOW, LOW, NAN, 0.0], [3.0, NAN, NAN, 1.0], [3.0, 3.0, 1.0, LOW]]
)[None, None]

POOLS: dict[str, tuple[torch.nn.Module, torch.Tensor]] = {
    "plain": (torch.nn.MaxPool2d(2, return_indices=True), drawn(2, 3, 6, 8)),
    "overlapping": (torch.nn.MaxPool2d(3, 1, return_indices=True), drawn(1, 2, 5, 5)),
    "padded": (torch.nn.MaxPool2d(3, 2, 1, return_indices=True), drawn(1, 2, 7, 6)),
    "dilated": (torch.nn.MaxPool2d(2, 1, 1, 2, return_indices=True), drawn(1, 2, 6, 6)),
    "rounded up": (
        torch.nn.MaxPool2d((2, 3), 3, return_indices=True, ceil_mode=True),
        drawn(2, 1, 7, 7),
    ),
    "volumes": (torch.nn.MaxPool3d(2, return_indices=True), drawn(1, 2, 4, 4, 4)),
    "special values": (torch.nn.MaxPool2d(2, 1, 1, return_indices=True), SPECIAL),
}


@pytest.mark.parametrize("name", POOLS)
def test_indices_are_those_of_torch(name: str) -> None:
    module, x = POOLS[name]
    program = import_torch(module, (x,))
    assert program.reference is not None
    wanted = program.reference(program.example_inputs)
    given = run_main(program.module, program.arguments(program.example_inputs))
    for one, other in zip(given, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_reduction_has_two_results() -> None:
    """Maxima are a reduction of one result, the indices are selections."""
    module, x = POOLS["padded"]
    equations = [equation_of(op) for op in import_torch(module, (x,)).function.body.block.ops]
    reductions = [each for each in equations if each is not None and each.reduced]
    assert [len(each.outputs) for each in reductions] == [1]
