"""Encoders, small and seeded: BERT's layer with a mask, a vision transformer, Whisper's encoder."""

import torch
from torch import nn

F = nn.functional

Made = tuple[nn.Module, tuple[torch.Tensor, ...]]


class Attention(nn.Module):
    """Attention of several heads, with scores added to, if any are given."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v = (nn.Linear(width, width) for _ in range(3))
        self.o = nn.Linear(width, width)

    def forward(self, x: torch.Tensor, added: torch.Tensor | None = None) -> torch.Tensor:
        """[batch, tokens, width] to the same."""
        batch, tokens, width = x.shape

        def split(y: torch.Tensor) -> torch.Tensor:
            return y.reshape(batch, tokens, self.heads, -1).transpose(1, 2)

        q, k, v = split(self.q(x)), split(self.k(x)), split(self.v(x))
        scores = q @ k.transpose(-1, -2) * (width // self.heads) ** -0.5
        if added is not None:
            scores = scores + added
        heads = torch.softmax(scores, -1) @ v
        return self.o(heads.transpose(1, 2).reshape(batch, tokens, width))


class Layer(nn.Module):
    """An encoder layer that normalises before (ViT, Whisper) or after (BERT) each of its halves."""

    def __init__(self, width: int, heads: int, *, first: bool) -> None:
        super().__init__()
        self.attention, self.first = Attention(width, heads), first
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.one, self.two = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x: torch.Tensor, added: torch.Tensor | None = None) -> torch.Tensor:
        """[batch, tokens, width] to the same."""
        if self.first:
            x = x + self.attention(self.one(x), added)
            return x + self.down(F.gelu(self.up(self.two(x))))
        x = self.one(x + self.attention(x, added))
        return self.two(x + self.down(F.gelu(self.up(x))))


class Bert(nn.Module):
    """Embeddings of words and places, and a layer that does not see the padding (Devlin, 2018)."""

    def __init__(self, words: int, width: int, heads: int, most: int) -> None:
        super().__init__()
        self.word, self.place = nn.Embedding(words, width), nn.Embedding(most, width)
        self.norm, self.layer = nn.LayerNorm(width), Layer(width, heads, first=False)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """[batch, tokens] of words and of 1 and 0 to [batch, tokens, width]."""
        x = self.norm(self.word(ids) + self.place(torch.arange(ids.shape[1])))
        lowest = torch.finfo(x.dtype).min
        return self.layer(x, (1.0 - mask[:, None, None, :].to(x.dtype)) * lowest)


class Vit(nn.Module):
    """Patches as tokens behind one that stands for the image (Dosovitskiy et al., 2020)."""

    def __init__(self, width: int, heads: int, size: int, patch: int) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, patch)
        self.image = nn.Parameter(torch.randn(1, 1, width))
        self.place = nn.Parameter(torch.randn(1, (size // patch) ** 2 + 1, width))
        self.layer, self.norm = Layer(width, heads, first=True), nn.LayerNorm(width)
        self.head = nn.Linear(width, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[batch, 3, height, width] to ten scores."""
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.image.expand(x.shape[0], -1, -1), tokens], 1) + self.place
        return self.head(self.norm(self.layer(x))[:, 0])


class Whisper(nn.Module):
    """Two convolutions over time, places, and a layer (Radford et al., 2022)."""

    def __init__(self, bands: int, width: int, heads: int, frames: int) -> None:
        super().__init__()
        self.a = nn.Conv1d(bands, width, 3, padding=1)
        self.b = nn.Conv1d(width, width, 3, 2, padding=1)
        self.register_buffer("place", torch.randn(frames // 2, width))
        self.layer, self.norm = Layer(width, heads, first=True), nn.LayerNorm(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[batch, bands, frames] to half as many tokens."""
        x = F.gelu(self.b(F.gelu(self.a(x)))).transpose(1, 2)
        return self.norm(self.layer(x + self.place))


def bert() -> Made:
    """Width 32, 2 heads, 16 tokens of which 3 are padding."""
    torch.manual_seed(0)
    ids, mask = torch.randint(0, 50, (1, 16)), torch.ones(1, 16, dtype=torch.long)
    mask[:, -3:] = 0
    return Bert(50, 32, 2, 16).eval(), (ids, mask)


def bert_bf16() -> Made:
    """The same in bf16."""
    module, inputs = bert()
    return module.bfloat16(), inputs


def vit() -> Made:
    """Width 32, 2 heads, an image of 16 × 16 in patches of 4 × 4."""
    torch.manual_seed(0)
    return Vit(32, 2, 16, 4).eval(), (torch.randn(1, 3, 16, 16),)


def whisper_encoder() -> Made:
    """Width 32, 2 heads, 32 frames of 16 bands."""
    torch.manual_seed(0)
    return Whisper(16, 32, 2, 32).eval(), (torch.randn(1, 16, 32),)
