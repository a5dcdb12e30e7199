"""Draws integers, booleans and indices for trials."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.gate.op_features import Features
from hawk_xdsl.gate.trial_draws import Random, marked_places
from hawk_xdsl.gate.trial_rows import ORDINARY, InputRows, Purpose, some_rows
from hawk_xdsl.gate.trial_sources import TrialSource


def integers(random: Random, source: TrialSource, purpose: Purpose, features: Features) -> Array:
    """A matrix of the rows of an input of integers, within the source's ends."""
    shape = (source.rows.count, source.rows.length)
    low, high = source.ends
    near = features.longest + 2
    full = random.integers(low, high, shape, endpoint=True)
    match purpose.name:
        case "ties" | "small":
            drawn = random.integers(-3, 4, shape)
            if purpose.name == "small":
                drawn[::2] &= 1  # masks: (1 - m) · lowest is finite of 0 and 1 alone
        case "positive":
            drawn = random.integers(1, near, shape)
        case "mixed" | "odd" | "negative":
            drawn = random.integers(-near, near + 1, shape)
            drawn[::2] |= 1  # the product of a row of odd numbers is never 0
        case "edges":
            known = random.choice(_edges(low, high, features.literals), shape)
            drawn = np.where(random.random(shape) < 0.5, known, full)
        case "marks" if source.rows.length > 1:
            drawn = _marks(random, source, purpose.part)
        case _:
            drawn = full
    return np.clip(drawn, low, high)


def _edges(low: int, high: int, literals: Sequence[float]) -> Array:
    found = {low, low + 1, high, high - 1}
    for power in (0, 1, 3, 7, 8, 11, 15, 16, 24, 31):
        found |= {sign * (1 << power) + d for sign in (1, -1) for d in (-1, 0, 1)}
    for literal in literals:
        if abs(literal) < 2**62:
            found |= {int(literal) + d for d in (-1, 0, 1)}
    return np.array(sorted(v for v in found if low <= v <= high), np.int64)


def _marks(random: Random, source: TrialSource, part: int) -> Array:
    """The largest or the least number at a border, and its neighbour somewhere before it."""
    rows = source.rows
    low, high = source.ends
    middle, quarter = (low + high) // 2, (high - low) // 4
    shape = (rows.count, rows.length)
    values = random.integers(middle - quarter, middle + quarter, shape, endpoint=True)
    places = marked_places(random, rows.count, rows.extents)
    up = (np.arange(rows.count) + part) % 2 == 0
    every = np.arange(rows.count)
    values[every, places // 2] = np.where(up, high - 1, low + 1)
    values[every, places] = np.where(up, high, low)
    return values


def booleans(random: Random, rows: InputRows, purpose: Purpose) -> Array:
    """In turn a row of all false, of all true, of one true, of one false, and an ordinary one."""
    shape = (rows.count, rows.length)
    values = random.random(shape) < 0.5
    if purpose == ORDINARY or rows.length == 1:
        return values
    places = marked_places(random, rows.count, rows.extents)
    first = purpose.part + len(purpose.name)
    for number, row in enumerate(some_rows(random, rows.count)):
        role = (number + first) % 5
        if role < 4:
            values[row] = role % 2 == 1
        if role in (2, 3):
            values[row, places[row]] = role == 2
    return values


@dataclass(frozen=True)
class Share:
    """Which part of an indexed extent indices are drawn from, both ends included."""

    low: float
    high: float


def indices(random: Random, source: TrialSource, share: Share) -> Array:
    """Indices in the share, with the first and the last one among them."""
    extent = source.indexed
    assert extent is not None
    first, last = int(share.low * extent), max(int(share.high * extent), 1)
    shape = (source.rows.count, source.rows.length)
    values = random.integers(first, last, shape)
    flat = values.reshape(-1)
    ends = [last - 1, first, *([0, -1] if first < 0 else [])][: flat.size]
    flat[random.permutation(flat.size)[: len(ends)]] = ends
    return values
