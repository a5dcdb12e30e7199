"""Figures with 95 % intervals, clustered by operator: cases of one operator are not independent."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, sqrt

import numpy as np

RESAMPLES = 2000
NORMAL_95 = 1.959964
"""The 97.5th percentile of the standard normal distribution."""


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


def mean_by_cluster(values: Iterable[tuple[str, float]]) -> Estimate | None:
    """The mean of values, each given with its cluster; ``None`` without values.

    The interval is the percentile interval of the bootstrap that draws whole clusters.
    """
    totals = _totals(values)
    if totals is None:
        return None
    sums, counts = totals
    random = np.random.default_rng(0)
    drawn = random.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=RESAMPLES)
    means = (drawn @ sums) / (drawn @ counts)
    low, high = np.percentile(means, [2.5, 97.5])
    return Estimate(float(sums.sum() / counts.sum()), float(low), float(high))


def share_by_cluster(values: Iterable[tuple[str, bool]]) -> Estimate | None:
    """The share of true values; ``None`` without values.

    Where all clusters agree on all or none, every resample does too and the bootstrap would claim
    certainty: the interval is then Wilson's, with one observation a cluster.
    """
    listed = [(cluster, float(value)) for cluster, value in values]
    found = mean_by_cluster(listed)
    if found is None or found.value not in (0.0, 1.0):
        return found
    low, high = _wilson(found.value, len({cluster for cluster, _ in listed}))
    return Estimate(found.value, low, high)


def geometric_mean_by_cluster(values: Iterable[tuple[str, float]]) -> Estimate | None:
    """The geometric mean of positive values; ``None`` without values."""
    found = mean_by_cluster((cluster, float(np.log(value))) for cluster, value in values)
    if found is None:
        return None
    return Estimate(exp(found.value), exp(found.low), exp(found.high))


def _totals(
    values: Iterable[tuple[str, float]],
) -> tuple[np.ndarray, np.ndarray] | None:
    sums: dict[str, list[float]] = {}
    for cluster, value in values:
        sums.setdefault(cluster, []).append(value)
    if not sums:
        return None
    listed = [sums[cluster] for cluster in sorted(sums)]
    return np.array([sum(each) for each in listed]), np.array([len(each) for each in listed])


def _wilson(share: float, count: int) -> tuple[float, float]:
    square = NORMAL_95**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    spread = sqrt(share * (1 - share) / count + square / (4 * count**2))
    half = NORMAL_95 * spread / (1 + square / count)
    return max(0.0, middle - half), min(1.0, middle + half)
