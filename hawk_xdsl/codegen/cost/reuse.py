"""What a byte of global memory costs each copy of a stage: how long ago its tile was last used.

The simulator follows every tile through L2. Here the loops alone tell: the tile of a copy changes
with some of the loops around it. It is used again by the next trip of the innermost loop that it
does not change with, and in between lies what one trip of that loop touches. Example, 24 cores::

    across m in 0..4096 step 128, n in 0..4096 step 256 {   16 cores along n, 1.5 along m
      for k in 0..4096 step 256 {
        a = load A[m:128, k:256] into l1
        b = load B[k:256, n:256] into l1

All cores of a row of tiles load the same tile of A at the same time: of 16 loads one comes first.
A tile of B is loaded again by the next row of tiles: in between lie all of B and a row of A, 34 MB.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, prod
from typing import TypeAlias

from hawk_xdsl.codegen.cost.trips import RELATIONS, arithmetic
from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.kernel_text import GlobalOperand
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.npu_target.target import L2Spec, Target

Rates: TypeAlias = Mapping[ast.Tile, float]
"""Cycles per byte of all cores together, by the slice that is copied."""


@dataclass(eq=False)
class _LoopTrips:
    """A loop, or the cores that have neighbouring iterations of it at the same time.

    Attributes:
        trips: how many; fractions where cores and iterations do not divide.
        cores: whether the trips run at once.
        footprint: distinct bytes that one trip touches.
    """

    trips: float
    cores: bool = False
    footprint: float = 0.0


@dataclass(eq=False)
class _CopyInLoops:
    """A load or store: the slice, its bytes, the loops around it, and those it changes with.

    ``drawn``: where it is depends on an index that was read. ``share``: of the trips of all loops
    those in which the conditions around it hold.
    """

    slice: ast.Tile
    store: bool
    bytes: float
    loops: tuple[_LoopTrips, ...]
    varies: frozenset[_LoopTrips]
    drawn: bool = False
    share: float = 1.0

    def distinct(self, inside: int) -> float:
        """Distinct bytes of the trips of all loops from the ``inside``-th on."""
        trips = prod(loop.trips for loop in self.loops[inside:] if loop in self.varies)
        return self.bytes * max(1.0, trips * self.share)


def rates_of(
    stage: ast.Stage, operands: Mapping[str, GlobalOperand], temps: frozenset[str], target: Target
) -> Rates:
    """What each copy of a stage costs, in a launch that finds only ``temps`` in L2.

    Args:
        stage: of a kernel text.
        operands: what it may read and write, ``temps`` included.
        temps: those that an earlier stage has written.
        target: with its L2; without one all bytes cost the same.
    """
    cores = target.cores[target.places.core(stage.core) or target.vector_core]
    walk = _CopyWalk(operands, cores)
    walk.body(stage.body)
    if target.l2 is None:
        return {copy.slice: 1 / target.global_bandwidth for copy in walk.copies}
    return _ReuseRates(walk.copies, operands, temps, target.l2, target.global_bandwidth).all()


class _CopyWalk:
    """Collects the copies of a stage."""

    def __init__(self, operands: Mapping[str, GlobalOperand], cores: int) -> None:
        self._operands = operands
        self._cores = cores
        self._loops: list[_LoopTrips] = []
        self._at_once: list[_LoopTrips] = []
        self._varies: dict[str, frozenset[_LoopTrips]] = {}
        self._middle: dict[str, int] = {}
        self._drawn: set[str] = set()
        self._values: dict[str, range] = {}
        self._share = 1.0
        self.copies: list[_CopyInLoops] = []

    def body(self, statements: Sequence[ast.Statement]) -> None:
        """The copies of a body, in order."""
        for statement in statements:
            match statement:
                case ast.Across():
                    self._across(statement)
                case ast.For():
                    self._for(statement)
                case ast.If():
                    self._if(statement)
                case ast.Store():
                    self._copy(statement.dest, store=True)
                case ast.Assign(value=ast.Load() as load):
                    self._copy(load.source, store=False)
                case ast.Assign(value=ast.Read()):
                    self._varies[statement.name] = frozenset((*self._loops, *self._at_once))
                    self._middle[statement.name] = 0
                    self._drawn.add(statement.name)
                case _:
                    pass

    def _copy(self, tile: ast.Tile, *, store: bool) -> None:
        operand = self._operands.get(tile.name)
        if operand is None:
            return
        slices = tile.slices or ()
        varies = frozenset[_LoopTrips]().union(*(self._of(part.start) for part in slices))
        size = prod(part.length or 1 for part in slices) * DType(operand.dtype).bytes
        loops = (*self._loops, *self._at_once)
        drawn = any(self._is_drawn(part.start) for part in slices)
        copy = _CopyInLoops(tile, store, float(size), loops, varies, drawn, self._share)
        self.copies.append(copy)

    def _if(self, node: ast.If) -> None:
        """What is in it happens for the share of the variable's values that the condition takes."""
        name = node.left.name if isinstance(node.left, ast.Variable) else ""
        before, share = self._values.get(name), self._share
        if before is not None and isinstance(node.right, ast.Integer):
            holds, limit = RELATIONS[node.relation], node.right.value
            kept = [value for value in before if holds(value, limit)]
            if kept:
                self._values[name] = range(kept[0], kept[-1] + before.step, before.step)
                self._share *= len(kept) / len(before)
        self.body(node.body)
        self._share = share
        if before is not None:
            self._values[name] = before

    def _across(self, node: ast.Across) -> None:
        """Waves, the first loop outermost; then, innermost of all, the cores of a wave."""
        counts = [self._trips(loop) for loop in node.loops]
        left = float(min(self._cores, prod(counts)))
        waves: list[_LoopTrips] = []
        at_once: list[_LoopTrips] = []
        for loop, count in zip(reversed(node.loops), reversed(counts), strict=True):
            together = min(float(count), left)
            left /= together
            wave, cores = _LoopTrips(count / together), _LoopTrips(together, cores=True)
            waves.insert(0, wave)
            at_once.insert(0, cores)
            self._varies[loop.variable] = frozenset((wave, cores))
            start = self._middle[loop.variable] = self._value(loop.start)
            self._values[loop.variable] = range(start, start + count * loop.step, loop.step)
        self._loops += waves
        self._at_once = at_once
        self.body(node.body)
        del self._loops[len(self._loops) - len(waves) :]
        self._at_once = []

    def _for(self, node: ast.For) -> None:
        loop = node.loop
        found = _LoopTrips(float(self._trips(loop)))
        bounds = self._of(loop.start) | self._of(loop.stop)
        self._varies[loop.variable] = bounds | {found}
        self._middle[loop.variable] = self._value(loop.start)
        self._loops.append(found)
        self.body(node.body)
        self._loops.pop()

    def _trips(self, loop: ast.Loop) -> int:
        return max(1, len(range(self._value(loop.start), self._value(loop.stop), loop.step)))

    def _of(self, expression: ast.Expression) -> frozenset[_LoopTrips]:
        """The loops that an index changes with."""
        if isinstance(expression, ast.Variable):
            return self._varies.get(expression.name, frozenset())
        if isinstance(expression, ast.Arithmetic):
            return self._of(expression.left) | self._of(expression.right)
        return frozenset()

    def _is_drawn(self, expression: ast.Expression) -> bool:
        """Whether an index depends on one that was read."""
        if isinstance(expression, ast.Arithmetic):
            return self._is_drawn(expression.left) or self._is_drawn(expression.right)
        return isinstance(expression, ast.Variable) and expression.name in self._drawn

    def _value(self, expression: ast.Expression) -> int:
        return arithmetic(expression, self._middle)


