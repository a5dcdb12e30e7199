"""Numbers that a module reads from tensors or gives, and f64 that is computed in f32 if asked."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from xdsl.dialects.builtin import TensorType, f64
from xdsl.dialects.func import FuncOp

from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.mlir_import import import_mlir_text
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.passes.npu_outline import NpuOutlinePass
from hawk_xdsl.reference.host import run_main
from hawk_xdsl.universe import context

Function = Callable[..., object]


class _Module(torch.nn.Module):
    def __init__(self, function: Function) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: torch.Tensor) -> object:
        return self.function(*inputs)


X = torch.linspace(-1.0, 2.0, 6).reshape(2, 3)

NUMBERS: dict[str, Function] = {
    "an int": lambda x: (x + 1, 3),
    "a float": lambda x: (x + 1, 2.5),
    "a bool": lambda x: (x + 1, True),
    "a sum": lambda x: x.sum().item(),
    "a comparison of a sum": lambda x: x.sum().item() > 2,
    "a tensor times a sum": lambda x: x * x.sum().item(),
    "a product of two numbers": lambda x: x + x.sum().item() * x.mean().item(),
    "one element": lambda x: x + x[1, 2].item(),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_are_tensors_without_axes(name: str) -> None:
    """No scalar computation is left between the ops: each becomes part of one that has a kernel."""
    program = import_torch(_Module(NUMBERS[name]), (X,))
    module = program.module.clone()
    NpuOutlinePass().apply(context(), module)
    module.verify()
    [function] = [op for op in module.ops if isinstance(op, FuncOp)]
    left = {op.name for op in function.body.block.ops}
    moved = {"tensor.collapse_shape", "tensor.expand_shape", "tensor.extract_slice"}
    assert left <= {"npu.undecided", "func.return", "arith.constant", *moved}
    assert program.reference is not None
    wanted = program.reference(program.example_inputs)
    given = run_main(module, program.arguments(program.example_inputs))
    for one, other in zip(given, wanted, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_f64_is_refused_with_what_to_do() -> None:
    with pytest.raises(HawkError, match="f64_as_f32"):
        import_torch(_Module(torch.sin), (X.double(),))


def test_f64_is_computed_in_f32_if_asked() -> None:
    """Inputs, weights, literals and results; a cast to f32 is nothing any more."""

    def function(x: torch.Tensor) -> object:
        return torch.exp(x) * torch.tensor([1.5, 2.5, 3.5], dtype=torch.float64), x.float()

    program = import_torch(_Module(function), (X.double(),), f64_as_f32=True)
    wide = [
        value
        for op in program.module.walk()
        for value in (*op.results, *(a for r in op.regions for b in r.blocks for a in b.args))
        if f64 in (value.type, getattr(value.type, "element_type", None))
    ]
    assert not wide and program.example_inputs[0].dtype == np.float32
    assert program.reference is not None
    wanted = program.reference(program.example_inputs)
    given = run_main(program.module, program.arguments(program.example_inputs))
    for one, other in zip(given, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_a_file_of_f64_is_computed_in_f32_if_asked() -> None:
    text = """
    func.func @f(%x: tensor<4xf64>) -> tensor<4xf64> {
      %c = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf64>
      %e = tensor.empty() : tensor<4xf64>
      %r = linalg.add ins(%x, %c : tensor<4xf64>, tensor<4xf64>) outs(%e : tensor<4xf64>)
        -> tensor<4xf64>
      return %r : tensor<4xf64>
    }"""
    program = import_mlir_text(text, f64_as_f32=True)
    [type_] = program.input_types
    assert isinstance(type_, TensorType) and type_.element_type != f64
    [given] = run_main(program.module, program.arguments(program.example_inputs))
    np.testing.assert_allclose(given, program.example_inputs[0] + [1, 2, 3, 4], rtol=1e-6)
