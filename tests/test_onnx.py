"""ONNX files: as ``torch.onnx`` writes them, and made by hand."""

import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from hawk_xdsl import HawkError, Settings, Sources, compile_model
from hawk_xdsl.frontend.load import load_source
from hawk_xdsl.frontend.onnx_import import import_onnx

SETTINGS = Settings(sources=Sources.COMPOSITION)


class Block(torch.nn.Module):
    """A convolution with its norm, pooled, and a product."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = torch.nn.Conv2d(3, 8, 3, padding=1)
        self.norm = torch.nn.BatchNorm2d(8)
        self.linear = torch.nn.Linear(8, 24)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pooled = torch.relu(self.norm(self.convolution(x))).mean((2, 3))
        return torch.softmax(self.linear(pooled), -1)


class Rows(torch.nn.Module):
    """Rows whose number is dynamic."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(16, 24)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.softmax(self.linear(x), -1)


def exported(module: torch.nn.Module, x: torch.Tensor, file: Path, **more: object) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (x,), file, dynamo=True, verbose=False, **more)  # type: ignore[arg-type]
    return file


def test_a_file_of_torch_computes_what_the_module_does(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module, x = Block().eval(), torch.randn(2, 3, 8, 8)
    file = exported(module, x, tmp_path / "block.onnx")
    compiled = compile_model(file, settings=SETTINGS, store=tmp_path / "store.sqlite")
    assert "linear.weight" in compiled.program.parameter_names
    (found,) = compiled(x.numpy())
    np.testing.assert_allclose(found, module(x).detach().numpy(), rtol=1e-4, atol=1e-6)
    reference = compiled.program.reference
    assert reference is not None
    np.testing.assert_allclose(reference([x.numpy()])[0], found, rtol=1e-4, atol=1e-6)


def test_a_named_dimension_may_be_dynamic(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Rows().eval()
    shapes = ({0: torch.export.Dim("rows", min=2, max=20)},)
    file = exported(module, torch.randn(7, 16), tmp_path / "m.onnx", dynamic_shapes=shapes)
    with pytest.raises(HawkError, match=r"axis 0 has the dynamic length rows; give its range"):
        load_source(str(file))
    with pytest.raises(HawkError, match=r"one dynamic dimension, n, is needed, but rows is"):
        compile_model(file, dynamic_shapes="n=1..20", settings=SETTINGS)
    model = compile_model(
        file, dynamic_shapes="rows=1..20", settings=SETTINGS, store=tmp_path / "store.sqlite"
    )
    for length in (1, 6, 20):
        x = torch.randn(length, 16)
        (found,) = model(x.numpy())
        np.testing.assert_allclose(found, module(x).detach().numpy(), rtol=1e-4, atol=1e-6)


def model_of(*nodes: onnx.NodeProto, domain: str = "") -> onnx.ModelProto:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [4, 5])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [4, 5])
    table = numpy_helper.from_array(np.arange(20, dtype=np.float32).reshape(4, 5), "table")
    graph = helper.make_graph(nodes, "g", [x], [y], [table])
    opsets = [helper.make_opsetid("", 18)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def test_initializers_are_parameters_and_stay_out_of_the_ir(tmp_path: Path) -> None:
    file = tmp_path / "m.onnx"
    onnx.save(model_of(helper.make_node("Mul", ["x", "table"], ["y"])), file)
    program = import_onnx(file)
    assert program.parameter_names == ("table",)
    np.testing.assert_array_equal(program.parameters[0], np.arange(20).reshape(4, 5))
    assert "dense" not in str(program.module)
    compiled = compile_model(str(file), settings=SETTINGS, store=tmp_path / "store.sqlite")
    x = program.example_inputs[0]
    np.testing.assert_allclose(compiled(x)[0], x * program.parameters[0])


def test_what_has_no_lowering_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "m.onnx"
    node = helper.make_node("Frobnicate", ["x"], ["y"], domain="mine")
    onnx.save(model_of(node, domain="mine"), file)
    with pytest.raises(HawkError, match=r"m\.onnx: .*Frobnicate") as refused:
        import_onnx(file)
    assert "\n" not in str(refused.value)
    file.write_bytes(b"no model")
    with pytest.raises(HawkError, match=r"m\.onnx: cannot read this ONNX model"):
        import_onnx(file)


def test_without_the_package_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "m.onnx").write_bytes(b"")
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(HawkError, match=r"pip install 'hawk-xdsl\[onnx\]'"):
        load_source(str(tmp_path / "m.onnx"))


def test_a_file_has_its_own_inputs(tmp_path: Path) -> None:
    with pytest.raises(HawkError, match="a file has its own inputs"):
        compile_model(tmp_path / "m.onnx", [torch.ones(2)])
