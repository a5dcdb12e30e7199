"""``hawk explain``, ``hawk doctor``, and what a compile shows while it works."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console
from test_cli import failure, hawk
from test_report import NETWORK, compiled  # noqa: F401  # pyright: ignore[reportUnusedImport]

from hawk_xdsl.cli.app import app
from hawk_xdsl.cli.compile_progress import LiveProgress, LoggedProgress
from hawk_xdsl.cli.completions import complete_kernel
from hawk_xdsl.inspection.repairs import repair_of
from hawk_xdsl.npu_target import TrapCode
from hawk_xdsl.propose.refusal import stage_of


@pytest.fixture
def network(tmp_path: Path) -> Path:
    path = tmp_path / "network.mlir"
    path.write_text(NETWORK)
    return path


@pytest.fixture
def told(compiled: Path, tmp_path: Path) -> Path:  # noqa: F811
    """The same compile, as if a model had first written a kernel that does not fit."""
    out = tmp_path / "out"
    out.mkdir()
    for file in compiled.iterdir():
        if file.is_file():
            (out / file.name).write_bytes(file.read_bytes())
    report = json.loads((out / "report.json").read_text())
    row = next(row for row in report["kernels"] if row["kernel"] == "@rows_0")
    first: dict[str, Any] = row["attempts_made"][0]
    refused = {
        **first,
        "verdict": "rejected",
        "writer": "kernel-1",
        "source": "model",
        "text": "a = load x0[0:64, 0:80] into ub\n",
        "cycles": None,
        "code": "capacity",
        "message": "@rows_0: ub needs 300000 bytes, has 196608",
        "prompt": [{"role": "user", "content": "Write the kernel of this op."}],
    }
    row["attempts_made"].insert(0, refused)
    (out / "report.json").write_text(json.dumps(report))
    return out


def test_the_drafts_are_told_in_order_with_the_repair_of_each_refusal(
    capsys: pytest.CaptureFixture[str], told: Path
) -> None:
    assert hawk("explain", told, "@rows_0") == 0
    said = " ".join(capsys.readouterr().out.split())
    refused, accepted = said.index("rejected"), said.index("accepted")
    assert refused < said.index("ub needs 300000 bytes, has 196608 [capacity]") < accepted
    assert "by kernel-1" in said and "repair: The tiles alive at one time do not fit" in said
    assert "chosen" in said[accepted:] and "by template" in said[accepted:]
    assert "Schedules timed" in said and "whole-tiles" in said
    assert "vreduce max" in said and "y0[i0, i1] = t1[i0, i1] / t2[i0]" in said


def test_what_a_model_was_asked(capsys: pytest.CaptureFixture[str], told: Path) -> None:
    assert hawk("explain", told, "rows_0", "--prompt") == 0
    said = capsys.readouterr().out
    assert "draft 1: user" in said and "Write the kernel of this op." in said
    assert "kernel-1 wrote" in said and "load x0[0:64, 0:80]" in said
    assert "no model was asked for @matmul_0" in failure(
        capsys, "explain", told, "@matmul_0", "--prompt"
    )


def test_the_text_of_one_draft(capsys: pytest.CaptureFixture[str], told: Path) -> None:
    assert hawk("explain", told, "@rows_0", "--draft", 1) == 0
    assert capsys.readouterr().out.split() == ["a", "=", "load", "x0[0:64,", "0:80]", "into", "ub"]
    assert "no draft 3 of @rows_0: 2 were made" in failure(
        capsys, "explain", told, "@rows_0", "--draft", 3
    )


def test_without_a_kernel_all_are_listed(capsys: pytest.CaptureFixture[str], told: Path) -> None:
    assert hawk("explain", told) == 0
    said = capsys.readouterr().out
    assert "@matmul_0" in said and "@rows_0" in said and "of time" in said
    assert "there are @matmul_0, @rows_0" in failure(capsys, "explain", told, "@nobody")
    assert "need a kernel" in failure(capsys, "explain", told, "--prompt", status=2)


def test_every_code_of_a_refusal_has_a_repair() -> None:
    gate = ("syntax", "verifier", "unplanned", "unproven", "wrong-result", "runaway")
    writers = ("no-instruction", "rewrites", "unfilled", "model", "timeout", "unfinished")
    codes = (*TrapCode, *gate, *writers, "grammar", "prompt-too-long")
    assert [code for code in codes if not repair_of(code)] == []
    assert all(stage_of(code) is not None for code in codes)
    assert repair_of("nothing of the kind") == ""


def test_quiet_prints_nothing_and_verbose_every_attempt(
    capsys: pytest.CaptureFixture[str], network: Path, tmp_path: Path
) -> None:
    command = ("compile", network, "--sources", "composition", "-o", tmp_path / "out")
    assert hawk(*command, "--quiet") == 0
    assert capsys.readouterr().out == ""
    assert hawk(*command, "--verbose", "--fresh") == 0
    said = capsys.readouterr().out
    assert "matmul_0: attempt 1 of 8" in said
    assert "[1/2] matmul_0: template, proved" in said
    assert "Seconds: " in said and "deciding" in said
    assert "only one of them" in failure(capsys, *command, "--quiet", "--verbose", status=2)


def test_equal_kernels_are_one_line_with_their_number(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "twice.mlir"
    path.write_text(
        """
