"""Rows for kernels of which nothing is proved: special values, and the kernel's own literals.

Full of a literal, so that it is the extreme; with one alone, so that it is the sum.
"""

from collections.abc import Sequence

import numpy as np

from hawk_xdsl.gate.trial_draws import DRAWS, Floats, Random, marked_places
from hawk_xdsl.gate.trial_rows import Rows

SPECIALS = (np.nan, np.inf, -np.inf)


def special_rows(random: Random, rows: Rows, which: int) -> Floats:
    """Ordinary rows, rows full of a special value, and rows with one of it."""
    values = DRAWS["normal"](random, rows.count, rows.length)
    every = np.arange(rows.count)
    places = marked_places(random, rows.count, rows.extents)
    values[every, places] = np.where(every % 4 == 1, SPECIALS[which], values[every, places])
    values[every % 4 == 0] = SPECIALS[which]
    return values


def full_rows(literals: Sequence[float], rows: Rows, part: int) -> Floats:
    """Each row full of one literal; parts begin with another one."""
    chosen = np.array(literals)[(np.arange(rows.count) + part) % len(literals)]
    return np.repeat(chosen[:, None], rows.length, axis=1)


def lone_rows(literals: Sequence[float], rows: Rows, part: int) -> Floats:
    """Each row zero but for one literal, at another place in each."""
    number = np.arange(rows.count) + part
    values = np.zeros((rows.count, rows.length))
    values[np.arange(rows.count), number % rows.length] = np.array(literals)[
        (number // max(rows.length, 1) + number) % len(literals)
    ]
    return values
