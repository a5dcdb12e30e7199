"""Where the pixels of a convolution's image lie once it is stored pixel by pixel, with its border.

Of ``x0[i0, i4, i2 + i5 - 1, i3 + i6 - 1]``, 3 × 3 windows on 56 × 56 pixels with a border of one,
each image is a matrix of pixels by channels. Its rows are the pixels of one row of the image after
the other, 64 a row: 56 pixels and 8 zeros, which are the border on the right of one row and on the
left of the next. The window at (i5, i6) of all outputs, row by row, is this matrix from row
``64 * i5 + i6`` on: no element is copied for it, and what the products make of the 8 columns
between the rows is not stored.

Windows that are apart (a stride of 2) are taken from images of every second pixel, one for each
*phase*.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod

from hawk_xdsl.codegen.cube.tile_sizes import up
from hawk_xdsl.semantics.structure import Contraction
from hawk_xdsl.semantics.terms import Affine, Term


@dataclass(frozen=True)
class Sweep:
    """A dimension of the image that windows move along.

    Attributes:
        place: the dimension's position in the tensor.
        extent: its pixels, without a border.
        axis: the result's axis that runs over the windows.
        outputs: how many windows there are.
        stride: pixels from a window to the next.
        windows: the summed axes within a window: extent, and pixels between neighbours.
        low: pixels of the border before the first pixel.
        base: where the first window starts, border included.
    """

    place: int
    extent: int
    axis: str
    outputs: int
    stride: int
    windows: tuple[tuple[str, int, int], ...]
    low: int
    base: int

    def offset(self, at: Mapping[str, int]) -> int:
        """Pixels from the first pixel, border included, to where windows have a position."""
        return self.base + sum(apart * at[axis] for axis, _, apart in self.windows)

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """The offsets of all positions in a window."""
        ranges = [[apart * i for i in range(extent)] for _, extent, apart in self.windows]
        return tuple(self.base + sum(parts) for parts in product(*ranges))

    @cached_property
    def phases(self) -> tuple[int, ...]:
        """The remainders of the offsets by the stride."""
        return tuple(sorted({offset % self.stride for offset in self.offsets}))

    @property
    def reach(self) -> int:
        """How many pixels of a phase a window reaches beyond its first."""
        return max(self.offsets) // self.stride

    def first(self, phase: int) -> int:
        """The first pixel of the image that a phase has."""
        return (phase - self.low) % self.stride

    def before(self, phase: int) -> int:
        """Pixels of the border before it in the phase."""
        return (self.first(phase) + self.low) // self.stride

    @property
    def count(self) -> int:
        """Pixels of the image that a phase has at most."""
        return max(self.pixels(phase) for phase in self.phases)

    def pixels(self, phase: int) -> int:
        """Pixels of the image that a phase has."""
        return -(-(self.extent - self.first(phase)) // self.stride)

    @property
    def is_uneven(self) -> bool:
        """Whether some phases have a pixel less than others."""
        return len({self.pixels(phase) for phase in self.phases}) > 1


@dataclass(frozen=True)
class ImageGeometry:
    """An image operand: its channels, the sweeps of its windows, and the points outside.

    Attributes:
        image: the read.
        channels: the summed axis along the channels.
        channel_place: its dimension in the tensor.
        depth: how many channels there are.
        rows: the sweep over rows; ``None`` where windows move along one dimension only.
        columns: the sweep along a row.
        points: dimension and axis of the rest: images and groups.
        grain: pixels that a row is padded to a multiple of.
    """

    image: Term
    channels: str
    channel_place: int
    depth: int
    rows: Sweep | None
    columns: Sweep
    points: tuple[tuple[int, str], ...]
    grain: int

    @cached_property
    def pitch(self) -> int:
        """Pixels from a row to the next, border included."""
        sweep = self.columns
        last = sweep.outputs - 1 + sweep.reach
        least = max(last + 1 - sweep.before(phase) for phase in sweep.phases)
        return up(max(least, sweep.count), self.grain)

    @property
    def phases(self) -> list[tuple[int, int]]:
        """The phases of rows and columns that there are images of."""
        rows = self.rows.phases if self.rows is not None else (0,)
        return list(product(rows, self.columns.phases))

    def start(self, phase: tuple[int, int]) -> int:
        """Where the first pixel of a phase is in its image."""
        down = 0 if self.rows is None else self.rows.before(phase[0])
        return down * self.pitch + self.columns.before(phase[1])

    @property
    def count(self) -> int:
        """Rows of pixels that a phase has at most."""
        return 1 if self.rows is None else self.rows.count

    @property
    def output_rows(self) -> int:
        """Rows of outputs."""
        return 1 if self.rows is None else self.rows.outputs

    def halo(self, rows: int, columns: int) -> int:
        """Pixels that the windows of so many rows and columns of outputs have."""
        down = 0 if self.rows is None else self.rows.reach
        return (rows - 1 + down) * self.pitch + columns + self.columns.reach

    def pixels(self, rows: int, columns: int) -> int:
        """Pixels of an image with its border, such that tiles of outputs stay within."""
        whole = self.halo(up(self.output_rows, rows), up(self.columns.outputs, columns))
        end = max(self.start(phase) for phase in self.phases) + self.count * self.pitch
        return up(max(whole, end), self.grain)

    def shift(self, at: Mapping[str, int]) -> tuple[tuple[int, int], int]:
        """The phase of a position in the windows, and the pixels that it is further on."""
        across, columns = self.columns.offset(at), self.columns
        down = 0 if self.rows is None else self.rows.offset(at)
        step = 1 if self.rows is None else self.rows.stride
        shift = down // step * self.pitch + across // columns.stride
        return (down % step, across % columns.stride), shift

    @property
    def windows(self) -> tuple[tuple[str, int, int], ...]:
        """The summed axes within a window, those of rows first."""
        return (*(() if self.rows is None else self.rows.windows), *self.columns.windows)

    def positions(self) -> Iterator[dict[str, int]]:
        """Every position in a window."""
        for values in product(*(range(extent) for _, extent, _ in self.windows)):
            names = (axis for axis, _, _ in self.windows)
            yield dict(zip(names, values, strict=True))

    @property
    def taps(self) -> int:
        """How many positions a window has."""
        return prod(extent for _, extent, _ in self.windows)


def geometry_of(
    read: Term,
    shape: tuple[int, ...],
    contraction: Contraction,
    extents: Mapping[str, int],
    grain: int,
) -> ImageGeometry | None:
    """How an operand is an image, if it is one with windows along one or two dimensions."""
    channels: list[tuple[int, str]] = []
    points: list[tuple[int, str]] = []
    sweeps: list[Sweep] = []
    summed = set(contraction.k)
    for place, dim in enumerate(read.index):
        if dim == Affine() and shape[place] == 1:
            continue
        if dim.plain is not None and dim.plain in summed:
            channels.append((place, dim.plain))
        elif dim.plain is not None and dim.plain in contraction.batch:
            points.append((place, dim.plain))
        else:
            sweep = _sweep(place, dim, shape[place], summed, extents)
            if sweep is None:
                return None
            sweeps.append(sweep)
    if len(channels) != 1 or not sweeps:
        return None
    [(place, axis)] = channels
    outer = [each for each in sweeps[:-1] if _is_point(each)]
    if outer and outer[-1] is sweeps[-2] and not _is_between(place, outer[-1], sweeps[-1]):
        outer.pop()
    points += [(each.place, each.axis) for each in outer]
    sweeps = [each for each in sweeps if each not in outer]
    windows = [name for sweep in sweeps for name, _, _ in sweep.windows]
    if len(sweeps) > 2 or not windows or _is_between(place, sweeps[0], sweeps[-1]):
        return None
    if len(set(windows)) != len(windows) or {axis, *windows} != summed:
        return None
    if any(each.pixels(phase) < 1 for each in sweeps for phase in each.phases):
        return None
    rows = sweeps[0] if len(sweeps) == 2 else None
    return ImageGeometry(read, axis, place, extents[axis], rows, sweeps[-1], tuple(points), grain)


def _is_between(place: int, first: Sweep, last: Sweep) -> bool:
    return first.place < place < last.place


def _is_point(sweep: Sweep) -> bool:
    """Whether windows of a sweep are its pixels themselves."""
    return not sweep.windows and sweep.stride == 1 and sweep.base == sweep.low == 0


def _sweep(
    place: int, dim: Affine, extent: int, summed: set[str], extents: Mapping[str, int]
) -> Sweep | None:
    """The sweep of an index over one axis of the result and axes that are summed."""
    moving = [(axis, factor) for axis, factor in dim.terms if axis not in summed]
    if len(moving) != 1 or any(factor < 1 for _, factor in dim.terms):
        return None
    [(axis, stride)] = moving
    windows = tuple((a, extents[a], factor) for a, factor in dim.terms if a in summed)
    low = max(0, -dim.constant)
    return Sweep(place, extent, axis, extents[axis], stride, windows, low, dim.constant + low)
