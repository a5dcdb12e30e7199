"""docs/extending.md, followed step by step: its files are written, and its commands are run."""

import json
import re
import shlex
import textwrap
import tomllib
from pathlib import Path

import pytest
from plug_in import install
from test_instruction_table import COSTS, ROW

from hawk_xdsl import Target, load_target
from hawk_xdsl.cli import app
from hawk_xdsl.knowledge_store import KnowledgeStore

PAGE = Path(__file__).parents[1] / "docs" / "extending.md"
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


class Steps:
    """The blocks of a section: files that begin with a comment of their name, and commands."""

    def __init__(self, section: str, folder: Path) -> None:
        page = PAGE.read_text()
        start = page.index("\n## ")
        sections = {part.partition("\n")[0]: part for part in page[start:].split("\n## ")[1:]}
        self.folder = folder
        self.commands: list[list[str]] = []
        for _, language, text in BLOCK.findall(page[:start] + sections[section]):
            body = textwrap.dedent(text)
            if language == "sh":
                self.commands += [shlex.split(line) for line in body.splitlines()]
            elif named := re.match(r"(?:#|//) (\S+)\n", body):
                kept = body if language else body[named.end() :]
                (folder / named[1]).write_text(kept)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What pip does with the section's package."""
        project = tomllib.loads((self.folder / "pyproject.toml").read_text())["project"]
        [(group, names)] = project["entry-points"].items()
        [(name, value)] = names.items()
        install(self.folder, monkeypatch, group, name, value)

    def run(self) -> None:
        """Runs the commands, as ``hawk`` does."""
        for hawk, *arguments in self.commands:
            assert hawk == "hawk"
            app(arguments, standalone_mode=False)


@pytest.fixture
def steps(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Steps:
    monkeypatch.chdir(tmp_path)
    return Steps(request.param, tmp_path)


def report(folder: str) -> dict[str, object]:
    return json.loads(Path(folder, "report.json").read_text())


def for_section(title: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("steps", [title], indirect=True, ids=[title])


@for_section("An instruction")
def test_an_instruction_is_the_two_lines_that_are_tried_elsewhere(steps: Steps) -> None:
    lines = [line.strip() for line in PAGE.read_text().splitlines()]
    assert ROW.strip() in lines and COSTS.strip() in lines
    assert not steps.commands


@for_section("A target")
def test_a_target_of_a_file(steps: Steps) -> None:
    steps.run()
    target: Target = load_target("small.toml")
    assert target.name == "small"
    assert report("small")["target"] == "small.toml"


@for_section("A front end")
def test_a_front_end_reads_files_of_its_suffix(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps.install(monkeypatch)
    steps.run()
    [kernel] = report("damped")["kernels"]  # type: ignore[misc]
    assert kernel["source"] == "template"
    assert all(name in kernel["specification"] for name in ("abs", "neg", "exp"))


@for_section("An export format")
def test_an_export_format_writes_into_its_folder(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps.install(monkeypatch)
    steps.run()
    [kernel] = report("exported")["kernels"]  # type: ignore[misc]
    table = Path("exported", "cycles", "cycles.csv").read_text()
    assert table == f"kernel,cycles\n{kernel['kernel']},{kernel['cycles']}\n"


@for_section("A proposer")
def test_a_proposer_is_asked_beside_the_others(
    steps: Steps, monkeypatch: pytest.MonkeyPatch, store: Path
) -> None:
    steps.install(monkeypatch)
    steps.run()
    with KnowledgeStore(store) as opened:
        written = [outcome for outcome in opened.outcomes() if outcome.source == "plug-in"]
    assert [str(outcome.verdict) for outcome in written] == ["accepted"]


def test_every_section_is_followed() -> None:
    titles = re.findall(r"^## (.*)$", PAGE.read_text(), re.MULTILINE)
    assert [title for title in titles if f'@for_section("{title}")' not in SOURCE] == []


SOURCE = Path(__file__).read_text()
