"""``npu-outline`` on whole models: the groups, what they compute, and the order they are in."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from kernel_files import read_module
from torch import nn
from xdsl.context import Context

from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.frontend.mlir_import import import_mlir_text
from hawk_xdsl.frontend.program import Program
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.passes.npu_outline import BIASES, NpuOutlinePass
from hawk_xdsl.reference.host import run_main
from hawk_xdsl.semantics.specification import specify
from hawk_xdsl.transforms.pass_error import PassError

EXAMPLES = Path(__file__).parent.parent / "examples"


def outlined(program: Program) -> list[UndecidedOp]:
    """Outlines the program in place; its groups."""
    NpuOutlinePass().apply(Context(), program.module)
    program.module.verify()
    return [op for op in program.module.walk() if isinstance(op, UndecidedOp)]


def labels(groups: list[UndecidedOp]) -> list[str]:
    return [group.label.data for group in groups if group.label is not None]


def assert_agrees(program: Program) -> None:
    assert program.reference is not None
    expected = program.reference(program.example_inputs)
    results = run_main(program.module, program.arguments(program.example_inputs))
    for result, wanted in zip(results, expected, strict=True):
        np.testing.assert_allclose(result, wanted, rtol=1e-5, atol=1e-5)


def test_the_groups_of_the_encoder(example: Callable[[str], Program]) -> None:
    program = example("encoder")
    groups = outlined(program)
    assert labels(groups) == [
        "matmul_0",  # in_proj, with its bias
        "elementwise_0",  # the query's scale
        "elementwise_1",  # the key's scale
        "batch_matmul_0",  # query · key
        "rows_0",  # softmax
        "batch_matmul_1",  # · value
        "matmul_1",  # out_proj, with its bias
        "rows_1",  # residual, layer norm
        "matmul_2",  # linear1, with its bias
        "elementwise_2",  # GELU
        "matmul_3",  # linear2, with its bias
        "rows_2",  # residual, layer norm
    ]
    assert_agrees(program)
    outside = {op.name for op in program.function.body.block.ops}
    assert outside == {
        *("tensor.collapse_shape", "tensor.expand_shape", "npu.undecided", "func.return"),
    }


def test_the_groups_of_the_classifier(example: Callable[[str], Program]) -> None:
    program = example("classifier")
    groups = outlined(program)
    assert labels(groups) == [
        *("pad_0", "conv_0", "elementwise_0", "window_0"),
        *("pad_1", "conv_1", "elementwise_1", "window_1"),
        "matmul_0",
    ]
    assert_agrees(program)


def test_groups_keep_the_place_they_came_from(example: Callable[[str], Program]) -> None:
    program = example("classifier")
    assert all("classifier.py" in str(group.location) for group in outlined(program))


def test_outlining_is_deterministic(example: Callable[[str], Program]) -> None:
    texts: set[str] = set()
    for _ in range(2):
        program = example("encoder")
        outlined(program)
        texts.add(str(program.module))
    assert len(texts) == 1


class RootMeanSquare(nn.Module):
    """Normalisation, attention with a causal mask, gating: on [batch, tokens, features]."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(32))
        self.query = nn.Linear(32, 32, bias=False)
        self.register_buffer("mask", torch.full((16, 16), float("-inf")).triu(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scale = torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-6)
        hidden = x * scale * self.weight
        query = self.query(hidden)
        attention = (query @ query.transpose(1, 2) * 0.2 + self.mask).softmax(-1)
        return x + nn.functional.silu(attention @ hidden)


def encoder_with_batch() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    layer = nn.TransformerEncoderLayer(32, 4, 64, activation="gelu", batch_first=True)
    return layer, (torch.randn(2, 16, 32),)


def statistics(x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    return x.mean(0), x.var(1), x.argmax(1), (x.t() * 2).exp(), x.reshape(-1)[:4]


def put_together(x: torch.Tensor) -> torch.Tensor:
    return torch.cat([x.exp(), x.t().contiguous().view(3, 4)], 1).softmax(1)


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[torch.Tensor, ...]]]] = {
    "batch": encoder_with_batch,
    "root mean square": lambda: (RootMeanSquare(), (torch.randn(3, 16, 32),)),
    "grouped convolution": lambda: (
        nn.Sequential(nn.Conv2d(4, 8, 3, groups=4), nn.ReLU6(), nn.AvgPool2d(2), nn.Softmax(1)),
        (torch.randn(2, 4, 8, 8),),
    ),
    "embedding": lambda: (
        nn.Sequential(nn.Embedding(9, 6), nn.LayerNorm(6)),
        (torch.tensor([[1, 8], [0, 3]]),),
    ),
}


