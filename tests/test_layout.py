"""The rooms of the package: the page that names them, and the contract about imports."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def layers() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [contract] = project["tool"]["importlinter"]["contracts"]
    return [name for layer in contract["layers"] for name in layer.split(" | ")]


def rooms_of_the_page() -> list[str]:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    table = page[page.index("| room |") :]
    first = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return [name for cell in first for name in re.findall(r"`(\w+)`", cell)]


def test_the_page_names_the_rooms_in_the_order_of_imports() -> None:
    assert rooms_of_the_page() == layers()


def test_every_module_is_in_a_room() -> None:
    package = ROOT / "hawk_xdsl"
    found = {p.stem for p in package.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert found - {"__init__"} == set(layers())
