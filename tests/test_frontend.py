"""Ways in: what comes out of PyTorch and of .mlir files, and what a user is told when it cannot."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from xdsl.dialects import arith, cf
from xdsl.dialects.builtin import DenseResourceAttr, ModuleOp, i64
from xdsl.dialects.linalg.ops import GenericOp, MatmulOp
from xdsl.ir import Operation

from hawk_xdsl.dialects.tm_tensor import ScanOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.bindings import MlirModule
from hawk_xdsl.frontend.child import Tell, in_child
from hawk_xdsl.frontend.load import load_program
from hawk_xdsl.frontend.mlir_import import import_mlir_text
from hawk_xdsl.frontend.program import Program
from hawk_xdsl.frontend.to_xdsl import readable
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.reference.evaluate import evaluate_region
from hawk_xdsl.reference.host import run_main

EXAMPLES = Path(__file__).parent.parent / "examples"


class Module(nn.Module):
    """A module with the given ``forward``."""

    def __init__(self, function: Callable[..., object]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args: torch.Tensor) -> object:
        return self.function(*args)


def lowered(function: Callable[..., object], *inputs: torch.Tensor) -> Program:
    return import_torch(Module(function), inputs)


def ops(program: Program, kind: type[Operation]) -> list[Operation]:
    return [op for op in program.module.walk() if isinstance(op, kind)]


def error_of(function: Callable[[], object]) -> str:
    with pytest.raises(HawkError) as caught:
        function()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def assert_agrees(program: Program, tolerance: float = 1e-5) -> None:
    assert program.reference is not None
    expected = program.reference(program.example_inputs)
    results = run_main(program.module, program.arguments(program.example_inputs))
    assert len(results) == len(expected)
    for result, wanted in zip(results, expected, strict=True):
        assert result.shape == wanted.shape and result.dtype == wanted.dtype
        np.testing.assert_allclose(
            result.astype(np.float64), wanted.astype(np.float64), rtol=tolerance, atol=tolerance
        )


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
def test_scan_stays_a_running_fold(scan: Callable[..., torch.Tensor]) -> None:
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


def test_any_other_assert_is_an_error_with_its_line() -> None:
    text = """func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = linalg.map ins(%x : tensor<4xf32>) outs(%x : tensor<4xf32>)
    (%a: f32, %o: f32) {
      %p = arith.cmpf ord, %a, %a : f32
      cf.assert %p, "no NaN"
      linalg.yield %a : f32
    }
  return %0 : tensor<4xf32>
}"""
    reason = error_of(lambda: import_mlir_text(text, file="m.mlir"))
    assert reason == 'm.mlir:5: cf.assert: cannot check "no NaN" in a kernel'


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


PYTHON = """
import torch
from torch import nn