class Function(nn.Module):
    def __init__(self, function: Callable[..., object]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> object:
        return self.function(x)


for function in (statistics, put_together, torch.cumsum):
    MODELS[function.__name__] = lambda f=function: (
        Function(lambda x: f(x, 1) if f is torch.cumsum else f(x)),  # pyright: ignore[reportCallIssue]
        (torch.randn(3, 4),),
    )


@pytest.mark.parametrize("model", MODELS)
def test_outlined_models_compute_what_they_did(model: str) -> None:
    torch.manual_seed(0)
    program = import_torch(*MODELS[model]())
    groups = outlined(program)
    assert groups and len(set(labels(groups))) == len(groups)
    for op in program.function.body.block.ops:
        assert not op.name.startswith("linalg."), "no linalg op stays outside"
    assert_agrees(program)


def test_heads_of_a_batch_need_no_reshape_inside_of_a_group() -> None:
    """Loops over batch · heads are split, since their operands have the two far apart."""
    program = import_torch(*encoder_with_batch())
    for group in outlined(program):
        of_heads = len(group.inputs) == 2  # the projection of all heads has a bias too
        if of_heads and group.label is not None and group.label.data.startswith("batch_matmul"):
            names = {op.name for op in group.body.block.ops}
            assert not names & {"tensor.collapse_shape", "tensor.expand_shape"}
    assert_agrees(program)


def test_a_number_read_from_a_tensor_is_read_by_its_group() -> None:
    program = import_mlir_text("""
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = arith.constant 0 : index
  %s = tensor.extract %x[%0] : tensor<4xf32>
  %e = tensor.empty() : tensor<4xf32>
  %f = linalg.fill ins(%s : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %r = linalg.add ins(%x, %f : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>)
     -> tensor<4xf32>
  return %r : tensor<4xf32>
}""")
    [group] = outlined(program)
    assert [str(value.type) for value in group.inputs] == ["tensor<4xf32>"]
    [x] = program.example_inputs
    [result] = run_main(program.module, program.arguments([x]))
    np.testing.assert_array_equal(result, x + x[0])


def test_outlining_twice_changes_nothing() -> None:
    program = import_torch(nn.Sequential(nn.Linear(4, 4), nn.GELU()), (torch.randn(2, 4),))
    outlined(program)
    before = str(program.module)
    outlined(program)
    assert str(program.module) == before


def test_dynamic_shapes_are_an_error() -> None:
    from xdsl.parser import Parser

    from hawk_xdsl.frontend.to_xdsl import new_context

    text = "func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> { return %x : tensor<?xf32> }"
    module = Parser(new_context(), text).parse_module()
    with pytest.raises(PassError, match="dynamic"):
        NpuOutlinePass().apply(Context(), module)


def test_reductions_over_different_axes_stay_apart() -> None:
    program = import_torch(Function(lambda x: (x - x.mean(0)).softmax(1)), (torch.randn(6, 4),))
    assert labels(outlined(program)) == ["rows_0", "rows_1"]
    assert_agrees(program)


EMPTY = {
    "sum of nothing": (lambda x: x.sum(0), torch.randn(0, 4)),
    "maximum of a row": (lambda x: x.amax(1), torch.randn(0, 4)),
    "linear": (nn.Linear(4, 3), torch.randn(0, 4)),
    "product over nothing": (lambda x: x @ torch.ones(0, 5), torch.randn(3, 0)),
    "padding": (lambda x: nn.functional.pad(x, (0, 0, 1, 1), value=2.0), torch.randn(0, 4)),
    "concatenation": (lambda x: torch.cat([x[:0], x, x[:0]]), torch.randn(3)),
    "literal": (lambda x: torch.tril_indices(0, 0) + 0, torch.randn(3)),
    "running sum": (lambda x: x.cumsum(0), torch.randn(0, 4)),
}


@pytest.mark.parametrize("name", EMPTY)
def test_nothing_computes_on_tensors_without_elements(name: str) -> None:
    function, x = EMPTY[name]
    program = import_torch(Function(function), (x,))
    assert not outlined(program)
    assert_agrees(program)


def test_a_stack_of_more_rows_than_a_kernel_has_regions_is_a_stack_of_stacks() -> None:
    function = Function(lambda x: torch.stack([x[i] * (i + 1) for i in range(70)]))
    program = import_torch(function, (torch.randn(70, 3),))
    for group in outlined(program):
        specify(group)  # of no more regions than there may be
    assert_agrees(program)


def test_a_scan_along_an_axis_that_its_argument_lacks() -> None:
    function = Function(lambda x: torch.cumsum(x[:1].expand(9), 0))
    program = import_torch(function, (torch.randn(4),))
    [group] = outlined(program)
    assert "0 * i0" in specify(group).text or "i0 * 0" in specify(group).text
    assert_agrees(program)


BIAS = read_module("programs/product_and_row")


def groups_of_bias(n: int, at: str, other: str = "%r", biases: tuple[str, ...] = BIASES) -> int:
    text = BIAS.replace("tensor<24xf32>", f"tensor<{n}xf32>").replace("(d2)", f"({at})")
    module = import_mlir_text(text.replace("addf %s, %r", f"addf %s, {other}")).module
    NpuOutlinePass(biases).apply(Context(), module)
    return sum(op.name == "npu.undecided" for op in module.walk())


def test_a_product_starts_from_a_row_that_is_added_to_all_of_its_rows() -> None:
    assert groups_of_bias(24, "d2") == 1


def test_a_column_a_square_and_a_row_of_another_dtype_are_added_by_themselves() -> None:
    assert groups_of_bias(4, "d1") == 2
    assert groups_of_bias(24, "d2", "%s") == 2
    assert groups_of_bias(24, "d2", biases=("f16",)) == 2
    assert groups_of_bias(24, "d2", biases=()) == 2
