"""Fits the costs of a target to published points: lines under a maximum.

Huber's loss of the relative errors, no coefficient below 0: published tables contain wrong points,
and a wrong point must not pull the others along.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hawk_xdsl.npu_target.cost_lines import Cost

Numbers = NDArray[np.float64]

NOISE = 0.05
"""Relative errors up to this count by their squares, greater ones linearly."""


@dataclass(frozen=True)
class Series:
    """Published points of one instruction.

    ``work`` is in bytes (move), fractals (matmul) or repeats (vector), ``cycles`` in those of the
    target's clock, and ``published`` says each point as the table has it.
    """

    kind: str
    name: str
    work: Numbers
    cycles: Numbers
    published: tuple[str, ...]

    def every_other(self, first: int) -> "Series":
        """The points ``first``, ``first + 2``, …"""
        part = slice(first, None, 2)
        return Series(
            self.kind, self.name, self.work[part], self.cycles[part], self.published[part]
        )


def _line(columns: Numbers, cycles: Numbers) -> Numbers:
    """Coefficients of a line by Huber's loss of the relative errors (reweighted least squares)."""
    scaled = columns / cycles[:, None]
    used = list(range(columns.shape[1]))
    while True:
        weights = np.ones(len(cycles))
        found = np.zeros(len(used))
        for _ in range(30):
            root = np.sqrt(weights)
            found, *_ = np.linalg.lstsq(scaled[:, used] * root[:, None], root, rcond=None)
            weights = 1 / np.maximum(np.abs(scaled[:, used] @ found - 1), NOISE)
        if len(used) == 1 or found.min() >= 0:
            break
        used.pop(int(np.argmin(found)))
    line = np.zeros(columns.shape[1])
    line[used] = np.maximum(found, 0)
    return line


def _columns(work: Numbers, terms: str, chunk: int) -> Numbers:
    """Columns for the terms ``h`` (head), ``s`` (slope) and ``a`` (again); others are 0."""
    again = np.ceil(work / chunk) - 1 if chunk else np.zeros(len(work))
    every = {"h": np.ones(len(work)), "s": work, "a": again}
    return np.stack([every[t] if t in terms else np.zeros(len(work)) for t in "hsa"], 1)


def _few(terms: str, points: int) -> str:
    """No more terms than points can tell: below three, the first one."""
    return terms if points >= 3 else terms[0]


def _two_lines(series: Series, first: str, second: str, chunk: int) -> tuple[Numbers, float]:
    """The best pair of lines over all ways to divide the points, and its mean error."""
    order = np.argsort(series.work, kind="stable")
    work, cycles = series.work[order], series.cycles[order]
    full = _columns(work, "hsa", chunk)
    best, least = np.zeros((2, 3)), math.inf
    for split in range(1, len(work)):
        mine = np.arange(len(work)) < split
        for _ in range(6):
            if mine.all() or not mine.any():
                break
            lines = np.stack([
                _line(_columns(work[part], _few(terms, int(part.sum())), chunk), cycles[part])
                for part, terms in ((mine, first), (~mine, second))
            ])  # fmt: skip
            heights = full @ lines.T
            error = _mean_error(heights.max(1), cycles)
            if error < least:
                best, least = lines, error
            closer = heights[:, 0] >= heights[:, 1]
            if (closer == mine).all():
                break
            mine = closer
    return best, least


def _mean_error(found: Numbers, cycles: Numbers) -> float:
    """A mean in which a wrong point counts as 1 at most."""
    return float(np.minimum(np.abs(found / cycles - 1), 1).mean())


def fit(series: Series, *, chunk: int = 0, floor: float = 0) -> Cost:
    """The cost that explains the points best: one line, or two if that is clearly better.

    The cube has a line; a vector instruction a floor and a line of at least a cycle a repeat, which
    is what the roofline bound counts; a move that is split in chunks a second line without starts.
    """
    terms = "hsa" if chunk else "hs"
    one = _line(_columns(series.work, terms, chunk), series.cycles)
    error = _mean_error(_columns(series.work, "hsa", chunk) @ one, series.cycles)
    if series.kind == "matmul":
        return Cost(((round(float(one[0]), 2), round(float(one[1]), 1)),))
    if series.kind == "vector":
        two, found = _two_lines(series, "h", "sh", 0)
        if found > error - 1e-6:
            two = np.stack([[one[0] + one[1] * series.work.min(), 0, 0], one])
        two[1, 1] = max(two[1, 1], 1)
        return _rounded(two, 0)
    two, found = _two_lines(series, terms, "s" if chunk else "sh", chunk)
    lines = two if found < error - 0.002 else one[None]
    if floor:
        lines = np.concatenate([[[floor, 0, 0]], lines])
    return _rounded(lines, chunk)


def _rounded(lines: Numbers, chunk: int) -> Cost:
    """What a target's file holds: heads in tenths, slopes of two digits or four significant."""
    slopes = [round(s, 2) if s > 0.5 else float(f"{s:.4g}") for s in lines[:, 1].tolist()]
    heads = [round(head, 1) for head in lines[:, 0].tolist()]
    again = tuple(round(cycles, 1) for cycles in lines[:, 2].tolist())
    return Cost(tuple(zip(heads, slopes, strict=True)), chunk, again if chunk else ())