class Branch(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x
        return -x

class Selection(nn.Module):
    def forward(self, x):
        return x[x > 0]

class Sort(nn.Module):
    def forward(self, x):
        return torch.sort(x)[0]

class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("n", torch.zeros(4))
    def forward(self, x):
        self.n += 1
        return x + self.n

class Decomposition(nn.Module):
    def forward(self, x):
        return torch.linalg.svd(x)[1]

number = 3
def branch(): return Branch(), (torch.randn(4),)
def selection(): return Selection(), (torch.randn(4),)
def sort(): return Sort(), (torch.randn(4),)
def counter(): return Counter(), (torch.randn(4),)
def decomposition(): return Decomposition(), (torch.randn(4, 4),)
def too_few(): return Branch(), ()
def no_tensor(): return Branch(), (3,)
def no_pair(): return Branch()
def raises():
    return torch.randn(3) @ torch.randn(4)
def fine(): return nn.ReLU(), torch.randn(4)
"""

PYTHON_ERRORS = {
    "missing": "p.py: has no function missing",
    "number": "p.py: has no function number",
    "no_pair": "p.py: no_pair must return (torch.nn.Module, example inputs), not Branch",
    "no_tensor": "p.py: example input 0 must be a tensor, not int",
    "raises": "p.py:41: raises failed: RuntimeError: ",
    "too_few": "p.py: torch cannot export this module: TypeError: ",
    "branch": "p.py: torch cannot export this module: GuardOnDataDependentSymNode: ",
    "selection": "p.py: dynamic shapes are not supported: ",
    "counter": "p.py: the module changes n in forward",
    "sort": "p.py:17: tm_tensor.sort: no lowering for this op",
    "decomposition": "p.py:29: torch.aten._linalg_svd: no lowering for this op",
}


@pytest.fixture
def python_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.py").write_text(PYTHON)
    return "p.py"


@pytest.mark.parametrize("factory", PYTHON_ERRORS)
def test_errors_in_python_files_name_the_place(python_file: str, factory: str) -> None:
    reason = error_of(lambda: load_program(f"{python_file}:{factory}"))
    assert reason.startswith(PYTHON_ERRORS[factory])


def test_a_single_tensor_may_be_given_as_the_inputs(python_file: str) -> None:
    assert_agrees(load_program(f"{python_file}:fine"))


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("none.py:f", "none.py: no such file"),
        ("none.mlir", "none.mlir: no such file"),
        ("model.onnx", "expected FILE.py:factory or a .mlir file, got model.onnx"),
        ("p.py", "expected FILE.py:factory or a .mlir file, got p.py"),
    ],
)
def test_sources_that_are_none(python_file: str, source: str, reason: str) -> None:
    assert error_of(lambda: load_program(source)) == reason


def test_a_syntax_error_has_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.py").write_text("x = 1\ndef f(:\n")
    assert error_of(lambda: load_program("bad.py:f")).startswith("bad.py:2: f failed: SyntaxError")


MLIR_ERRORS = {
    "func.func @f() {\n  %x = foo.bar\n}": "m.mlir:2: Dialect `foo' not found",
    "func.func @f(%a: tensor<?xf32>) {\n  return\n}": (
        "m.mlir:1: func.func: dynamic shapes are not supported: tensor<?xf32>"
    ),
    "func.func @f(%a: memref<4xf32>) {\n  return\n}": (
        "m.mlir:1: func.func: expected tensors, found memref<4xf32>"
    ),
    "func.func @f() {\n  return\n}\nfunc.func @g() {\n  return\n}": (
        "m.mlir: expected one function in the module, found 2"
    ),
    "": "m.mlir: expected one function in the module, found 0",
    """func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = tensor.generate {
  ^bb0(%i: index):
    %v = tensor.extract %a[%i] : tensor<4xf32>
    tensor.yield %v : f32
  } : tensor<4xf32>
  return %0 : tensor<4xf32>
}""": "m.mlir:2: tensor.generate: no lowering for this op",
}


@pytest.mark.parametrize("text", MLIR_ERRORS)
def test_errors_in_mlir_files_name_file_and_line(text: str) -> None:
    reason = error_of(lambda: import_mlir_text(text, file="m.mlir"))
    assert reason.startswith(MLIR_ERRORS[text])


def test_private_functions_are_inlined(tmp_path: Path) -> None:
    file = tmp_path / "two.mlir"
    file.write_text("""
