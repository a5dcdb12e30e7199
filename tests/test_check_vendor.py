"""The vendor's tools accept our kernels, plan them, and compute what the NPU simulator says."""

import json
from collections.abc import Callable, Generator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from instruction_kernels import instruction_kernels, recorded
from kernel_files import Kernel
from test_cli import failure, hawk
from xdsl.dialects.builtin import ModuleOp

from hawk_xdsl.bench.suite import Case, Operator, load_suite
from hawk_xdsl.compiler import open_decider
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.hivm.convert_npu_to_hivm import hivm_functions
from hawk_xdsl.hivm.devices import device_of
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.pipeline import compile_with
from hawk_xdsl.propose.decide import Decider
from hawk_xdsl.propose.settings import Budget, Settings, Sources
from hawk_xdsl.transforms.device_launch import DeviceLaunch
from hawk_xdsl.vendor import tools
from hawk_xdsl.vendor.check import VendorCheck
from hawk_xdsl.vendor.executable.native import load_jit
from hawk_xdsl.vendor.generic_form import mixed_text
from hawk_xdsl.vendor.planning import verify
from hawk_xdsl.vendor.recording import Recorded, record
from hawk_xdsl.vendor.running import VendorToolError
from hawk_xdsl.vendor.tools import INSTALL, tools_installed

pytestmark = pytest.mark.corpus

needs_tools = pytest.mark.skipif(
    not tools_installed(), reason=f"needs the vendor's compiler: {INSTALL}"
)

SUITE = load_suite(Path(__file__).parents[1] / "benchmarks" / "operators.py")
TARGET = load_target("ascend910b1")
SECONDS = 120.0
OF_A_FAMILY = 5
"""Operators that are asked about, of each family, the last ones."""

FAMILIES = sorted({operator.family for operator in SUITE.operators})


def chosen(family: str) -> list[Case]:
    """The cases of a family, in one dtype after the other."""
    operators = [each for each in SUITE.operators if each.family == family][-OF_A_FAMILY:]
    return [_case(operator, number) for number, operator in enumerate(operators)]


def _case(operator: Operator, number: int) -> Case:
    return Case(operator, "small", operator.dtypes[number % len(operator.dtypes)])


@pytest.fixture(scope="module")
def kernels() -> Generator[Callable[[str], list[tuple[str, Recorded]]]]:
    """The kernels of a family with what they are given and give, composed once."""
    load_jit()
    with open_decider(
        "ascend910b1", Settings(Sources.COMPOSITION, Budget(4, 0, 20.0, 0)), store=None
    ) as decider:
        yield cache(lambda family: list(_kernels(decider, family)))


def _kernels(decider: Decider, family: str) -> Generator[tuple[str, Recorded]]:
    for case in chosen(family):
        compiled = compile_with(decider, import_torch(case.module(), case.tensors(0)))
        arguments = compiled.program.arguments(compiled.program.example_inputs)
        for each in record(compiled.module, arguments, compiled.target):
            yield case.name, each


CHECK = VendorCheck(TARGET, device_of("ascend910b1"), SECONDS)


@needs_tools
@pytest.mark.parametrize("family", FAMILIES)
def test_the_vendor_accepts_and_computes(
    kernels: Callable[[str], list[tuple[str, Recorded]]], family: str
) -> None:
    wrong: list[str] = []
    for case, each in kernels(family):
        verdict = CHECK.verdict(each)
        for step, answer in verdict.steps.items():
            if not answer.passed:
                wrong.append(f"{case} @{each.name}: {step}: {answer.said}")
    assert not wrong, "\n".join(wrong)


@needs_tools
def test_those_are_eighty_kernels_at_least(
    kernels: Callable[[str], list[tuple[str, Recorded]]],
) -> None:
    assert sum(len(kernels(family)) for family in FAMILIES) >= 80


@pytest.fixture(scope="module")
def instructions() -> list[Kernel]:
    return list(instruction_kernels(TARGET))


@needs_tools
def test_the_vendor_accepts_every_instruction_in_every_dtype(instructions: list[Kernel]) -> None:
    """All are verified in one run; their values are benchmarks/vendor_ops.py's business."""
    functions = []
    for case in instructions:
        kernel = recorded(case, TARGET).launch.stages[0].kernel
        functions += hivm_functions(DeviceLaunch.of(kernel), TARGET, planned=True)
    names = [function.sym_name.data for function in functions]
    assert len(set(names)) == len(names) >= 150
    module = ModuleOp(functions)
    module.verify()
    verify(mixed_text(module), CHECK.device, seconds=SECONDS)


