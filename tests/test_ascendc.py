"""AscendC text: the kernel's addresses, flags and bounds; C++ as far as names go; refusals."""

import re
import shutil
import subprocess
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest
from instruction_kernels import instruction_kernels, recorded
from test_cli import hawk
from xdsl.dialects import scf
from xdsl.dialects.builtin import IntegerAttr, StringAttr, i64

from hawk_xdsl.ascendc.translate import ascendc_text
from hawk_xdsl.bench.suite import Case, Suite, load_suite
from hawk_xdsl.compiler import open_decider
from hawk_xdsl.dialects.npu import AllocOp, Join, KernelOp, SetFlagOp, WaitFlagOp
from hawk_xdsl.exports import write_ascendc
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.pipeline import compile_with
from hawk_xdsl.propose.decide import Decider
from hawk_xdsl.propose.settings import Budget, Settings, Sources
from hawk_xdsl.transforms.device_launch import DeviceLaunch, DeviceStage
from hawk_xdsl.transforms.pass_error import PassError

pytestmark = pytest.mark.corpus

ROOT = Path(__file__).parents[1]
COMPILER = shutil.which("g++") or shutil.which("clang++")
WRITTEN = (
    ("relu", "f32", "small"),
    ("relu", "f16", "small"),
    ("gelu_tanh", "f32", "small"),
    ("bias_add", "f32", "small"),
    ("to_half", "f32", "small"),
    ("sum_over_columns", "f32", "small"),
    ("sum_over_rows", "f32", "small"),
    ("sum_of_all", "f32", "small"),
    ("softmax", "f32", "small"),
    ("softmax", "f32", "large"),
    ("layer_norm", "f32", "small"),
    ("rms_norm", "f16", "small"),
)
"""Operators, dtypes and sizes whose kernels all have a form."""


@dataclass(frozen=True)
class Exported:
    """What was written of a compiled operator, and what of."""

    kernels: dict[str, KernelOp]
    texts: dict[str, str]
    left_out: tuple[str, ...]


class Exporter:
    """Composes operators of the suite and writes them."""

    def __init__(self, folder: Path, decider: Decider) -> None:
        self._suite: Suite = load_suite(ROOT / "benchmarks" / "operators.py")
        self._folder = folder
        self._decider = decider
        self._made: dict[tuple[str, str, str], Exported] = {}

    def __call__(self, name: str, dtype: str = "f32", size: str = "small") -> Exported:
        """The kernels of an operator, written once."""
        key = (name, dtype, size)
        if key not in self._made:
            self._made[key] = self._export(*key)
        return self._made[key]

    def _export(self, name: str, dtype: str, size: str) -> Exported:
        (operator,) = (each for each in self._suite.operators if each.name == name)
        case = Case(operator, size, dtype)
        compiled = compile_with(self._decider, import_torch(case.module(), case.tensors(0)))
        folder = self._folder / f"{name}-{dtype}-{size}"
        folder.mkdir()
        write_ascendc(compiled, folder)
        files = folder / "ascendc"
        left_out = files / "left_out.txt"
        return Exported(
            {op.sym_name.data: op for op in compiled.module.ops if isinstance(op, KernelOp)},
            {file.stem: file.read_text(encoding="utf-8") for file in files.glob("*.cpp")},
            tuple(left_out.read_text().splitlines()) if left_out.is_file() else (),
        )


@pytest.fixture(scope="module")
def exporter(tmp_path_factory: pytest.TempPathFactory) -> Generator[Exporter]:
    settings = Settings(Sources.COMPOSITION, Budget(4, 0, 20.0, 0))
    with open_decider("ascend910b1", settings, store=None) as decider:
        yield Exporter(tmp_path_factory.mktemp("ascendc"), decider)


@pytest.mark.skipif(COMPILER is None, reason="needs g++ or clang++")
@pytest.mark.parametrize(("name", "dtype", "size"), WRITTEN)
def test_the_text_is_cpp(
    exporter: Exporter, tmp_path: Path, name: str, dtype: str, size: str
) -> None:
    """Against declarations of this test's own: syntax, names, arities and dtypes of operands."""
    exported = exporter(name, dtype, size)
    assert exported.left_out == ()
    assert set(exported.texts) == set(exported.kernels)
    for kernel, text in exported.texts.items():
        assert compile_error(text, tmp_path / f"{kernel}.cpp") == ""


