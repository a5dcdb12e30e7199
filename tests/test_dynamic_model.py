"""A model with a dynamic dimension: compiled once for a range, called at any length of it."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.export import Dim
from typer.testing import CliRunner

from hawk_xdsl import DynamicModel, compile_mlir, compile_model, load_dynamic
from hawk_xdsl.cli import app
from hawk_xdsl.codegen.strategy import Request
from hawk_xdsl.dialects.npu import NamedExtent
from hawk_xdsl.errors import HawkError, ReadError
from hawk_xdsl.frontend.torch_dynamic import dynamic_axes
from hawk_xdsl.propose.dynamic import DynamicKernel, DynamicProposer
from hawk_xdsl.schedule.candidate import Candidate

pytestmark = pytest.mark.corpus

SEQ = Dim("seq", min=1, max=20)


class Block(torch.nn.Module):
    """A product, and rows along the dynamic axis."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(16, 24)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.softmax(torch.relu(self.linear(x)).transpose(1, 2), -1)


@pytest.fixture(scope="module")
def module() -> torch.nn.Module:
    torch.manual_seed(0)
    return Block().eval()


@pytest.fixture(scope="module")
def compiled(module: torch.nn.Module, tmp_path_factory: pytest.TempPathFactory) -> DynamicModel:
    store: Path = tmp_path_factory.mktemp("store") / "store.sqlite"
    return compile_model(module, [torch.randn(1, 8, 16)], dynamic_shapes=({1: SEQ},), store=store)


