"""Fills the holes of a template for one specification, with the tile sizes that promise most."""

from collections.abc import Iterator, Mapping
from math import prod

from hawk_xdsl.dialects.npu import Core, Scope
from hawk_xdsl.generation.candidate import Candidate, fill_holes, waves
from hawk_xdsl.generation.composition import Composition
from hawk_xdsl.generation.contraction import contraction_at, contractions
from hawk_xdsl.generation.tiling import Tiling, UntileableError
from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.npu_target.dtypes import NUMPY_DTYPES
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import Structure, unfolded_axes

LANES = 64
"""Elements a split innermost axis is rounded to: a repeat of 32-bit elements."""


def candidates(
    entry: Entry, specification: Specification, composition: Composition | None, target: Target
) -> list[Candidate]:
    """Every way to fill a template, the most promising first; none where it does not fit."""
    if entry.artifact.text is None:
        return []
    if entry.trigger.structure == Structure.CONTRACTION:
        found = list(contractions(entry, specification, target))
    elif entry.trigger.structure == Structure.TILES and composition is not None:
        found = list(_whole_tiles(entry, composition, target))
    else:
        return []
    return sorted(found, key=lambda c: c.estimate)


def _whole_tiles(entry: Entry, composition: Composition, target: Target) -> Iterator[Candidate]:
    for sizes in _splits(composition.specification, target):
        candidate = _whole_tile(entry, composition, target, sizes)
        if candidate is not None:
            yield candidate


def _whole_tile(
    entry: Entry, composition: Composition, target: Target, sizes: Mapping[str, int]
) -> Candidate | None:
    specification = composition.specification
    tiling = Tiling(specification.axes, sizes)
    try:
        body = composition.body(tiling)
    except UntileableError:
        return None
    if body.ub_bytes > target.scopes[Scope.UB].bytes:
        return None
    holes = {
        "across": tiling.loops(),
        "invariant": "\n".join(body.invariant),
        "load": "\n".join(body.load),
        "compute": "\n".join(body.compute),
        "store": "\n".join(body.store),
    }
    text = fill_holes(entry.artifact.text or "", holes, entry=entry)
    estimate = _tile_estimate(specification, tiling, len(body.compute), target)
    return Candidate(text, sizes, estimate, (entry.name, *composition.entries))


def _splits(specification: Specification, target: Target) -> Iterator[dict[str, int]]:
    """Tile sizes, each once: outer axes as points, one axis split, inner ones whole."""
    seen: set[tuple[tuple[str, int], ...]] = set()
    for sizes in _all_splits(specification, target):
        if tuple(sizes.items()) not in seen:
            seen.add(tuple(sizes.items()))
            yield sizes


def _all_splits(specification: Specification, target: Target) -> Iterator[dict[str, int]]:
    free = unfolded_axes(specification)
    if not free:
        yield {}
        return
    cores = target.cores[Core.VECTOR]
    for position, axis in enumerate(free):
        outer = {name: 1 for name in free[:position]}
        extent = specification.axes[axis]
        blocks = prod(specification.axes[name] for name in free[:position])
        share = max(1, -(-extent * blocks // cores))
        innermost = axis == tuple(specification.axes)[-1]
        for wanted in (share, 2 * share, 4 * share, share // 2, extent):
            size = _rounded(min(wanted, extent), extent, innermost)
            if size > 1 or not innermost:
                yield {**outer, axis: size}
        size = extent
        while size > 1:
            yield {**outer, axis: _rounded(size, extent, innermost)}
            size //= 2


def _rounded(size: int, extent: int, innermost: bool) -> int:
    """A nearby size that leaves no ragged tile where one exists, in whole repeats if innermost."""
    size = max(1, size)
    if innermost and size < extent:
        size = min(extent, -(-size // LANES) * LANES)
    for divisor in range(size, max(size // 2, 1) - 1, -1):
        if extent % divisor == 0 and (not innermost or divisor % 8 == 0 or divisor == extent):
            return divisor
    return size


def _tile_estimate(
    specification: Specification, tiling: Tiling, statements: int, target: Target
) -> float:
    """Cycles of all tiles of one core, one after the other: copies and vector repeats."""
    load, store = target.paths[Scope.GLOBAL, Scope.UB], target.paths[Scope.UB, Scope.GLOBAL]
    tile = prod(tiling.covers(axis) for axis in specification.axes)
    cycles = 0.0
    for operand in specification.operands:
        cycles += load.cost.cycles(
            min(prod(operand.shape), tile) * NUMPY_DTYPES[operand.dtype].itemsize
        )
    for result in specification.results:
        elements = prod(tiling.covers(a) for dim in result.index for a in dim.axes)
        cycles += store.cost.cycles(elements * NUMPY_DTYPES[result.dtype].itemsize)
    repeats = -(-tile * 4 // target.vector.repeat_bytes)
    cycles += statements * (2 * repeats + 32)
    return cycles * waves(tiling.iterations(), target.cores[Core.VECTOR])


def instantiate(
    entry: Entry,
    specification: Specification,
    composition: Composition | None,
    target: Target,
    sizes: Mapping[str, int],
) -> Candidate | None:
    """The template at given tile sizes, an axis each; ``None`` where they do not fit."""
    if entry.artifact.text is None:
        return None
    if entry.trigger.structure == Structure.CONTRACTION:
        return contraction_at(entry, specification, target, sizes)
    if entry.trigger.structure == Structure.TILES and composition is not None:
        return _whole_tile(entry, composition, target, sizes)
    return None