def compile_error(text: str, file: Path) -> str:
    """What the compiler says of a text."""
    file.write_text(text, encoding="utf-8")
    stub = Path(__file__).parent / "ascendc_stub"
    given = [str(COMPILER), "-std=c++17", "-fsyntax-only", "-Wall", "-Werror", f"-I{stub}"]
    return subprocess.run([*given, str(file)], capture_output=True, text=True, check=False).stderr


@pytest.mark.skipif(COMPILER is None, reason="needs g++ or clang++")
def test_the_check_notices_a_wrong_text(exporter: Exporter, tmp_path: Path) -> None:
    (text,) = exporter("relu").texts.values()
    file = tmp_path / "wrong.cpp"
    assert "Maxz" in compile_error(text.replace("Maxs(", "Maxz("), file)
    assert compile_error(text.replace("Maxs(b0, ", "Maxs("), file) != ""


@pytest.mark.parametrize("name", ["relu", "softmax", "layer_norm"])
def test_addresses_flags_and_bounds_are_those_of_the_kernel(exporter: Exporter, name: str) -> None:
    exported = exporter(name)
    ((symbol, kernel),) = exported.kernels.items()
    text = exported.texts[symbol]
    ops = list(kernel.walk())
    found = re.findall(r"LocalTensor<\w+> b\d+\(TPosition::VECCALC, (\d+), \d+\);", text)
    assert found == [
        str(op.address.value.data)
        for op in ops
        if isinstance(op, AllocOp) and op.address is not None
    ]
    flags = [op for op in ops if isinstance(op, SetFlagOp | WaitFlagOp)]
    written = re.findall(r"(Set|Wait)Flag<HardEvent::(\w+)>\(EVENT_ID(\d)\);", text)
    assert [flag for flag in written if flag[1] != "V_S"] == [flag_text(op) for op in flags]
    (loop,) = (op for op in ops if isinstance(op, scf.ForOp))
    bound = loop.ub.owner.properties["value"].value.data  # pyright: ignore
    head = f"iteration = block; iteration < {bound}; iteration += {kernel.blocks.value.data})"
    assert head in text


def flag_text(op: SetFlagOp | WaitFlagOp) -> tuple[str, str, str]:
    """Kind, pair of pipes and event as the text has them."""
    names = {"vector": "V", "scalar": "S", "mte2": "MTE2", "mte3": "MTE3"}
    pair = f"{names[op.source.data]}_{names[op.target.data]}"
    return ("Set" if isinstance(op, SetFlagOp) else "Wait", pair, str(op.event.value.data))


def test_the_whole_text_of_a_relu(exporter: Exporter) -> None:
    (text,) = exporter("relu").texts.values()
    assert text.startswith(
        "// AscendC text, not compiled here.\n// Blocks: 32, target: ascend910b1.\n//\n"
    )
    assert "max(" in text.split("#include")[0], "the specification"
    assert text[text.index("for (") :] == RELU


RELU = """\
for (int64_t iteration = block; iteration < 32; iteration += 32) {
        const int64_t i0 = iteration * 16;
        LocalTensor<float> b0(TPosition::VECCALC, 0, 16);
        WaitFlag<HardEvent::MTE3_MTE2>(EVENT_ID0);
        DataCopyPad(b0, x0[i0], DataCopyExtParams{1, 64, 0, 0, 0}, PADDING);
        SetFlag<HardEvent::MTE2_V>(EVENT_ID0);
        WaitFlag<HardEvent::MTE2_V>(EVENT_ID0);
        Maxs(b0, b0, 0.0f, 16);
        SetFlag<HardEvent::V_MTE3>(EVENT_ID0);
        WaitFlag<HardEvent::V_MTE3>(EVENT_ID0);
        DataCopyPad(y0[i0], b0, DataCopyExtParams{1, 64, 0, 0, 0});
        SetFlag<HardEvent::MTE3_MTE2>(EVENT_ID0);
    }
    WaitFlag<HardEvent::MTE3_MTE2>(EVENT_ID0);
}
""".replace("PADDING", "DataCopyPadExtParams<float>{false, 0, 0, 0}")


def test_a_softmax_reads_the_maximum_of_its_row(exporter: Exporter) -> None:
    (text,) = exporter("softmax").texts.values()
    lines = [line.strip() for line in text.splitlines()]
    at = lines.index("WholeReduceMax(b2, b1, 64, 1, 1, 1, 8, ReduceOrder::ORDER_ONLY_VALUE);")
    assert lines[at + 1 : at + 5] == [
        "PipeBarrier<PIPE_V>();",
        "SetFlag<HardEvent::V_S>(EVENT_ID0);",
        "WaitFlag<HardEvent::V_S>(EVENT_ID0);",
        "Adds(b1, b1, static_cast<float>(-(b2.GetValue(0))), 64);",
    ]


