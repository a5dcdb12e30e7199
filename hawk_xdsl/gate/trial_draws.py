"""Draws of floats: matrices whose rows do not meet in a result, each row for a purpose."""

from collections.abc import Callable, Mapping, Sequence

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Random = np.random.Generator
Draw = Callable[[Random, int, int], Floats]
"""Rows, and the elements of each, which are 1 where nothing is reduced."""


def normal(random: Random, rows: int, length: int) -> Floats:
    """Ordinary values."""
    return random.standard_normal((rows, length))


def positive(random: Random, rows: int, length: int) -> Floats:
    """Positive values, each row of another magnitude."""
    return random.uniform(0.1, 2.0, (rows, length)) * 10.0 ** random.uniform(-2, 1, (rows, 1))


def negative(random: Random, rows: int, length: int) -> Floats:
    """Negative values, each row of another magnitude: no comparison with 0 holds."""
    return -positive(random, rows, length)


def odd(random: Random, rows: int, length: int) -> Floats:
    """Large and tiny magnitudes, signed zeros, and in part constant rows."""
    values = normal(random, rows, length) * 10.0 ** random.uniform(-4, 1.5, (rows, length))
    values = np.where(random.random((rows, length)) < 0.05, 0.0, values)
    values = np.where(random.random((rows, length)) < 0.05, -0.0, values)
    return np.where(random.random((rows, 1)) < 0.2, values[:, :1], values)


def shifted(random: Random, rows: int, length: int) -> Floats:
    """Each row far from zero, on either side: further than exp reaches in 32 bits."""
    return normal(random, rows, length) + random.choice([-100.0, 100.0], (rows, 1))


def small(random: Random, rows: int, length: int) -> Floats:
    """Ever smaller rows, the same of all inputs: what is added to keep a root apart shows."""
    scale = np.logspace(-2, -7, rows)[:, None] if rows > 1 else np.float64(1e-7)
    return normal(random, rows, length) * scale


def masked(random: Random, rows: int, length: int) -> Floats:
    """Minus infinity in places, and in whole rows."""
    hidden = (random.random((rows, length)) < 0.2) | (random.random((rows, 1)) < 0.2)
    return np.where(hidden, -np.inf, normal(random, rows, length))


def unit(random: Random, rows: int, length: int) -> Floats:
    """Between -1 and 1, where every inverse of a trigonometric function is defined."""
    return random.uniform(-1, 1, (rows, length))


def fraction(random: Random, rows: int, length: int) -> Floats:
    """Between 0 and 1, as probabilities are: logarithms of x and of 1 - x are defined."""
    return random.uniform(0.01, 0.99, (rows, length))


def tied(random: Random, rows: int, length: int) -> Floats:
    """Few different values, so that many are equal, and rows of only one."""
    values = random.integers(-2, 3, (rows, length)).astype(np.float64)
    return np.where(random.random((rows, 1)) < 0.2, values[:, :1], values)


DRAWS: Mapping[str, Draw] = {
    "normal": normal,
    "positive": positive,
    "negative": negative,
    "odd": odd,
    "shifted": shifted,
    "small": small,
    "masked": masked,
    "unit": unit,
    "fraction": fraction,
    "tied": tied,
}


def mixed(random: Random, rows: int, length: int, kinds: Sequence[str]) -> Floats:
    """One row of each kind in turn."""
    values = np.empty((rows, length))
    for start, kind in enumerate(kinds):
        taken = len(range(start, rows, len(kinds)))
        if taken:
            values[start :: len(kinds)] = DRAWS[kind](random, taken, length)
    return values


LADDER = (
    *(1e-20, 2.0**-20, 0.5, 1.0, 1.5, 2.5, 129.0, 200.5, 1000.5, 4097.0, 40000.0, 65537.5),
    *(2.0**24 - 1, 2.0**24, 2.0**24 + 2, 1e8, 2.0**31, 1e15, 1e20, 1e30),
)
"""Magnitudes, of both signs, at which clamps, casts and integers of some width give way."""


def edges(
    dtype: np.dtype[np.generic], literals: Sequence[float], largest: float
) -> tuple[list[float], list[float]]:
    """Finite values that deserve a try, the most telling first, and the special ones.

    Literals with both neighbours in the dtype and values beyond; ends of the dtype, denormals, and
    a ladder of magnitudes; none larger than ``largest``.
    """
    limits = ml_dtypes.finfo(dtype)
    found: list[float] = []
    for literal in literals:
        with np.errstate(over="ignore"):
            rounded = np.asarray(literal).astype(dtype)
            up, down = (np.nextafter(rounded, np.asarray(end, dtype)) for end in (np.inf, -np.inf))
        beyond = abs(literal) / 2 + 1
        found += [literal + beyond, literal - beyond, -literal]
        found += [float(rounded), float(up), float(down)]
    found += [0.0, -0.0]
    ends = [float(limits.max), float(limits.smallest_normal), float(limits.smallest_subnormal)]
    one = 1.0 + float(limits.eps)
    for magnitude in (1000.5, *ends, one, *LADDER):
        found += [magnitude, -magnitude]
    most = min(largest, float(limits.max))
    kept = dict.fromkeys(_key(value) for value in found if abs(value) <= most)
    return [value for value, _ in kept], [np.nan, np.inf, -np.inf]


def _key(value: float) -> tuple[float, bool]:
    """The value and its sign, so that both zeros are kept."""
    return value, bool(np.signbit(value))


def borders(extent: int) -> list[int]:
    """Places along an axis where tiles may end, the last one first."""
    found = [extent - 1, 0, extent - 2, extent // 2, 3 * extent // 4]
    size = extent
    while size >= 16:
        power = 1 << (size.bit_length() - 1)
        found += [power, power - 1, extent - extent % power - 1, extent - extent % power]
        size = power // 2
    return [place for place in dict.fromkeys(found) if 0 <= place < extent]


def marked_places(random: Random, rows: int, extents: Sequence[int]) -> NDArray[np.int64]:
    """For each row the place of its mark among the points of the given axes: at their borders.

    The first row's is at the last index of every axis; then each axis goes through its borders.
    """
    places = np.zeros(rows, np.int64)
    for extent in extents:
        candidates = borders(extent)
        chosen = random.integers(0, extent, rows)
        known = np.array(candidates * -(-rows // len(candidates)))[:rows]
        if len(extents) > 1 and rows > 1:
            known[1:] = random.permutation(known[1:])
        chosen = np.where(np.arange(rows) < 2 * len(candidates), known, chosen)
        places = places * extent + chosen
    return places
