"""Fills a contraction template: axes by role, factor tiles in l1, the accumulator in l0c."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod

from hawk_xdsl.dialects.npu import Core, Scope
from hawk_xdsl.generation.candidate import Candidate, fill_holes, waves
from hawk_xdsl.generation.tiling import Tiling, UntileableError
from hawk_xdsl.knowledge_store.entry import Entry, Tile
from hawk_xdsl.npu_target.dtypes import NUMPY_DTYPES
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import Contraction, contraction_of


def _allows(entry: Entry, dtype: str) -> bool:
    return not entry.trigger.dtypes or dtype in entry.trigger.dtypes


def contractions(entry: Entry, specification: Specification, target: Target) -> Iterator[Candidate]:
    """Every tiling of a contraction that fits l1 and l0c; none for any other specification."""
    contraction = contraction_of(specification)
    if contraction is None or not _allows(entry, contraction.lhs.dtype):
        return
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
        candidate = _contraction_at(
            entry, specification, contraction, target, (tile_m, tile_n, tile_k)
        )
        if candidate is not None:
            yield candidate


def contraction_at(
    entry: Entry, specification: Specification, target: Target, sizes: Mapping[str, int]
) -> Candidate | None:
    """A contraction at the tile sizes given, 1 for an axis without one; ``None``: does not fit."""
    contraction = contraction_of(specification)
    if contraction is None or not _allows(entry, contraction.lhs.dtype):
        return None
    m, n, k = (sizes.get(axes[-1], 1) for axes in (contraction.m, contraction.n, contraction.k))
    return _contraction_at(entry, specification, contraction, target, (m, n, k))


def _contraction_at(
    entry: Entry,
    specification: Specification,
    contraction: Contraction,
    target: Target,
    tile: tuple[int, int, int],
) -> Candidate | None:
    width = NUMPY_DTYPES[contraction.lhs.dtype].itemsize
    padded_m, padded_n, padded_k = (-(-size // 16) * 16 for size in tile)
    if padded_m * padded_n * 4 > target.scopes[Scope.L0C].bytes:
        return None
    if (padded_m + padded_n) * padded_k * width > target.scopes[Scope.L1].bytes:
        return None
    tiling = _contraction_tiling(specification, contraction, *tile)
    try:
        holes = _contraction_holes(specification, contraction, tiling)
    except UntileableError:
        return None
    text = fill_holes(entry.artifact.text or "", holes, entry=entry)
    estimate = _contraction_estimate(specification, contraction, tiling, target)
    kept = {name: size for name, size in tiling.sizes.items() if size != 1}
    return Candidate(text, kept, estimate, (entry.name,))


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
    return tile * waves(count, target.cores[Core.CUBE])
