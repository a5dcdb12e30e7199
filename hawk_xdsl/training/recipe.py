"""How random ops are drawn; the defaults are what ``hawk model generate`` takes."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

_Key = TypeVar("_Key", str, int)


@dataclass(frozen=True)
class Recipe:
    """How ops are drawn: the shares of the kinds, and the sizes.

    ``steps`` says how many values are computed; ``elements`` are limits of the elements of the
    whole loop nest. Both are mappings to shares, which need not sum to one. ``mixed`` is the share
    of the ops of a shorter float that are computed in f32 from the first value to the last.
    """

    contraction: float = 0.12
    reduction: float = 0.26
    scan: float = 0.03
    position: float = 0.04
    window: float = 0.05
    part: float = 0.05
    joined: float = 0.03
    gathered: float = 0.03
    mixed: float = 0.4
    transposed: float = 0.09
    second_result: float = 0.04
    steps: Mapping[int, float] = field(
        default_factory=lambda: dict(
            zip(range(12), (2, 3, 5, 6, 6, 6, 6, 5, 5, 4, 3, 3), strict=True)
        )
    )
    dtypes: Mapping[str, float] = field(
        default_factory=lambda: {"f32": 0.5, "f16": 0.46, "bf16": 0.02, "i32": 0.02}
    )
    elements: Mapping[int, float] = field(
        default_factory=lambda: {
            1 << 9: 0.34,
            1 << 12: 0.36,
            1 << 15: 0.12,
            1 << 18: 0.08,
            1 << 21: 0.1,
        }
    )


def weighted(draw: random.Random, shares: Mapping[_Key, float]) -> _Key:
    """One of some things, as often as its share says."""
    keys = list(shares)
    return draw.choices(keys, [shares[key] for key in keys])[0]
