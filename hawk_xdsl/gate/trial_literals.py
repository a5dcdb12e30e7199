"""Rows for kernels of which nothing is proved: special values, and the kernel's own literals.

Full of a literal, so that it is the extreme; with one alone, so that it is the sum.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from hawk_xdsl.gate.trial_draws import DRAWS, Floats, Random, marked_places
from hawk_xdsl.gate.trial_rows import InputRows

SPECIALS = (np.nan, np.inf, -np.inf)


def special_rows(random: Random, rows: InputRows, which: int) -> Floats:
    """Ordinary rows, rows full of a special value, and rows with one of it."""
    values = DRAWS["normal"](random, rows.count, rows.length)
    every = np.arange(rows.count)
    places = marked_places(random, rows.count, rows.extents)
    values[every, places] = np.where(every % 4 == 1, SPECIALS[which], values[every, places])
    values[every % 4 == 0] = SPECIALS[which]
    return values


def with_middles(literals: Sequence[float]) -> list[float]:
    """Literals, what lies between each two neighbours, and a number beyond either end.

    A kernel that errs only where ``40 < x`` and ``x < 48`` errs at 44, and at neither literal.
    """
    ends = sorted(set(literals))
    middles = [(low + high) / 2 for low, high in pairwise(ends)]
    beyond = [ends[0] - 1.0, ends[-1] + 1.0] if ends else []
    return sorted({*ends, *middles, *beyond})


def full_rows(literals: Sequence[float], rows: InputRows, part: int) -> Floats:
    """Each row full of one literal; parts begin with another one."""
    chosen = np.array(literals)[(np.arange(rows.count) + part) % len(literals)]
    return np.repeat(chosen[:, None], rows.length, axis=1)


def lone_rows(literals: Sequence[float], rows: InputRows, part: int) -> Floats:
    """Each row zero but for one literal, at another place in each."""
    number = np.arange(rows.count) + part
    values = np.zeros((rows.count, rows.length))
    values[np.arange(rows.count), number % rows.length] = np.array(literals)[
        (number // max(rows.length, 1) + number) % len(literals)
    ]
    return values
