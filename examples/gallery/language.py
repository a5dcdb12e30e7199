"""Language models, small and seeded: a Llama block, and a decoding step with a cache."""

import torch
from torch import nn

F = nn.functional


class RMSNorm(nn.Module):
    """x / sqrt(mean(x²) + ε), scaled, computed in f32 (Zhang and Sennrich, 2019)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The input, normalised along its last axis."""
        wide = x.float()
        wide = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-6)
        return self.scale * wide.to(x.dtype)


class LlamaBlock(nn.Module):
    """Rotary attention with grouped keys, and a gated feed-forward (Touvron et al., 2023)."""

    def __init__(self, width: int, heads: int, groups: int, hidden: int, tokens: int) -> None:
        super().__init__()
        self.heads, self.groups, self.size = heads, groups, width // heads
        self.before, self.after = RMSNorm(width), RMSNorm(width)
        self.q = nn.Linear(width, width, bias=False)
        self.k = nn.Linear(width, groups * self.size, bias=False)
        self.v = nn.Linear(width, groups * self.size, bias=False)
        self.o = nn.Linear(width, width, bias=False)
        self.gate = nn.Linear(width, hidden, bias=False)
        self.up = nn.Linear(width, hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)
        steps = 10000.0 ** (-torch.arange(0, self.size, 2) / self.size)
        angles = torch.outer(torch.arange(tokens).float(), steps)
        self.register_buffer("cos", torch.cat([angles, angles], -1).cos())
        self.register_buffer("sin", torch.cat([angles, angles], -1).sin())

    def turned(self, x: torch.Tensor) -> torch.Tensor:
        """Heads with each pair of features turned by its token's angles."""
        half = self.size // 2
        other = torch.cat([-x[..., half:], x[..., :half]], -1)
        return x * self.cos + other * self.sin

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[batch, tokens, width] to the same."""
        batch, tokens, width = x.shape
        y = self.before(x)

        def split(z: torch.Tensor, heads: int) -> torch.Tensor:
            return z.reshape(batch, tokens, heads, self.size).transpose(1, 2)

        q = self.turned(split(self.q(y), self.heads))
        k = self.turned(split(self.k(y), self.groups))
        v = split(self.v(y), self.groups)
        shared = self.heads // self.groups
        k, v = k.repeat_interleave(shared, 1), v.repeat_interleave(shared, 1)
        scores = q @ k.transpose(-1, -2) * self.size**-0.5
        places = torch.arange(tokens)
        scores = scores.masked_fill(places[None, :] > places[:, None], float("-inf"))
        heads = torch.softmax(scores.float(), -1).to(x.dtype) @ v
        x = x + self.o(heads.transpose(1, 2).reshape(batch, tokens, width))
        y = self.after(x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class DecodingStep(nn.Module):
    """One token through a GPT-2 block whose keys and values are kept (Radford et al., 2019)."""

    def __init__(self, width: int, heads: int, most: int) -> None:
        super().__init__()
        self.heads, self.size, self.most = heads, width // heads, most
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.o = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.register_buffer("keys", torch.randn(heads, most, self.size))
        self.register_buffer("values", torch.randn(heads, most, self.size))

    def forward(self, x: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
        """The token at ``place``, with what came before it."""
        q, k, v = self.qkv(self.first(x)).reshape(3, self.heads, 1, self.size)
        self.keys.index_copy_(1, place, k)
        self.values.index_copy_(1, place, v)
        scores = (q @ self.keys.transpose(-1, -2)) * self.size**-0.5
        seen = torch.arange(self.most) <= place
        weights = torch.softmax(torch.where(seen, scores, float("-inf")), -1)
        x = x + self.o((weights @ self.values).reshape(1, -1))
        return x + self.down(F.gelu(self.up(self.second(x)), approximate="tanh"))


def llama_block() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    """Width 128, 4 heads that share 2 keys, 32 tokens."""
    torch.manual_seed(0)
    return LlamaBlock(128, 4, 2, 256, 32).eval(), (torch.randn(1, 32, 128),)


def llama_block_f16() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    """The same in f16."""
    module, (x,) = llama_block()
    return module.half(), (x.half(),)


def gpt2_step() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    """Width 128, 4 heads, a cache of 64 tokens."""
    torch.manual_seed(0)
    return DecodingStep(128, 4, 64).eval(), (torch.randn(1, 128), torch.tensor([17]))
