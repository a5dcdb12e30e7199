"""The inputs that a rewrite is checked on.

A function of one 16-bit float gets every value there is. One of an f32 gets a grid over all
exponents, with powers of two and their neighbours, dtype ends, zeros, infinities, NaN and
denormals; several variables get all combinations of such edges, and random ones.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np

from hawk_xdsl.dialects.dtype import CONDITION, WIDE_FLOAT, Array, DType, is_float

ROW_LENGTH = 5
"""Elements of a row of what is reduced."""

ROWS = 64
"""Rows of what is reduced, at least: of one in four all elements are finite."""

_NUMBERS = (0.0, 0.1, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 3.1415927, 7.0, 41.0, 100.0, 1e3, 1e4)
_WIDE = (1e-30, 1e-6, 1e6, 1e8, 1e18, 1e20, 1e30, 2.0**23, 2.0**24, 2.0**24 + 2)


def every_16_bit(dtype: str) -> Array:
    """Every value of f16, bf16 or i16, with one NaN."""
    return _one_nan(np.arange(1 << 16, dtype=np.uint16).view(DType(dtype).numpy))


def _one_nan(values: Array) -> Array:
    """The same with one NaN for all: their signs mean nothing."""
    if is_float(values.dtype):
        with np.errstate(invalid="ignore"):
            values[np.isnan(values)] = np.nan
    return values


def grid(size: int) -> Array:
    """About ``size`` f32: for every sign and exponent as many mantissas, the extreme ones too."""
    each = max(4, size // 512)
    heads = (np.arange(512, dtype=np.uint32) << np.uint32(23))[:, None]
    random = np.random.default_rng(0).integers(0, 1 << 23, (512, each - 4), np.uint32)
    extreme = np.tile(np.array([0, 1, 0x7FFFFE, 0x7FFFFF], np.uint32), (512, 1))
    bits = (heads | np.concatenate([extreme, random], axis=1)).reshape(-1)
    near = np.linspace(-20, 20, each * 16, dtype=np.float32)
    return _one_nan(np.concatenate([bits.view(np.float32), near, edges(WIDE_FLOAT)]))


def edges(dtype: str) -> Array:
    """The values of a dtype at which functions go wrong, and a few ordinary ones."""
    kind = DType(dtype).numpy
    if not is_float(kind):
        limits = np.iinfo(kind.name)
        ordinary = [0, 1, 2, 3, 7, 41, 100, -1, -2, -3, -7, -41, -100]
        around = [limits.min, limits.min + 1, limits.max - 1, limits.max]
        wide = [s * (1 << e) + d for e in (8, 15, 23, 24, 30) for s in (1, -1) for d in (-1, 0, 1)]
        return np.array(sorted({n for n in [*ordinary, *around, *wide] if _holds(limits, n)}), kind)
    import ml_dtypes

    limits = ml_dtypes.finfo(kind)
    tiny, low = float(limits.tiny), float(limits.smallest_subnormal)
    special = [float("inf"), float("nan"), float(limits.max), tiny, low]
    eps = float(limits.eps)
    near_one = [1 + eps, 1 - eps / 2]
    positive = np.array([*_NUMBERS, *near_one, *special, *(_WIDE if dtype != DType.F16 else ())])
    return _one_nan(np.concatenate([positive, -positive]).astype(kind))


def _holds(limits: "np.iinfo[np.integer]", number: int) -> bool:
    return int(limits.min) <= number <= int(limits.max)


def together(sets: Sequence[Array], most: int) -> list[Array]:
    """Values for several variables at once: all combinations if there are few, else random ones."""
    count = int(np.prod([len(each) for each in sets]))
    if count <= most:
        combined = list(product(*(range(len(each)) for each in sets)))
        places = np.array(combined, np.int64).reshape(-1, len(sets)).T
    else:
        random = np.random.default_rng(0)
        places = np.stack([random.integers(0, len(each), most) for each in sets])
    return [each[place] for each, place in zip(sets, places, strict=True)]


def scattered(dtype: str, count: int, seed: int) -> Array:
    """Random values of all magnitudes, or integers over their full width."""
    kind = DType(dtype).numpy
    random = np.random.default_rng(seed)
    if dtype == CONDITION:
        return random.integers(0, 2, count).astype(kind)
    if is_float(kind):
        sizes = 2.0 ** random.uniform(-14, 15, count)
        return (sizes * random.choice([-1.0, 1.0], count)).astype(kind)
    limits = np.iinfo(kind.name)
    wide = random.integers(limits.min, int(limits.max) + 1, count, np.int64)
    return np.where(random.random(count) < 0.5, wide, wide % 200 - 100).astype(kind)
