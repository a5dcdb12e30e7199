"""A small image classifier: convolution, batch norm, ReLU, max pooling and a linear layer."""

import torch
from torch import nn


class Classifier(nn.Module):
    """Two convolution blocks and a linear layer: 3 × 32 × 32 pixels to 10 classes."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.head = nn.Linear(32 * 8 * 8, 10)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Image [batch, 3, 32, 32] to logits [batch, 10]."""
        return self.head(torch.flatten(self.features(image), 1))


def factory() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    """A seeded classifier whose batch norms have seen data, and one image."""
    torch.manual_seed(0)
    classifier = Classifier()
    with torch.no_grad():
        for _ in range(4):
            classifier(torch.randn(8, 3, 32, 32))
    return classifier.eval(), (torch.randn(1, 3, 32, 32),)
