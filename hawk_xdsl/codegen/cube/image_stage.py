"""The vector stage that stores an image pixel by pixel, with its border, as the cube loads it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod

from hawk_xdsl.codegen.cube.image_geometry import ImageGeometry
from hawk_xdsl.codegen.cube.matrix_slice import Tensor, flat_index
from hawk_xdsl.codegen.cube.tile_sizes import up
from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.kernel_text.places import UB, VECTOR_WORD
from hawk_xdsl.dialects.kernel_text.syntax import (
    Arithmetic,
    Assign,
    Expression,
    Fill,
    For,
    If,
    Integer,
    Load,
    Loop,
    Number,
    Slice,
    Stage,
    Statement,
    Store,
    Temp,
    Tile,
    Transpose,
    Variable,
    View,
)
from hawk_xdsl.schedule.build_syntax import across, expression_of, loop, part, span
from hawk_xdsl.semantics.terms import Affine

ROW = Variable("h")
"""The first row of pixels that a tile of the stage has."""

COLUMN = Variable("w")
"""The first pixel of a row that it has."""

CHANNEL = Variable("c")
"""The first channel that it has."""


@dataclass(frozen=True)
class ImageStage:
    """A tile of the stage: ``rows`` rows of all channels, turned over where channels come first::

        across i0 in 0..2 step 1, h in 0..56 step 4 {
          if h == 0 { … zeros above and below … }
          s = load x0[i0, 0:64, h:4, 0:64] into ub pad 0.0
          v0 = view s as [64, 256]
          p0 = vtranspose v0 perm [1, 0]
          store p0 into t1[3776*i0+64*h+65:256, 0:64]
        }

    Attributes:
        geometry: where pixels lie.
        tensor: the image as it is.
        name: of the scratch memory.
        pixels: of an image with its border.
        rows: of pixels in a tile; they divide all there are.
        channels: in a tile; they divide all there are.
        columns: pixels in a tile's rows, what is zero behind them included: all, unless an image
            has one row only.
        extents: of the axes that images are points of.
        block: bytes that rows are padded to in the memory of the vector unit.
        ones: how many ones the stage stores besides, which a bias is multiplied with.
    """

    geometry: ImageGeometry
    tensor: Tensor
    name: str
    pixels: int
    rows: int
    channels: int
    columns: int
    extents: tuple[tuple[str, int], ...]
    block: int
    ones: int = 0

    @property
    def temp(self) -> Temp:
        """The scratch memory: a row for each pixel of each phase of each image."""
        images = prod(extent for _, extent in self.extents) * len(self.geometry.phases)
        return Temp(self.name, self.tensor.dtype, (images * self.pixels, self.geometry.depth))

    @property
    def temps(self) -> tuple[Temp, ...]:
        """All scratch memory of the stage."""
        ones = Temp(self.ones_name, self.tensor.dtype, (1, self.ones))
        return (self.temp, ones) if self.ones else (self.temp,)

    @property
    def ones_name(self) -> str:
        """The name of the ones."""
        return f"{self.name}o"

    def first_pixel(self, phase: tuple[int, int]) -> Affine:
        """The row of the scratch memory that the image of a phase starts at."""
        geometry, extents = self.geometry, dict(self.extents)
        index = flat_index(list(extents), extents)
        number = geometry.phases.index(phase)
        return (index.scaled(len(geometry.phases)) + Affine(number)).scaled(self.pixels)

    @property
    def _is_turned(self) -> bool:
        return self.geometry.channel_place < self.geometry.columns.place

    @property
    def _length(self) -> int:
        """Pixels of a row that are loaded, with the zeros behind it."""
        return self.columns * self.geometry.columns.stride

    def bytes(self) -> int:
        """Of the vector unit's memory: loaded and turned tile, twice each, and zeros."""
        width = DType(self.tensor.dtype).bytes
        channels = up(self.channels * width, self.block)
        pixels = self.rows * self._length
        loaded = self.channels * pixels * width if self._is_turned else pixels * channels
        turned = pixels * channels if self._is_turned else 0
        zeros = max(size for _, size in self._zeros(self.geometry.phases[0])) * channels
        return 2 * (loaded + turned) + zeros + up(self.ones * width, self.block)

    def stage(self) -> Stage:
        """The stage."""
        body: list[Statement] = []
        if any(size for phase in self.geometry.phases for _, size in self._zeros(phase)):
            zeros = tuple(self._border())
            first = ROW if self._loops_over_rows else COLUMN if self._loops_over_columns else None
            body += zeros if first is None else (If(first, "==", Integer(0), zeros),)
        body += self._ones()
        rows = sorted({row for row, _ in self.geometry.phases})
        for row in rows:
            moved = list(self._loaded(row))
            for column in [column for r, column in self.geometry.phases if r == row]:
                moved += self._stored((row, column))
            count = self._rows(row)
            short = count < self.geometry.count
            body += (If(ROW, "<", Integer(count), tuple(moved)),) if short else moved
        return Stage(VECTOR_WORD, (across(self._loops(), body),))

    def _ones(self) -> tuple[Statement, ...]:
        """The ones, which the first iteration stores."""
        if not self.ones:
            return ()
        fill = Fill(Number(1.0), self.tensor.dtype, (self.ones,), UB)
        dest = part(self.ones_name, Slice(Integer(0)), span(self.ones))
        found: tuple[Statement, ...] = (Assign("o", fill), Store(Tile("o"), dest))
        for each in self._loops():
            found = (If(Variable(each.variable), "==", Integer(0), found),)
        return found

    def _loops(self) -> list[Loop]:
        loops = [loop(axis, extent, 1) for axis, extent in self.extents]
        if self.channels < self.geometry.depth:
            loops.append(loop(CHANNEL.name, self.geometry.depth, self.channels))
        if self._loops_over_rows:
            loops.append(loop(ROW.name, self.geometry.count, self.rows))
        if self._loops_over_columns:
            loops.append(loop(COLUMN.name, self.geometry.columns.count, self.columns))
        return loops

    def _rows(self, phase: int) -> int:
        """Rows of the image that a phase of rows has."""
        return 1 if self.geometry.rows is None else self.geometry.rows.pixels(phase)

    @property
    def _along(self) -> Slice:
        """The channels of a tile."""
        whole = self.channels == self.geometry.depth
        return Slice(Integer(0) if whole else CHANNEL, self.channels)

    @property
    def _loops_over_columns(self) -> bool:
        return self.columns < self.geometry.pitch

    @property
    def _loops_over_rows(self) -> bool:
        return self.rows < self.geometry.count

    def _zeros(self, phase: tuple[int, int]) -> list[tuple[int, int]]:
        """Start and pixels of what is zero above and below the rows of a phase."""
        first = self.geometry.start(phase)
        end = first + self._rows(phase[0]) * self.geometry.pitch
        if self._loops_over_columns:
            end = first + up(self.geometry.columns.count, self.columns)
        return [(0, first), (end, self.pixels - end)]

    def _border(self) -> Iterator[Statement]:
        parts = [
            (phase, start, size)
            for phase in self.geometry.phases
            for start, size in self._zeros(phase)
            if size
        ]
        most = max(size for _, _, size in parts)
        yield Assign("z", Fill(Number(0.0), self.tensor.dtype, (most, self.channels), UB))
        for phase, start, size in parts:
            at = expression_of(self.first_pixel(phase) + Affine(start))
            whole = size == most
            source = Tile("z") if whole else part("z", span(size), span(self.channels))
            yield Store(source, part(self.name, Slice(at, size), self._along))

    def _loaded(self, phase: int) -> list[Statement]:
        """The rows of a phase, all their pixels, as ``p0`` or so: pixels by channels."""
        geometry, points = self.geometry, dict(self.geometry.points)
        slices: list[Slice] = []
        for place, extent in enumerate(self.tensor.shape):
            if place == geometry.channel_place:
                slices.append(self._along)
            elif geometry.rows is not None and place == geometry.rows.place:
                slices.append(Slice(self._row(phase), self.rows, geometry.rows.stride))
            elif place == geometry.columns.place:
                slices.append(Slice(self._column(), self._length))
            elif place in points:
                slices.append(Slice(Variable(points[place])))
            else:
                assert extent == 1
                slices.append(Slice(Integer(0)))
        turned = f"p{phase}"
        load = Load(part(self.tensor.name, *slices), UB, Number(0.0))
        pixels = self.rows * self._length
        if not self._is_turned:
            return [Assign("s", load), Assign(turned, View("s", (pixels, self.channels)))]
        if geometry.rows is None:
            return [Assign("s", load), Assign(turned, Transpose(Tile("s"), (1, 0)))]
        flat = f"v{phase}"
        return [
            Assign("s", load),
            Assign(flat, View("s", (self.channels, pixels))),
            Assign(turned, Transpose(Tile(flat), (1, 0))),
        ]

    def _column(self) -> Expression:
        """The first pixel of a row that is loaded."""
        stride = self.geometry.columns.stride
        terms = ((COLUMN.name, stride),) if self._loops_over_columns else ()
        return expression_of(Affine(0, terms))

    def _row(self, phase: int) -> Expression:
        """The first row of the image that is loaded."""
        rows = self.geometry.rows
        assert rows is not None
        start = Affine(rows.first(phase))
        if self._loops_over_rows:
            start += Affine(0, ((ROW.name, rows.stride),))
        return expression_of(start)

    def _stored(self, phase: tuple[int, int]) -> Sequence[Statement]:
        """The pixels of a phase at their places."""
        geometry = self.geometry
        pitch, columns = self.columns, geometry.columns
        at = self.first_pixel(phase) + Affine(geometry.start(phase))
        if self._loops_over_rows:
            at += Affine(0, ((ROW.name, pitch),))
        if self._loops_over_columns:
            at += Affine.axis(COLUMN.name)
        if columns.stride == 1:
            dest = part(self.name, Slice(expression_of(at), self.rows * pitch), self._along)
            return [Store(Tile(f"p{phase[0]}"), dest)]
        first, row = columns.first(phase[1]), Variable("r")
        start = Arithmetic("+", Arithmetic("*", Integer(self._length), row), Integer(first))
        source = part(f"p{phase[0]}", Slice(start, pitch, columns.stride), span(self.channels))
        down = expression_of(at + Affine(0, ((row.name, pitch),)))
        store = Store(source, part(self.name, Slice(down, pitch), self._along))
        return [For(Loop(row.name, Integer(0), Integer(self.rows), 1), (store,))]


def image_stages(stage: ImageStage, capacity: float) -> Iterator[ImageStage]:
    """The stage at every number of rows that fits into so many bytes, with most channels.

    Where a phase has a row less than others, a tile has one row.
    """
    geometry = stage.geometry
    rows = geometry.rows
    most = 1 if rows is not None and rows.is_uneven else geometry.count
    columns = [geometry.pitch]
    if rows is None:
        grains = range(geometry.pitch, 0, -geometry.grain)
        columns = [n for n in grains if geometry.pitch % n == 0]
    counts = [n for n in range(1, most + 1) if geometry.count % n == 0]
    block = stage.block // DType(stage.tensor.dtype).bytes
    parts = [n for n in range(geometry.depth, 0, -1) if geometry.depth % n == 0]
    for channels in [n for n in parts if n == geometry.depth or n % block == 0]:
        sized = [
            replace(stage, rows=count, channels=channels, columns=size)
            for count in counts
            for size in columns
        ]
        fitting = [each for each in sized if each.bytes() <= capacity]
        if fitting:
            yield from fitting
            return
