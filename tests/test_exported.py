"""Programs that the user has exported."""

from pathlib import Path

import numpy as np
import pytest
import torch

from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.load import load_program
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.reference.host import run_main


class Dense(torch.nn.Module):
    """A layer and a softmax."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.dense = torch.nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.softmax(self.dense(x), -1)


X = torch.linspace(-1.0, 1.0, 24).reshape(3, 8)


def exported(rows: object = None) -> torch.export.ExportedProgram:
    dynamic = {"x": {0: rows}} if rows is not None else None
    return torch.export.export(Dense(), (X,), dynamic_shapes=dynamic)


def test_an_exported_program_brings_its_inputs() -> None:
    program = import_torch(exported())
    [given] = run_main(program.module, program.arguments(program.example_inputs))
    with torch.no_grad():
        np.testing.assert_allclose(given, Dense()(X).numpy(), rtol=1e-5)
    assert program.reference is not None
    np.testing.assert_allclose(program.reference([X.numpy()])[0], given, rtol=1e-5)


def test_the_module_of_an_exported_program_is_a_module() -> None:
    program = import_torch(exported().module(), (X,))
    [given] = run_main(program.module, program.arguments([X.numpy()]))
    with torch.no_grad():
        np.testing.assert_allclose(given, Dense()(X).numpy(), rtol=1e-5)


def test_a_dynamic_dimension_is_named() -> None:
    with pytest.raises(HawkError, match=r"x: dimension 0 \(\w+\) is dynamic"):
        import_torch(exported(torch.export.Dim("rows", min=2, max=64)))


def test_a_factory_may_return_an_exported_program(tmp_path: Path) -> None:
    file = tmp_path / "made.py"
    file.write_text(
        "import torch\n"
        "def made():\n"
        "    return torch.export.export(torch.nn.ReLU(), (torch.ones(2, 3),))\n"
    )
    assert load_program(f"{file}:made").example_inputs[0].shape == (2, 3)