class _ReuseRates:
    """The rates of the copies of a stage."""

    def __init__(
        self,
        copies: Sequence[_CopyInLoops],
        operands: Mapping[str, GlobalOperand],
        temps: frozenset[str],
        l2: L2Spec,
        memory: float,
    ) -> None:
        self._copies = copies
        self._l2 = l2
        self._memory = memory
        self._temps = temps
        self._size = {
            name: float(prod(operand.shape) * DType(operand.dtype).bytes)
            for name, operand in operands.items()
        }
        self._whole = self._footprint(None)
        for loop in dict.fromkeys(loop for copy in copies for loop in copy.loops):
            loop.footprint = self._footprint(loop)

    def all(self) -> dict[ast.Tile, float]:
        """Cycles per byte, by slice; of copies of the same slice the dearer one's."""
        rates: dict[ast.Tile, float] = {}
        seen: list[_CopyInLoops] = []
        for copy in self._copies:
            rates[copy.slice] = max(rates.get(copy.slice, 0.0), self._cycles(copy, seen))
            seen.append(copy)
        return rates

    def _footprint(self, loop: _LoopTrips | None) -> float:
        """Distinct bytes that one trip of a loop touches; all of the stage for ``None``."""
        touched: dict[str, float] = {}
        for copy in self._copies:
            if loop is not None and loop not in copy.loops:
                continue
            inside = 0 if loop is None else copy.loops.index(loop) + 1
            name = copy.slice.name
            size = min(copy.distinct(inside), self._size[name])
            touched[name] = max(touched.get(name, 0.0), size)
        return sum(touched.values())

    def _cycles(self, copy: _CopyInLoops, seen: Sequence[_CopyInLoops]) -> float:
        """The mean over all uses: those again after a trip of each loop, and the first."""
        if copy.store:
            # L2 takes it; what does not stay there until the end is written to memory.
            leaves = max(0.0, 1 - self._l2.capacity / self._whole)
            return self._per_byte(0.0) + leaves / self._memory
        left, far = 1.0, 0.0
        for loop in reversed(copy.loops):
            if loop in copy.varies or loop.trips <= 1:
                continue
            again = left * (1 - 1 / loop.trips)
            far += again * self._far(0.0 if loop.cores else loop.footprint)
            left -= again
        left *= self._new_share(copy)
        return max(self._per_byte(0.0), far + left * self._first(copy, seen))

    def _new_share(self, copy: _CopyInLoops) -> float:
        """The share of what the loops touch that they had not touched before.

        An index that was read may be any: of 512 such rows among 512 are 63 % distinct.
        """
        room = self._size[copy.slice.name] / copy.distinct(0)
        return room * (1 - exp(-1 / room)) if copy.drawn else min(1.0, room)

    def _first(self, copy: _CopyInLoops, seen: Sequence[_CopyInLoops]) -> float:
        """Cycles per byte of what a load is the first to use."""
        for other in reversed(seen):
            if other.slice.name == copy.slice.name:
                common = [loop for loop in copy.loops if loop in other.loops and not loop.cores]
                return self._per_byte(common[-1].footprint if common else self._whole)
        if copy.slice.name in self._temps:
            return self._per_byte(self._whole)
        return 1 / self._memory

    def _far(self, distance: float) -> float:
        """The same of what L2 has to look for; what was just used it hands on meanwhile."""
        return 0.0 if distance <= self._l2.hits[0][0] else self._per_byte(distance)

    def _per_byte(self, distance: float) -> float:
        """Cycles of a byte that was last used ``distance`` bytes ago."""
        if distance > self._l2.capacity:
            return 1 / self._memory
        return 1 / self._l2.rate(distance)
