"""Packing: a vector stage that writes a tensor in another order, gathered in ub."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import prod

from hawk_xdsl.codegen.cost import gather_bound
from hawk_xdsl.codegen.cube.matrix_slice import Tensor
from hawk_xdsl.codegen.cube.pack_tile import PackingTile
from hawk_xdsl.dialects.kernel_text.syntax import Stage
from hawk_xdsl.dialects.npu import Role
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.semantics.terms import Affine

_UB_SHARE = 0.9
"""Of the unified buffer, what a stage may fill: the planner's order of lives may leave gaps."""


@dataclass(frozen=True, eq=False)
class Packing:
    """A vector stage that writes a tensor in another order; its tile is searched when needed.

    ``smallest`` are the tiles that the search grows from: one for each way to see the source.
    """

    smallest: tuple[PackingTile, ...]
    target: Target
    _found: list[tuple[float, PackingTile]] = field(default_factory=list[tuple[float, PackingTile]])

    @property
    def is_known(self) -> bool:
        """Whether its tile was searched."""
        return bool(self._found)

    def search(self) -> tuple[float, PackingTile]:
        """Its cycles, estimated, and its tile; both are searched once."""
        if not self._found:
            grown = [_grown(tile, self.target) for tile in self.smallest]
            self._found.append(min(grown, key=lambda each: each[0]))
        return self._found[0]

    @cached_property
    def stage(self) -> Stage:
        """The stage at the best tile."""
        return self.search()[1].stage()

    @property
    def cycles(self) -> float:
        """Its cycles, estimated, and what lies between it and the stage that reads it."""
        return self.search()[0] + self._gap

    @property
    def bound(self) -> float:
        """Cycles that it takes at least: every element is gathered; once known, its estimate."""
        return self.cycles if self.is_known else self._gather_bound

    @cached_property
    def _gather_bound(self) -> float:
        dest, width = self.smallest[0].dest, self.smallest[0].width
        gathered = gather_bound(prod(dest.shape), dest.dtype, width, self.target)
        return gathered + self._gap

    @property
    def _gap(self) -> float:
        return self.target.launch.between([self.target.vector_core, self.target.matrix_core])


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


@dataclass(frozen=True)
class _Wanted:
    """For which axes on which target packing stages are wanted."""

    axes: tuple[tuple[str, int], ...]
    digest: str
    target: Target = field(compare=False)


def packer_for(axes: Mapping[str, int], target: Target) -> Packer:
    """The packer of some axes on a target: the strategies for one op share what it has made."""
    return _packer(_Wanted(tuple(axes.items()), target.digest, target))


@lru_cache(maxsize=8)
def _packer(wanted: _Wanted) -> Packer:
    return Packer(dict(wanted.axes), wanted.target)


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
    found: list[PackingTile] = []
    for rank in range(1, len(source.shape) + 1):
        viewed = _flattened(source, rank)
        block = target.space(Role.VECTOR).block
        tile = PackingTile(viewed, dest, tuple(groups), axes, dict.fromkeys(axes, 1), block)
        if tile.bytes() <= _UB_SHARE * target.capacity(Role.VECTOR):
            found.append(tile)
    return Packing(tuple(found), target) if found else None


def _flattened(tensor: Tensor, rank: int) -> Tensor:
    """The same tensor with its last dimensions as one, so that runs across them are one burst."""
    shape, index = tensor.shape[: rank - 1], tensor.index[: rank - 1]
    merged = Affine()
    for dim, extent in zip(tensor.index[rank - 1 :], tensor.shape[rank - 1 :], strict=True):
        merged = merged.scaled(extent) + dim
    last = prod(tensor.shape[rank - 1 :])
    return Tensor(tensor.name, tensor.dtype, (*shape, last), (*index, merged))


def _grown(tile: PackingTile, target: Target) -> tuple[float, PackingTile]:
    """Each axis in turn as far as it fits, and then less of it while that takes fewer cycles.

    Axes of rows come first. With the tile come its cycles.
    """
    rows = [axis for axis, _ in tile.source.index[-1].terms] if tile.source.index else []
    order = [axis for group in (tile.groups[-1], *tile.groups[:-1]) for axis in reversed(group)]
    budget = _UB_SHARE * target.capacity(Role.VECTOR)
    best, fewest = tile, tile.cycles(target)
    for axis in dict.fromkeys(axis for axis in (*rows, *order) if axis in order):
        tile, size = best, best.axes[axis]
        while tile.may_grow(axis) and size > 1:
            larger = tile.with_size(axis, size)
            if tile.may_be(axis, size) and larger.bytes() <= budget:
                cycles = larger.cycles(target, fewest)
                if cycles >= fewest:
                    break
                best, fewest = larger, cycles
            size = -(-size // 2)
    return fewest, best
