"""A transformer encoder layer: attention, softmax, layer norm, GELU and linear layers."""

import torch


def factory() -> tuple[torch.nn.Module, tuple[torch.Tensor, ...]]:
    """A seeded layer of width 128 with 4 heads, and one sequence of 64 tokens."""
    torch.manual_seed(0)
    layer = torch.nn.TransformerEncoderLayer(
        d_model=128, nhead=4, dim_feedforward=512, activation="gelu", batch_first=True
    )
    return layer.eval(), (torch.randn(1, 64, 128),)
