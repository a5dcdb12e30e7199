"""Turns a verified kernel's numbers into holes: every way in which they may depend on extents.

Which number is an extent, which a tile size and which just a number cannot be told from one text
where they happen to be equal. So there are several readings, and the gate at other extents decides.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import isfinite

from hawk_xdsl.codegen.learned_template import LEARNED_KERNEL, TILE_HOLE, extents_of
from hawk_xdsl.dialects.kernel_text import parse
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.rewrite import names
from hawk_xdsl.dialects.kernel_text.unparse import Printer
from hawk_xdsl.schedule.read_schedule import schedule_of, trip_extents
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.resizing import dimension, tie_of, tied
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.terms import Affine, walk

_Choice = Callable[[int], str]

MOST_READINGS = 16
"""Readings of one kernel that are tried."""


@dataclass(frozen=True)
class Reading:
    """A text with holes, and the schedule of the kernel it was made of.

    ``trips`` are the elements that the loops of the schedule run over.
    """

    text: str
    schedule: Schedule
    trips: Mapping[str, int]


def readings(text: str, specification: Specification) -> Iterator[Reading]:
    """Every way to read a kernel's numbers, the likeliest first."""
    reader = _ScheduleReader(specification, parse(text))
    ambiguous = sorted(reader.ambiguous())
    options = [reader.options(value) for value in ambiguous]
    seen: set[str] = set()
    for chosen in product(*options):
        made = reader.read(dict(zip(ambiguous, chosen, strict=True)))
        if made not in seen:
            seen.add(made)
            trips = {axis: reader.trips[axis] for axis, _ in reader.schedule.tile}
            yield Reading(made, reader.schedule, trips)
        if len(seen) == MOST_READINGS:
            return


class _ScheduleReader:
    """One kernel and what its numbers may be."""

    def __init__(self, specification: Specification, kernel: ast.KernelText) -> None:
        self._kernel = kernel
        self.specification = specification
        self.extents = extents_of(specification)
        self.ties = tuple(tied(specification))
        self.dimensions = _dimensions(specification)
        self.trips = trip_extents(kernel)
        steps = schedule_of(kernel, LEARNED_KERNEL.name).sizes
        own = {name: step for name, step in steps.items() if 1 < step < self.trips.get(name, 0)}
        self.schedule = Schedule.of(LEARNED_KERNEL.name, own)

    def ambiguous(self) -> set[int]:
        """The numbers of shapes and slices that no rule of place explains."""
        found: set[int] = set()

        def note(value: int) -> str:
            found.add(value)
            return ""

        _Template(self, note).text(self._kernel)
        return found

    def options(self, value: int) -> list[str]:
        """What a number may be: a tile size, an extent, a product, or itself."""
        sizes = {f"{TILE_HOLE}{axis}": size for axis, size in self.schedule.tile}
        tiles = [name for name, size in sizes.items() if size == value]
        extents = [name for name, size in self.extents.items() if size == value]
        names = {**sizes, **self.extents}
        products = [
            f"{a} * {b}"
            for position, a in enumerate(names)
            for b in list(names)[position + 1 :]
            if names[a] * names[b] == value and 1 not in (names[a], names[b])
        ]
        return [f"${{{each}}}" for each in (*tiles, *extents, *products[:2])] + [str(value)]

    def read(self, chosen: Mapping[int, str]) -> str:
        """The text with holes, ambiguous numbers as chosen."""
        return _Template(self, lambda value: chosen.get(value, str(value))).text(self._kernel)


