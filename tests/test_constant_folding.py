"""What depends on no input is computed once, when the program is compiled."""

import numpy as np
import torch
from xdsl.dialects.func import FuncOp
from xdsl.dialects.linalg.ops import GenericOp

from hawk_xdsl.frontend.constant_folding import folded
from hawk_xdsl.frontend.mlir_import import import_mlir_text
from hawk_xdsl.frontend.position_tables import make_position_tables
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


def test_a_formula_within_a_longer_one_is_a_table_of_its_own() -> None:
    """``a`` of eight ops is multiplied by the input, and is a part of ``b``, which is added."""
    steps = "\n".join(
        f"    %s{n + 1} = arith.{'muli' if n % 2 else 'addi'} %s{n}, %c : index" for n in range(7)
    )
    module = import_mlir_text(f"""
func.func @main(%x: tensor<6xi32>) -> tensor<6xi32> {{
  %e = tensor.empty() : tensor<6xi32>
  %r = linalg.generic {{indexing_maps = [affine_map<(d) -> (d)>, affine_map<(d) -> (d)>],
                       iterator_types = ["parallel"]}}
      ins(%x : tensor<6xi32>) outs(%e : tensor<6xi32>) {{
  ^bb0(%in: i32, %out: i32):
    %c = arith.constant 3 : index
    %t = arith.constant 7 : i32
    %s0 = linalg.index 0 : index
{steps}
    %a = arith.index_cast %s7 : index to i32
    %b = arith.xori %a, %t : i32
    %p = arith.muli %in, %a : i32
    %q = arith.addi %p, %b : i32
    linalg.yield %q : i32
  }} -> tensor<6xi32>
  func.return %r : tensor<6xi32>
}}""").module
    x = np.arange(1, 7, dtype=np.int32)
    [wanted] = run_main(module, [x])
    block = next(op for op in module.walk() if isinstance(op, FuncOp)).body.block
    make_position_tables(block)
    module.verify()
    generics = [op for op in module.walk() if isinstance(op, GenericOp)]
    assert len(generics) == 3, "two tables"
    [given] = run_main(module, [x])
    np.testing.assert_array_equal(given, wanted)
