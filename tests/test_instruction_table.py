"""The table of instructions: everything is made from it, and one more row is all that one needs."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hawk_xdsl.cli import app
from hawk_xdsl.dialects.npu import (
    INSTRUCTIONS,
    NPU,
    ROWS,
    VECTOR_OPS,
    confusion,
    interchangeable,
)
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.npu_target import available_targets, load_target

pytestmark = pytest.mark.corpus

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "instructions.md"

ROW = '    InstructionRow("vsinh", OpForm.UNARY, "Hyperbolic sine.", np.sinh),\n'
COSTS = "vsinh = { f16 = [4, 0, 8], f32 = [3, 0, 8] }\n"


def with_line(file: Path, before: str, line: str) -> None:
    """Writes a line into a file, before the first line that starts with a text."""
    lines = file.read_text().splitlines(keepends=True)
    place = next(n for n, known in enumerate(lines) if known.startswith(before))
    file.write_text("".join([*lines[:place], line, *lines[place:]]))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What a copy of the package says whose table and target have one line more."""
    folder = tmp_path_factory.mktemp("one_more_row")
    package = folder / "hawk_xdsl"
    package.mkdir()
    for entry in (ROOT / "hawk_xdsl").iterdir():
        if entry.name in ("dialects", "npu_target"):
            shutil.copytree(entry, package / entry.name)
        else:
            (package / entry.name).symlink_to(entry)
    with_line(package / "dialects/npu/instructions.py", '    InstructionRow("vexp"', ROW)
    with_line(package / "npu_target/targets/ascend910b1.toml", "vexp = ", COSTS)
    path = os.pathsep.join([str(folder), str(ROOT / "tests"), str(ROOT / "benchmarks")])
    script = [sys.executable, str(ROOT / "tests" / "uses_new_instruction.py"), str(folder)]
    run = subprocess.run(
        script, env={**os.environ, "PYTHONPATH": path}, cwd=folder, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def test_a_new_row_parses_builds_verifies_and_prints(found: dict[str, object]) -> None:
    assert "a = vsinh a\n" in str(found["printed"])
    assert found["keyword"]


def test_a_new_row_is_simulated_by_its_function(found: dict[str, object]) -> None:
    assert found["simulated"]


def test_a_new_row_is_proved_to_be_the_function_of_its_name(found: dict[str, object]) -> None:
    assert found["trust"] == str(Trust.PROVED)


def test_a_new_row_is_among_the_damage(found: dict[str, object]) -> None:
    assert found["reworded"] and found["reworded away"] and found["damaged"]


def test_a_new_row_is_on_the_page_of_instructions(found: dict[str, object]) -> None:
    page = str(found["page"])
    assert "| `vsinh TILE` | Hyperbolic sine. | sinh | yes |" in page
    assert "\n| `vsinh` | f16, f32 |" in page


def test_a_new_row_is_a_word_that_the_packaged_model_was_not_taught(
    found: dict[str, object],
) -> None:
    assert found["token"] == 1
    assert not found["taught"]


def test_with_a_new_row_the_packaged_model_writes_and_is_judged(found: dict[str, object]) -> None:
    written = found["written"]
    assert isinstance(written, list) and ["model", "accepted"] in written


def test_the_page_of_instructions_is_that_of_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    app(["instructions"], standalone_mode=False)
    assert PAGE.read_text() == capsys.readouterr().out, (
        "run: hawk instructions > docs/instructions.md"
    )


def test_every_row_is_an_op_that_says_the_same() -> None:
    assert {op.ROW.mnemonic for op in VECTOR_OPS} == set(ROWS) and len(ROWS) == len(INSTRUCTIONS)
    for op in VECTOR_OPS:
        assert op.name == op.ROW.op_name
        assert op.ROW.in_place == op.IN_PLACE
        assert op in NPU.operations


def test_every_row_that_is_elementwise_has_a_function() -> None:
    for row in INSTRUCTIONS:
        assert (row.compute is not None) == row.form.is_elementwise, row.mnemonic


def test_no_target_has_costs_of_an_instruction_that_is_none() -> None:
    known = {name for row in INSTRUCTIONS for name in row.cost_rows}
    for name in available_targets():
        assert set(load_target(name).vector.ops) <= known


def test_damage_puts_an_instruction_where_another_builds() -> None:
    assert confusion("vadd") == "vsub" and confusion("vexp") == "vln"
    assert confusion("vcast") is None and confusion("mmad") is None
    for row in INSTRUCTIONS:
        other = confusion(row.mnemonic)
        assert other is None or other in interchangeable(row.mnemonic)
        assert other != row.mnemonic