func.func @main(%x: tensor<64x64xf32>, %y: tensor<64x64xf32>)
    -> (tensor<64x64xf32>, tensor<64x64xf32>) {
  %e = tensor.empty() : tensor<64x64xf32>
  %a = linalg.exp ins(%x : tensor<64x64xf32>) outs(%e : tensor<64x64xf32>) -> tensor<64x64xf32>
  %b = linalg.exp ins(%y : tensor<64x64xf32>) outs(%e : tensor<64x64xf32>) -> tensor<64x64xf32>
  return %a, %b : tensor<64x64xf32>, tensor<64x64xf32>
}
"""
    )
    assert hawk("compile", path, "--sources", "composition", "-o", tmp_path / "out") == 0
    lines = capsys.readouterr().out.splitlines()
    [line] = [line for line in lines if line.startswith("  @elementwise_0")]
    drafts, ops, _, _, share, *_ = line.split()[-7:]
    assert (drafts, ops, share) == ("1", "2", "100%")
    assert "2 ops: 1 reused, 1 template; 2 proved" in lines


class _Decided:
    """What the progress asks of a decision."""

    repeated = True

    class decision:
        label, source, trust, cycles, bound_share, reason = "rows_0", "reused", "proved", 7, 0.5, ""


def test_the_live_table_shows_stages_decisions_and_what_remains() -> None:
    shown = LiveProgress()
    shown.stage("reading model.py")
    shown.total(2)
    shown.decided(_Decided())  # pyright: ignore[reportArgumentType]
    shown.detail("rows_1: attempt 1 of 8: template")
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    console.print(shown)
    said = console.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
    assert "reading model.py" in said and "deciding" in said
    assert "1 of 2 ops decided" in said and "left" in said
    decision = "rows_0: reused, proved, 7 cycles, 50% of its bound"
    assert any(line.startswith(decision) for line in said.splitlines()), "a line of its own"
    assert "rows_1: attempt 1 of 8" in said


def test_a_log_tells_details_only_now_and_then() -> None:
    out = io.StringIO()
    quiet, loud = (LoggedProgress(Console(file=out, width=80), every) for every in (False, True))
    quiet.detail("not worth a line")
    loud.detail("asked for")
    assert "asked for" in out.getvalue() and "not worth" not in out.getvalue()


HAWK = "import sys; sys.argv[0] = 'hawk'; from hawk_xdsl.cli import main; main()"


def command(tmp_path: Path, *words: str, **environment: str) -> str:
    """What a process of its own prints."""
    done = subprocess.run(
        [sys.executable, "-c", HAWK, *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    return done.stdout


def test_colours_are_left_out_where_they_are_not_wanted(tmp_path: Path) -> None:
    green = "\x1b[32m"
    terminal = {"FORCE_COLOR": "1", "TERM": "xterm-256color"}
    assert green in command(tmp_path, "doctor", **terminal)
    assert green not in command(tmp_path, "doctor", **terminal, NO_COLOR="1")


def test_the_shell_completes_kernels_and_targets(told: Path, tmp_path: Path) -> None:
    def completed(words: str) -> list[str]:
        place = str(len(words.split(" ")) - 1)
        environment = {"_HAWK_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": place}
        return command(tmp_path, **environment).split()

    assert completed(f"hawk explain {told} @r") == ["@rows_0"]
    assert completed("hawk compile -t ascend9") == ["ascend910b1", "ascend950"]


def test_of_what_is_no_compile_no_kernel_is_completed(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("no JSON")
    context = typer.Context(typer.main.get_command(app))
    context.params["directory"] = tmp_path
    assert complete_kernel(context, "@r") == []


def test_the_doctor_tells_what_a_bug_report_needs(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    assert hawk("doctor") == 0
    said = capsys.readouterr().out
    for what in ("hawk-xdsl", "python", "machine", "xdsl", "torch-mlir", "targets", "model"):
        assert any(line.startswith(what) for line in said.splitlines()), what
    assert "Nothing is broken." in said
    assert "notthereyet" in "".join(said.split()), "the store's line, wherever it is broken"
    assert not store.exists(), "looking changes nothing"


def test_the_doctor_says_what_is_broken(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    store.write_text("this is no database")
    assert hawk("doctor") == 1
    said = capsys.readouterr().out
    assert "Broken: store" in said and "broken" in said and str(store.name) in said


PAGE = Path(__file__).parents[1] / "docs/report.md"


def test_the_commands_of_the_page_run_as_they_stand(
    told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = PAGE.read_text().splitlines()
    commands = [line.split() for line in lines if line.startswith("    hawk ")]
    assert [words[1] for words in commands][:7] == [
        *("compile", "report", "report", "report", "explain", "run", "doctor")
    ]
    for words in commands[1:7]:
        given = [str(told) if word.startswith("out/") else word for word in words[1:]]
        assert hawk(*given) == 0, words
    assert (tmp_path / "report.html").is_file() and (tmp_path / "compared.html").is_file()
    assert "after npu." in capsys.readouterr().out
    for picture in re.findall(r"\((images/[\w.]+)\)", PAGE.read_text()):
        assert 0 < (PAGE.parent / picture).stat().st_size < 200_000