REWRITTEN = (
    *("vsub_f32_column", "vreduce_argmax_f16_axis1", "vshru_i32_scalar", "vcast_f32_i32_floor"),
    *("vand_i32_scalar", "vcumulate_sum_f32_axis0"),
)


@needs_tools
@pytest.mark.parametrize("name", REWRITTEN)
def test_instructions_that_are_rewritten_give_the_same_values(
    instructions: list[Kernel], name: str
) -> None:
    (case,) = [each for each in instructions if each.signature.name == name]
    verdict = CHECK.verdict(recorded(case, TARGET))
    assert verdict.passed, verdict


@needs_tools
def test_a_wrong_value_is_told() -> None:
    (case,) = [e for e in instruction_kernels(TARGET) if e.signature.name == "vexp_f32"]
    right = recorded(case, TARGET)
    outputs = tuple(np.where(array > 2, array * 1.001, array) for array in right.outputs)
    verdict = CHECK.verdict(Recorded(right.launch, right.inputs, outputs))
    assert verdict.verified.passed and verdict.planned.passed
    assert not verdict.our_values.passed and not verdict.their_values.passed
    assert not verdict.passed


EXP = """
func.func @main(%x: tensor<64x128xf32>) -> tensor<64x128xf32> {
  %e = tensor.empty() : tensor<64x128xf32>
  %d = linalg.exp ins(%x : tensor<64x128xf32>) outs(%e : tensor<64x128xf32>) -> tensor<64x128xf32>
  return %d : tensor<64x128xf32>
}
"""


@pytest.fixture
def compiled(tmp_path: Path) -> Path:
    """A compiled model with all that is written of it."""
    source, out = tmp_path / "exp.mlir", tmp_path / "out"
    source.write_text(EXP)
    given = ("compile", source, "--sources", "composition", "-o", out, "--tuning", 0)
    assert hawk(*given, "--emit", "model", "--emit", "hivm", "--emit", "hivm-planned") == 0
    return out


def test_hivm_is_a_file_for_each_kernel_and_how_they_are_launched(compiled: Path) -> None:
    text = (compiled / "hivm" / "elementwise_0.mlir").read_text()
    planned = (compiled / "hivm-planned" / "elementwise_0.mlir").read_text()
    assert "memref.alloc" in text and "pointer_cast" not in text and "set_flag" not in text
    assert "pointer_cast" in planned and "set_flag" in planned and "memref.alloc" not in planned
    plan = json.loads((compiled / "hivm" / "launches.json").read_text())
    [launch] = [step for step in plan["steps"] if "kernel" in step]
    assert launch["file"] == "elementwise_0.mlir" and launch["core"] == "AIV"
    assert f"hacc.block_dim = {launch['blocks']}" in text
    shapes = [plan["buffers"][name]["shape"] for name in launch["buffers"]]
    assert shapes == [[8192], [8192]]
    assert plan["buffers"]["b0"]["argument"] == "input 0"


@needs_tools
def test_the_command_shows_a_table_and_the_report_has_it(
    compiled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hawk("check-vendor", compiled) == 0
    told = capsys.readouterr().out
    assert "@elementwise_0" in told and "verifier: 1 of 1" in told
    assert "values, their plan: 1 of 1" in told
    report = json.loads((compiled / "report.json").read_text())
    [verdict] = report["vendor"]
    assert verdict["passed"] and verdict["kernel"] == "elementwise_0"
    assert report["kernels"], "what was there stays"
    assert hawk("run", compiled) == 0


def test_planned_is_for_hivm_only(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    source = tmp_path / "exp.mlir"
    source.write_text(EXP)
    said = failure(capsys, "compile", source, "--planned", status=2)
    assert said == "hawk: --planned: only with --emit hivm"


def test_without_the_tools_one_line_says_what_to_install(
    compiled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "PACKAGE", "not_installed_here")
    tools.tool.cache_clear()
    capsys.readouterr()
    said = failure(capsys, "check-vendor", compiled)
    assert said == "hawk: needs the vendor's compiler: pip install 'hawk-xdsl[ascend]'"


@needs_tools
def test_a_kernel_that_is_not_there_is_told(
    compiled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    said = failure(capsys, "check-vendor", compiled, "-k", "softmax", status=2)
    assert said == "hawk: --kernel softmax: there are elementwise_0"


@needs_tools
def test_the_reason_is_the_tools_own() -> None:
    with pytest.raises(VendorToolError) as error:
        verify("func.func @k() { hivm.hir.nothing }", CHECK.device, seconds=SECONDS)
    assert "hivm.hir.nothing" in str(error.value) and "/tmp" not in str(error.value)
