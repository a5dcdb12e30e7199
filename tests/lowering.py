"""Programs lowered from PyTorch functions, for tests of the front end."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn
from xdsl.ir import Operation

from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.program import Program
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.reference.host import run_main


class Module(nn.Module):
    """A module with the given ``forward``."""

    def __init__(self, function: Callable[..., object]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args: torch.Tensor) -> object:
        return self.function(*args)


def lowered(function: Callable[..., object], *inputs: torch.Tensor) -> Program:
    return import_torch(Module(function), inputs)


def ops(program: Program, kind: type[Operation]) -> list[Operation]:
    return [op for op in program.module.walk() if isinstance(op, kind)]


def error_of(function: Callable[[], object]) -> str:
    with pytest.raises(HawkError) as caught:
        function()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def assert_agrees(program: Program, tolerance: float = 1e-5) -> None:
    assert program.reference is not None
    expected = program.reference(program.example_inputs)
    results = run_main(program.module, program.arguments(program.example_inputs))
    assert len(results) == len(expected)
    for result, wanted in zip(results, expected, strict=True):
        assert result.shape == wanted.shape and result.dtype == wanted.dtype
        np.testing.assert_allclose(
            result.astype(np.float64), wanted.astype(np.float64), rtol=tolerance, atol=tolerance
        )