func.func private @twice(%a: tensor<4xf32>) -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  %0 = linalg.add ins(%a, %a : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>)
     -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func @model(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = func.call @twice(%a) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}""")
    program = load_program(str(file))
    assert program.name == "two" and program.reference is None
    assert program.function.sym_name.data == "main"
    [x] = program.example_inputs
    [y] = evaluate_region(program.function.body, program.arguments([x]))
    np.testing.assert_array_equal(y, x + x)


def test_generic_form_and_large_constants_in_text() -> None:
    text = """module {
  func.func @main(%a: tensor<2x10xf32>) -> tensor<2x10xf32> {
    %c = arith.constant dense_resource<weights> : tensor<2x10xf32>
    %0 = "linalg.add"(%a, %c, %a) <{operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%x: f32, %y: f32, %z: f32):
      %s = arith.addf %x, %y : f32
      linalg.yield %s : f32
    }) : (tensor<2x10xf32>, tensor<2x10xf32>, tensor<2x10xf32>) -> tensor<2x10xf32>
    return %0 : tensor<2x10xf32>
  }
}
{-# dialect_resources: { builtin: { weights: "0x04000000DATA" } } #-}"""
    weights = np.arange(20, dtype="<f4").reshape(2, 10)
    program = import_mlir_text(text.replace("DATA", weights.tobytes().hex()))
    np.testing.assert_array_equal(program.parameters[0], weights)
    [result] = run_main(program.module, program.arguments([weights]))
    np.testing.assert_array_equal(result, 2 * weights)


def test_a_matmul_keeps_its_indexing_maps_on_the_way() -> None:
    text = """
func.func @main(%a: tensor<4x4xf32>, %b: tensor<4x4xf32>, %c: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                                      affine_map<(m, n, k) -> (n, k)>,
                                      affine_map<(m, n, k) -> (m, n)>]
      ins(%a, %b : tensor<4x4xf32>, tensor<4x4xf32>) outs(%c : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}"""
    program = import_mlir_text(text)
    a, b, c = program.example_inputs
    [result] = run_main(program.module, program.arguments([a, b, c]))
    np.testing.assert_allclose(result, a @ b.T + c, rtol=1e-5)


def test_the_module_that_reaches_xdsl_is_generic_text_with_its_aliases_first() -> None:
    text = MlirModule.parse("func.func @main() {\n  return\n}", "m.mlir").generic_text()
    lines = [line for line in text.splitlines() if line.strip()]
    aliases = [line.startswith("#") for line in lines]
    assert aliases == sorted(aliases, reverse=True) and '"func.return"() : () -> ()' in text


def test_lowering_is_deterministic() -> None:
    texts = {str(load_program(f"{EXAMPLES / 'encoder'}.py:factory").module) for _ in range(2)}
    assert len(texts) == 1


def test_a_program_holds_one_verified_module() -> None:
    program = import_torch(nn.Linear(4, 3), (torch.randn(2, 4),))
    assert isinstance(program.module, ModuleOp)
    program.module.verify()


def test_infinities_of_dense_literals_stay_infinite() -> None:
    mask = torch.tensor([True, False, True])
    program = lowered(lambda x: x.masked_fill(mask, float("-inf")), torch.randn(2, 3))
    assert_agrees(program)
    text = 'dense<[0xFF800000, 1.0]> : tensor<2xf32>, "arith.trunci"(%0) <{overflowFlags = '
    assert readable(text + "#arith.overflow<none>}> : x") == (
        'dense<"0x000080FF0000803F"> : tensor<2xf32>, "arith.trunci"(%0) : x'
    )


MORE = {
    "remainder": lambda x: torch.remainder(x, 0.7),
    "fmod": lambda x: torch.fmod(x, 0.7),
    "roll": lambda x: x.roll(2, 1),
    "running maximum": lambda x: x.cummax(1),
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


UNSUPPORTED = {
    "complex input": (lambda x: x * 2, torch.ones(2) + 1j, "example input 0: complex64 is not"),
    "complex op": (
        lambda x: torch.fft.rfft(x).abs(),
        torch.ones(4),
        "aten.fft_rfft.default: complex64 is not",
    ),
    "f64 input": (lambda x: x * 2, torch.ones(2).double(), "example input 0: float64 is not"),
    "f64 result": (lambda x: x.double(), torch.ones(2), "result 0: float64 is not"),
    "f8 input": (lambda x: x, torch.ones(2).to(torch.float8_e5m2), "0: float8_e5m2 is not"),
    "no result": (lambda x: (x, None), torch.ones(2), "result 1 is None: every result"),
    "a size": (lambda x: (x, x.shape[0]), torch.ones(2), "result 1 is 2: every result"),
    "a number": (lambda x: x.sum().item(), torch.ones(2), "result 0 is a number that depends"),
    "a changed input": (lambda x: x.add_(1), torch.ones(2), "changes example input 0 in"),
    "a sparse input": (lambda x: x + 1, torch.eye(2).to_sparse(), "must be a dense tensor on"),
    "a number given": (lambda x: x + 1, 3, "example input 0 must be a tensor, not int: fix it"),
    "a list given": (lambda x: x[0], [torch.ones(2)], "0 must be a tensor, not list: wrap it"),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_cannot_be_an_input_or_a_result_is_told(name: str) -> None:
    function, given, reason = UNSUPPORTED[name]
    assert reason in error_of(lambda: import_torch(Module(function), (given,)))


def test_a_weight_that_no_kernel_takes_is_named() -> None:
    class Scale(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.unused = nn.Parameter(torch.ones(2).double())
            self.register_buffer("scale", torch.ones(2).double())

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (x * self.scale).float()  # pyright: ignore[reportOperatorIssue]

    reason = error_of(lambda: import_torch(Scale(), (torch.ones(2),)))
    assert "scale: float64 is not supported: " in reason


def test_dictionaries_and_conditions_are_results() -> None:
    assert_agrees(lowered(lambda x: {"a": x + 1, "b": (x > 0, x)}, torch.randn(5)))


def test_an_abort_of_torch_mlir_is_an_error_that_names_the_op() -> None:
    x = torch.tensor([200, 255, 3], dtype=torch.uint8)
    reason = error_of(lambda: lowered(lambda x: (x + 1) // 7, x))
    assert "aten.div.Tensor_mode: torch-mlir aborts (SIGSEGV) at this op" in reason


def test_a_child_gives_results_and_errors_and_changes_nothing() -> None:
    kept: list[int] = []
    assert in_child(lambda tell: kept.append(1) or "text" * 10**6, file=None) == "text" * 10**6
    assert not kept
    for error in (HawkError("a reason", file="f.py", line=3), ValueError("a reason")):
        with pytest.raises(HawkError, match="a reason"):
            in_child(lambda tell, error=error: _raise(error), file=None)


def test_whatever_ends_a_child_is_an_error_with_its_stage(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def abort(tell: Tell) -> None:
        tell("the second stage")
        os.write(2, b"noise\nLLVM ERROR: no such thing\n")
        os.abort()

    def spin(tell: Tell) -> None:
        while True:
            pass

    reason = error_of(lambda: in_child(abort, file="f.py"))
    told = "torch-mlir during the second stage aborts (SIGABRT): no such thing"
    assert reason == f"f.py: {told}"
    assert "torch-mlir does not end" in error_of(lambda: in_child(spin, file=None, seconds=1))
    assert "exit status 3" in error_of(lambda: in_child(lambda tell: os._exit(3), file=None))
    assert capfd.readouterr() == ("", "")


def _raise(error: Exception) -> None:
    raise error


def test_named_ops_without_a_generic_form_are_taken_apart() -> None:
    text = """
func.func @main(%a: tensor<6x8xf32>) -> tensor<6x8xf32> {
  %e = tensor.empty() : tensor<6x8xf32>
  %t = tensor.empty() : tensor<2x2x3x4xf32>
  %s = linalg.softmax dimension(1) ins(%a : tensor<6x8xf32>) outs(%e : tensor<6x8xf32>)
    -> tensor<6x8xf32>
  %p = linalg.pack %s inner_dims_pos = [0, 1] inner_tiles = [3, 4] into %t
    : tensor<6x8xf32> -> tensor<2x2x3x4xf32>
  %q = linalg.exp ins(%p : tensor<2x2x3x4xf32>) outs(%t : tensor<2x2x3x4xf32>)
    -> tensor<2x2x3x4xf32>
  %u = linalg.unpack %q inner_dims_pos = [0, 1] inner_tiles = [3, 4] into %e
    : tensor<2x2x3x4xf32> -> tensor<6x8xf32>
  return %u : tensor<6x8xf32>
}"""
    program = import_mlir_text(text)
    [x] = program.example_inputs
    [y] = run_main(program.module, program.arguments([x]))
    wanted = torch.softmax(torch.from_numpy(x), 1).exp().numpy()
    np.testing.assert_allclose(y, wanted, rtol=1e-5)