class _Template(Printer):
    """Prints a kernel with holes where its numbers depend on extents and tile sizes.

    Of a kernel for 256 × 33 elements, ``load x0[r:8, 0:33] into ub`` in the loop
    ``r in 0..256 step 8`` becomes ``load x0[r:${t_r}, 0:${n1}] into ub``. ``other`` says what a
    number is that its place does not explain.
    """

    def __init__(self, reader: _ScheduleReader, other: _Choice) -> None:
        self._reader = reader
        self._other = other

    def line(self, node: ast.Statement | ast.Temp | ast.Stage) -> str:
        """A temp's shape has holes too."""
        if isinstance(node, ast.Temp):
            return f"temp {node.name} {node.dtype}{self.shape(node.shape)}"
        return super().line(node)

    def loop(self, loop: ast.Loop) -> str:
        """The extent of a loop is that of the axis of its name; its step is a tile size."""
        name, upper = loop.variable, loop.stop
        if loop.start != ast.Integer(0) or not isinstance(upper, ast.Integer):
            return super().loop(loop)
        axis = f"n{name.removeprefix('i')}"
        if self._reader.extents.get(axis) == upper.value and name.startswith("i"):
            bound = f"${{{axis}}}"
        else:
            bound = self._length(upper.value)
        size = f"${{{TILE_HOLE}{name}}}" if name in self._reader.schedule.sizes else str(loop.step)
        if loop.step == upper.value and loop.step > 1:
            size = bound
        return f"{name} in 0..{bound} step {size}"

    def tile(self, tile: ast.Tile) -> str:
        """Slices of an operand by the dimensions that it has."""
        if tile.slices is None:
            return tile.name
        known = self._reader.dimensions.get(tile.name, ())
        dims = known if len(known) == len(tile.slices) else [None] * len(tile.slices)
        parts = [self._part(part, dim) for part, dim in zip(tile.slices, dims, strict=True)]
        return f"{tile.name}[{', '.join(parts)}]"

    def shape(self, shape: Sequence[int]) -> str:
        """Every length of a buffer may be a hole."""
        return f"[{', '.join(map(self._length, shape))}]"

    def number(self, number: ast.Number) -> str:
        """A literal that counts elements, or their share, follows the extents."""
        tie = None
        if isinstance(number.value, float) and isfinite(number.value):
            axes = self._reader.specification.axes
            tie = tie_of(number.value, self._reader.ties, axes)
        if tie is None:
            return super().number(number)
        count = " * ".join(f"n{axis.removeprefix('i')}" for axis in tie.axes)
        count = f"({count})" if len(tie.axes) > 1 else count
        return f"${{float({tie.form.replace('n', count)})}}"

    def _part(self, part: ast.Slice, dim: tuple[int, str] | None) -> str:
        """A slice: as long as a tile of the loop that moves it, or as its whole dimension."""
        if part.length is None:
            return super().slice(part)
        start = self.index(part.start)
        stride = "" if part.stride == 1 else f":{part.stride}"
        for name, size in self._reader.schedule.tile:
            if name in names(part.start) and part.length == size:
                return f"{start}:${{{TILE_HOLE}{name}}}{stride}"
        if dim is not None and part.start == ast.Integer(0) and part.length == dim[0]:
            return f"0:{dim[1]}{stride}"
        return f"{start}:{self._length(part.length)}{stride}"

    def _length(self, value: int) -> str:
        return str(value) if value < 2 else self._other(value)


def _dimensions(specification: Specification) -> dict[str, list[tuple[int, str]]]:
    """For each kernel argument, the extent of each dimension and what it is of the axes'."""
    accesses: dict[str, Sequence[Affine]] = {r.name: r.index for r in specification.results}
    for term in walk(specification.roots):
        if term.op == "read":
            accesses.setdefault(term.operand, term.index)
    found: dict[str, list[tuple[int, str]]] = {}
    for tensor in (*specification.operands, *specification.outputs):
        index = accesses[tensor.name]
        dims: list[tuple[int, str]] = []
        for dim, extent in zip(index, tensor.shape, strict=True):
            axes, rest = dimension(dim, extent, specification.axes)
            parts = [
                f"n{name.removeprefix('i')}" if c == 1 else f"{c} * n{name.removeprefix('i')}"
                for name, c in axes.terms
            ]
            if not parts:
                dims.append((extent, str(extent)))
                continue
            sign = f" + {rest}" if rest > 0 else f" - {-rest}" if rest < 0 else ""
            dims.append((extent, f"${{{' + '.join(parts)}{sign}}}"))
        found[tensor.name] = dims
    return found
