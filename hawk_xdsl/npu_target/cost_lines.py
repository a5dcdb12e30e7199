"""Cycles as lines over the amount of work."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """Cycles of an instruction as a function of its work.

    ``lines`` are (head cycles, cycles per unit of work). The cost is the largest of
    ``head + slope · work``; a floor is a line of slope 0. One affine line misses the published
    measurements by up to half for small transfers, two stay within a few percent.

    Some machines split a transfer in pieces of ``chunk`` bytes and start each anew: every chunk
    after the first adds ``again`` cycles, one number a line. 0 is no splitting.
    """

    lines: tuple[tuple[float, float], ...]
    chunk: int = 0
    again: tuple[float, ...] = ()

    def cycles(self, work: float) -> float:
        """Cycles for an amount of work (bytes of a move, repeats of a vector instruction)."""
        if not self.chunk or work <= self.chunk:
            return max(head + slope * work for head, slope in self.lines)
        more = math.ceil(work / self.chunk) - 1
        pairs = zip(self.lines, self.again, strict=True)
        return max(head + slope * work + again * more for (head, slope), again in pairs)

    @property
    def latency(self) -> float:
        """Cycles of the least possible work."""
        return max(head for head, _ in self.lines)

    @property
    def slope(self) -> float:
        """Cycles per unit of work, in the long run."""
        if not self.chunk:
            return max(slope for _, slope in self.lines)
        pairs = zip(self.lines, self.again, strict=True)
        return max(slope + again / self.chunk for (_, slope), again in pairs)
