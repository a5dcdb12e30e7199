"""The hawk command: bad input is one line and exit status 1, never a traceback."""

import json
import sqlite3
import sys
from pathlib import Path

import pytest
from kernel_files import read_module

from hawk_xdsl.cli import main
from hawk_xdsl.knowledge_store import Evidence, KnowledgeStore, parse_entries

EXP = """
func.func @main(%x: tensor<64x128xf32>) -> tensor<64x128xf32> {
  %e = tensor.empty() : tensor<64x128xf32>
  %d = linalg.exp ins(%x : tensor<64x128xf32>) outs(%e : tensor<64x128xf32>) -> tensor<64x128xf32>
  return %d : tensor<64x128xf32>
}
"""


POWER = read_module("programs/power")


def hawk(*args: object) -> int:
    """The exit status of a command."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as stop:
        patch.setattr(sys, "argv", ["hawk", *map(str, args)])
        main()
    return int(stop.value.code or 0)


def failure(capsys: pytest.CaptureFixture[str], *args: object, status: int = 1) -> str:
    """What a command that must fail says, in one line; a mistake in its usage has status 2."""
    assert hawk(*args) == status
    captured = capsys.readouterr()
    lines = captured.err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("hawk: "), captured.err
    return lines[0]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands run in an empty folder, not beside what ``make demo`` left in ``out``."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def exp(tmp_path: Path) -> Path:
    path = tmp_path / "exp.mlir"
    path.write_text(EXP)
    return path


def python(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "model.py"
    path.write_text(text)
    return path


def test_compile_and_run(capsys: pytest.CaptureFixture[str], exp: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert hawk("compile", exp, "--sources", "composition", "-o", out) == 0
    told = capsys.readouterr().out
    assert "exp(x0)" in told and "template" in told and "cycles" in told
    assert "1 ops: 1 template; 1 proved" in told
    [row] = json.loads((out / "report.json").read_text())["kernels"]
    assert row["trust"] == "proved" and 0 < row["proof_error"] < 1e-9
    assert {p.name for p in out.iterdir()} >= {"main.mlir", "report.json", "kernels"}
    assert hawk("run", out) == 0
    assert "L2 hit rate" in capsys.readouterr().out


def test_what_failed_is_told_at_once_until_it_is_asked_for_afresh(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "nobody.mlir"
    path.write_text(POWER)
    command = ("compile", path, "--sources", "composition", "-o", tmp_path / "out")
    assert hawk(*command) == 1
    first = capsys.readouterr().err
    assert "fpowi" in first and "remembered" not in first
    assert hawk(*command) == 1
    assert "remembered; --fresh asks again" in capsys.readouterr().err
    assert hawk(*command, "--fresh") == 1
    assert capsys.readouterr().err == first
    assert "fresh" in failure(capsys, "compile", path, "--sources", "replay", "--fresh", status=2)


COMMANDS = (
    ("compile",),
    ("run",),
    ("trace",),
    ("targets",),
    ("bench",),
    *(("knowledge", name) for name in ("list", "show", "add", "export", "synthesize", "prune")),
    *(("model", name) for name in ("generate", "train", "evaluate", "adopt", "restore")),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_says_what_it_is_for(
    capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    assert hawk(*command, "--help") == 0
    assert f"{' '.join(command)} [OPTIONS]" in " ".join(capsys.readouterr().out.split())


def test_targets_and_knowledge(capsys: pytest.CaptureFixture[str]) -> None:
    assert hawk("targets") == 0
    assert "ascend910b1" in capsys.readouterr().out
    assert hawk("knowledge", "list", "--kind", "template") == 0
    assert "whole-tiles" in capsys.readouterr().out
    assert hawk("knowledge", "show", "whole-tiles") == 0
    assert 'strategy = "whole-tiles"' in capsys.readouterr().out


def test_missing_things(capsys: pytest.CaptureFixture[str], tmp_path: Path, exp: Path) -> None:
    assert "no such file" in failure(capsys, "compile", tmp_path / "no.mlir")
    model = python(tmp_path, "x = 1\n")
    assert "no function factory" in failure(capsys, "compile", f"{model}:factory")
    assert "unknown target" in failure(capsys, "compile", exp, "--target", "abacus")
    assert "no compiled model" in failure(capsys, "run", tmp_path / "nothing")
    assert "no knowledge entry" in failure(capsys, "knowledge", "show", "nonsense")
    assert "--sources" in failure(capsys, "compile", exp, "--sources", "oracle", status=2)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--attempts", "0"),
        ("--attempts", "many"),
        ("--tuning", "-1"),
        ("--seconds", "nan"),
        ("--seconds", "0"),
        ("--seed", "-1"),
        ("--seed", "4294967296"),
        ("--retrieval", "luck"),
        ("--nonsense", "1"),
    ],
)
def test_options_that_are_none_are_refused_before_the_source_is_looked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, option: str, value: str
) -> None:
    told = failure(capsys, "compile", tmp_path / "no.mlir", option, value, status=2)
    assert option.removeprefix("--") in told


def test_a_place_where_nothing_can_be_written_is_told_before_any_work(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    exp: Path,
    store: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "file" in failure(capsys, "compile", exp, "-o", exp)
    assert "file" in failure(capsys, "compile", exp, "-o", exp / "below")
    monkeypatch.chdir(tmp_path)
    assert "you are in it" in failure(capsys, "compile", exp, "-o", ".")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letters.txt").write_text("not ours")
    assert "letters.txt" in failure(capsys, "compile", exp, "-o", "home")
    assert (tmp_path / "home" / "letters.txt").read_text() == "not ours"
    assert not store.exists()


def test_text_that_is_no_mlir_names_the_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "bad.mlir"
    path.write_text("func.func @main() {\n  nonsense\n}\n")
    assert "bad.mlir:2:" in failure(capsys, "compile", path)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("    raise ValueError('broken on purpose')\n", "broken on purpose"),
        ("    return 3\n", "must return"),
        (
            "    class M(torch.nn.Module):\n"
            "        def forward(self, x):\n"
            "            return x if x.sum().item() > 0 else -x\n"
            "    return M(), (torch.ones(4),)\n",
            "",
        ),
        (
            "    class M(torch.nn.Module):\n"
            "        def forward(self, x):\n"
            "            return x.nonzero()\n"
            "    return M(), (torch.ones(4),)\n",
            "",
        ),
    ],
)
def test_modules_that_cannot_be_exported(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, body: str, reason: str
) -> None:
    model = python(tmp_path, f"import torch\n\ndef factory():\n{body}")
    told = failure(capsys, "compile", f"{model}:factory", "--sources", "composition")
    assert "model.py" in told and reason in told


def test_a_model_that_is_none(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, exp: Path
) -> None:
    command = ("compile", exp, "--sources", "model", "-o", tmp_path / "out")
    assert "no such model" in failure(capsys, *command, "--model", tmp_path / "missing" / "m")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "config.json" in failure(capsys, *command, "--model", empty)
    (empty / "config.json").write_text('{"architectures": ["BertModel"]}')
    assert "not a causal language model" in failure(capsys, *command, "--model", empty)


def test_a_store_of_a_newer_version(
    capsys: pytest.CaptureFixture[str], exp: Path, store: Path, tmp_path: Path
) -> None:
    command = ("compile", exp, "--sources", "composition", "-o", tmp_path / "out")
    assert hawk(*command) == 0
    capsys.readouterr()
    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE meta SET value = '999' WHERE key = 'schema_version'")
    assert "schema version 999" in failure(capsys, *command)


def test_a_store_that_is_no_store(
    capsys: pytest.CaptureFixture[str], exp: Path, store: Path
) -> None:
    store.write_text("not a database, but long enough to be taken for the header of one" * 20)
    assert "not a SQLite database" in failure(capsys, "compile", exp, "--sources", "composition")


WRONG_ENTRY = """
[[entry]]
name = "arc-tangent-of-nothing"
kind = "rewrite"
rationale = "For a test: an arc tangent that is the identity."
[entry.artifact]
before = "{before}"
after = "x + 0"
"""


def test_entries_of_ones_own(capsys: pytest.CaptureFixture[str], tmp_path: Path, exp: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(WRONG_ENTRY.format(before="arc_of_nothing(x)"))
    assert hawk("knowledge", "add", file) == 0
    assert "added arc-tangent-of-nothing" in capsys.readouterr().out
    assert hawk("knowledge", "show", "arc-tangent-of-nothing") == 0
    capsys.readouterr()
    exp.write_text(EXP.replace("linalg.exp", "linalg.log"))
    assert hawk("compile", exp, "--sources", "composition", "-o", tmp_path / "out") == 0
    file.write_text(WRONG_ENTRY.format(before="atan(x"))
    assert "own.toml" in failure(capsys, "knowledge", "add", file)


def test_an_entry_that_its_check_contradicts_is_refused_with_the_input(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "own.toml"
    file.write_text(WRONG_ENTRY.format(before="atan(x)"))
    told = failure(capsys, "knowledge", "add", file)
    assert "own.toml" in told and "claims exact, but gives" in told and "at x = " in told
    assert "arc-tangent-of-nothing" in failure(
        capsys, "knowledge", "show", "arc-tangent-of-nothing"
    )


@pytest.mark.parametrize(
    ("artifact", "told"),
    [
        ('strategy = "split"', "there is no strategy 'split'; known are whole-tiles"),
        ('text = "$across"\nstrategy = "split-k"', "has either a 'strategy' or a 'text'"),
        ('strategy = "split-k"\nbefore = "x"', "'before' is of a template with a 'text'"),
        (
            'strategy = "split-k"\n[[entry.tile]]\nname = "i0"\nprefer = [32]',
            "a contraction has tile sizes m, n and k, not 'i0'",
        ),
    ],
)
def test_a_template_that_would_not_be_obeyed_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, artifact: str, told: str
) -> None:
    file = tmp_path / "own.toml"
    file.write_text(
        '[[entry]]\nname = "mine"\nkind = "template"\nrationale = "For a test."\n'
        f'[entry.trigger]\nstructure = "contraction"\n[entry.artifact]\n{artifact}\n'
    )
    assert told in " ".join(failure(capsys, "knowledge", "add", file).split())


def test_the_check_prints_what_is_claimed_and_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert hawk("knowledge", "check", "--entry", "erf-by-quotient") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "erf-by-quotient" in told and "8 ulp" in told and "f32: x = " in told


def test_a_wrong_entry_never_makes_a_wrong_kernel(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, exp: Path
) -> None:
    with KnowledgeStore() as opened:
        for entry in parse_entries(WRONG_ENTRY.format(before="exp(x)"), "own.toml"):
            opened.add_entry(entry)
    assert hawk("compile", exp, "--sources", "composition", "-o", tmp_path / "out") == 0
    [kernel] = (tmp_path / "out" / "kernels").iterdir()
    assert "vexp" in kernel.read_text()
    with KnowledgeStore() as opened:
        assert opened.evidence()["arc-tangent-of-nothing"] == Evidence(uses=1, losses=1)
        assert "elements are wrong" in (next(opened.outcomes()).trap_message or "")


def test_a_target_of_ones_own_is_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, exp: Path
) -> None:
    target = tmp_path / "mine.toml"
    target.write_text(
        'base = "ascend910b1"\nname = "mine"\nsummary = "fewer cores"\n[cores]\nvector = 4\n'
    )
    out = tmp_path / "out"
    assert hawk("compile", exp, "--sources", "composition", "-t", target, "-o", out) == 0
    assert "(simulated, mine)" in capsys.readouterr().out
    assert "blocks 4" in (out / "main.mlir").read_text()
    assert hawk("run", out) == 0
    target.write_text('base = "ascend910b1"\nname = "mine"\nsummary = "x"\nclock = 3\n')
    assert "mine.toml" in failure(capsys, "compile", exp, "-t", target)


DYNAMIC = """import torch
from torch.export import Dim

