"""Tables, experts, states and few bits, small and seeded: DLRM, a mixture, Mamba, int8 and int4."""

import torch
from torch import nn

F = nn.functional

Made = tuple[nn.Module, tuple[torch.Tensor, ...]]


class Dlrm(nn.Module):
    """Bags of embeddings, and the products of all pairs of them (Naumov et al., 2019)."""

    def __init__(self, dense: int, tables: int, rows: int, width: int) -> None:
        super().__init__()
        self.bottom = nn.Sequential(nn.Linear(dense, width), nn.ReLU())
        self.tables = nn.ModuleList(nn.EmbeddingBag(rows, width, mode="sum") for _ in range(tables))
        first, second = torch.tril_indices(tables + 1, tables + 1, -1)
        self.register_buffer("first", first)
        self.register_buffer("second", second)
        self.top = nn.Sequential(nn.Linear(width + len(first), 1), nn.Sigmoid())

    def forward(self, x: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        """[batch, dense] and [tables, batch, bag] to [batch, 1]."""
        x = self.bottom(x)
        bags = [table(ids[i]) for i, table in enumerate(self.tables)]
        vectors = torch.stack([x, *bags], 1)
        pairs = (vectors @ vectors.transpose(1, 2))[:, self.first, self.second]
        return self.top(torch.cat([x, pairs], 1))


class Mixture(nn.Module):
    """Every token by the two experts that a router finds best (Shazeer et al., 2017)."""

    def __init__(self, width: int, experts: int, hidden: int) -> None:
        super().__init__()
        self.router = nn.Linear(width, experts, bias=False)
        self.up = nn.Parameter(torch.randn(experts, width, hidden) * width**-0.5)
        self.down = nn.Parameter(torch.randn(experts, hidden, width) * hidden**-0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[tokens, width] to the same."""
        likely = torch.softmax(self.router(x), -1)
        best, which = likely.topk(2, -1)
        share = torch.zeros_like(likely).scatter(-1, which, best / best.sum(-1, keepdim=True))
        hidden = F.gelu(torch.einsum("tw,ewh->eth", x, self.up))
        each = torch.einsum("eth,ehw->etw", hidden, self.down)
        return (each * share.t()[:, :, None]).sum(0)


class Mamba(nn.Module):
    """A convolution over time, then states that forget as the input says (Gu and Dao, 2023).

    The states of few tokens are computed one after the other.
    """

    def __init__(self, width: int, states: int) -> None:
        super().__init__()
        self.into = nn.Linear(width, 2 * width, bias=False)
        self.time = nn.Conv1d(width, width, 4, padding=3, groups=width)
        self.steps, self.pair = nn.Linear(width, width), nn.Linear(width, 2 * states)
        self.decay = nn.Parameter(torch.arange(1.0, states + 1).repeat(width, 1).log())
        self.skip, self.out = nn.Parameter(torch.ones(width)), nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[tokens, width] to the same."""
        tokens = x.shape[0]
        y, gate = self.into(x).chunk(2, -1)
        y = F.silu(self.time(y.t()[None])[0, :, :tokens].t())
        steps = F.softplus(self.steps(y))
        b, c = self.pair(y).chunk(2, -1)
        kept = torch.exp(-steps[:, :, None] * self.decay.exp())
        added = (steps * y)[:, :, None] * b[:, None, :]
        state, states = torch.zeros_like(added[0]), []
        for token in range(tokens):
            state = kept[token] * state + added[token]
            states.append(state)
        y = (torch.stack(states) * c[:, None, :]).sum(-1) + self.skip * y
        return self.out(y * F.silu(gate))


class Int8(nn.Module):
    """Weights of 8 bits with a scale a row; inputs are rounded to 8 bits, sums are of 32."""

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        weight = torch.randn(outputs, width) * width**-0.5
        scale = weight.abs().amax(1) / 127
        self.register_buffer("weight", (weight / scale[:, None]).round().to(torch.int8))
        self.register_buffer("scale", scale)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[tokens, width] to [tokens, outputs]."""
        step = x.abs().amax(-1, keepdim=True) / 127
        rounded = (x / step).round().clamp(-128, 127).to(torch.int8)
        sums = rounded.to(torch.int32) @ self.weight.to(torch.int32).t()
        return sums.float() * step * self.scale


class Int4(nn.Module):
    """Weights of 4 bits, two in a byte, with a scale for each group of a row."""

    def __init__(self, width: int, outputs: int, group: int) -> None:
        super().__init__()
        self.group = group
        packed = torch.randint(0, 256, (outputs, width // 2), dtype=torch.uint8)
        self.register_buffer("packed", packed)
        self.register_buffer("scale", (torch.rand(outputs, width // group) * 0.02).half())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[tokens, width] to [tokens, outputs], in f16."""
        low = (self.packed & 15).to(torch.float16) - 8
        high = (self.packed >> 4).to(torch.float16) - 8
        rows = self.packed.shape[0]
        weight = torch.stack([low, high], -1).reshape(rows, -1, self.group)
        return x @ (weight * self.scale[..., None]).reshape(rows, -1).t()


def dlrm() -> Made:
    """3 tables of 100 rows, bags of 4, a batch of 8."""
    torch.manual_seed(0)
    return Dlrm(13, 3, 100, 16).eval(), (torch.randn(8, 13), torch.randint(0, 100, (3, 8, 4)))


def mixture_of_experts() -> Made:
    """4 experts, 16 tokens of width 32."""
    torch.manual_seed(0)
    return Mixture(32, 4, 64).eval(), (torch.randn(16, 32),)


def mamba_block() -> Made:
    """8 tokens of width 32, 8 states."""
    torch.manual_seed(0)
    return Mamba(32, 8).eval(), (torch.randn(8, 32),)


def int8_linear() -> Made:
    """64 to 128 features, 16 tokens."""
    torch.manual_seed(0)
    return Int8(64, 128).eval(), (torch.randn(16, 64),)


def int4_linear() -> Made:
    """64 to 128 features in groups of 32, 16 tokens."""
    torch.manual_seed(0)
    return Int4(64, 128, 32).eval(), (torch.randn(16, 64).half(),)
