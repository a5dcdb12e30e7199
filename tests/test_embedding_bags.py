"""Embedding bags: rows where all have one size, else a product with who belongs to which."""

import numpy as np
import pytest
import torch

from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.linalg.structured import equation_of
from hawk_xdsl.reference.host import run_main


class Bag(torch.nn.Module):
    """An embedding bag in one of its modes."""

    def __init__(self, mode: str, padding: int | None = None) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.bag = torch.nn.EmbeddingBag(50, 4, mode=mode, padding_idx=padding)

    def forward(self, *given: torch.Tensor) -> torch.Tensor:
        return self.bag(*given)


def assert_right(module: torch.nn.Module, *given: torch.Tensor) -> bool:
    """Whether a product of matrices was needed to give what PyTorch gives."""
    program = import_torch(module, given)
    [found] = run_main(program.module, program.arguments(program.example_inputs))
    assert program.reference is not None
    [wanted] = program.reference(program.example_inputs)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    equations = map(equation_of, program.function.body.block.ops)
    return any(equation is not None and equation.factors is not None for equation in equations)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_bags_of_one_size_are_rows(mode: str) -> None:
    assert not assert_right(Bag(mode), torch.randint(0, 50, (3, 5)))


@pytest.mark.parametrize("mode", ["sum", "mean"])
def test_bags_of_any_size_and_without_a_padding_index(mode: str) -> None:
    offsets = torch.tensor([0, 2, 2, 9])
    assert assert_right(Bag(mode), torch.randint(0, 50, (15,)), offsets)
    assert assert_right(Bag(mode, padding=3), torch.randint(0, 6, (3, 5)))
