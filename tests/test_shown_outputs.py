"""What the documentation shows as an output is what comes out.

Every indented block of a page is made of commands, or an output, or something that a reader writes
or that explains. ``OUTPUTS`` has what makes an output, by its page and how it begins; ``OTHERS``
are the rest, and a block that is in neither fails. Pages are narrower than terminals, so blanks do
not count; ``…`` stands for anything, and lines may be left out between those that are shown.
"""

import re
import subprocess
import sysconfig
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hawk_xdsl.cli import app
from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.frontend.mlir_import import import_mlir
from hawk_xdsl.knowledge_store import load_seed_entries
from hawk_xdsl.language_model.composites import composites_of, for_results
from hawk_xdsl.language_model.shorthand import Shorthand
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.passes.npu_outline import NpuOutlinePass
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.specification import Specification, specify
from hawk_xdsl.semantics.steps import steps_of
from hawk_xdsl.universe import context

ROOT = Path(__file__).parents[1]
SOFTMAX = ROOT / "examples" / "softmax.mlir"

COMMANDS = ("hawk ", "make", "python", "pip", "xdsl-opt", "bishengir", ".venv/bin/", "export RAY")
"""How commands begin; ``tests/test_docs.py`` tries those of ``hawk``."""

FOLLOWED = {
    "extending.md": "test_extending.py",
    "instructions.md": "test_instruction_table.py",
    "rules.md": "test_rules.py",
}
"""Pages that a test of their own compares as a whole."""

OTHERS = {
    "README.md": ("import hawk_xdsl",),
    "architecture.md": ("PyTorch module", "across i0 in 0..256 step 8"),
    "decide.md": ("specification ─►",),
    "dynamic_shapes.md": (
        *("npu.kernel @softmax", "across i0 in 0..n0", "from torch.export"),
        'model.save("out")',
    ),
    "knowledge.md": (
        *("[[entry]]", 'before = "exp(a)"', "[entry.trigger]", "from datasets import"),
        "domain = {",
    ),
    "local_model.md": ("# v0 = x0[i0]",),  # test_remarks.py
    "passes.md": ("%q = npu.launch", "npu.kernel @softmax"),
    "report.md": ("hawk: network.mlir:8",),  # test_watch.py
    "specification.md": ("x0: i32[5]",),
}
"""What a reader writes, what explains, and what another test reads from the page."""


def specification() -> Specification:
    program = import_mlir(SOFTMAX)
    NpuOutlinePass().apply(context(), program.module)
    return specify(next(op for op in program.module.walk() if isinstance(op, UndecidedOp)))


def xdsl_opt(*arguments: str) -> str:
    command = Path(sysconfig.get_path("scripts")) / "xdsl-opt"
    passes = ("-p", "npu-outline,npu-decide", str(SOFTMAX))
    return subprocess.run(
        [command, *arguments, *passes], check=True, capture_output=True, text=True, cwd=ROOT
    ).stdout


def with_short_types() -> str:
    text = re.sub(
        r", strided<\[[^\]]*\](?:, offset: \?)?>|#npu\.scope|(?<=%b\d)_\d", "", xdsl_opt()
    )
    return text.replace("<global>", "global").replace("<ub>", "ub")


def hawk(*arguments: str) -> str:
    run = CliRunner().invoke(app, list(arguments))
    assert run.exit_code == 0, run.output
    return run.output


def parsed_schedules(shown: str) -> str:
    return "\n".join(str(Schedule.parse(line)) for line in shown.splitlines())


def expanded_shorthand(shown: str) -> str:
    """The left column, and what each of its lines stands for."""
    target, entries = load_target("ascend910b1"), load_seed_entries()
    composites = composites_of(entries, Composer.for_target(entries, target), target)
    shapes = {"x0": (7168, 64), "y0": (7168, 64)}
    shorthand = Shorthand({"i0": 7168, "i1": 64}, shapes, for_results(composites, ["f32"]))
    rows: list[str] = []
    short = [re.split(r"\s{3,}", line)[0] for line in shown.splitlines()]
    before = 0
    for number, line in enumerate(short, start=1):
        whole = shorthand.expanded("\n".join(short[:number])).splitlines()
        said = whole[before:]
        whole_of_it = f"the {len(said)} statements of the knowledge's rewrite of erf"
        rows.append(f"{line} {said[0] if len(said) == 1 else whole_of_it}")
        before = len(whole)
    return "\n".join(rows)


