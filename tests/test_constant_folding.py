"""What depends on no input is computed once, when the program is compiled."""

import numpy as np
import torch

from hawk_xdsl.frontend.constant_folding import folded
from hawk_xdsl.frontend.program import Program
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.linalg.structured import equation_of
from hawk_xdsl.passes.outline_dataflow import is_compute
from hawk_xdsl.reference.host import run_main


class Masked(torch.nn.Module):
    """Causal scores of flipped weights: neither the mask nor the flip depends on an input."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.w = torch.nn.Parameter(torch.randn(16, 16))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        places = torch.arange(16)
        mask = places[None, :] <= places[:, None]
        return torch.where(mask, x @ self.w.flip(0), -1.0)


class Widened(torch.nn.Module):
    """int8 weights that are widened where they are used."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("w", torch.arange(1 << 18).remainder(100).to(torch.int8))
        self.w: torch.Tensor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.w.float() * 2.0


def computing(program: Program) -> int:
    """How many ops compute on tensors."""
    ops = program.function.body.block.ops
    return sum(equation_of(op) is not None and is_compute(op) for op in ops)


def assert_unchanged(before: Program, after: Program) -> None:
    inputs = before.example_inputs
    wanted = run_main(before.module, before.arguments(inputs))
    for one, other in zip(run_main(after.module, after.arguments(inputs)), wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_masks_and_flipped_weights_become_parameters() -> None:
    program = import_torch(Masked(), (torch.randn(16, 16),))
    made = folded(program)
    assert_unchanged(program, made)
    assert computing(made) == 2  # the product and the selection
    names = [name for name in made.parameter_names if name.startswith("folded")]
    assert len(names) == 2 and "w" not in made.parameter_names


def test_what_is_one_number_everywhere_is_filled() -> None:
    class Ones(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            mask = torch.ones(64, 64, dtype=torch.bool) | (torch.arange(64) > 3)
            return torch.where(mask, x, 0.0)

    program = import_torch(Ones(), (torch.randn(64, 64),))
    made = folded(program)
    assert_unchanged(program, made)
    assert not made.parameters


def test_what_takes_more_memory_than_it_is_made_of_stays() -> None:
    program = import_torch(Widened(), (torch.randn(1 << 18),))
    made = folded(program)
    assert_unchanged(program, made)
    assert made.parameter_names == ("w",)


def test_unsigned_inputs_stay_unsigned_when_parameters_come_before_them() -> None:
    class Shifted(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("w", torch.arange(100.0).reshape(10, 10))
            self.w: torch.Tensor

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.float() + self.w.cumsum(0) + self.w

    program = import_torch(Shifted(), (torch.full((10, 10), 200, dtype=torch.uint8),))
    made = folded(program)
    assert len(made.parameters) == 2
    assert_unchanged(program, made)


def test_indices_that_count_are_no_data() -> None:
    class Picked(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x[torch.arange(16)[:, None], torch.arange(16)[None, :]] + 1

    program = import_torch(Picked(), (torch.randn(16, 16),))
    made = folded(program)
    assert_unchanged(program, made)
    assert not made.parameters


def test_a_long_formula_of_places_is_a_table() -> None:
    """How many elements a window has inside of the tensor is known before any input is."""
    module = torch.nn.AvgPool2d(6, 2, 1, count_include_pad=False)
    program = import_torch(module, (torch.randn(1, 2, 20, 20),))
    made = folded(program)
    assert_unchanged(program, made)
    [table] = made.parameters
    assert table.shape == (9, 9) and table[0, 0] == 25 and table[4, 4] == 36
    indices = [op for op in made.module.walk() if op.name == "linalg.index"]
    assert not indices
