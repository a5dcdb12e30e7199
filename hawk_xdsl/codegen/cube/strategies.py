"""The strategies for contractions on the cube, and what each may choose for one op."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from hawk_xdsl.codegen.cube.form import Form
from hawk_xdsl.codegen.cube.form_search import best_forms
from hawk_xdsl.codegen.cube.image_slab import NAME as IMAGE_SLAB
from hawk_xdsl.codegen.cube.image_slab import ImageSlab, SlabTile, image_slab
from hawk_xdsl.codegen.cube.matrix_product import MatrixProducts
from hawk_xdsl.codegen.cube.output_stationary import OutputStationary, output_stationary
from hawk_xdsl.codegen.cube.split_k import SplitK, split_k
from hawk_xdsl.codegen.cube.stationary_operand import (
    StationaryOperand,
    StationaryPanels,
    stationary_operand,
    stationary_panels,
)
from hawk_xdsl.codegen.cube.tile_sizes import Preferred, TileSizes
from hawk_xdsl.codegen.strategy import Request, wrong_entry
from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.npu_target import Performance
from hawk_xdsl.schedule.candidate import Candidate
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.structure import Contraction, Structure, contraction_of

KEPT_FORMS = 3
"""Forms of which tiles are searched in full: those with the best first estimates."""

ORDERED_TILES = 2
"""Tiles of a layout that are estimated in other orders too: the best."""

KEPT_TILES = 24
"""Schedules proposed of one contraction."""


@dataclass(frozen=True)
class ContractionStrategy:
    """A way to multiply matrices: its name, and its forms for the products there are."""

    name: str
    forms: Callable[[MatrixProducts, Preferred], Iterator[Form]]

    @property
    def structures(self) -> frozenset[Structure]:
        """As the protocol says."""
        return frozenset({Structure.CONTRACTION})

    def check(self, entry: Entry) -> None:
        """As the protocol says: tile sizes are those of the sides of a product."""
        for tile in entry.tiles:
            if tile.name not in ("m", "n", "k"):
                message = f"a contraction has tile sizes m, n and k, not {tile.name!r}"
                raise wrong_entry(entry, message)

    def space(self, request: Request) -> "ContractionSpace | None":
        """The forms and tiles of a contraction whose dtypes the cube takes."""
        contraction = contraction_of(request.specification)
        preferred = {tile.name: tile.prefer for tile in request.entry.tiles}
        if contraction is None or not _on_cube(request, contraction):
            return None
        products = MatrixProducts.of(request.specification, contraction, request.target)
        forms = list(self.forms(products, preferred))
        return ContractionSpace(request.entry, forms) if forms else None


@dataclass(frozen=True)
class ImageSlabStrategy:
    """Convolutions whose image stays in l1."""

    name: str = IMAGE_SLAB

    @property
    def structures(self) -> frozenset[Structure]:
        """As the protocol says."""
        return frozenset({Structure.CONTRACTION})

    def check(self, entry: Entry) -> None:
        """As the protocol says: it has tile sizes of its own."""
        for tile in entry.tiles:
            raise wrong_entry(entry, f"{self.name} chooses its tiles itself, not {tile.name!r}")

    def space(self, request: Request) -> "ImageSlabSpace | None":
        """The tiles of a convolution whose dtypes the cube takes."""
        contraction = contraction_of(request.specification)
        if contraction is None or not _on_cube(request, contraction):
            return None
        products = MatrixProducts.of(request.specification, contraction, request.target)
        form = image_slab(products)
        return None if form is None else ImageSlabSpace(request.entry, form)


@dataclass(frozen=True)
class ImageSlabSpace:
    """The tiles of a convolution whose image stays in l1."""

    entry: Entry
    form: ImageSlab

    def schedules(self) -> Iterator[Schedule]:
        """As the protocol says: the most promising tiles that fit."""
        form = self.form
        found = sorted(((form.cycles(form.kernel(t)), t) for t in form.tiles()), key=_first)
        for _, tile in found[:KEPT_TILES]:
            yield form.schedule(tile)

    def candidate(self, schedule: Schedule) -> Candidate | None:
        """As the protocol says."""
        tile = self.form.tile_of(schedule)
        if tile is None or not self.form.fits(tile):
            return None
        kernel = self.form.kernel(tile)
        return Candidate(kernel, schedule, self.form.cycles(kernel), (self.entry.name,))

    def neighbours(self, schedule: Schedule, performance: Performance) -> Iterator[Schedule]:
        """None: all tiles are estimated."""
        yield from ()


def _first(found: tuple[float, SlabTile]) -> float:
    return found[0]


CONTRACTIONS = (
    ImageSlabStrategy(),
    ContractionStrategy(OutputStationary.strategy, output_stationary),
    ContractionStrategy(SplitK.strategy, split_k),
    ContractionStrategy(StationaryOperand.strategy, stationary_operand),
    ContractionStrategy(StationaryPanels.strategy, stationary_panels),
)


@dataclass(frozen=True)
class ContractionSpace:
    """The forms of one contraction, and the tiles of each."""

    entry: Entry
    forms: Sequence[Form]
    _cycles: dict[Schedule, float] = field(default_factory=dict[Schedule, float], compare=False)

    def schedules(self) -> Iterator[Schedule]:
        """The most promising tiles that fit l1 and l0c."""
        found: list[tuple[float, Form, TileSizes]] = []
        for best in best_forms(self.forms, KEPT_FORMS):
            found += [(cycles, best.form, tile) for cycles, tile in best.ranked()]
            found += [(cycles, best.form, tile) for cycles, tile in best.orders(ORDERED_TILES)]
        for cycles, form, tile in sorted(found, key=lambda each: each[0])[:KEPT_TILES]:
            schedule = form.schedule(tile)
            self._cycles[schedule] = cycles
            yield schedule

    def candidate(self, schedule: Schedule) -> Candidate | None:
        """As the protocol says."""
        for form in self.forms:
            tile = form.tile_of(schedule)
            if tile is not None and form.allows(tile):
                cycles = self._cycles.get(schedule) or form.cycles(tile)
                return Candidate(form.kernel(tile), schedule, cycles, (self.entry.name,))
        return None

    def neighbours(self, schedule: Schedule, performance: Performance) -> Iterator[Schedule]:
        """None: the estimates tell tiles of the cube apart, and each timing takes long."""
        yield from ()


def _on_cube(request: Request, contraction: Contraction) -> bool:
    """Whether the cube takes the dtypes of the operands and the result."""
    dtype, cube = contraction.lhs.dtype, request.target.cube
    if dtype not in cube.dtypes:
        return False
    return request.specification.results[0].dtype in cube.casts.get(
        cube.dtypes[dtype].accumulator, ()
    )
