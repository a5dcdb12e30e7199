"""The banks of the vector unit's memory."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BankSpec:
    """The banks of ub: ``groups`` × ``depth`` of ``bytes`` each, interleaved by rows.

    Consecutive rows of ``row_bytes`` lie in consecutive groups; a group fills its first bank, then
    the next. Two reads in one group, or a read and a write in one bank, take turns (AscendC best
    practices). Example with 16 groups of 3 banks of 4 KiB and rows of 32 bytes: address 512 is in
    group 0 again (512 / 32 mod 16), bank 0; address 65536 is in group 0, bank 1 (65536 / 64 KiB).
    """

    groups: int
    depth: int
    bytes: int
    row_bytes: int

    def place(self, address: int) -> tuple[int, int]:
        """Group of an address, and which of the group's banks."""
        group = address // self.row_bytes % self.groups
        return group, address // (self.groups * self.bytes) % self.depth
