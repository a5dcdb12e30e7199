"""Weights of convolutions are reordered when a program is compiled."""

import numpy as np
import torch

from hawk_xdsl.frontend.constant_folding import folded
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.frontend.window_weights import window_weights_ordered


def test_channels_come_last_and_values_stay() -> None:
    torch.manual_seed(0)
    module = torch.nn.Conv2d(4, 6, 3, bias=False)
    program = folded(import_torch(module, (torch.randn(1, 4, 8, 8),)))
    ordered = window_weights_ordered(program)
    [weights] = ordered.parameters
    assert np.array_equal(weights, module.weight.detach().numpy().transpose(0, 2, 3, 1))
    assert "tensor<6x4x3x3xf32>" not in str(ordered.module)
    assert "tensor<6x4x3x3xf32>" in str(program.module)


def test_weights_of_a_linear_layer_stay() -> None:
    program = folded(import_torch(torch.nn.Linear(8, 4), (torch.randn(2, 8),)))
    assert window_weights_ordered(program) is program
