"""Tilings that give all cores about as much work, with few copies: for tiles that come with a halo.

Tiles that are filled from the innermost axis outwards are whole images or rows of one. With a halo
some rows of several images are often better: 256 images of 32 rows on 48 cores are 96 tiles of 8
images and 11 rows, two for each core, where whole images are six for some and five for others.
"""

from collections.abc import Iterator
from itertools import product
from math import prod

from hawk_xdsl.dialects.npu import Role
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.semantics.result_regions import distributed_axes
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import reduced_axes

PARTS = (1, 2, 3, 4, 5, 6, 8, 11, 12, 16, 24, 32, 48, 64)
"""Into how many parts an axis is divided."""

SIZES = (1, 2, 4, 6, 8, 11, 16)
"""Sizes that an axis may have besides."""

START = 2048
"""Elements that take as long as what each tile needs besides: latencies of its copies."""

MOST = 24
"""Tilings that are tried."""


def even_tilings(specification: Specification, target: Target) -> Iterator[dict[str, int]]:
    """Tile sizes by axis, the most promising first; reduced axes are taken position by position."""
    reduced = reduced_axes(specification)
    free = [a for a in specification.axes if a not in reduced]
    if not free or distributed_axes(specification) != frozenset(specification.axes):
        return
    extents = specification.axes
    choices = [_sizes(extents[axis]) for axis in free[:-1]]
    choices.append(_row_sizes(extents[free[-1]], target.vector.lanes))
    cores, most = target.cores[target.vector_core], target.capacity(Role.VECTOR) // 8
    ranked: list[tuple[int, dict[str, int]]] = []
    for sizes in product(*choices):
        elements = prod(sizes)
        if elements <= most:
            tiles = prod(-(-extents[a] // n) for a, n in zip(free, sizes, strict=True))
            cycles = -(-tiles // cores) * (elements + START)
            chosen = {a: n for a, n in zip(free, sizes, strict=True) if n < extents[a]}
            ranked.append((cycles, {**chosen, **dict.fromkeys(reduced, 1)}))
    ranked.sort(key=lambda each: each[0])
    for _, sizes in ranked[:MOST]:
        yield {axis: sizes[axis] for axis in extents if axis in sizes}


def _sizes(extent: int) -> list[int]:
    """Sizes of an axis that divide it into so many parts, each once."""
    parts = [-(-extent // n) for n in PARTS if n <= extent]
    return list(dict.fromkeys([*parts, *(n for n in SIZES if n < extent)]))


def _row_sizes(extent: int, lanes: int) -> list[int]:
    """Sizes of the last axis: whole, or parts in whole repeats."""
    parts = [-(-extent // n // lanes) * lanes for n in (2, 4, 8)]
    return list(dict.fromkeys([extent, *(n for n in parts if lanes <= n < extent)]))
