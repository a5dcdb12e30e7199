"""Least recent use, with the distance of each reuse: the bytes touched since the last one.

Cells are kept by zones: the most recent bytes in the first, what overflows it in the next, and so
on; what overflows the last one is evicted. The zone in which a cell is found says how long ago it
was used. Example: zones that end at 4, 8 and 16 MiB, and 6 MiB read again and again: each cell has
moved on to the second zone when its turn comes.
"""

from collections import OrderedDict
from collections.abc import Sequence

GONE = -1
"""The zone of what is not there."""


class Recency:
    """Which cells are there, the least recent first, in zones of so many bytes."""

    def __init__(self, limits: Sequence[float]) -> None:
        """``limits`` are the distances at which the zones end, the last one the capacity."""
        self._capacities = [b - a for a, b in zip((0.0, *limits), limits, strict=False)]
        self._zones: list[OrderedDict[int, float]] = [OrderedDict() for _ in limits]
        self._filled = [0.0 for _ in limits]
        self._where: dict[int, int] = {}

    def touch(self, cell: int, size: float, evicted: list[int]) -> int:
        """Use a cell of ``size`` bytes; returns the zone it was in, ``GONE`` if in none.

        What has to leave is added to ``evicted``.
        """
        zone = self._where.get(cell, GONE)
        if zone == 0:
            self._zones[0].move_to_end(cell)
            return 0
        if zone > 0:
            self._filled[zone] -= self._zones[zone].pop(cell)
        self._zones[0][cell] = size
        self._filled[0] += size
        self._where[cell] = 0
        if self._filled[0] > self._capacities[0]:
            self._overflow(evicted)
        return zone

    def _overflow(self, evicted: list[int]) -> None:
        zones, filled, capacities = self._zones, self._filled, self._capacities
        last = len(zones) - 1
        for zone, cells in enumerate(zones):
            while filled[zone] > capacities[zone] and cells:
                cell, size = cells.popitem(last=False)
                filled[zone] -= size
                if zone < last:
                    zones[zone + 1][cell] = size
                    filled[zone + 1] += size
                    self._where[cell] = zone + 1
                else:
                    del self._where[cell]
                    evicted.append(cell)
            if zone < last and filled[zone + 1] <= capacities[zone + 1]:
                break

    def newest_first(self) -> list[int]:
        """The cells, the one that was used last first."""
        return [cell for zone in self._zones for cell in reversed(zone)]