def rows():
    dim = Dim("seq", min=1, max=20)
    return torch.nn.Softmax(-1), (torch.randn(4, 16),), ({0: dim},)

def two():
    return torch.nn.Softmax(-1), (torch.randn(4, 16),), ({0: Dim("a", max=4), 1: Dim("b", max=4)},)
"""


def test_a_factory_may_name_a_dynamic_dimension(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hawk("compile", f"{python(tmp_path, DYNAMIC)}:rows") == 0
    printed = capsys.readouterr().out
    assert "seq in 1..20 on ascend910b1: 1 kernel, bound to the length" in printed
    assert "rows_0_0: seq in 1..20: proved at 1, " in printed
    for length in (1, 10, 20):
        assert f"seq = {length}: Error against PyTorch: " in printed


def test_what_a_dynamic_dimension_has_not_yet_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = python(tmp_path, DYNAMIC)
    said = failure(capsys, "compile", f"{file}:two")
    assert said.endswith("a in 1..4 and b in 1..4; make all but one static")
    said = failure(capsys, "compile", f"{file}:rows", "--emit", "hivm", status=2)
    assert said == "hawk: --emit hivm: not for seq in 1..20: a dynamic dimension"
    said = failure(capsys, "compile", f"{file}:rows", "--sources", "replay", status=2)
    assert "kernels for seq in 1..20 are written by templates" in said
    said = failure(capsys, "compile", f"{file}:rows", "--dim", "n=1..8", status=2)
    assert (
        said
        == "hawk: --dim n: a dimension of a .mlir or .onnx file; a factory returns dynamic_shapes"
    )
