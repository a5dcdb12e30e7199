"""Addresses for live ranges: each its own place if they fit, otherwise the space of dead ones."""

from collections.abc import Callable, Iterable, Sequence

from hawk_xdsl.transforms.liveness import LiveRange

Addresses = dict[LiveRange, int]
"""Bytes from the start of the scope."""


def place(ranges: Sequence[LiveRange], capacity: int, alignment: int) -> Addresses | None:
    """Addresses below ``capacity`` for the ranges of one scope, ``None`` if none were found.

    Space that is used twice costs synchronisation between its users, so it is only shared when
    the ranges do not fit side by side, and then as little of it as the orders tried allow.
    """
    for fresh_first, order in _ATTEMPTS:
        addresses = _fit(sorted(ranges, key=order), capacity, alignment, fresh_first=fresh_first)
        if addresses is not None:
            return addresses
    return None


def _program_order(range_: LiveRange) -> tuple[int, int]:
    return (range_.first, -range_.size)


def _largest_first(range_: LiveRange) -> tuple[int, int]:
    return (-range_.size, range_.first)


def _longest_first(range_: LiveRange) -> tuple[int, int]:
    return (range_.first - range_.last, -range_.size)


_ATTEMPTS: tuple[tuple[bool, Callable[[LiveRange], tuple[int, int]]], ...] = (
    (True, _program_order),
    (True, _largest_first),
    (False, _largest_first),
    (False, _program_order),
    (False, _longest_first),
)


def _fit(
    ranges: Iterable[LiveRange], capacity: int, alignment: int, *, fresh_first: bool
) -> Addresses | None:
    addresses: Addresses = {}
    for range_ in ranges:
        alive = [other for other in addresses if other.overlaps(range_)]
        address = None
        if fresh_first:
            address = _best_gap(range_.size, addresses, addresses, capacity, alignment)
        if address is None:
            address = _best_gap(range_.size, alive, addresses, capacity, alignment)
        if address is None:
            return None
        addresses[range_] = address
    return addresses


def _best_gap(
    size: int, taken: Iterable[LiveRange], addresses: Addresses, capacity: int, alignment: int
) -> int | None:
    """The start of the smallest gap between the taken places that holds ``size`` bytes."""
    best: tuple[int, int] | None = None
    start = 0
    places = sorted((addresses[range_], addresses[range_] + range_.size) for range_ in taken)
    for begin, end in [*places, (capacity, capacity)]:
        gap = begin - start
        if gap >= size and (best is None or gap < best[0]):
            best = (gap, start)
        start = max(start, -(-end // alignment) * alignment)
    return None if best is None else best[1]
