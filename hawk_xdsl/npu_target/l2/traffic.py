"""What a launch moves through L2 and behind it, and what a byte costs at each instruction."""

from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.ir import Operation


@dataclass(frozen=True)
class Traffic:
    """The bytes of one launch between the cores and global memory.

    Attributes:
        hits: bytes loaded that L2 had.
        misses: bytes loaded that it had not, or that pass it by.
        stored: bytes stored; L2 takes them.
        written_back: bytes stored, now or earlier, that had to leave L2 for others.
        cycles_per_byte: of all cores together, by instruction.
        miss_share: the share of its loaded bytes that L2 had not, by instruction that loads.
    """

    hits: float
    misses: float
    stored: float
    written_back: float
    cycles_per_byte: Mapping[Operation, float]
    miss_share: Mapping[Operation, float]

    @property
    def hit_rate(self) -> float:
        """The share of the loaded bytes that L2 had; 1 where nothing is loaded."""
        loaded = self.hits + self.misses
        return self.hits / loaded if loaded else 1.0

    @property
    def memory_bytes(self) -> float:
        """Bytes that the memory behind L2 moves."""
        return self.misses + self.written_back
