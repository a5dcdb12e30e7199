"""Random numbers of a counter: Philox 2x32-10 in 32-bit integers, as torch ops.

Each element is a function of the seed, of its place in the tensor and of which draw of the call it
is, so that elements need no order. Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as
easy as 1, 2, 3" (SC 2011), whose constants these are.
"""

import math

import torch

ROUNDS = 10

MULTIPLIER = 0xD256D193

WEYL = 0x9E3779B9
"""What is added to the key after each round."""


def words(seed: torch.Tensor, count: int, draw: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Twice 32 random bits for each of so many elements, as int32.

    Args:
        seed: one int32.
        count: how many elements.
        draw: which draw of the call it is, from 0.
    """
    left = torch.arange(count, dtype=torch.int32)
    right = torch.full((count,), draw, dtype=torch.int32)
    key = seed.reshape(1)
    for _ in range(ROUNDS):
        left, right = _high_of_product(left) ^ key ^ right, left * _signed(MULTIPLIER)
        key = key + _signed(WEYL)
    return left, right


def uniform(seed: torch.Tensor, count: int, draw: int) -> torch.Tensor:
    """Multiples of 2^-24 in [0, 1), as f32."""
    return _fraction(words(seed, count, draw)[0])


def normal(seed: torch.Tensor, count: int, draw: int) -> torch.Tensor:
    """Normal numbers by Box and Muller, as f32."""
    first, second = words(seed, count, draw)
    radius = torch.sqrt(-2.0 * torch.log(1.0 - _fraction(first)))
    return radius * torch.cos(2.0 * math.pi * _fraction(second))


def _fraction(word: torch.Tensor) -> torch.Tensor:
    return ((word >> 8) & 0xFFFFFF).to(torch.float32) * 2.0**-24


def _high_of_product(left: torch.Tensor) -> torch.Tensor:
    """The upper 32 of the 64 bits of the unsigned product with the multiplier.

    By halves of 16 bits, whose products fit 32: with ``a = 2^16 ah + al`` and ``b = 2^16 bh + bl``
    the upper half is ``ah bh`` and what ``ah bl + (al bl >> 16)`` and ``al bh`` carry into it.
    """
    low, high = MULTIPLIER & 0xFFFF, MULTIPLIER >> 16
    al, ah = left & 0xFFFF, (left >> 16) & 0xFFFF
    middle = ah * low + ((al * low >> 16) & 0xFFFF)
    carried = al * high + (middle & 0xFFFF)
    return ah * high + ((middle >> 16) & 0xFFFF) + ((carried >> 16) & 0xFFFF)


def _signed(number: int) -> int:
    """The number of the same 32 bits within int32."""
    return number - 2**32 if number >= 2**31 else number
