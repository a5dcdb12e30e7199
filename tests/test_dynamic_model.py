"""A model with a dynamic dimension: compiled once for a range, called at any length of it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hawk_xdsl.dialects.npu import NamedExtent  # noqa: E402
from hawk_xdsl.dynamic_model import DynamicModel, compile_dynamic  # noqa: E402
from hawk_xdsl.errors import HawkError  # noqa: E402

SEQ = NamedExtent("seq", 1, 20)


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
    return compile_dynamic(module, [torch.randn(1, 8, 16)], [{1: SEQ}], store=store)


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


def test_a_length_out_of_the_range_is_refused_with_its_name(compiled: DynamicModel) -> None:
    with pytest.raises(HawkError, match=r"seq is 21, but the model is compiled for seq in 1\.\.20"):
        compiled(np.zeros((1, 21, 16), np.float32))


def test_inputs_need_their_axes() -> None:
    with pytest.raises(HawkError, match="one dynamic dimension and axes for each input"):
        compile_dynamic(Block(), [torch.randn(1, 8, 16)], [None])
