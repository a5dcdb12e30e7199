"""What a user reads when a program cannot be imported: one line, with the place."""

import os
import time
from pathlib import Path

import pytest
import torch
from lowering import Module, assert_agrees, error_of, lowered
from torch import nn

from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.child import EnterStage, in_child
from hawk_xdsl.frontend.load import load_program
from hawk_xdsl.frontend.mlir_import import import_mlir_text
from hawk_xdsl.frontend.torch_import import import_torch


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

class Decomposition(nn.Module):
    def forward(self, x):
        return torch.linalg.svd(x)[1]

number = 3
def branch(): return Branch(), (torch.randn(4),)
def selection(): return Selection(), (torch.randn(4),)
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
    "no_pair": "p.py: no_pair must return (torch.nn.Module or ExportedProgram, example inputs), ",
    "no_tensor": "p.py: example input 0 must be a tensor, not int",
    "raises": "p.py:27: raises failed: RuntimeError: ",
    "too_few": "p.py: torch cannot export this module: TypeError: ",
    "branch": "p.py: torch cannot export this module: GuardOnDataDependentSymNode: ",
    "selection": "p.py: dynamic shapes are not supported: ",
    "decomposition": "p.py:17: torch.aten._linalg_svd: no lowering for this op",
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
        ("model.tflite", "expected FILE.py:factory, a .mlir or an .onnx file, got model.tflite"),
        ("p.py", "expected FILE.py:factory, a .mlir or an .onnx file, got p.py"),
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
    "a text": (lambda x: (x, "s"), torch.ones(2), "result 1 is 's': every result"),
    "a sparse input": (lambda x: x + 1, torch.eye(2).to_sparse(), "must be a dense tensor on"),
    "a number given": (lambda x: x + 1, 3, "example input 0 must be a tensor, not int: fix it"),
    "a list given": (lambda x: x[0], [torch.ones(2)], "0 must be a tensor, not list: wrap it"),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_cannot_be_an_input_or_a_result_is_told(name: str) -> None:
    function, given, reason = UNSUPPORTED[name]
    assert reason in error_of(lambda: import_torch(Module(function), (given,)))  # pyright: ignore[reportArgumentType]


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
    def abort(tell: EnterStage) -> None:
        tell("the second stage")
        os.write(2, b"noise\nLLVM ERROR: no such thing\n")
        os.abort()

    def spin(tell: EnterStage) -> None:
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


def test_stages_are_told_as_the_work_enters_them() -> None:
    begun = time.monotonic()
    told: list[tuple[str, float]] = []

    def work(enter: EnterStage) -> bytes:
        enter("first")
        time.sleep(0.3)
        enter("second")
        return b"x" * (1 << 21)  # longer than a read of the pipe

    result = in_child(
        work, file=None, on_stage=lambda stage: told.append((stage, time.monotonic() - begun))
    )
    assert len(result) == 1 << 21
    assert [stage for stage, _ in told] == ["first", "second"]
    assert told[1][1] - told[0][1] > 0.2
