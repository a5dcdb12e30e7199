"""Fills a contraction template: axes by role, factor tiles in l1, the accumulator in l0c."""

from collections.abc import Iterator, Mapping
from math import inf
from typing import Protocol

from hawk_xdsl.codegen.cube.cost import TileSizes
from hawk_xdsl.codegen.cube.matrix_view import layouts
from hawk_xdsl.codegen.cube.operand_stationary import FACTORS, HeldPlan
from hawk_xdsl.codegen.cube.pack import Packer
from hawk_xdsl.codegen.cube.plan import plan_of
from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.schedule.candidate import Candidate
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import Contraction, contraction_of

KEPT_LAYOUTS = 3
"""Layouts of which tiles are searched in full: those with the best first estimates."""

KEPT_TILES = 24
"""Candidates proposed of one contraction."""


class Form(Protocol):
    """One way to compute a contraction, at tiles that it chooses from."""

    @property
    def number(self) -> int:
        """The layout's number."""
        ...

    def tiles(self, target: Target) -> Iterator[TileSizes]:
        """The tiles to choose from."""
        ...

    def allows(self, tile: TileSizes, target: Target) -> bool:
        """Whether a tile fits."""
        ...

    def first_estimate(self, target: Target) -> float:
        """Cycles at the best of a few tiles; infinite if none fits."""
        ...

    def cycles(self, tile: TileSizes, target: Target) -> float:
        """Cycles of all stages."""
        ...

    def candidate(self, entry: Entry, tile: TileSizes, cycles: float, target: Target) -> Candidate:
        """The kernel text at a tile."""
        ...


def contractions(entry: Entry, specification: Specification, target: Target) -> Iterator[Candidate]:
    """The most promising tilings that fit l1 and l0c; none for any other specification."""
    ranked: list[tuple[float, int, Form, TileSizes]] = []
    for form in _forms(entry, specification, target)[:KEPT_LAYOUTS]:
        for tile in form.tiles(target):
            ranked.append((form.cycles(tile, target), len(ranked), form, tile))
    ranked.sort(key=lambda item: item[:2])
    for cycles, _, form, tile in ranked[:KEPT_TILES]:
        yield form.candidate(entry, tile, cycles, target)


def contraction_at(
    entry: Entry, specification: Specification, target: Target, sizes: Mapping[str, int]
) -> Candidate | None:
    """A contraction at the tile sizes given; ``None``: does not fit.

    ``sizes`` has ``m``, ``n``, ``k`` and perhaps ``parts``, ``layout`` and ``held``, as a
    candidate's has.
    """
    tile = TileSizes(sizes.get("m", 1), sizes.get("n", 1), sizes.get("k", 1), sizes.get("parts", 1))
    for form in _forms(entry, specification, target):
        if form.number != sizes.get("layout", form.number):
            continue
        if isinstance(form, HeldPlan) and FACTORS.index(form.held) != sizes.get("held", 0):
            continue
        if form.allows(tile, target):
            return form.candidate(entry, tile, form.cycles(tile, target), target)
    return None


def _forms(entry: Entry, specification: Specification, target: Target) -> list[Form]:
    """What the template's holes ask for, in every layout, the best first estimate first."""
    contraction = contraction_of(specification)
    if contraction is None or not _on_cube(entry, specification, contraction, target):
        return []
    strategy = entry.artifact.strategy
    split, held = strategy == "split-k", strategy in ("stationary-operand", "stationary-panels")
    packer = Packer(specification.axes, target)
    forms: list[Form] = []
    for number, layout in enumerate(layouts(specification, contraction)):
        for factor in FACTORS if held else (None,):
            plan = plan_of(
                specification, contraction, layout, number, packer, held=factor, split=split
            )
            if plan is None or (split and not plan.can_split):
                continue
            if factor is None:
                forms.append(plan)
                continue
            form = HeldPlan(plan, factor, once=strategy == "stationary-operand")
            if form.possible:
                forms.append(form)
    first = [(form.first_estimate(target), position) for position, form in enumerate(forms)]
    return [forms[position] for estimate, position in sorted(first) if estimate != inf]


def _on_cube(
    entry: Entry, specification: Specification, contraction: Contraction, target: Target
) -> bool:
    """Whether the entry and the cube take the dtypes of factors and result."""
    dtype = contraction.lhs.dtype
    if dtype not in target.cube.dtypes or (
        entry.trigger.dtypes and dtype not in entry.trigger.dtypes
    ):
        return False
    accumulator = target.cube.dtypes[dtype].accumulator
    return specification.results[0].dtype in target.cube.casts.get(accumulator, ())
