"""Networks on images, small and seeded: blocks of ResNet-18 and MobileNetV3, U-Net's way up."""

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


class Mobile(nn.Module):
    """Wider, a depthwise convolution, channels weighed by their means, narrower (Howard, 2019)."""

    def __init__(self, width: int, wide: int) -> None:
        super().__init__()
        self.a, self.na = nn.Conv2d(width, wide, 1, bias=False), nn.BatchNorm2d(wide)
        self.b = nn.Conv2d(wide, wide, 3, padding=1, groups=wide, bias=False)
        self.nb = nn.BatchNorm2d(wide)
        self.less, self.more = nn.Conv2d(wide, wide // 4, 1), nn.Conv2d(wide // 4, wide, 1)
        self.c, self.nc = nn.Conv2d(wide, width, 1, bias=False), nn.BatchNorm2d(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[batch, channels, height, width] to the same."""
        y = F.hardswish(self.na(self.a(x)))
        y = F.hardswish(self.nb(self.b(y)))
        weights = F.hardsigmoid(self.more(F.relu(self.less(F.adaptive_avg_pool2d(y, 1)))))
        return x + self.nc(self.c(y * weights))


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


def _normalised(module: nn.Module) -> nn.Module:
    """With statistics that a training might have left."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.uniform_(-0.1, 0.1)
            part.running_var.uniform_(0.5, 1.5)
    return module.eval()


def resnet_block() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    """16 channels of 14 × 14."""
    torch.manual_seed(0)
    return _normalised(Residual(16)), (torch.randn(1, 16, 14, 14),)


def resnet_block_f16() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    """The same in f16."""
    module, (x,) = resnet_block()
    return module.half(), (x.half(),)


def mobilenet_block() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    """16 channels of 14 × 14, 32 inside."""
    torch.manual_seed(0)
    return _normalised(Mobile(16, 32)), (torch.randn(1, 16, 14, 14),)


def unet_up() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    """16 channels of 8 × 8 to 8 of 32 × 32."""
    torch.manual_seed(0)
    return Up(16).eval(), (torch.randn(1, 16, 8, 8), torch.randn(1, 8, 16, 16))
