"""Packing: a vector stage that writes a tensor in another order, gathered in ub."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from hawk_xdsl.codegen.cube.matrix_view import spelled
from hawk_xdsl.dialects.npu import UB_BLOCK_BYTES, Core, Scope
from hawk_xdsl.npu_target.dtypes import NUMPY_DTYPES
from hawk_xdsl.npu_target.target import PathSpec, Target
from hawk_xdsl.schedule.candidate import waves
from hawk_xdsl.semantics.terms import Affine

_UB_SHARE = 0.9
"""Of the unified buffer, what a stage may fill: the planner's order of lives may leave gaps."""


@dataclass(frozen=True)
class Tensor:
    """A tensor in global memory, read or written at an index over axes."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    index: tuple[Affine, ...]


@dataclass(frozen=True)
class Packing:
    """The statements of a vector stage that copies ``source`` to ``dest``, and its cycles."""

    text: str
    estimate: float


def flat_index(axes: Sequence[str], extents: Mapping[str, int]) -> Affine:
    """The index along a dimension that several axes make up, the last one innermost."""
    index = Affine()
    for axis in axes:
        index = index.scaled(extents[axis]) + Affine.axis(axis)
    return index


@dataclass
class Packer:
    """Makes packing stages on a target, for axes of one specification, each once."""

    axes: Mapping[str, int]
    target: Target
    _made: dict[object, Packing | None] = field(default_factory=dict[object, Packing | None])

    def packing(
        self, source: Tensor, dest: Tensor, groups: Sequence[tuple[str, ...]]
    ) -> Packing | None:
        """A stage that writes ``dest``, whose dimensions are ``groups`` of axes, from ``source``.

        Each tile loads what it needs of the source in whole rows and gathers its elements in the
        new order. ``None`` where the dtype cannot be gathered or an index runs backwards.
        """
        key = (source, dest, tuple(groups))
        if key not in self._made:
            self._made[key] = _packing(source, dest, groups, self.axes, self.target)
        return self._made[key]


def _packing(
    source: Tensor,
    dest: Tensor,
    groups: Sequence[tuple[str, ...]],
    axes: Mapping[str, int],
    target: Target,
) -> Packing | None:
    if source.dtype not in target.vector.ops.get("vgather", {}):
        return None
    if any(factor < 0 for dim in source.index for _, factor in dim.terms):
        return None
    found: list[_Tile] = []
    for rank in range(1, len(source.shape) + 1):
        viewed = _flattened(source, rank)
        tile = _Tile(viewed, dest, tuple(groups), axes, dict.fromkeys(axes, 1))
        if tile.bytes() <= _UB_SHARE * target.scopes[Scope.UB].bytes:
            found.append(_grown(tile, target))
    if not found:
        return None
    best = min(found, key=lambda tile: tile.estimate(target))
    return Packing(best.text(), best.estimate(target))


def _flattened(tensor: Tensor, rank: int) -> Tensor:
    """The same tensor with its last dimensions as one, so that runs across them are one burst."""
    shape, index = tensor.shape[: rank - 1], tensor.index[: rank - 1]
    merged = Affine()
    for dim, extent in zip(tensor.index[rank - 1 :], tensor.shape[rank - 1 :], strict=True):
        merged = merged.scaled(extent) + dim
    last = prod(tensor.shape[rank - 1 :])
    return Tensor(tensor.name, tensor.dtype, (*shape, last), (*index, merged))


def _grown(tile: "_Tile", target: Target) -> "_Tile":
    """Each axis in turn as far as it fits and takes fewer cycles, those of rows first."""
    rows = [axis for axis, _ in tile.source.index[-1].terms] if tile.source.index else []
    order = [axis for group in (tile.groups[-1], *tile.groups[:-1]) for axis in reversed(group)]
    budget = _UB_SHARE * target.scopes[Scope.UB].bytes
    for axis in dict.fromkeys(axis for axis in (*rows, *order) if axis in order):
        if not tile.may_grow(axis):
            continue
        best, size = tile, tile.axes[axis]
        while size > 1:
            larger = tile.with_size(axis, size)
            if (
                tile.may_be(axis, size)
                and larger.bytes() <= budget
                and larger.estimate(target) < best.estimate(target)
            ):
                best = larger
            size = -(-size // 2)
        tile = best
    return tile


@dataclass(frozen=True)
class _Tile:
    """How much of each axis a tile covers: of a group whole inner axes, a part of one, then 1."""

    source: Tensor
    dest: Tensor
    groups: tuple[tuple[str, ...], ...]
    axes: Mapping[str, int]
    covers: Mapping[str, int]

    def with_size(self, axis: str, size: int) -> "_Tile":
        covers = {**self.covers, axis: size}
        return _Tile(self.source, self.dest, self.groups, self.axes, covers)

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
        return NUMPY_DTYPES[self.source.dtype].itemsize

    def _row(self, elements: int) -> int:
        block = UB_BLOCK_BYTES // self.width
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
        shape = [self.shape()[p] for p in self.kept()]
        block = UB_BLOCK_BYTES // min(self.width, 4)
        out = prod(shape[:-1]) * (-(-shape[-1] // block) * block)
        return 2 * self.width * (prod(self.spans()) + out) + 3 * 4 * out

    def count(self) -> int:
        return prod(-(-self.axes[a] // self.covers[a]) for group in self.groups for a in group)

    def estimate(self, target: Target) -> float:
        """Cycles: the index once, then copies and gathers that overlap."""
        load = target.paths[Scope.GLOBAL, Scope.UB]
        store = target.paths[Scope.UB, Scope.GLOBAL]
        spans, shape = self.spans(), self.shape()
        kept = [shape[p] for p in self.kept()]
        per_byte = min(target.cores[Core.VECTOR], self.count()) / target.global_bandwidth
        moved_in, moved_out = prod(spans) * self.width, prod(shape) * self.width
        copy_in = _strided(load, spans, moved_in, per_byte)
        copy_out = _strided(store, kept, moved_out, per_byte)
        gather = target.vector.ops["vgather"][self.source.dtype].cycles(
            max(_repeats(kept, self.width, target), _repeats(kept, 4, target))
        )
        index = 8 * (2 * _repeats(kept, 4, target) + 32)
        rounds = waves(self.count(), target.cores[Core.VECTOR])
        shared = rounds * (moved_in + moved_out) * per_byte
        steady = (rounds - 1) * max(copy_in, gather, copy_out)
        return index + max(shared, steady) + copy_in + gather + copy_out

    def text(self) -> str:
        lines = [*self._gather_index(), f"across {self._loops()} {{", self._load()]
        spans = [span for span in self._kept_spans()]
        name = "s"
        if len(spans) > 1:
            lines.append(f"v = view s as [{prod(spans)}]")
            name = "v"
        lines.append(f"o = vgather {name}, g")
        lines.append(f"store o into {self.dest.name}[{', '.join(self._dest_slices())}]")
        return "\n".join([*lines, "}"])

    def _loops(self) -> str:
        loops = [
            f"{axis} in 0..{self.axes[axis]} step {self.covers[axis]}"
            for group in self.groups
            for axis in group
            if self.covers[axis] < self.axes[axis]
        ]
        return ", ".join(loops) or "once in 0..1 step 1"

    def _looped(self, index: Affine) -> Affine:
        """The part of an index that the loops give."""
        kept = tuple(t for t in index.terms if self.covers[t[0]] < self.axes[t[0]])
        return Affine(index.constant, kept)

    def _kept_spans(self) -> list[int]:
        spans = self.spans()
        return [span for span in spans[:-1] if span > 1] + spans[-1:]

    def _load(self) -> str:
        spans = self.spans()
        parts: list[str] = []
        for position, (dim, span) in enumerate(zip(self.source.index, spans, strict=True)):
            start = spelled(self._looped(dim))
            parts.append(start if span == 1 and position < len(spans) - 1 else f"{start}:{span}")
        zero = "0" if self.source.dtype.startswith("i") else "0.0"
        return f"s = load {self.source.name}[{', '.join(parts)}] into ub pad {zero}"

    def _dest_slices(self) -> list[str]:
        kept, shape = self.kept(), self.shape()
        starts = [spelled(self._looped(flat_index(group, self.axes))) for group in self.groups]
        return [f"{s}:{shape[p]}" if p in kept else s for p, s in enumerate(starts)]

    def _gather_index(self) -> list[str]:
        """Where in the loaded tile each element is: a sum over the digits of its position."""
        spans = self.spans()
        weights = dict.fromkeys(self.axes, 0)
        for position, dim in enumerate(self.source.index):
            for axis, factor in dim.terms:
                weights[axis] += factor * prod(spans[position + 1 :])
        kept = self.kept()
        text = f"[{', '.join(str(self.shape()[p]) for p in kept)}]"
        lines: list[str] = []
        for place, position in enumerate(kept):
            for stride, factor in self._digits(self.groups[position], weights):
                name = "p" if lines else "g"
                if stride == 1:
                    lines.append(f"{name} = varange i32{text} axis {place}")
                else:
                    lines.append(f"q = varange f32{text} axis {place}")
                    lines.append("q = vadd q, 0.5")
                    lines.append(f"q = vmul q, {1 / stride!r}")
                    lines.append(f"{name} = vcast q to i32 round floor")
                if factor != 1:
                    lines.append(f"{name} = vmul {name}, {factor}")
                if name == "p":
                    lines.append("g = vadd g, p")
        return lines or [f"g = fill 0 i32{text} in ub"]

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


def _repeats(shape: Sequence[int], width: int, target: Target) -> int:
    """Repeats of an instruction on a tile whose rows start on blocks of ub."""
    rows, run = prod(shape[:-1]), shape[-1] * width
    if run % UB_BLOCK_BYTES == 0:
        return -(-rows * run // target.vector.repeat_bytes)
    if run < UB_BLOCK_BYTES:
        return -(-rows * UB_BLOCK_BYTES // target.vector.repeat_bytes)
    return rows * -(-run // target.vector.repeat_bytes)


def _strided(path: PathSpec, extents: Sequence[int], size: int, per_byte: float) -> float:
    """Cycles of a copy of a tile: an instruction has bursts along one dimension only."""
    bursts = prod(extents[-2:-1])
    instructions = prod(extents[:-2])
    run = max(size * max(path.cost.slope, per_byte) / instructions, bursts * path.burst_cycles)
    return instructions * (path.cost.latency + run)
