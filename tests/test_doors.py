"""The ways in and out: public names, what importing them loads, formats, and front ends."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from plug_in import install

import hawk_xdsl
from hawk_xdsl import Compiled, Settings, Sources, compile_mlir
from hawk_xdsl.errors import OptionError, WriteError
from hawk_xdsl.exports import available_exports
from hawk_xdsl.frontend.load import load_program
from hawk_xdsl.plug_ins import PlugInError

HEAVY = ("torch", "transformers", "faiss", "bm25s", "llguidance", "datasets", "trl", "matplotlib")

MODULE = """
func.func @main(%x: tensor<16x64xf32>) -> tensor<16x64xf32> {
  %0 = tensor.empty() : tensor<16x64xf32>
  %1 = linalg.exp ins(%x : tensor<16x64xf32>) outs(%0 : tensor<16x64xf32>) -> tensor<16x64xf32>
  return %1 : tensor<16x64xf32>
}
"""


@pytest.fixture
def compiled(tmp_path: Path) -> Compiled:
    (tmp_path / "exp.mlir").write_text(MODULE)
    return compile_mlir(tmp_path / "exp.mlir", settings=Settings(Sources.COMPOSITION))


@pytest.mark.parametrize(
    "statement",
    [
        "import hawk_xdsl, hawk_xdsl.cli",
        "from hawk_xdsl import Settings, load_target; load_target('ascend910b1')",
        "from hawk_xdsl.universe import context; context().get_optional_dialect('npu')",
    ],
)
def test_what_is_heavy_is_loaded_when_it_is_needed(statement: str) -> None:
    told = f"import sys; {statement}; print(*[m for m in {HEAVY} if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True)
    assert (loaded.stdout.split(), loaded.stderr) == ([], "")


def test_a_command_that_is_only_completed_loads_no_compiler() -> None:
    modules = ("xdsl", "lark", "numpy")
    told = f"import sys, hawk_xdsl.cli; print(*[m for m in {modules} if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True)
    assert (loaded.stdout.split(), loaded.stderr) == ([], "")


def test_importing_the_package_loads_nothing_else() -> None:
    told = (
        "import sys; before = set(sys.modules); import hawk_xdsl; "
        "new = {m.partition('.')[0] for m in set(sys.modules) - before}; "
        "print(*sorted(new - set(sys.stdlib_module_names)))"
    )
    loaded = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True)
    assert loaded.stdout.split() == ["hawk_xdsl"]


def test_every_public_name_is_there_and_no_other() -> None:
    for name in hawk_xdsl.__all__:
        assert getattr(hawk_xdsl, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'compile_everything'"):
        _ = hawk_xdsl.compile_everything  # type: ignore[attr-defined]


def test_a_module_in_a_file_is_compiled_and_runs(compiled: Compiled) -> None:
    x = np.linspace(-1, 1, 16 * 64, dtype=np.float32).reshape(16, 64)
    [found] = compiled(x)
    np.testing.assert_allclose(found, np.exp(x), rtol=1e-5)


@pytest.mark.parametrize(
    ("formats", "files"),
    [
        (("ir",), ["main.mlir"]),
        (("kernels", "report"), ["kernels", "report.json"]),
        (
            ("model",),
            ["example.safetensors", "kernels", "main.mlir", "report.json", "weights.safetensors"],
        ),
    ],
)
def test_only_the_formats_that_are_asked_for_are_written(
    compiled: Compiled, tmp_path: Path, formats: tuple[str, ...], files: list[str]
) -> None:
    place = tmp_path / "out"
    compiled.save(place)
    compiled.save(place, formats)
    assert sorted(entry.name for entry in place.iterdir()) == files


def test_an_unknown_format_and_a_place_of_others_are_refused(
    compiled: Compiled, tmp_path: Path
) -> None:
    with pytest.raises(OptionError, match="--emit onnx: expected one of model, ir, kernels, rep"):
        compiled.save(tmp_path / "out", ("onnx",))
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(WriteError, match="it holds what is not ours"):
        compiled.save(tmp_path, ("ir",))


def test_what_a_plug_in_wrote_may_be_replaced(
    compiled: Compiled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "def write(compiled, folder):\n    (folder / 'x').write_text(compiled.target.name)\n"
    (tmp_path / "named.py").write_text(source)
    install(tmp_path, monkeypatch, "hawk_xdsl.exports", "named", "named:write")
    assert available_exports()[-1] == "named"
    for formats in (("named",), ("model",)):
        compiled.save(tmp_path / "out", formats)
    assert json.loads((tmp_path / "out" / "report.json").read_text())["target"] == "ascend910b1"
    assert not (tmp_path / "out" / "named").exists()


def test_a_front_end_must_return_a_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "numbers_read.py").write_text("def read(path, part):\n    return 3\n")
    install(tmp_path, monkeypatch, "hawk_xdsl.frontends", "number", "numbers_read:read")
    (tmp_path / "x.number").write_text("3")
    with pytest.raises(PlugInError, match="plug-in number: a front end must return a Program"):
        load_program(f"{tmp_path / 'x.number'}:part")
