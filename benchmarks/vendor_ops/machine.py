"""One vector core: its registers, what it did, and the hardware's functions by their names."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from vendor_ops.arena import Arena

Arguments = Sequence[int | float]

DTYPES: dict[str, np.dtype] = {
    "f32": np.dtype(np.float32),
    "f16": np.dtype(np.float16),
    "bf16": np.dtype(ml_dtypes.bfloat16),
    **{f"s{n}": np.dtype(f"int{n}") for n in (8, 16, 32, 64)},
    **{f"u{n}": np.dtype(f"uint{n}") for n in (8, 16, 32, 64)},
    **{f"b{n}": np.dtype(f"uint{n}") for n in (8, 16, 32)},
}
"""The hardware's types by the ends of its functions' names."""

REPEAT, BLOCK = 256, 32
"""Bytes that an instruction works on at a time, and of its unit of strides."""

COUNTING = 56
"""The bit of the control register: the mask is a number of elements."""

KEEPS_LOW_BITS = 59
"""The bit of the control register: casts of integers keep the low bits instead of saturating."""

_WORD = 2**64 - 1


class HardwareError(RuntimeError):
    """The library asked for something that this machine does not have."""


@dataclass(frozen=True)
class Event:
    """Something that the core did.

    Attributes:
        name: the hardware's function without the prefix, ``scalar.read`` or ``scalar.write``.
        repeats: how many repeats a vector instruction had, or bursts of a copy; else 0.
        numbers: what a flag or barrier names: the pipes.
        bytes: that a copy moved.
    """

    name: str
    repeats: int = 0
    numbers: tuple[int, ...] = ()
    bytes: int = 0


@dataclass
class Registers:
    """What instructions find set by others."""

    mask: list[int] = field(default_factory=lambda: [_WORD, _WORD])
    control: int = 0
    compare_mask: int = 0
    extreme: int = 0
    addresses: dict[int, list[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Lanes:
    """Elements of one operand: where those of a repeat are."""

    address: int
    dtype: np.dtype
    block_stride: int
    repeat_stride: int

    def at(self, repeat: int, lanes: NDArray[np.intp]) -> NDArray[np.intp]:
        """Addresses of lanes of a repeat."""
        size = self.dtype.itemsize
        blocks, within = np.divmod(lanes, BLOCK // size)
        start = self.address + repeat * self.repeat_stride * BLOCK
        return start + blocks * self.block_stride * BLOCK + within * size


Handler = Callable[["Machine", str, Arguments], int]
"""Executes an instruction: the rest of its name, and its arguments; gives its repeats."""


class Machine:
    """A vector core; an instance is the hardware of a library."""

    def __init__(self, arena: Arena, handlers: dict[str, Handler]) -> None:
        self.arena = arena
        self.registers = Registers()
        self.trace: list[Event] = []
        self.error: Exception | None = None
        self.handlers = handlers

    def reset(self) -> None:
        """Forget everything; a kernel starts with the mask full and the control register clear."""
        self.registers = Registers()
        self.trace, self.error = [], None

    def __call__(self, name: str, arguments: Arguments) -> int:
        """Execute; an exception cannot pass through compiled code and is kept in ``error``."""
        if self.error is not None:
            return 0
        try:
            return self._execute(name, arguments)
        except Exception as error:
            self.error = error
            return 0

    def _execute(self, name: str, arguments: Arguments) -> int:
        match name, arguments:
            case "GET.CTRL", ():
                return self.registers.control
            case "GET.MAX.MIN.CNT", ():
                self.trace.append(Event(name))
                return self.registers.extreme
            case "SBITSET1", (value, bit):
                return _signed(int(value) | 1 << int(bit))
            case "SBITSET0", (value, bit):
                return _signed(int(value) & ~(1 << int(bit)))
            case "SET.CTRL", (value,):
                self.registers.control = _signed(int(value))
                self.trace.append(Event(name))
            case "MOVEMASK", (half, value):
                self.registers.mask[int(half)] = int(value) & _WORD
                self.trace.append(Event(name))
            case "SET.CMPMASK", (address,):
                place = int(address) - self.arena.base
                self.registers.compare_mask = int(self.arena.bytes[place : place + 8].view("u8")[0])
                self.trace.append(Event(name))
            case "MOVEVA", (register, first, low, high):
                entry = self.registers.addresses.setdefault(int(register), [0] * 8)
                entry[int(first) : int(first) + 2] = [int(low), int(high)]
                self.trace.append(Event(name))
            case ("BARRIER" | "SET.FLAG.IMM" | "WAIT.FLAG.IMM" | "scalar.read" | "scalar.write", _):
                self.trace.append(Event(name, 0, tuple(int(n) for n in arguments[:2])))
            case _:
                self._instruction(name, arguments)
        return 0

    def _instruction(self, name: str, arguments: Arguments) -> None:
        mnemonic, _, rest = name.partition(".")
        if mnemonic in ("S", "MOV"):
            mnemonic, rest = name, ""
        handler = self.handlers.get(mnemonic)
        if handler is None:
            raise HardwareError(f"no {name} here")
        repeats = handler(self, rest, arguments)
        moved = repeats if mnemonic.startswith("MOV.") else 0
        self.trace.append(Event(name, repeats, bytes=moved))

    # What instructions share.

    @property
    def counts(self) -> bool:
        """Whether the mask is a number of elements."""
        return bool(self.registers.control >> COUNTING & 1)

    def active(self, lanes: int, repeats: int) -> list[NDArray[np.intp]]:
        """The active lanes of each repeat, of ``lanes`` that there are."""
        if self.counts:
            left = self.registers.mask[0]
            found = [np.arange(min(lanes, left - n)) for n in range(0, left, lanes)]
            return found or [np.arange(0)]
        bits = self.registers.mask[0] | self.registers.mask[1] << 64
        one = np.array([lane for lane in range(lanes) if bits >> lane & 1], np.intp)
        return [one] * repeats

    def active_of_rows(self, lanes: int, repeats: int) -> list[NDArray[np.intp]]:
        """The active lanes of a copy: counting, the number is that of each repeat, of any length.

        The library fills a tile of rows so: a row is a repeat, the mask its length.
        """
        if self.counts:
            return [np.arange(self.registers.mask[0])] * repeats
        return self.active(lanes, repeats)

    def active_of_comparison(self, lanes: int, repeats: int) -> list[NDArray[np.intp]]:
        """The active lanes of a comparison, which has no mask unless it counts."""
        return self.active(lanes, repeats) if self.counts else [np.arange(lanes)] * repeats

    def read(self, addresses: NDArray[np.intp], dtype: np.dtype) -> NDArray:
        """Elements at addresses."""
        return self.arena.elements(dtype)[self._places(addresses, dtype)]

    def write(self, addresses: NDArray[np.intp], values: NDArray) -> None:
        """Write elements at addresses."""
        self.arena.elements(values.dtype)[self._places(addresses, values.dtype)] = values

    def _places(self, addresses: NDArray[np.intp], dtype: np.dtype) -> NDArray[np.intp]:
        places, wrong = np.divmod(addresses - self.arena.base, dtype.itemsize)
        if np.any(wrong):
            raise HardwareError(f"an element of {dtype} at address {int(addresses.flat[0]):#x}")
        if places.size and (
            places.min() < 0 or places.max() * dtype.itemsize >= len(self.arena.bytes)
        ):
            raise HardwareError("an access beyond the unified buffer")
        return places


def _signed(value: int) -> int:
    value &= _WORD
    return value - 2**64 if value >> 63 else value


def repeats_of(configuration: int) -> int:
    """The number of repeats, in the top byte."""
    return configuration >> 56 & 255


def unary_strides(configuration: int) -> tuple[int, int, int, int]:
    """Block strides of destination and source, then their repeat strides."""
    c = configuration & _WORD
    destination = c >> 32 & 255 | (c >> 52 & 15) << 8
    return c & 0xFFFF, c >> 16 & 0xFFFF, destination, c >> 40 & 4095


def binary_strides(configuration: int) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Block strides of destination and sources, and their repeat strides."""
    c = configuration & _WORD
    fields = [c >> 8 * n & 255 for n in range(6)]
    return (fields[0], fields[1], fields[2]), (fields[3], fields[4], fields[5])


def as_dtype(value: int | float, dtype: np.dtype) -> NDArray:
    """A scalar argument: a float, or an integer whose low bits are the element."""
    if isinstance(value, float):
        return np.array(value, dtype)
    bits = np.array([int(value) & _WORD], np.uint64).view(np.uint8)[: dtype.itemsize]
    return bits.view(dtype)[0]


def lanes_of(*dtypes: np.dtype) -> int:
    """Lanes of a repeat: as many as the widest type has."""
    return REPEAT // max(dtype.itemsize for dtype in dtypes)


def ceiling(amount: int, unit: int) -> int:
    """How many units hold an amount."""
    return math.ceil(amount / unit)
