"""Top-k of a rounded function orders what was not rounded yet."""

import numpy as np
import pytest
import torch
from xdsl.dialects.func import FuncOp

from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.reference.evaluate import evaluate_block

CLOSE = ((-0.1981201171875, -0.1978759765625, -0.0054473876953125, -0.92431640625),)
"""Numbers in f16 whose softmaxes in f16 are equal in pairs: the second is larger than the first."""


class Router(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.softmax(x, -1).topk(2, -1)


def run(module: torch.nn.Module, x: torch.Tensor) -> list[np.ndarray]:
    program = import_torch(module, [x])
    function = next(op for op in program.module.walk() if isinstance(op, FuncOp))
    return evaluate_block(function.body.block, [*program.parameters, x.numpy()])


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_numbers_that_rounding_makes_equal_keep_their_order(dtype: torch.dtype) -> None:
    x = torch.tensor(CLOSE, dtype=dtype)
    rounded = torch.softmax(x, -1)
    assert (rounded[0, 0] == rounded[0, 1]) == (dtype == torch.float16)
    values, places = run(Router(), x)
    assert places.tolist() == [[2, 1]]
    assert values.dtype == rounded.numpy().dtype
    np.testing.assert_array_equal(values, rounded.topk(2, -1)[0].numpy())
