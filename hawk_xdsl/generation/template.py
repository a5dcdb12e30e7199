"""Fills the holes of a template for one specification, with the tile sizes that promise most."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from hawk_xdsl.dialects.npu import Core, Scope
from hawk_xdsl.errors import HawkError
from hawk_xdsl.generation.composition import Composition
from hawk_xdsl.generation.tiling import Tiling, UntileableError
from hawk_xdsl.knowledge_store.entry import Entry, Tile
from hawk_xdsl.npu_target.dtypes import NUMPY_DTYPES
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import Contraction, Structure, contraction_of, unfolded_axes

LANES = 64
"""Elements a split innermost axis is rounded to: a repeat of 32-bit elements."""


@dataclass(frozen=True)
class Candidate:
    """Kernel text made from a template; ``estimate`` (cycles) only ranks candidates."""

    text: str
    sizes: Mapping[str, int]
    estimate: float
    entries: tuple[str, ...]


def fill_holes(text: str, holes: Mapping[str, str], *, entry: Entry) -> str:
    """The template with each ``$name`` replaced. Raises ``HawkError`` for a hole nothing fills."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in holes:
            known = ", ".join(f"${name}" for name in holes)
            raise HawkError(
                f"template {entry.name}: nothing fills ${found[1]}; its structure has {known}",
                file=entry.origin or None,
            )
        return holes[found[1]]

    filled = re.sub(r"\$(\w+)", value, text)
    return "\n".join(line.strip() for line in filled.splitlines() if line.strip()) + "\n"


def candidates(
    entry: Entry, specification: Specification, composition: Composition | None, target: Target
) -> list[Candidate]:
    """Every way to fill a template, the most promising first; none where it does not fit."""
    if entry.artifact.text is None:
        return []
    if entry.trigger.structure == Structure.CONTRACTION:
        contraction = contraction_of(specification)
        if contraction is None or not _allows(entry, contraction.lhs.dtype):
            return []
        found = list(_contractions(entry, specification, contraction, target))
    elif entry.trigger.structure == Structure.TILES and composition is not None:
        found = list(_whole_tiles(entry, composition, target))
    else:
        return []
    return sorted(found, key=lambda c: c.estimate)


def _allows(entry: Entry, dtype: str) -> bool:
    return not entry.trigger.dtypes or dtype in entry.trigger.dtypes


