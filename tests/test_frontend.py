"""Ways in: what comes out of PyTorch and of .mlir files, and what a user is told when it cannot."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from lowering import Module, assert_agrees, error_of, lowered, ops
from torch import nn
from xdsl.dialects import arith, cf
from xdsl.dialects.builtin import DenseResourceAttr, ModuleOp, i64
from xdsl.dialects.linalg.ops import GenericOp, MatmulOp

from hawk_xdsl.dialects.tm_tensor import ScanOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.load import load_program
from hawk_xdsl.frontend.program import Program
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.reference.host import run_main

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.mark.parametrize("name", ["encoder", "classifier"])
def test_the_examples_agree_with_pytorch(name: str, example: Callable[[str], Program]) -> None:
    program = example(name)
    assert_agrees(program)
    assert program.name == "factory"
    assert len(program.parameters) == len(program.parameter_names) > 0


def test_weights_are_leading_arguments_with_their_names() -> None:
    program = import_torch(nn.Linear(4, 3), (torch.randn(2, 4),))
    assert program.parameter_names == ("weight", "bias")
    assert [p.shape for p in program.parameters] == [(3, 4), (3,)]
    assert [str(t) for t in program.input_types] == ["tensor<2x4xf32>"]
    shapes = [str(argument.type) for argument in program.function.body.block.args]
    assert shapes == ["tensor<3x4xf32>", "tensor<3xf32>", "tensor<2x4xf32>"]


def test_buffers_are_arguments_and_unused_ones_are_dropped() -> None:
    norm = nn.BatchNorm2d(3)
    program = import_torch(norm, (torch.randn(1, 3, 4, 4),))
    assert program.parameter_names == ("weight", "bias", "running_mean", "running_var")
    assert norm.training, "the module is left as it was"
    assert_agrees(program)


def test_tensors_that_are_no_buffers_become_parameters_unless_small() -> None:
    large, small = torch.randn(5, 4), torch.tensor([1.0, 2.0, 3.0, 4.0])
    program = lowered(lambda x: x @ large.T + (small * x).sum(), torch.randn(2, 4))
    assert program.parameter_names == ("literal0",)
    np.testing.assert_array_equal(program.parameters[0], large.numpy())
    resources = [c for c in ops(program, arith.ConstantOp) if type(c.value) is DenseResourceAttr]  # pyright: ignore[reportAttributeAccessIssue]
    assert not resources
    assert_agrees(program)


def test_literals_of_two_modules_do_not_mix_up() -> None:
    programs = []
    for scale in (1.0, 2.0):
        table = torch.full((6, 6), scale) + torch.arange(6)
        programs.append(lowered(lambda x, table=table: x + table, torch.zeros(6, 6)))
    for program in programs:
        assert_agrees(program)


def test_tied_weights_are_one_parameter() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Linear(4, 4, bias=False)
            self.b = nn.Linear(4, 4, bias=False)
            self.b.weight = self.a.weight

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.b(torch.relu(self.a(x)))

    program = import_torch(Tied(), (torch.randn(2, 4),))
    assert len(program.parameters) == 1
    assert_agrees(program)


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    import_torch(nn.Linear(4, 3), (torch.randn(2, 4),))
    with pytest.raises(HawkError):
        lowered(lambda x: x if x.sum() > 0 else -x, torch.randn(3))
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


def test_integers_of_64_bits_stay_what_they_are() -> None:
    program = lowered(
        lambda x, i: (x.argmax(1), i + 5_000_000_000), torch.randn(3, 4), torch.tensor([5, 6])
    )
    assert [t.element_type for t in program.function.function_type.outputs] == [i64, i64]  # pyright: ignore[reportAttributeAccessIssue]
    assert program.arguments([np.zeros((3, 4), np.float32), np.array([5, 6], np.int32)])
    assert_agrees(program)


def test_a_floor_division_of_integers_needs_no_float() -> None:
    program = lowered(
        lambda a, b: torch.div(a, b, rounding_mode="floor"),
        torch.tensor([2**60 + 1, -7]),
        torch.tensor([3, 2]),
    )
    assert not any(op.name in ("arith.divf", "arith.sitofp") for op in program.module.walk())
    assert_agrees(program)


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ([], "expected 1 inputs, got 0"),
        ([np.zeros((3, 2), np.float32)], r"expected tensor<2x3xf32>, got float32 of shape (3, 2)"),
        ([np.zeros((2, 3))], r"expected tensor<2x3xf32>, got float64 of shape (2, 3)"),
    ],
)
def test_inputs_are_checked(inputs: list[np.ndarray], reason: str) -> None:
    program = lowered(lambda x: x + 1, torch.zeros(2, 3))
    assert reason in error_of(lambda: program.arguments(inputs))


@pytest.mark.parametrize("scan", [torch.cumsum, torch.cumprod])
def test_a_scan_of_torch_stays_a_scan(scan: Callable[..., torch.Tensor]) -> None:
    program = lowered(lambda x: scan(x, 1), torch.randn(2, 5, 3))
    assert len(ops(program, ScanOp)) == 1
    assert_agrees(program)


def test_extract_stays_and_its_bounds_are_the_references_task() -> None:
    table = nn.Embedding(5, 3)
    program = import_torch(table, (torch.tensor([[4, 0]]),))
    assert not ops(program, cf.AssertOp)
    assert_agrees(program)
    with pytest.raises(HawkError, match="index 7 is outside of an axis of extent 5"):
        run_main(program.module, program.arguments([np.array([[7, 0]])]))


def test_an_assert_that_guards_a_division_goes() -> None:
    program = lowered(lambda x: torch.reciprocal(x), torch.tensor([2.0, 0.0, -4.0]))
    assert not ops(program, cf.AssertOp)
    [result] = run_main(program.module, program.arguments(program.example_inputs))
    np.testing.assert_array_equal(result, [0.5, np.inf, -0.25])


def test_pads_are_kept_as_they_are() -> None:
    program = import_torch(nn.Conv2d(2, 3, 3, padding=1), (torch.randn(1, 2, 5, 5),))
    assert [op.name for op in program.module.walk()].count("tensor.pad") == 1
    assert_agrees(program)


def test_named_ops_that_xdsl_lacks_are_generalized_and_others_kept() -> None:
    program = lowered(
        lambda x, y: (torch.bmm(x, x), y @ y, nn.functional.avg_pool2d(x[:, None], 2)),
        torch.randn(2, 4, 4),
        torch.randn(4, 4),
    )
    assert len(ops(program, MatmulOp)) == 1
    assert ops(program, GenericOp)
    assert_agrees(program)


def test_bfloat16() -> None:
    layer = nn.Sequential(nn.Linear(8, 8), nn.GELU()).to(torch.bfloat16)
    program = import_torch(layer, (torch.randn(3, 8).to(torch.bfloat16),))
    assert program.parameters[0].dtype.name == "bfloat16"
    assert_agrees(program, tolerance=2e-2)


def test_means_of_narrow_floats_do_not_overflow_on_the_way() -> None:
    many = torch.full((70_000,), 2.0, dtype=torch.float16)
    program = import_torch(Module(lambda x: x.mean()), (many,))
    [mean] = program.reference([many.numpy()]) if program.reference else []
    assert float(mean) == 2.0
    assert_agrees(program, tolerance=1e-3)


def test_lowering_is_deterministic() -> None:
    texts = {str(load_program(f"{EXAMPLES / 'encoder'}.py:factory").module) for _ in range(2)}
    assert len(texts) == 1


def test_a_program_holds_one_verified_module() -> None:
    program = import_torch(nn.Linear(4, 3), (torch.randn(2, 4),))
    assert isinstance(program.module, ModuleOp)
    program.module.verify()


MORE = {
    "remainder": lambda x: torch.remainder(x, 0.7),
    "fmod": lambda x: torch.fmod(x, 0.7),
    "roll": lambda x: x.roll(2, 1),
    "running maximum": lambda x: x.cummax(1),
    "reflection": lambda x: nn.functional.pad(x[None, None], (2, 1, 0, 2), mode="reflect"),
    "sign": lambda x: torch.copysign(x, x.exp() - 1),
    "narrow integers": lambda x: ((x * 9).int() // 3).to(torch.int8),
}


@pytest.mark.parametrize("name", MORE)
def test_ops_that_need_more_than_one_table(name: str) -> None:
    assert_agrees(lowered(MORE[name], torch.randn(3, 7)))


def test_a_tensor_given_twice_is_two_inputs() -> None:
    x, storage = torch.randn(4), torch.randn(6)
    for a, b in ((x, x), (storage[:4], storage[:4]), (storage[:4], storage[2:])):
        program = lowered(lambda a, b: a - b, a, b)
        assert len(program.input_types) == 2
        [result] = run_main(
            program.module, program.arguments([np.ones(4, "f4"), np.zeros(4, "f4")])
        )
        np.testing.assert_array_equal(result, np.ones(4))


def test_a_parameter_given_as_input_is_an_input_of_its_own() -> None:
    class Scale(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.tensor([2.0, 3.0]))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * self.scale

    module = Scale()
    program = import_torch(module, (module.scale,))
    [result] = run_main(program.module, program.arguments([np.array([5.0, 7.0], "f4")]))
    np.testing.assert_array_equal(result, [10.0, 21.0])


def test_example_inputs_are_copies() -> None:
    x = torch.zeros(3)
    program = lowered(lambda x: x + 1, x)
    x += 5
    np.testing.assert_array_equal(program.example_inputs[0], np.zeros(3))


AXISLESS = {
    "input": (lambda x, s: x / s, torch.randn(3, 8), torch.tensor(2.0)),
    "reshaped": (lambda x, s: x / s.reshape(1, 1), torch.randn(3, 8), torch.tensor(2.0)),
    "softmax": (lambda s: torch.softmax(s, 0), torch.tensor(2.0)),
    "maximum": (lambda s: s.amax(0), torch.tensor(2.0)),
    "running maximum": (lambda s: s.cummax(0), torch.tensor(2.0)),
}


@pytest.mark.parametrize("name", AXISLESS)
def test_tensors_without_axes(name: str) -> None:
    function, *inputs = AXISLESS[name]
    assert_agrees(lowered(function, *inputs))


def test_unsigned_bytes_go_in_and_out_as_such() -> None:
    x = torch.tensor([200, 255, 3], dtype=torch.uint8)
    program = lowered(lambda x: (x + 60, x.float() / 255, x * 2.5, x.sum(), x > 100), x)
    assert_agrees(program)
    with pytest.raises(HawkError, match="expected tensor of uint8 as tensor<3xi8>, got int8"):
        program.arguments([x.numpy().view(np.int8)])


def test_dictionaries_and_conditions_are_results() -> None:
    assert_agrees(lowered(lambda x: {"a": x + 1, "b": (x > 0, x)}, torch.randn(5)))


class Cache(torch.nn.Module):
    """A buffer that each call writes to, by position and by assignment."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("rows", torch.zeros(4, 8))
        self.register_buffer("count", torch.zeros(1))
        self.rows: torch.Tensor
        self.count: torch.Tensor

    def forward(self, row: torch.Tensor, place: torch.Tensor, log: torch.Tensor) -> torch.Tensor:
        self.rows[place] = row
        self.count = self.count + 1
        log.mul_(2.0)
        return self.rows.sum(0) + log


def test_buffers_that_a_module_changes_are_inputs_and_results() -> None:
    module = Cache()
    row, place, log = torch.randn(1, 8), torch.tensor([2]), torch.randn(8)
    program = import_torch(module, (row, place, log))
    assert program.parameter_names == ()
    assert len(program.example_inputs) == 5  # the three given ones, rows and count
    rows = np.ones((4, 8), np.float32)
    inputs = (*program.example_inputs[:3], rows, np.full(1, 5.0, np.float32))
    found = run_main(program.module, program.arguments(inputs))
    assert program.reference is not None
    for one, other in zip(found, program.reference(inputs), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
    total, new_rows, count, new_log = found
    rows[2] = row.numpy()[0]
    np.testing.assert_array_equal(new_rows, rows)
    np.testing.assert_array_equal(count, [6.0])
    np.testing.assert_array_equal(new_log, 2 * log.numpy())
    np.testing.assert_allclose(total, rows.sum(0) + new_log, rtol=1e-6)
    assert not module.rows.any() and not module.count.any()