def test_kernels_without_a_form_are_named_and_the_others_written(exporter: Exporter) -> None:
    (cube,) = exporter("matmul").left_out
    assert re.fullmatch(r"@\w+: npu.kernel on cube cores has no form in AscendC", cube)
    (scan,) = exporter("cumulative_sum").left_out
    assert "npu.vtranspose has no form in AscendC: no instruction is taken for it" in scan


@pytest.mark.skipif(COMPILER is None, reason="needs g++ or clang++")
def test_every_instruction_in_every_dtype_is_cpp_or_refused(tmp_path: Path) -> None:
    target = load_target("ascend910b1")
    texts: list[str] = []
    refused: list[str] = []
    for case in instruction_kernels(target):
        kernel = recorded(case, target).launch.stages[0].kernel
        try:
            text = ascendc_text(DeviceLaunch.of(kernel), target, {})
        except PassError as error:
            refused.append(str(error))
        else:
            texts.append(f"namespace n{len(texts)} {{\n{text[text.index('using') :]}}}\n")
    whole = '#include "kernel_operator.h"\n' + "".join(texts)
    assert compile_error(whole, tmp_path / "all.cpp") == ""
    assert len(texts) >= 80
    assert all(re.match(r"@\w+: npu\.\w+ has no form in AscendC: ", line) for line in refused)


@pytest.mark.skipif(COMPILER is None, reason="needs g++ or clang++")
def test_stages_of_a_launch_are_functions_between_barriers(
    exporter: Exporter, tmp_path: Path
) -> None:
    (kernel,) = exporter("relu").kernels.values()
    one = DeviceLaunch.of(kernel)
    few = kernel.clone()
    few.sym_name, few.blocks = StringAttr("few"), IntegerAttr(3, i64)
    buffer = one.types[0]
    stages = (
        DeviceStage(kernel, (0, 1), None),
        DeviceStage(few, (1, 2), Join.BARRIER),
        DeviceStage(kernel, (0, 3), Join.FREE),
    )
    launch = DeviceLaunch(
        "all", stages, (buffer,) * 4, (0, 1, 2, 3), frozenset({1, 2, 3}), frozenset()
    )
    name = kernel.sym_name.data
    text = ascendc_text(launch, load_target("ascend910b1"), {name: "y0 = max(x0, 0)"})
    assert compile_error(text, tmp_path / "all.cpp") == ""
    head = 'extern "C" __global__ __aicore__ void all('
    lines = [line.strip() for line in text[text.index(head) :].splitlines()]
    assert lines[0] == f"{head}GM_ADDR b0, GM_ADDR b1, GM_ADDR b2, GM_ADDR b3) {{"
    assert lines[3:11] == [
        f"{name}(b0, b1);",
        "PipeBarrier<PIPE_ALL>();",
        "SyncAll();",
        "if (GetBlockIdx() < 3) {",
        "few(b1, b2);",
        "}",
        "PipeBarrier<PIPE_ALL>();",
        f"{name}(b0, b3);",
    ]
    assert text.count("__aicore__ inline void") == 2, "a kernel that runs twice is written once"
    assert "// y0 = max(x0, 0)\n" in text


MIXED = ROOT / "tests" / "kernels" / "programs" / "select_then_matmul.mlir"
"""A selection on vector cores, and a product on cube cores."""


@pytest.mark.skipif(COMPILER is None, reason="needs g++ or clang++")
def test_the_command_writes_what_it_can_and_says_what_was_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    given = ("compile", MIXED, "--sources", "composition", "-o", out, "--tuning", 0, "--no-run")
    assert hawk(*given, "--emit", "ascendc") == 0
    text = (out / "ascendc" / "elementwise_0.cpp").read_text()
    assert "Compare(" in text and "Select(" in text
    assert compile_error(text, tmp_path / "select.cpp") == ""
    said = " ".join(capsys.readouterr().out.split())
    for line in (out / "ascendc" / "left_out.txt").read_text().splitlines():
        assert f"Left out: {line}" in said
    assert "npu.kernel on cube cores has no form in AscendC" in said
