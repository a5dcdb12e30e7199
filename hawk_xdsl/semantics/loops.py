"""The loops a region is read over, split and cut until every index is an affine one."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from xdsl.ir import Operation

from hawk_xdsl.semantics.terms import Affine, is_pseudo

MOST_REGIONS = 32
"""Regions of one result beyond which a region counts as having no specification."""


class UnreadableError(Exception):
    """The region has a form that has no specification; the reason is the message."""


class ChangedLoopsError(Exception):
    """A loop was split or cut: reading starts again over the new loops."""


@dataclass(frozen=True)
class ResultLoop:
    """A loop of a region: the result's index ``dim`` gets ``offset + stride · axis`` of it."""

    dim: int
    offset: int
    stride: int
    count: int


@dataclass(frozen=True)
class _RegionLoop:
    """Where a loop of a region is: result, region, loop."""

    result: int
    region: int
    loop: int


@dataclass(frozen=True)
class _ReductionLoop:
    """Which factor of a reduced loop of an op an axis is."""

    op: Operation
    loop: int
    factor: int


@dataclass
class Loops:
    """The loops of a result while its region is read, and how they change when an index needs it.

    A result starts as one region with a loop for each dimension. Three operations change that; each
    raises ``ChangedLoopsError``, and the reader starts over with the changed loops:

    - ``split``: a reshape from 12 to [3, 4] reads ``x[i // 4, i % 4]``, which is not affine. The
      loop over i becomes two, ``i = 4 * s + j``, and the index is ``x[s, j]``.
    - ``cut``: a padding reads its operand only for ``1 <= i < 9``. The region is cut at 1 and 9
      into three, and within each it is known where the value comes from.
    - ``interleave``: every n-th index is a region of its own, as in an upsampling whose even rows
      are computed otherwise than its odd ones.
    """

    shapes: Sequence[Sequence[int]]
    regions: list[list[tuple[ResultLoop, ...]]] = field(init=False)
    extents: dict[str, int] = field(default_factory=dict[str, int])
    _factors: dict[tuple[Operation, int], tuple[int, ...]] = field(
        default_factory=dict[tuple[Operation, int], tuple[int, ...]]
    )
    _users: dict[str, list[_RegionLoop | _ReductionLoop]] = field(
        default_factory=dict[str, list[_RegionLoop | _ReductionLoop]]
    )
    _made: dict[tuple[int, ResultLoop], Affine] = field(
        default_factory=dict[tuple[int, ResultLoop], Affine]
    )
    _current: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        self.regions = [
            [tuple(ResultLoop(dim, 0, 1, extent) for dim, extent in enumerate(shape))]
            for shape in self.shapes
        ]

    def restart(self) -> None:
        """Forgets the axes; splits and cuts stay."""
        self.extents.clear()
        self._users.clear()
        self._made.clear()

    def fresh(self, extent: int) -> Affine:
        """A new axis; of extent 1 it is the constant 0."""
        if extent == 1:
            return Affine()
        name = f"a{len(self.extents)}"
        self.extents[name] = extent
        return Affine.axis(name)

    def free(self, extent: int, used: Set[str]) -> Affine:
        """A known axis of the extent that is not used here, else a new one."""
        if extent != 1:
            for name, known in self.extents.items():
                if known == extent and name not in used and not is_pseudo(name):
                    return Affine.axis(name)
        return self.fresh(extent)

    def value(self, position: int, extent: int) -> Affine:
        """The pseudo-axis that stands for a value below ``extent``."""
        name = f"@{position}"
        self.extents[name] = extent
        return Affine.axis(name)

    @property
    def axes(self) -> Mapping[str, int]:
        """The axes that are loops, with their extents."""
        return {name: size for name, size in self.extents.items() if not is_pseudo(name)}

    @property
    def split_axes(self) -> frozenset[str]:
        """The axes that are one of several loops of a dimension, or of a reduced loop."""
        return frozenset(
            name for name, users in self._users.items() if any(map(self._in_part, users))
        )

    def _in_part(self, user: "_RegionLoop | _ReductionLoop") -> bool:
        if isinstance(user, _ReductionLoop):
            return len(self._factors[user.op, user.loop]) > 1
        region = self.regions[user.result][user.region]
        return [loop.dim for loop in region].count(region[user.loop].dim) > 1

    def of_region(self, result: int, region: int) -> tuple[Affine, ...]:
        """The index of a region, which is read from now on."""
        self._current = result, region
        index = [Affine()] * len(self.shapes[result])
        used: set[str] = set()
        for number, loop in enumerate(self.regions[result][region]):
            axis = self._axis_of(result, loop, used)
            used |= axis.axes
            for name in axis.axes:
                self._users.setdefault(name, []).append(_RegionLoop(result, region, number))
            index[loop.dim] += axis.scaled(loop.stride) + Affine(loop.offset)
        return tuple(index)

    def _axis_of(self, result: int, loop: ResultLoop, used: Set[str]) -> Affine:
        if len(self.regions[result]) == 1:
            return self.free(loop.count, used)
        if (result, loop) not in self._made:
            self._made[result, loop] = self.fresh(loop.count)
        return self._made[result, loop]

    def of_reduction(self, op: Operation, loop: int, extent: int, used: Set[str]) -> Affine:
        """The index of a reduced loop, over axes that the context leaves free."""
        index, taken = Affine(), set(used)
        for number, factor in enumerate(self._factors.get((op, loop), (extent,))):
            axis = self.free(factor, taken)
            taken |= axis.axes
            for name in axis.axes:
                self._users.setdefault(name, []).append(_ReductionLoop(op, loop, number))
            index = index.scaled(factor) + axis
            self._factors.setdefault((op, loop), (extent,))
        return index

    def bounds(self, index: Affine) -> tuple[int, int]:
        """The least and the greatest value of an index."""
        steps = [factor * (self.extents[name] - 1) for name, factor in index.terms]
        least = index.constant + sum(step for step in steps if step < 0)
        return least, index.constant + sum(step for step in steps if step > 0)

    def contains(self, index: Affine, low: int, high: int) -> bool:
        """Whether an index is in ``low..high``; where it is only in part, its loop is cut."""
        least, greatest = self.bounds(index)
        if low <= least and greatest < high:
            return True
        if greatest < low or high <= least:
            return False
        if len(index.terms) != 1:
            raise UnreadableError(f"index {index} crosses the edge of a part of a tensor")
        [(name, factor)] = index.terms
        inside = [low <= index.constant + factor * i < high for i in range(self.extents[name])]
        self.cut(name, inside.index(not inside[0]))
        raise AssertionError("a cut starts again")

    def split(self, name: str, stride: int) -> None:
        """Makes ``stride · outer + inner`` of an axis."""
        if is_pseudo(name):
            raise UnreadableError("a value is taken apart as an index")
        extent = self.extents[name]
        if extent % stride:
            self.cut(name, extent // stride * stride)
        for user in self._users[name]:
            if isinstance(user, _ReductionLoop):
                factors = self._factors[user.op, user.loop]
                parts = (extent // stride, stride)
                self._factors[user.op, user.loop] = (
                    *factors[: user.factor],
                    *parts,
                    *factors[user.factor + 1 :],
                )
                continue
            loop = self.regions[user.result][user.region][user.loop]
            outer = ResultLoop(loop.dim, loop.offset, loop.stride * stride, extent // stride)
            self._replace(user, [(outer, ResultLoop(loop.dim, 0, loop.stride, stride))])
        raise ChangedLoopsError

    def cut(self, name: str, at: int) -> None:
        """Makes two regions of the current one: one where the axis is below ``at``, one beyond."""
        place, loop = self._loop_of_current(name)
        first = ResultLoop(loop.dim, loop.offset, loop.stride, at)
        rest = ResultLoop(loop.dim, loop.offset + loop.stride * at, loop.stride, loop.count - at)
        self._replace(place, [(first,), (rest,)])
        raise ChangedLoopsError

    def interleave(self, name: str, modulus: int) -> None:
        """Makes a region of the current one for each remainder of the axis."""
        place, loop = self._loop_of_current(name)
        interleaved = [
            (
                ResultLoop(
                    loop.dim,
                    loop.offset + loop.stride * rest,
                    loop.stride * modulus,
                    -(-(loop.count - rest) // modulus),
                ),
            )
            for rest in range(min(modulus, loop.count))
        ]
        self._replace(place, interleaved)
        raise ChangedLoopsError

    def can_cut(self, name: str) -> bool:
        """Whether an axis is a loop of the region that is read."""
        return any(
            isinstance(user, _RegionLoop) and (user.result, user.region) == self._current
            for user in self._users.get(name, ())
        )

    def _loop_of_current(self, name: str) -> tuple[_RegionLoop, ResultLoop]:
        for user in self._users.get(name, ()):
            if isinstance(user, _RegionLoop) and (user.result, user.region) == self._current:
                return user, self.regions[user.result][user.region][user.loop]
        raise UnreadableError("a reduction or gather over a tensor that is put together from parts")

    def _replace(self, place: _RegionLoop, by: Sequence[tuple[ResultLoop, ...]]) -> None:
        regions = self.regions[place.result]
        region = regions[place.region]
        new = [(*region[: place.loop], *loops, *region[place.loop + 1 :]) for loops in by]
        regions[place.region : place.region + 1] = new
        if len(regions) > MOST_REGIONS:
            raise UnreadableError(f"a result of more than {MOST_REGIONS} regions")
