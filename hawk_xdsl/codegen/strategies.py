"""Fills the holes of a template for one specification, with the tile sizes that promise most."""

from collections.abc import Iterator, Mapping

from hawk_xdsl.codegen.cube.strategies import contraction_at, contractions
from hawk_xdsl.codegen.learned_template import kernel_at, kernel_candidates
from hawk_xdsl.codegen.select_instructions import Composition
from hawk_xdsl.codegen.vector.tile_kernel import filled
from hawk_xdsl.codegen.vector.two_pass_reduction import staged, staged_at
from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.schedule.candidate import Candidate
from hawk_xdsl.schedule.enumerate import tiling_at, tilings
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import Structure


def candidates(
    entry: Entry, specification: Specification, composition: Composition | None, target: Target
) -> list[Candidate]:
    """Every way to fill a template, the most promising first; none where it does not fit."""
    if entry.artifact.text is None:
        return []
    if entry.trigger.structure == Structure.CONTRACTION:
        found = list(contractions(entry, specification, target))
    elif entry.trigger.structure in (Structure.TILES, Structure.STREAM) and composition is not None:
        found = list(_tiled(entry, composition, target))
    elif entry.trigger.structure == Structure.KERNEL:
        return list(kernel_candidates(entry, specification, target))
    elif entry.trigger.structure == Structure.STAGED and composition is not None:
        found = list(staged(entry, composition, target))
    else:
        return []
    return sorted(found, key=lambda c: c.estimate)


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
    if entry.trigger.structure in (Structure.TILES, Structure.STREAM) and composition is not None:
        return _tiled_at(entry, composition, target, sizes)
    if entry.trigger.structure == Structure.KERNEL:
        return kernel_at(entry, specification, sizes)
    if entry.trigger.structure == Structure.STAGED and composition is not None:
        return staged_at(entry, composition, target, sizes)
    return None


def _tiled(entry: Entry, composition: Composition, target: Target) -> Iterator[Candidate]:
    for sizes in tilings(composition.specification, target):
        candidate = _tiled_at(entry, composition, target, sizes)
        if candidate is not None:
            yield candidate


def _tiled_at(
    entry: Entry, composition: Composition, target: Target, sizes: Mapping[str, int]
) -> Candidate | None:
    """Tiles of given sizes, if folded axes are whole or streamed as the template wants it."""
    tiling = tiling_at(composition.specification, sizes)
    if bool(tiling.streamed) != (entry.trigger.structure == Structure.STREAM):
        return None
    found = filled(entry, composition, tiling, target)
    if found is None:
        return None
    return Candidate(found[0], sizes, found[1], (entry.name, *composition.entries))
