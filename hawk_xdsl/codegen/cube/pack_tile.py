"""One tile of a packing stage: what it covers, what it loads, and the statements that gather it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, prod

from hawk_xdsl.codegen.cost import stage_cycles
from hawk_xdsl.codegen.cube.matrix_slice import Tensor, flat_index
from hawk_xdsl.dialects.dtype import INDEX, WIDE_FLOAT, DType
from hawk_xdsl.dialects.kernel_text import GlobalOperand
from hawk_xdsl.dialects.kernel_text.places import UB, VECTOR_WORD
from hawk_xdsl.dialects.kernel_text.syntax import (
    Arange,
    Assign,
    Cast,
    Elementwise,
    Fill,
    Load,
    Loop,
    Number,
    Operand,
    Slice,
    Stage,
    Statement,
    Store,
    Tile,
    View,
)
from hawk_xdsl.dialects.npu import Rounding
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.schedule.build_syntax import across, expression_of, loop, part
from hawk_xdsl.semantics.terms import Affine


@dataclass(frozen=True)
class PackingTile:
    """How much of each axis one tile of a packing stage covers.

    A dimension of ``dest`` runs over a group of axes, outermost first, and a tile is one slice of
    it: inner axes whole, then a part of one axis, then single points of those outside. Example: for
    the group (i0: 8, i1: 12, i2: 3) the covers (1, 6, 3) are 18 elements next to each other; (2, 6,
    3) would not be, as 6 rows of i1 would be missing between two points of i0.

    Attributes:
        source: what is read.
        dest: what is written.
        groups: the axes of each dimension of ``dest``.
        axes: the extent of each axis.
        covers: the elements of each axis that a tile has.
        block: bytes that rows are padded to in the memory of the vector unit.
    """

    source: Tensor
    dest: Tensor
    groups: tuple[tuple[str, ...], ...]
    axes: Mapping[str, int]
    covers: Mapping[str, int]
    block: int

    def with_size(self, axis: str, size: int) -> "PackingTile":
        """The same tile with another size along an axis."""
        return replace(self, covers={**self.covers, axis: size})

    def may_grow(self, axis: str) -> bool:
        """Whether all axes inside it in its group are whole."""
        group = next(group for group in self.groups if axis in group)
        inner = group[group.index(axis) + 1 :]
        return all(self.covers[name] == self.axes[name] for name in inner)

    def may_be(self, axis: str, size: int) -> bool:
        """Whether a ragged last part would not reach into the next element of an outer axis."""
        outermost = any(group[0] == axis for group in self.groups if group)
        return outermost or self.axes[axis] % size == 0

    @property
    def width(self) -> int:
        """Bytes of an element."""
        return DType(self.source.dtype).bytes

    def _row(self, elements: int) -> int:
        block = self.block // self.width
        return -(-elements // block) * block

    def spans(self) -> list[int]:
        """Elements of each source dimension that a tile needs, the last in whole blocks."""
        spans = [
            sum(factor * (self.covers[axis] - 1) for axis, factor in dim.terms) + 1
            for dim in self.source.index
        ]
        return [*spans[:-1], self._row(spans[-1])]

    def shape(self) -> list[int]:
        """Elements of each dimension of the destination's tile."""
        return [prod(self.covers[axis] for axis in group) for group in self.groups]

    def kept(self) -> list[int]:
        """The dimensions that a tile in ub has: those that are no points, and always the last."""
        shape = self.shape()
        return [p for p, size in enumerate(shape) if size > 1 or p == len(shape) - 1]

    def bytes(self) -> float:
        """Of the unified buffer: source and destination twice, and the positions to gather."""
        shape = [self.shape()[p] for p in self.kept()]
        block = self.block // min(self.width, 4)
        out = prod(shape[:-1]) * (-(-shape[-1] // block) * block)
        return 2 * self.width * (prod(self.spans()) + out) + 3 * 4 * out

    def count(self) -> int:
        """How many tiles there are."""
        return prod(-(-self.axes[a] // self.covers[a]) for group in self.groups for a in group)

    def cycles(self, target: Target, limit: float = inf) -> float:
        """Cycles of the stage, estimated, or a bound of them that reaches the limit."""
        tensors = (self.source, self.dest)
        operands = {each.name: GlobalOperand(each.name, each.dtype, each.shape) for each in tensors}
        return stage_cycles(self.stage(), operands, target, limit)

    def stage(self) -> Stage:
        """The vector stage: the positions to gather once, then load, gather and store by tiles."""
        spans = self._kept_spans()
        body: list[Statement] = [Assign("s", self._load())]
        if len(spans) > 1:
            body.append(Assign("v", View("s", (prod(spans),))))
        row = Tile("v" if len(spans) > 1 else "s")
        body.append(Assign("o", Elementwise("vgather", (row, Tile("g")))))
        body.append(Store(Tile("o"), part(self.dest.name, *self._dest_slices())))
        return Stage(VECTOR_WORD, (*self._gather_index(), across(self._loops(), body)))

    def _loops(self) -> list[Loop]:
        return [
            loop(axis, self.axes[axis], self.covers[axis])
            for group in self.groups
            for axis in group
            if self.covers[axis] < self.axes[axis]
        ]

    def _looped(self, index: Affine) -> Affine:
        """The part of an index that the loops give."""
        kept = tuple(t for t in index.terms if self.covers[t[0]] < self.axes[t[0]])
        return Affine(index.constant, kept)

    def _kept_spans(self) -> list[int]:
        spans = self.spans()
        return [span for span in spans[:-1] if span > 1] + spans[-1:]

    def _load(self) -> Load:
        spans = self.spans()
        slices: list[Slice] = []
        for position, (dim, extent) in enumerate(zip(self.source.index, spans, strict=True)):
            point = extent == 1 and position < len(spans) - 1
            start = expression_of(self._looped(dim))
            slices.append(Slice(start, None if point else extent))
        zero = Number(0 if DType(self.source.dtype).is_integer else 0.0)
        return Load(part(self.source.name, *slices), UB, zero)

    def _dest_slices(self) -> list[Slice]:
        kept, shape = self.kept(), self.shape()
        starts = [expression_of(self._looped(flat_index(g, self.axes))) for g in self.groups]
        return [Slice(s, shape[p] if p in kept else None) for p, s in enumerate(starts)]

    def _gather_index(self) -> list[Assign]:
        """Where in the loaded tile each element is: a sum over the digits of its position.

        Rows of a 30 × 3 tile are pairs (i1, i2), 2 × 15 of them, and in the loaded tile i1 is 64
        elements apart and i2 is 2: ``2*row + 34*(row//15) + column``, since 34 = 64 - 15*2.
        """
        spans = self.spans()
        weights = dict.fromkeys(self.axes, 0)
        for position, dim in enumerate(self.source.index):
            for axis, factor in dim.terms:
                weights[axis] += factor * prod(spans[position + 1 :])
        kept = self.kept()
        shape = tuple(self.shape()[position] for position in kept)
        found: list[Assign] = []
        for place, position in enumerate(kept):
            for stride, factor in self._digits(self.groups[position], weights):
                name = "p" if found else "g"
                found += _digit(name, shape, place, stride, factor)
                if name == "p":
                    found.append(_computed("g", "vadd", Tile("g"), Tile("p")))
        return found or [Assign("g", Fill(Number(0), INDEX, shape, UB))]

    def _digits(self, group: Sequence[str], weights: Mapping[str, int]) -> list[tuple[int, int]]:
        """(stride, factor): the place of position p is Σ factor · (p // stride)."""
        found: list[tuple[int, int]] = []
        stride, inner = 1, 0
        for axis in reversed(group):
            size = self.covers[axis]
            if size > 1 and weights[axis] != inner:
                found.append((stride, weights[axis] - inner))
            if size > 1:
                inner = weights[axis] * size
                stride *= size
        return found


def _digit(name: str, shape: tuple[int, ...], place: int, stride: int, factor: int) -> list[Assign]:
    """``name = factor * (position // stride)``, of positions along a dimension of a shape."""
    if stride == 1:
        found = [Assign(name, Arange(INDEX, shape, place))]
    else:
        found = [
            Assign("q", Arange(WIDE_FLOAT, shape, place)),
            _computed("q", "vadd", Tile("q"), Number(0.5)),
            _computed("q", "vmul", Tile("q"), Number(1 / stride)),
            Assign(name, Cast(Tile("q"), INDEX, Rounding.FLOOR)),
        ]
    if factor != 1:
        found.append(_computed(name, "vmul", Tile(name), Number(factor)))
    return found


def _computed(name: str, mnemonic: str, *operands: Operand) -> Assign:
    return Assign(name, Elementwise(mnemonic, operands))