def _waves(tiles: int, cores: int) -> int:
    return -(-tiles // cores)


def _whole_tiles(entry: Entry, composition: Composition, target: Target) -> Iterator[Candidate]:
    specification = composition.specification
    for sizes in _splits(specification, target):
        tiling = Tiling(specification.axes, sizes)
        try:
            body = composition.body(tiling)
        except UntileableError:
            continue
        if body.ub_bytes > target.scopes[Scope.UB].bytes:
            continue
        holes = {
            "across": tiling.loops(),
            "invariant": "\n".join(body.invariant),
            "load": "\n".join(body.load),
            "compute": "\n".join(body.compute),
            "store": "\n".join(body.store),
        }
        text = fill_holes(entry.artifact.text or "", holes, entry=entry)
        estimate = _tile_estimate(specification, tiling, len(body.compute), target)
        yield Candidate(text, sizes, estimate, (entry.name, *composition.entries))


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
    return cycles * _waves(tiling.iterations(), target.cores[Core.VECTOR])


def _contractions(
    entry: Entry, specification: Specification, contraction: Contraction, target: Target
) -> Iterator[Candidate]:
    width = NUMPY_DTYPES[contraction.lhs.dtype].itemsize
    m, n, k = contraction.m[-1], contraction.n[-1], contraction.k[-1]
    extents = specification.axes
    seen: set[tuple[int, int, int]] = set()
    for sizes in product(*(_choices(entry.tiles, name) for name in ("m", "n", "k"))):
        tile_m, tile_n, tile_k = (
            min(size, extents[axis]) for size, axis in zip(sizes, (m, n, k), strict=True)
        )
        if (tile_m, tile_n, tile_k) in seen:
            continue
        seen.add((tile_m, tile_n, tile_k))
        padded_m, padded_n = (-(-size // 16) * 16 for size in (tile_m, tile_n))
        staged = (padded_m + padded_n) * (-(-tile_k // 16) * 16) * width
        if padded_m * padded_n * 4 > target.scopes[Scope.L0C].bytes:
            continue
        if staged > target.scopes[Scope.L1].bytes:
            continue
        tiling = _contraction_tiling(specification, contraction, tile_m, tile_n, tile_k)
        try:
            holes = _contraction_holes(specification, contraction, tiling)
        except UntileableError:
            return
        text = fill_holes(entry.artifact.text or "", holes, entry=entry)
        estimate = _contraction_estimate(specification, contraction, tiling, target)
        kept = {name: size for name, size in tiling.sizes.items() if size != 1}
        yield Candidate(text, kept, estimate, (entry.name,))


def _choices(tiles: Sequence[Tile], name: str) -> tuple[int, ...]:
    return next((tile.prefer for tile in tiles if tile.name == name), (16,))


def _contraction_tiling(
    specification: Specification, contraction: Contraction, m: int, n: int, k: int
) -> Tiling:
    tiled = {contraction.m[-1]: m, contraction.n[-1]: n, contraction.k[-1]: k}
    sizes = {axis: tiled.get(axis, 1) for axis in specification.axes}
    return Tiling(specification.axes, sizes)


def _contraction_holes(
    specification: Specification, contraction: Contraction, tiling: Tiling
) -> dict[str, str]:
    result = specification.results[0]
    shapes = {o.name: o.shape for o in specification.operands}
    m, n, k = contraction.m[-1], contraction.n[-1], contraction.k[-1]

    def factor(read: str, slices: tuple[str, tuple[str | None, ...]], want: tuple[str, str]) -> str:
        if slices[1] == want:
            return read
        if slices[1] == want[::-1]:
            return f"{read}.T"
        raise UntileableError(f"a factor indexed by {slices[1]}")

    lhs = tiling.slice_of(
        contraction.lhs.operand, contraction.lhs.index, shapes[contraction.lhs.operand]
    )
    rhs = tiling.slice_of(
        contraction.rhs.operand, contraction.rhs.index, shapes[contraction.rhs.operand]
    )
    out = tiling.slice_of(result.name, result.index, result.shape)
    if out[1] != (m, n):
        raise UntileableError(f"a result tile indexed by {out[1]}")
    written = [a for a in specification.axes if a not in contraction.k]
    loops = Tiling(specification.axes, {a: tiling.sizes[a] for a in written})
    folds = [
        f"for {axis} in 0..{specification.axes[axis]} step {tiling.sizes[axis]} {{"
        for axis in contraction.k
    ]
    return {
        "across": loops.loops(),
        "acc": f"f32[{tiling.sizes[m]}, {tiling.sizes[n]}]",
        "folds": "\n".join(folds),
        "ends": "\n".join("}" for _ in folds),
        "lhs": lhs[0],
        "rhs": rhs[0],
        "a": factor("a", lhs, (m, k)),
        "b": factor("b", rhs, (k, n)),
        "out": out[0],
    }


def _contraction_estimate(
    specification: Specification, contraction: Contraction, tiling: Tiling, target: Target
) -> float:
    """Cycles of all tiles of one core, one after the other: copies and fractals."""
    m, n, k = (tiling.sizes[axes[-1]] for axes in (contraction.m, contraction.n, contraction.k))
    width = NUMPY_DTYPES[contraction.lhs.dtype].itemsize
    path = target.paths[Scope.GLOBAL, Scope.L1].cost
    out = target.paths[Scope.L0C, Scope.GLOBAL].cost
    steps = prod(-(-specification.axes[a] // tiling.sizes[a]) for a in contraction.k)
    matmul = target.cube.dtypes.get(contraction.lhs.dtype)
    depth = target.cube.depth_bytes // width
    fractals = prod(-(-size // step) for size, step in ((m, 16), (n, 16), (k, depth)))
    multiply = fractals * (1.0 if matmul is None else matmul.cycles)
    tile = steps * (path.cycles(m * k * width) + path.cycles(n * k * width) + multiply)
    tile += out.cycles(m * n * 4)
    count = prod(
        -(-specification.axes[a] // tiling.sizes[a])
        for a in specification.axes
        if a not in contraction.k
    )
    return tile * _waves(count, target.cores[Core.CUBE])