@pytest.fixture
def no_import(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whoever imports a model now fails."""
    monkeypatch.setattr("hawk_xdsl.frontend.torch_import.import_torch", None)
    monkeypatch.setattr("hawk_xdsl.propose.dynamic.candidates", None)
    yield


@pytest.mark.usefixtures("no_import")
def test_a_call_takes_any_length_and_compiles_nothing(
    module: torch.nn.Module, compiled: DynamicModel
) -> None:
    for length in (1, 2, 5, 11, 17, 20):
        x = torch.randn(1, length, 16)
        (found,) = compiled(x.numpy())
        np.testing.assert_allclose(found, module(x).detach().numpy(), rtol=1e-4, atol=1e-6)


def test_the_report_says_at_which_lengths_a_kernel_was_checked(compiled: DynamicModel) -> None:
    assert compiled.report
    for line in compiled.report:
        assert ": seq in 1..20: " in line
        assert " at 1, " in line and line.endswith("19, 20")


@pytest.fixture(scope="module")
def saved(compiled: DynamicModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory: Path = tmp_path_factory.mktemp("saved") / "out"
    compiled.save(directory)
    return directory


@pytest.mark.usefixtures("no_import")
def test_a_saved_model_takes_any_length(
    module: torch.nn.Module, compiled: DynamicModel, saved: Path
) -> None:
    model = load_dynamic(saved)
    assert model.report == compiled.report
    for length in (1, 6, 20):
        x = torch.randn(1, length, 16)
        (found,) = model(x.numpy())
        np.testing.assert_array_equal(found, compiled(x.numpy())[0])
        np.testing.assert_allclose(found, module(x).detach().numpy(), rtol=1e-4, atol=1e-6)


def test_the_commands_take_a_saved_model_at_the_length_of_their_inputs(
    module: torch.nn.Module, saved: Path, tmp_path: Path
) -> None:
    x = torch.randn(1, 13, 16)
    np.save(tmp_path / "x.npy", x.numpy())
    given = ["run", str(saved), "-i", str(tmp_path / "x.npy"), "-o", str(tmp_path / "results")]
    ran = CliRunner().invoke(app, given)
    assert ran.exit_code == 0, ran.output
    found = np.load(tmp_path / "results" / "output0.npy")
    np.testing.assert_allclose(found, module(x).detach().numpy(), rtol=1e-4, atol=1e-6)
    example = CliRunner().invoke(app, ["run", str(saved)])
    assert example.exit_code == 0, example.output
    assert "against the reference" in example.output
    shown = CliRunner().invoke(app, ["report", str(saved), "--json"])
    assert shown.exit_code == 0, shown.output
    lengths = {row["lengths"] for row in json.loads(shown.output)["decisions"]}
    assert all(line.startswith("seq in 1..20: ") for line in lengths)
    kernel = json.loads(shown.output)["kernels"][0]["symbol"]
    explained = CliRunner().invoke(app, ["explain", str(saved), kernel])
    assert "seq in 1..20: " in explained.output


def test_a_saved_model_of_other_lengths_is_refused(saved: Path, tmp_path: Path) -> None:
    directory = tmp_path / "out"
    shutil.copytree(saved, directory)
    shutil.copy(directory / "lengths" / "seq_19.mlir", directory / "lengths" / "seq_15.mlir")
    with pytest.raises(ReadError, match=r"seq_15\.mlir: .*tensor<19x16xf32> given for memref<15x"):
        load_dynamic(directory)


def test_kernels_of_parts_of_the_range_are_chosen_by_length(
    module: torch.nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No kernel is written for more than 30 lengths here; a row of 1..100 needs several then."""
    whole = DynamicProposer._kernel  # pyright: ignore[reportPrivateUsage]

    def short(proposer: DynamicProposer, extent: NamedExtent, name: str) -> DynamicKernel:
        if extent.high - extent.low > 30:
            raise HawkError("too long")
        return whole(proposer, extent, name)

    monkeypatch.setattr(DynamicProposer, "_kernel", short)
    model = compile_model(
        module,
        [torch.randn(1, 8, 16)],
        dynamic_shapes=({1: Dim("seq", min=1, max=100)},),
        store=tmp_path / "store.sqlite",
    )
    ranges = ["1..25", "26..50", "51..75", "76..100"]
    assert [str(each.extent).removeprefix("seq in ") for each in model.families] == ranges
    assert len(model.report) % 4 == 0
    model.save(tmp_path / "out")
    for each in (model, load_dynamic(tmp_path / "out")):
        for length in (1, 25, 26, 60, 100):
            x = torch.randn(1, length, 16)
            (found,) = each(x.numpy())
            np.testing.assert_allclose(found, module(x).detach().numpy(), rtol=1e-4, atol=1e-6)


def test_why_no_template_was_filled_is_told(
    module: torch.nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(request: Request) -> list[Candidate]:
        raise HawkError(f"{request.entry.name} has no room")

    monkeypatch.setattr("hawk_xdsl.propose.dynamic.candidates", refuses)
    with pytest.raises(HawkError, match=r"no kernel for seq in 1\.\.20: .*: .* has no room"):
        compile_model(
            module,
            [torch.randn(1, 8, 16)],
            dynamic_shapes=({1: SEQ},),
            store=tmp_path / "store.sqlite",
        )


def test_a_length_out_of_the_range_is_refused_with_its_name(compiled: DynamicModel) -> None:
    with pytest.raises(HawkError, match=r"seq is 21, but the model is compiled for seq in 1\.\.20"):
        compiled(np.zeros((1, 21, 16), np.float32))


class Residual(torch.nn.Module):
    """A product, whose rows are split into batch and sequence for what comes next."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(64, 32)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return torch.softmax(y + self.linear(x), -1)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float16, 2e-3)])
def test_rows_of_a_batch_stay_one_axis(
    tmp_path: Path, dtype: torch.dtype, tolerance: float
) -> None:
    """``3 * seq`` rows as ``3 × seq`` would need ``seq * i0 + i1``, which is not affine."""
    torch.manual_seed(0)
    module = Residual().eval().to(dtype)
    model = compile_model(
        module,
        [torch.randn(3, 8, 64, dtype=dtype), torch.randn(3, 8, 32, dtype=dtype)],
        dynamic_shapes=({1: SEQ}, {1: SEQ}),
        store=tmp_path / "store.sqlite",
    )
    for length in (1, 7, 20):
        x, y = torch.randn(3, length, 64).to(dtype), torch.randn(3, length, 32).to(dtype)
        (found,) = model(x.numpy(), y.numpy())
        np.testing.assert_allclose(found, module(x, y).detach().numpy(), atol=tolerance)


class Permuted(torch.nn.Module):
    """A product whose rows are tokens times batch, stored as batch times tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(64, 32)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        rows = self.linear(x.reshape(-1, 64)).reshape(4, -1, 32)
        return torch.softmax(rows.transpose(0, 1) + y, -1)


def test_a_permutation_of_the_dynamic_rows_is_an_op_of_its_own(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Permuted().eval()
    model = compile_model(
        module,
        [torch.randn(4, 8, 64), torch.randn(8, 4, 32)],
        dynamic_shapes=({1: SEQ}, {0: SEQ}),
        store=tmp_path / "store.sqlite",
    )
    for length in (1, 7, 20):
        x, y = torch.randn(4, length, 64), torch.randn(length, 4, 32)
        (found,) = model(x.numpy(), y.numpy())
        np.testing.assert_allclose(found, module(x, y).detach().numpy(), rtol=1e-4, atol=1e-6)


def test_another_shape_or_dtype_is_refused(compiled: DynamicModel) -> None:
    with pytest.raises(HawkError, match=r"input 0: expected tensor<1x7x16xf32>, got float32 of sh"):
        compiled(np.zeros((1, 7, 17), np.float32))
    with pytest.raises(HawkError, match=r"input 0 has 1 axes, seq is axis 1"):
        compiled(np.zeros(7, np.float32))
    with pytest.raises(HawkError, match=r"expected 1 inputs, got 2"):
        compiled(np.zeros((1, 7, 16), np.float32), np.zeros(7, np.float32))


class Two(torch.nn.Module):
    """Two inputs."""

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x + y


@pytest.mark.parametrize(
    "shapes",
    [
        ({1: SEQ}, {1: SEQ}),
        [[None, SEQ], (4, SEQ)],
        {"x": {1: SEQ}, "y": {0: Dim.STATIC, 1: SEQ}},
    ],
)
def test_dynamic_axes_are_told_as_torch_export_takes_them(shapes: object) -> None:
    axes, extent = dynamic_axes(Two(), (torch.ones(4, 8), torch.ones(4, 8)), shapes)
    assert axes == ((1,), (1,))
    assert str(extent) == "seq in 1..20"


@pytest.mark.parametrize(
    ("shapes", "reason"),
    [
        (({1: SEQ},), "one dynamic dimension and axes for each input are needed: 1 are given"),
        ((None, None), "one dynamic dimension .* no axis is dynamic"),
        (({1: SEQ, 0: Dim("batch", max=4)}, None), r"seq in 1..20 and batch in 1..4; make all but"),
        (({1: Dim("seq", min=1)}, None), "axis 1: seq has no upper bound: use torch.export.Dim"),
        (({1: Dim.AUTO}, None), "input 0, axis 1: .*AUTO.* has no name and bounds"),
        (({1: SEQ}, {1: 2 * SEQ}), r"input 1, axis 1: 2\*seq is computed from another dimension"),
        (({2: SEQ}, None), "seq: input 0 has 2 axes, not axis 2"),
        (({0: 5, 1: SEQ}, None), "input 0, axis 0: dynamic_shapes says 5, it has 4"),
        (({"x": SEQ}, None), "input 0: its dynamic shape must be"),
        ({"z": {1: SEQ}}, "dynamic_shapes names z, but the inputs are x, y"),
        (3, "dynamic_shapes must be a tuple or dict of the inputs, not int"),
    ],
)
def test_what_is_no_dimension_with_bounds_is_refused(shapes: object, reason: str) -> None:
    with pytest.raises(HawkError, match=reason):
        compile_model(Two(), (torch.ones(4, 8), torch.ones(4, 8)), dynamic_shapes=shapes)


def test_a_program_that_was_exported_needs_its_module() -> None:
    exported = torch.export.export(Two(), (torch.ones(2), torch.ones(2)))
    with pytest.raises(HawkError, match="give the module and dynamic_shapes"):
        compile_model(exported, (torch.ones(2), torch.ones(2)), dynamic_shapes=({0: SEQ},))  # type: ignore[arg-type]


MLIR = """
func.func @f(%x: tensor<?x64xf32>, %w: tensor<64x32xf32>) -> (tensor<?x32xf32>, tensor<?x64xf32>) {
  %c0 = arith.constant 0 : index
  %z = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x64xf32>
  %e = tensor.empty(%n) : tensor<?x32xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<?x32xf32>) -> tensor<?x32xf32>
  %p = linalg.matmul ins(%x, %w : tensor<?x64xf32>, tensor<64x32xf32>)
    outs(%f : tensor<?x32xf32>) -> tensor<?x32xf32>
  %g = tensor.empty(%n) : tensor<?x64xf32>
  %r = linalg.exp ins(%x : tensor<?x64xf32>) outs(%g : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %p, %r : tensor<?x32xf32>, tensor<?x64xf32>
}
"""


def test_question_marks_of_a_file_are_a_dimension(tmp_path: Path) -> None:
    (tmp_path / "f.mlir").write_text(MLIR)
    model = compile_mlir(tmp_path / "f.mlir", dimension="seq=1..20", store=tmp_path / "s.sqlite")
    assert all(": seq in 1..20: " in line for line in model.report)
    random = np.random.default_rng(0)
    w = random.standard_normal((64, 32)).astype(np.float32)
    for length in (1, 7, 20):
        x = random.standard_normal((length, 64)).astype(np.float32)
        product, power = model(x, w)
        np.testing.assert_allclose(product, x @ w, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(power, np.exp(x), rtol=1e-5)


def test_a_file_needs_the_range_of_its_question_marks(tmp_path: Path) -> None:
    (tmp_path / "f.mlir").write_text(MLIR)
    with pytest.raises(HawkError, match=r"tensor<\?x64xf32>, argument 0, axis 0; .*--dim NAME="):
        compile_mlir(tmp_path / "f.mlir")
    with pytest.raises(HawkError, match=r"--dim seq=0\.\.8: expected NAME=LOW\.\.HIGH"):
        compile_mlir(tmp_path / "f.mlir", dimension="seq=0..8")
    static = "func.func @f(%x: tensor<8xf32>) -> tensor<8xf32> {\n  return %x : tensor<8xf32>\n}"
    (tmp_path / "f.mlir").write_text(static)
    with pytest.raises(HawkError, match=r"no argument has a dynamic dimension to be seq in 1\.\.8"):
        compile_mlir(tmp_path / "f.mlir", dimension="seq=1..8")
