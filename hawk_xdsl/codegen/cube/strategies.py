"""Fills a contraction template: axes by role, factor tiles in l1, the accumulator in l0c."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import inf
from typing import Protocol

from hawk_xdsl.codegen.cube.cost import TileSizes
from hawk_xdsl.codegen.cube.matrix_view import layouts
from hawk_xdsl.codegen.cube.operand_stationary import FACTORS, HeldPlan
from hawk_xdsl.codegen.cube.pack import Packer
from hawk_xdsl.codegen.cube.plan import plan_of
from hawk_xdsl.codegen.strategy import Request
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.npu_target import Performance
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.schedule.candidate import Candidate
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import Contraction, Structure, contraction_of

KEPT_LAYOUTS = 3
"""Layouts of which tiles are searched in full: those with the best first estimates."""

KEPT_TILES = 24
"""Candidates proposed of one contraction."""


class Form(Protocol):
    """One way to compute a contraction, at tiles that it chooses from."""

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

    def schedule(self, tile: TileSizes) -> Schedule:
        """The schedule at a tile."""
        ...

    def tile_of(self, schedule: Schedule) -> TileSizes | None:
        """The tile of a schedule; ``None`` if it is one of another layout."""
        ...

    def candidate(self, entry: Entry, tile: TileSizes, cycles: float, target: Target) -> Candidate:
        """The kernel text at a tile."""
        ...


@dataclass(frozen=True)
class Contractions:
    """One way to make loops of a contraction; ``held``: one factor stays in l1."""

    name: str
    split: bool = False
    held: bool = False
    once: bool = False

    @property
    def structures(self) -> frozenset[Structure]:
        """As the protocol says."""
        return frozenset({Structure.CONTRACTION})

    def space(self, request: Request) -> "ContractionSpace | None":
        """The layouts and tiles of a contraction whose dtypes the cube takes."""
        contraction = contraction_of(request.specification)
        entry, target = request.entry, request.target
        if contraction is None or not _on_cube(entry, request.specification, contraction, target):
            return None
        _check_tiles(entry)
        forms = _forms(self, request.specification, contraction, target)
        return ContractionSpace(entry, target, forms) if forms else None


CONTRACTIONS = (
    Contractions("output-stationary"),
    Contractions("split-k", split=True),
    Contractions("stationary-operand", held=True, once=True),
    Contractions("stationary-panels", held=True),
)


@dataclass(frozen=True)
class ContractionSpace:
    """The forms of one contraction, the best first estimate first, and the tiles of each."""

    entry: Entry
    target: Target
    forms: Sequence[Form]

    def schedules(self) -> Iterator[Schedule]:
        """The most promising tiles that fit l1 and l0c."""
        ranked: list[tuple[float, int, Form, TileSizes]] = []
        for form in self.forms[:KEPT_LAYOUTS]:
            for tile in self._tiles(form):
                ranked.append((form.cycles(tile, self.target), len(ranked), form, tile))
        ranked.sort(key=lambda item: item[:2])
        for _, _, form, tile in ranked[:KEPT_TILES]:
            yield form.schedule(tile)

    def candidate(self, schedule: Schedule) -> Candidate | None:
        """As the protocol says."""
        for form in self.forms:
            tile = form.tile_of(schedule)
            if tile is None or form.schedule(tile) != schedule:
                continue
            if form.allows(tile, self.target):
                cycles = form.cycles(tile, self.target)
                return form.candidate(self.entry, tile, cycles, self.target)
        return None

    def neighbours(self, schedule: Schedule, performance: Performance) -> Iterator[Schedule]:
        """None: the estimates tell tiles of the cube apart, and each timing takes long."""
        yield from ()

    def _tiles(self, form: Form) -> Iterator[TileSizes]:
        """The tiles to choose from, those of ``[[entry.tile]]`` in place of others."""
        prefer = {tile.name: tile.prefer for tile in self.entry.tiles}
        seen: set[TileSizes] = set()
        for tile in form.tiles(self.target):
            for sizes in product(*prefer.values()):
                chosen = replace(tile, **dict(zip(prefer, sizes, strict=True)))
                if chosen not in seen and (chosen == tile or form.allows(chosen, self.target)):
                    seen.add(chosen)
                    yield chosen


def _check_tiles(entry: Entry) -> None:
    """Raises ``HawkError`` for a ``[[entry.tile]]`` that is no side of a product."""
    for tile in entry.tiles:
        if tile.name not in ("m", "n", "k"):
            raise HawkError(
                f"template {entry.name}: a contraction has tile sizes m, n and k, "
                f"not {tile.name!r}",
                file=entry.origin or None,
            )


def _forms(
    strategy: Contractions, specification: Specification, contraction: Contraction, target: Target
) -> list[Form]:
    """What the strategy makes of every layout, the best first estimate first."""
    packer = Packer(specification.axes, target)
    forms: list[Form] = []
    for layout in layouts(specification, contraction):
        for factor in FACTORS if strategy.held else (None,):
            plan = plan_of(
                specification,
                contraction,
                layout,
                packer,
                held=factor,
                split=strategy.split,
            )
            if plan is None or (strategy.split and not plan.can_split):
                continue
            if factor is None:
                forms.append(plan)
                continue
            form = HeldPlan(plan, factor, once=strategy.once)
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
