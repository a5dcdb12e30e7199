"""The memory of one vector core, at an address that the library's 32-bit offsets can name."""

import ctypes
import mmap

import numpy as np
from numpy.typing import NDArray

BYTES = 192 * 1024
"""What the unified buffer of the 910B has."""

MARGIN = 64 * 1024
"""Bytes before and behind it: what is written there was written out of bounds."""

ADDRESS = 0x100000
"""Where the buffer is mapped, margin included: low, since gathers have addresses of 32 bits."""

POISON = 0xA5
"""What every byte is before a run."""

_MAP_FIXED_NOREPLACE = 0x100000


class ArenaError(OSError):
    """The low addresses are taken."""


def _map(address: int, size: int) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_FIXED_NOREPLACE
    found = libc.mmap(address, size, mmap.PROT_READ | mmap.PROT_WRITE, flags, -1, 0)
    if found != address:
        raise ArenaError(f"cannot map {size} bytes at {address:#x}")
    return address


class Arena:
    """The bytes of a unified buffer; ``base`` is the address of its first one."""

    _mapped: "Arena | None" = None

    def __init__(self) -> None:
        whole = BYTES + 2 * MARGIN
        start = _map(ADDRESS, whole)
        self.base = start + MARGIN
        self._all = np.frombuffer((ctypes.c_uint8 * whole).from_address(start), np.uint8)
        self.bytes: NDArray[np.uint8] = self._all[MARGIN : MARGIN + BYTES]

    @classmethod
    def shared(cls) -> "Arena":
        """The one of this process."""
        cls._mapped = cls._mapped or cls()
        return cls._mapped

    def poison(self) -> None:
        """Overwrite everything."""
        self._all[...] = POISON

    def overrun(self) -> bool:
        """Whether a run has written before the buffer or behind it."""
        return bool((self._all[:MARGIN] != POISON).any() or (self._all[-MARGIN:] != POISON).any())

    def elements(self, dtype: np.dtype) -> NDArray:
        """All of it as elements of a dtype."""
        return self.bytes.view(dtype)
