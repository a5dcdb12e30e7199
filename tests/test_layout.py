"""The rooms of the package, the page that names them, and how long functions and files are."""

import ast
import re
import tomllib
from collections.abc import Iterator
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


MOST_LINES_OF_A_FUNCTION = 60
MOST_LINES_OF_A_FILE = 400


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function of a file, as ``file:line name``, with its lines, signature included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield (
                f"{path.relative_to(ROOT)}:{node.lineno} {node.name}",
                node.end_lineno - node.lineno + 1,
            )


def test_a_function_fits_on_a_screen() -> None:
    files = sorted((ROOT / "hawk_xdsl").rglob("*.py"))
    found = [pair for path in files for pair in functions(path)]
    assert [
        f"{name}: {lines} lines" for name, lines in found if lines > MOST_LINES_OF_A_FUNCTION
    ] == []


def test_a_file_has_one_concept_and_few_lines() -> None:
    files = sorted((ROOT / "hawk_xdsl").rglob("*.py"))
    found = [(path, len(path.read_text(encoding="utf-8").splitlines())) for path in files]
    long = [f"{p.relative_to(ROOT)}: {n} lines" for p, n in found if n > MOST_LINES_OF_A_FILE]
    assert long == []


def test_no_class_name_exists_twice() -> None:
    files: dict[str, list[str]] = {}
    for path in sorted((ROOT / "hawk_xdsl").rglob("*.py")):
        for name in re.findall(r"^class (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            files.setdefault(name, []).append(str(path.relative_to(ROOT)))
    twice = [f"{name}: {' and '.join(places)}" for name, places in files.items() if places[1:]]
    assert not twice, "; ".join(twice)


MOST_LINES_OF_A_TEXT = 16
KERNEL_OR_OP = re.compile(r"^\s*(across |on (cube|vector) \{|.*= linalg\.|npu\.|func\.func )", re.M)


def texts(path: Path) -> Iterator[tuple[str, str]]:
    """Each string of a file that is not a template, as ``file:line``, and the string."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    parts = {
        id(part)
        for each in ast.walk(tree)
        if isinstance(each, ast.JoinedStr)
        for part in each.values
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value


def test_long_kernels_and_ops_are_files() -> None:
    files = sorted(p for room in ("tests", "benchmarks") for p in (ROOT / room).rglob("*.py"))
    found = [pair for path in files for pair in texts(path)]
    long = [place for place, text in found if text.count("\n") > MOST_LINES_OF_A_TEXT]
    kernels = {place for place, text in found if KERNEL_OR_OP.search(text)}
    assert [place for place in long if place in kernels] == []


def test_objects_are_keys_themselves_not_their_id() -> None:
    files = sorted((ROOT / "hawk_xdsl").rglob("*.py"))
    assert [p.name for p in files if re.search(r"\bid\(", p.read_text(encoding="utf-8"))] == []
