"""Addresses for live ranges: each its own place if they fit, otherwise the space of dead ones."""

from bisect import bisect
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar


class Span(Protocol):
    """Bytes of a scope that are needed from one position of a kernel to another, inclusive."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    @property
    def first(self) -> int:
        """The position of the first op that needs them."""
        ...

    @property
    def last(self) -> int:
        """The position of the last op that needs them."""
        ...


_Span = TypeVar("_Span", bound=Span)


def place(ranges: Sequence[_Span], capacity: int, alignment: int) -> dict[_Span, int] | None:
    """Addresses below ``capacity`` for the ranges of one scope, ``None`` if none were found.

    Space that is used twice costs synchronisation between its users, so it is only shared when
    the ranges do not fit side by side, and then as little of it as the orders tried allow.
    """
    for fresh_first, order in _ATTEMPTS:
        addresses = _fit(sorted(ranges, key=order), capacity, alignment, fresh_first=fresh_first)
        if addresses is not None:
            return addresses
    return None


def _program_order(range_: Span) -> tuple[int, int]:
    return (range_.first, -range_.size)


def _largest_first(range_: Span) -> tuple[int, int]:
    return (-range_.size, range_.first)


def _longest_first(range_: Span) -> tuple[int, int]:
    return (range_.first - range_.last, -range_.size)


_ATTEMPTS: tuple[tuple[bool, Callable[[Span], tuple[int, int]]], ...] = (
    (True, _program_order),
    (True, _largest_first),
    (False, _largest_first),
    (False, _program_order),
    (False, _longest_first),
)


def _fit(
    ranges: Iterable[_Span], capacity: int, alignment: int, *, fresh_first: bool
) -> dict[_Span, int] | None:
    addresses: dict[_Span, int] = {}
    taken: list[tuple[int, int]] = []
    owners: list[_Span] = []
    for range_ in ranges:
        size, first, last = range_.size, range_.first, range_.last
        address = None
        if fresh_first:
            address = _best_gap(size, taken, capacity, alignment)
        if address is None:
            alive = [
                place
                for place, other in zip(taken, owners, strict=True)
                if other.first <= last and first <= other.last
            ]
            address = _best_gap(size, alive, capacity, alignment)
        if address is None:
            return None
        addresses[range_] = address
        here = bisect(taken, (address, address + size))
        taken.insert(here, (address, address + size))
        owners.insert(here, range_)
    return addresses


def _best_gap(
    size: int, taken: Iterable[tuple[int, int]], capacity: int, alignment: int
) -> int | None:
    """The start of the smallest gap of ``size`` bytes between the taken places, in their order."""
    best, at, start = capacity + 1, None, 0
    for begin, end in taken:
        gap = begin - start
        if size <= gap < best:
            best, at = gap, start
        if end > start:
            start = -(-end // alignment) * alignment
    gap = capacity - start
    return start if size <= gap < best else at
