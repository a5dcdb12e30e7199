"""MLIR that xDSL cannot read itself: through the bindings, for ``xdsl-opt`` and ``hawk import``."""

from io import BytesIO
from pathlib import Path

import pytest
from typer.testing import CliRunner
from xdsl.parser import Parser

from hawk_xdsl import universe
from hawk_xdsl.cli import app
from hawk_xdsl.frontend.upstream_mlir import UpstreamMlirFrontend
from hawk_xdsl.transforms.pass_error import PassError

PRETTY = """#map = affine_map<(d0, d1) -> (d0, d1)>
func.func @f(%x: tensor<4x?xf32>, %e: tensor<4x?xf32>) -> tensor<4x?xf32> {
  %s = linalg.softmax dimension(1) ins(%x : tensor<4x?xf32>) outs(%e : tensor<4x?xf32>)
    -> tensor<4x?xf32>
  return %s : tensor<4x?xf32>
}
func.func private @other(memref<8xf32>)
"""


def read(text: str) -> str:
    frontend = UpstreamMlirFrontend()
    return str(frontend.parse(universe.context(), BytesIO(text.encode()), "f.mlir"))


def test_what_only_upstream_reads_becomes_ops_that_xdsl_has() -> None:
    text = read(PRETTY)
    assert "linalg.softmax" not in text
    assert text.count("linalg.generic") > 2
    assert "func.func private @other(memref<8xf32>)" in text


def test_what_is_wrong_is_said_with_its_line() -> None:
    with pytest.raises(PassError, match=r"f\.mlir:2: custom op 'linalg\.exqp' is unknown"):
        read("func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n  %y = linalg.exqp ins(%x)\n}")


@pytest.mark.skipif(
    not hasattr(universe.HAWK_UNIVERSE, "all_frontends"), reason="xDSL 0.75 is the first"
)
def test_the_stock_xdsl_opt_finds_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from xdsl.xdsl_opt_main import xDSLOptMain

    (tmp_path / "f.mlir").write_text(PRETTY)
    arguments = [str(tmp_path / "f.mlir"), "-f", "upstream-mlir"]
    xDSLOptMain(args=arguments).run()
    assert "linalg.generic" in capsys.readouterr().out


def test_import_prints_what_xdsl_reads(tmp_path: Path) -> None:
    (tmp_path / "f.mlir").write_text(PRETTY)
    printed = CliRunner().invoke(app, ["import", str(tmp_path / "f.mlir")])
    assert printed.exit_code == 0, printed.output
    module = Parser(universe.context(), printed.output).parse_module()
    module.verify()
    assert str(module).count("linalg.generic") > 2


def test_import_of_a_model_has_its_weights_as_arguments(tmp_path: Path) -> None:
    file = tmp_path / "m.py"
    file.write_text(
        "import torch\ndef model():\n    return torch.nn.Linear(4, 3), (torch.randn(2, 4),)\n"
    )
    output = tmp_path / "m.mlir"
    printed = CliRunner().invoke(app, ["import", f"{file}:model", "-o", str(output)])
    assert printed.exit_code == 0, printed.output
    module = Parser(universe.context(), output.read_text()).parse_module()
    assert "@main(%arg0: tensor<3x4xf32>, %arg1: tensor<3xf32>" in str(module)
