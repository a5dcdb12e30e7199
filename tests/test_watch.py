"""Values inside a kernel, and where in the model a launch and a trap are from."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from test_cli import failure, hawk, python
from test_report import compiled  # noqa: F401  # pyright: ignore[reportUnusedImport]

from hawk_xdsl.inspection.collect import collect
from hawk_xdsl.ir_text import placed_text, read_module
from hawk_xdsl.pipeline import load_compiled


@pytest.fixture
def out(compiled: Path, tmp_path: Path) -> Path:  # noqa: F811
    return Path(shutil.copytree(compiled, tmp_path / "copy"))


def test_what_a_buffer_held_after_each_instruction(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The softmax of row 0: loaded, less the maximum, its exponential, divided by the sum."""
    [row] = [r for r in json.loads((out / "report.json").read_text())["kernels"]
             if r["kernel"] == "@rows_0"]  # fmt: skip
    lines = row["text"].splitlines()
    [name] = {m[1] for line in lines if (m := re.match(r"store (\w+) into y0", line))}
    saved = tmp_path / "saved"
    assert hawk("run", out, "--watch", f"@rows_0:{name}", "-o", saved) == 0
    said = capsys.readouterr().out
    states = [np.load(file) for file in sorted(saved.glob("watched*.npy"))]
    loaded, _ = load_compiled(out)
    x, w = loaded.program.example_inputs
    first = (x @ w)[: states[0].shape[0]]
    by_hand = [first, first - first.max(1, keepdims=True)]
    by_hand.append(np.exp(by_hand[-1]))
    by_hand.append(by_hand[-1] / by_hand[-1].sum(1, keepdims=True))
    assert len(states) == len(by_hand)
    for state, wanted in zip(states, by_hand, strict=True):
        np.testing.assert_allclose(state, wanted, rtol=1e-4, atol=1e-5)
    headings = re.findall(r"line (\d+): (.+)", said)
    assert [lines[int(number) - 1] for number, _ in headings] == [text for _, text in headings]
    assert headings[0][1].startswith(f"{name} = load x0") and "block 0" in said


def test_another_block_all_of_them_and_none(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counts: list[int] = []
    for block in ("", ":1", ":all", ":47"):
        assert hawk("run", out, "--watch", f"@rows_0:y0{block}") == 0
        counts.append(capsys.readouterr().out.count("after npu.store"))
    first, other, everything, beyond = counts
    assert first == other == 1 and everything > 20 and beyond == 0


def test_what_cannot_be_watched_is_one_line(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "there are @matmul_0, @rows_0" in failure(capsys, "run", out, "--watch", "@no:b")
    assert "@rows_0 has no buffer no; there are b0" in failure(
        capsys, "run", out, "--watch", "@rows_0:no"
    )
    for wrong in ("rows_0", "@rows_0:b0:x", "@:b0", "@rows_0:b0:1:2"):
        assert "expected @kernel:buffer" in failure(capsys, "run", out, "--watch", wrong, status=2)


def test_a_trap_says_the_line_of_the_model_and_of_the_kernel_text(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = out / "main.mlir"
    text = file.read_text()
    begin = text.index("npu.kernel @rows_0")
    kernel = text[begin:]
    wait = re.search(r"\n *npu\.wait_flag <mte2> to <vector>[^\n]*", kernel)
    assert wait is not None
    file.write_text(text[:begin] + kernel.replace(wait[0], "", 1))
    said = failure(capsys, "run", out)
    assert re.match(r"hawk: .*network\.mlir:8: npu\.", said), said
    assert re.search(r"in @rows_0 .*\[race\]; line \d+ of its kernel text", said), said


def test_launches_say_where_in_the_model_they_are_from(out: Path) -> None:
    sources = [launch.source for launch in collect(out).launches]
    assert [source.rpartition("/")[2] for source in sources] == ["network.mlir:6", "network.mlir:8"]


def test_places_survive_text(out: Path) -> None:
    text = (out / "main.mlir").read_text()
    module = read_module(text, "main.mlir")
    assert placed_text(module).split() == text.split()
    assert "loc(unknown)" not in text


def test_the_line_of_a_pytorch_model(tmp_path: Path) -> None:
    source = python(
        tmp_path,
        "import torch\n\n\nclass Two(torch.nn.Module):\n    def forward(self, x):\n"
        "        y = torch.softmax(x, -1)\n        return y @ x.T\n\n\n"
        "def factory():\n    return Two().eval(), (torch.randn(16, 32),)\n",
    )
    out = tmp_path / "out"
    composition = ("--sources", "composition", "-q", "-o", out)
    assert hawk("compile", f"{source}:factory", *composition, "--no-run") == 0
    launches = collect(out).launches
    lines = {launch.name: launch.source.rpartition(":")[2] for launch in launches}
    assert lines["rows_0"] == "6" and lines["matmul_0"] == "7"
    assert all(launch.source.startswith(str(source)) for launch in launches)
