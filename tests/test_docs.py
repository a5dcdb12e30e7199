"""The documentation: every command in it exists with its options, cheap ones run, pages are found.

Lines of a page whose comment says minutes or hours are read, not run. Words in capitals and … stand
for what a reader puts in.
"""

import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from hawk_xdsl.cli import app

ROOT = Path(__file__).parents[1]
PAGES = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md"])
COMMAND = re.compile(r"^    (hawk [^#\n]+?)\s*(?:#(.*))?$", re.MULTILINE)


def commands() -> list[tuple[str, str]]:
    """Each command of the pages, without brackets and alternatives, and its page."""
    found: list[tuple[str, str]] = []
    for page in PAGES:
        for command, _ in COMMAND.findall(page.read_text(encoding="utf-8")):
            plain = re.sub(r"\[[^\]]*\]", "", command.partition(" | ")[0])
            plain = re.sub(r"(\w+)(?:\|\w+)+", r"\1", plain).replace(" …", " net.mlir")
            found.append((plain.strip(), page.name))
    return found


@pytest.mark.parametrize(("command", "page"), commands())
def test_a_command_of_the_documentation_exists_with_its_options(command: str, page: str) -> None:
    run = CliRunner().invoke(app, [*shlex.split(command)[1:], "--help"])
    assert run.exit_code == 0, f"{page}: {command}: {run.output}"
    assert "Usage" in run.output
    wrong = CliRunner().invoke(app, [*shlex.split(command)[1:], "--no-such-option", "--help"])
    assert wrong.exit_code == 2


def test_the_commands_of_the_first_page_run_and_so_do_those_that_only_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HAWK_MODELS", str(tmp_path / "models"))
    first = [command for command, page in commands() if page == "index.md"]
    assert len(first) == 4
    looks = {"hawk knowledge log", "hawk targets", "hawk model list", "hawk doctor"}
    known = {command for command, _ in commands()}
    assert looks <= known
    for command in (*first, *sorted(looks)):
        run = CliRunner().invoke(app, shlex.split(command)[1:])
        assert run.exit_code == 0, f"{command}: {run.output}"
    assert (tmp_path / "report.html").stat().st_size > 10_000


def test_every_page_is_in_the_sites_table_of_contents() -> None:
    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))

    def pages(part: object) -> list[str]:
        if isinstance(part, str):
            return [part]
        parts: list[object] = []
        if isinstance(part, dict):
            parts = list(part.values())
        elif isinstance(part, list):
            parts = part
        return [page for each in parts for page in pages(each)]

    assert sorted(pages(site["nav"])) == sorted(p.name for p in (ROOT / "docs").glob("*.md"))


def test_the_gallerys_page_names_every_network() -> None:
    page = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    for file in (ROOT / "examples" / "gallery").glob("*.py"):
        assert file.name in page
        for name in re.findall(r"^def ([a-z]\w*)", file.read_text(encoding="utf-8"), re.MULTILINE):
            assert f"`{name}`" in page or f":{name}`" in page, name
