"""Networks on images, small and seeded: a residual block, a U-Net's way up."""

import torch
from torch import nn

F = nn.functional


class Residual(nn.Module):
    """Two convolutions with batch norm and a shortcut (He et al., 2016)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.a = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.b = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.na, self.nb = nn.BatchNorm2d(width), nn.BatchNorm2d(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[batch, channels, height, width] to the same."""
        return F.relu(x + self.nb(self.b(F.relu(self.na(self.a(x))))))


class Up(nn.Module):
    """A transposed convolution, a bilinear enlargement and a skip (Ronneberger et al., 2015)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.t = nn.ConvTranspose2d(width, width // 2, 2, 2)
        self.c = nn.Conv2d(width, width // 2, 3, padding=1)

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        """Four times as high and wide as ``x``, with what is twice as large on the way."""
        y = F.silu(self.c(torch.cat([self.t(x), skip], 1)))
        return F.interpolate(y, scale_factor=2, mode="bilinear", align_corners=False)


def resnet_block() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    """16 channels of 14 × 14."""
    torch.manual_seed(0)
    module = Residual(16)
    for norm in (module.na, module.nb):
        norm.running_mean.uniform_(-0.1, 0.1)
        norm.running_var.uniform_(0.5, 1.5)
    return module.eval(), (torch.randn(1, 16, 14, 14),)


def unet_up() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    """16 channels of 8 × 8 to 8 of 32 × 32."""
    torch.manual_seed(0)
    return Up(16).eval(), (torch.randn(1, 16, 8, 8), torch.randn(1, 8, 16, 16))
