"""Where the boxes of launches stand: in layers by data flow, the layers wrapped into columns."""

from collections.abc import Sequence
from dataclasses import dataclass

ASPECT = 1.8
"""Width over height that the whole picture should have, about that of a screen."""

BOX_ASPECT = 2.7
"""Width over height of the cell of a box."""


@dataclass(frozen=True)
class LaunchPlace:
    """The cell of a box: from the left and from the top, in cells; ``x`` may be between two."""

    x: float
    y: int


def places_of(reads: Sequence[Sequence[int]]) -> list[LaunchPlace]:
    """A place for each launch; ``reads[n]`` are the launches, before n, whose results n reads.

    A launch stands below all that it reads from, beside those that could run at the same time, in
    the order of what they read. A chain of a hundred launches would be a thread: the layers are
    wrapped, as lines of a newspaper are, into as many columns as give the picture the shape of a
    screen::

        reads = [[], [0], [1], [2]]   →   0 2      two columns of two layers
                                          1 3
    """
    layers = _layers(reads)
    order: dict[int, float] = {}
    for layer in layers:
        layer.sort(key=lambda n: (_mean([order[m] for m in reads[n]]), n))
        for position, n in enumerate(layer):
            order[n] = position - (len(layer) - 1) / 2
    places: dict[int, LaunchPlace] = {}
    left = 0.0
    for column in _columns(layers):
        width = max(map(len, column))
        for row, layer in enumerate(column):
            for n in layer:
                places[n] = LaunchPlace(left + (width - 1) / 2 + order[n], row)
        left += width + 0.5
    return [places[n] for n in range(len(reads))]


def _layers(reads: Sequence[Sequence[int]]) -> list[list[int]]:
    """The launches by how many others, one after the other, must come before them."""
    depth: list[int] = []
    layers: list[list[int]] = []
    for n, sources in enumerate(reads):
        depth.append(max((depth[m] + 1 for m in sources if m < n), default=0))
        while len(layers) <= depth[n]:
            layers.append([])
        layers[depth[n]].append(n)
    return layers


def _columns(layers: list[list[int]]) -> list[list[list[int]]]:
    """The layers in columns, as many as come nearest to the wanted shape."""

    def cut(rows: int) -> list[list[list[int]]]:
        return [layers[start : start + rows] for start in range(0, len(layers), rows)]

    def misshapen(rows: int) -> float:
        width = sum(max(map(len, column)) + 0.5 for column in cut(rows)) * BOX_ASPECT
        ratio = width / rows / ASPECT
        return max(ratio, 1 / ratio)

    candidates = sorted({-(-len(layers) // count) for count in range(1, len(layers) + 1)})
    return cut(min(candidates, key=misshapen)) if candidates else []


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