OUTPUTS: dict[tuple[str, str], Callable[[str], str]] = {
    ("README.md", "x0: f32[256, 64]"): lambda _: specification().text,
    ("README.md", "b0 = fill"): lambda _: xdsl_opt("-t", "npu-text"),
    ("README.md", "npu.kernel @rows_0"): lambda _: with_short_types(),
    ("architecture.md", "x0: f32[256, 64]"): lambda _: specification().text,
    ("architecture.md", 'name = "log2-by-log"'): lambda _: hawk("knowledge", "show", "log2-by-log"),
    ("contractions.md", '"stationary-panels"'): parsed_schedules,
    ("kernel_model.md", "across i0 parts 48"): expanded_shorthand,
}

STEPS = ("kernel_model.md", "v0 = x0[i0, i1]")

DEMO = ("README.md", "kernel            computes")


@cache
def blocks() -> dict[tuple[str, str], str]:
    """Each indented block of the pages that is not made of commands, by its page and first line."""
    found: dict[tuple[str, str], str] = {}
    for page in sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md"]):
        if page.name in FOLLOWED:
            continue
        text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
        for block in re.findall(r"(?<=\n\n)(?: {4}.*\n(?:\n(?= {4}))?)+", text):
            lines = [line.removeprefix("    ") for line in block.splitlines() if line.strip()]
            if not lines[0].lstrip().startswith(COMMANDS):
                found[page.name, lines[0].strip()] = "\n".join(lines)
    return found


def shown(key: tuple[str, str]) -> str:
    page, begin = key
    [text] = [text for (name, first), text in blocks().items() if name == page and begin in first]
    return text


def assert_shown(text: str, made: str) -> None:
    """The words of each line of a page stand in an output, line after line."""
    output, at = " ".join(made.split()), 0
    for line in text.splitlines():
        words = ".*?".join(re.escape(part.strip()) for part in " ".join(line.split()).split("…"))
        found = re.compile(words).search(output, at)
        assert found is not None, line
        at = found.end()


def test_every_block_is_an_output_that_is_made_or_none() -> None:
    known = [
        *OUTPUTS,
        DEMO,
        STEPS,
        *((page, begin) for page, begins in OTHERS.items() for begin in begins),
    ]
    unknown = [
        key
        for key in blocks()
        if not any(page == key[0] and begin in key[1] for page, begin in known)
    ]
    assert unknown == []


@pytest.mark.parametrize("key", OUTPUTS, ids=lambda key: " ".join(key))
def test_what_a_page_shows_comes_out(key: tuple[str, str]) -> None:
    text = shown(key)
    assert_shown(text, OUTPUTS[key](text))


def test_the_steps_of_a_softmax_are_as_the_page_of_the_kernel_model_has_them() -> None:
    text = shown(STEPS)
    steps = [re.split(r"\s{3,}", line)[0] for line in text.splitlines()[:7]]
    assert_shown("\n".join(steps), steps_of(specification()).text)


@pytest.mark.corpus
def test_the_demo_ends_as_the_first_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("hawk_xdsl.cli.console.NO_TERMINAL_WIDTH", 160)
    made = hawk(
        *("compile", "examples/encoder.py:factory", "--sources", "composition"),
        *("-o", str(tmp_path / "encoder")),
    )
    table, network = shown(DEMO).split("\n7 ops", 1)
    assert_shown(table, made)
    assert_shown("\n".join(f"7 ops{network}".splitlines()[:4]), made)


def test_a_page_that_shows_something_else_is_found() -> None:
    with pytest.raises(AssertionError, match="vexp"):
        assert_shown("b1 = load x0\nb1 = vexp b1", "b1 = load x0\nb1 = vsub b1, b2")
    assert_shown("b1 = …\n…\nvsub", "b1 = load x0\nother\nvsub")
