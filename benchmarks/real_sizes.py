"""Networks at the sizes that people run: a BERT-base layer, a Llama-7B layer, ResNet-18.

Weights are drawn, seeded; each in f32 and in f16 where it is run so. `networks.py --real` measures
them.
"""

import sys
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1] / "examples" / "gallery"))

from language import LlamaBlock

F = nn.functional

Made = tuple[nn.Module, tuple[torch.Tensor, ...]]


class _Block(nn.Module):
    """Two convolutions with batch norm, and a shortcut of 1 × 1 where sizes differ (He, 2016)."""

    def __init__(self, into: int, out: int, step: int) -> None:
        super().__init__()
        self.a, self.na = nn.Conv2d(into, out, 3, step, 1, bias=False), nn.BatchNorm2d(out)
        self.b, self.nb = nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out)
        self.short: nn.Module = nn.Identity()
        if step != 1 or into != out:
            self.short = nn.Sequential(
                nn.Conv2d(into, out, 1, step, bias=False), nn.BatchNorm2d(out)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.relu(self.na(self.a(x)))
        return F.relu(self.short(x) + self.nb(self.b(y)))


class _ResNet18(nn.Module):
    """Seventeen convolutions and a linear layer, a thousand classes."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        widths = ((64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2))
        blocks = [(_Block(i, o, step), _Block(o, o, 1)) for i, o, step in widths]
        self.blocks = nn.Sequential(*(block for pair in blocks for block in pair))
        self.head = nn.Linear(512, 1000)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.max_pool2d(F.relu(self.norm(self.stem(x))), 3, 2, 1)
        return self.head(self.blocks(x).mean((2, 3)))


def bert_base_layer() -> Made:
    """BERT-base's encoder layer: 512 tokens × 768, 12 heads, 3072 inside."""
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(768, 12, 3072, activation="gelu", batch_first=True)
    return layer.eval(), (torch.randn(1, 512, 768),)


def bert_base_layer_f16() -> Made:
    """The same in f16."""
    module, (x,) = bert_base_layer()
    return module.half(), (x.half(),)


def llama_7b_layer_f16() -> Made:
    """Llama-7B's layer: 512 tokens × 4096, 32 heads, rotary, 11008 inside, f16."""
    torch.manual_seed(0)
    block = LlamaBlock(4096, 32, 32, 11008, 512).half()
    return block.eval(), (torch.randn(1, 512, 4096).half(),)


def resnet18() -> Made:
    """ResNet-18 at 224 × 224, batch 1."""
    torch.manual_seed(0)
    module = _ResNet18()
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.uniform_(-0.1, 0.1)
            part.running_var.uniform_(0.5, 1.5)
    return module.eval(), (torch.randn(1, 3, 224, 224),)


def resnet18_f16() -> Made:
    """The same in f16."""
    module, (x,) = resnet18()
    return module.half(), (x.half(),)
