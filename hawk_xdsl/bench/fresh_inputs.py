"""Inputs that compiled cases are compared on: drawn by the suite, then changed to attack.

They share nothing with the gate's trials, so that what those never reach can show here.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch

Change = Callable[[torch.Tensor, np.random.Generator], torch.Tensor]
"""Another tensor of the same dtype and shape, from one of floats."""

TENS = 2.0
"""How many powers of ten the magnitudes of rows may change, up or down."""

LOUD = 12.0
"""Times the largest magnitude of its tensor that a loud element has."""


def unchanged(tensor: torch.Tensor, random: np.random.Generator) -> torch.Tensor:
    """As the suite drew it."""
    return tensor


def uneven(tensor: torch.Tensor, random: np.random.Generator) -> torch.Tensor:
    """Rows of very different magnitudes, some of them constant; signs stay."""
    if tensor.ndim == 0:
        return tensor * float(10.0 ** random.uniform(-TENS, TENS))
    shape = (*tensor.shape[:-1], 1)
    factors = torch.from_numpy(10.0 ** random.uniform(-TENS, TENS, shape))
    flat = torch.from_numpy(random.random(shape) < 0.1)
    rows = torch.where(flat, tensor[..., :1], tensor) if tensor.shape[-1] else tensor
    return (rows.double() * factors).to(tensor.dtype)


def loud_ends(tensor: torch.Tensor, random: np.random.Generator) -> torch.Tensor:
    """One element of each row is far larger than all others, mostly the last; signs stay."""
    if tensor.ndim == 0 or not tensor.numel():
        return tensor
    rows = tensor.detach().clone().reshape(-1, tensor.shape[-1])
    count, length = rows.shape
    place = np.where(random.random(count) < 0.6, length - 1, random.integers(0, length, count))
    place[-1] = length - 1
    every, places = torch.arange(count), torch.from_numpy(place)
    sign = torch.sign(rows[every, places].double())
    largest = float(rows.double().abs().max())
    loud = torch.where(sign == 0, torch.ones_like(sign), sign) * LOUD * largest
    rows[every, places] = loud.clamp(-6e4, 6e4).to(rows.dtype)
    return rows.reshape(tensor.shape)


CHANGES: Mapping[str, Change] = {
    "unchanged": unchanged,
    "uneven": uneven,
    "loud ends": loud_ends,
}
"""What a case is compared on, by name."""


def changed(tensors: Sequence[torch.Tensor], name: str, seed: int) -> list[torch.Tensor]:
    """The inputs of a case after a change; integers and booleans stay as they were drawn."""
    random = np.random.default_rng(seed)
    change = CHANGES[name]
    return [change(t, random) if t.is_floating_point() else t for t in tensors]
