"""Regions of a result one after the other in one ``across``: each in tiles of its own.

Two regions that share no axis, such as the parts of a concatenation, have no loop in common. So the
``across`` counts tiles: first those of the largest region, then those of the next. Example of 32
rows in tiles of 8 above 16 others in tiles of 4:

    across turn in 0..8 step 1 {
      if turn < 4 {
        b0 = load x0[8*turn:8, 0:64] into ub
        store b0 into y0[8*turn:8, 0:64]
      }
      if turn >= 4 {
        b0_1 = load x1[4*(turn-4):4, 0:64] into ub
        store b0_1 into y0[4*(turn-4)+32:4, 0:64]
      }
    }
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod

from hawk_xdsl.codegen.cost import operands_of, stage_cycles
from hawk_xdsl.codegen.select_instructions import Composition
from hawk_xdsl.codegen.strategy import Request, wrong_entry
from hawk_xdsl.codegen.vector.scheduled_stage import ranked_stages, stage_at
from hawk_xdsl.dialects.kernel_text import rewrite
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.places import VECTOR_WORD
from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.npu_target import Performance
from hawk_xdsl.schedule.build_syntax import trips_of
from hawk_xdsl.schedule.candidate import Candidate
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.result_regions import axes_of
from hawk_xdsl.semantics.structure import Structure

TURN = "turn"
"""The variable that counts the tiles of all regions."""

CHOICES = 3
"""Of each region the best tilings that are put together: the best of all, the second best, …"""

MOST_PARTS = 6
"""Regions that are done in turn; the flags of more branches take long to choose."""


@dataclass(frozen=True)
class RegionsInTurn:
    """One kernel of several regions, which are distributed over the cores one after the other."""

    name: str = "regions-in-turn"

    @property
    def structures(self) -> frozenset[Structure]:
        """As the protocol says."""
        return frozenset({Structure.TILES})

    def check(self, entry: Entry) -> None:
        """As the protocol says."""
        if entry.tiles:
            message = f"{self.name} chooses its own tile sizes; remove [[entry.tile]]"
            raise wrong_entry(entry, message)

    def space(self, request: Request) -> "TurnSpace | None":
        """The tilings of regions that have axes of their own; ``None`` of one, or of too many."""
        composition = request.composition
        if composition is None or not composition.specification.in_regions:
            return None
        parts = _parts(composition)
        return TurnSpace(request, composition, parts) if 1 < len(parts) <= MOST_PARTS else None


REGIONS_IN_TURN = RegionsInTurn()


@dataclass
class TurnSpace:
    """The tilings of each part: a schedule has one of its own for each, in ``stages``."""

    request: Request
    composition: Composition
    parts: Sequence[Composition]

    def schedules(self) -> Iterator[Schedule]:
        """The best tilings of all parts, then the second best, and so on."""
        every = [ranked_stages(part, self.request.target) for part in self.parts]
        if not all(every):
            return
        seen: set[Schedule] = set()
        for place in range(CHOICES):
            stages = tuple(ranked[min(place, len(ranked) - 1)].schedule for ranked in every)
            schedule = Schedule.of(REGIONS_IN_TURN.name, {}, stages=stages)
            if schedule not in seen:
                seen.add(schedule)
                yield schedule

    def candidate(self, schedule: Schedule) -> Candidate | None:
        """As the protocol says."""
        if schedule.strategy != REGIONS_IN_TURN.name or len(schedule.stages) != len(self.parts):
            return None
        target = self.request.target
        stages = [
            stage_at(part, given.sizes, target)
            for part, given in zip(self.parts, schedule.stages, strict=True)
        ]
        fitting = [stage.syntax for stage in stages if stage is not None]
        if len(fitting) < len(stages):
            return None
        stage = in_turn(fitting)
        cycles = stage_cycles(stage, operands_of(self.composition.specification), target)
        names = (self.request.entry.name, *self.composition.entries)
        return Candidate(ast.KernelText((), (stage,)), schedule, cycles, names)

    def neighbours(self, schedule: Schedule, performance: Performance) -> Iterator[Schedule]:
        """None: regions are timed together, so that the report says nothing about one of them."""
        yield from ()


def _parts(composition: Composition) -> list[Composition]:
    """The composition of each group of regions with the same axes, the largest first."""
    specification = composition.specification
    groups: dict[frozenset[str], list[int]] = {}
    for number, result in enumerate(specification.results):
        groups.setdefault(axes_of(result), []).append(number)

    def points(axes: frozenset[str]) -> int:
        return prod(specification.axes[axis] for axis in axes) * len(groups[axes])

    ordered = sorted(groups, key=lambda axes: (-points(axes), groups[axes]))
    return [_restricted(composition, axes, groups[axes]) for axes in ordered]


def _restricted(
    composition: Composition, axes: frozenset[str], numbers: Sequence[int]
) -> Composition:
    """The composition of some results."""
    whole = composition.specification
    specification = replace(
        whole,
        results=tuple(whole.results[number] for number in numbers),
        axes={axis: extent for axis, extent in whole.axes.items() if axis in axes},
    )
    roots = [composition.roots[number] for number in numbers]
    return replace(composition, specification=specification, roots=roots)


def in_turn(stages: Sequence[ast.Stage]) -> ast.Stage:
    """One stage that does the tiles of all, those of the first stage first.

    Each stage ends with its ``across``; what is before it is done by every core.
    """
    before: list[ast.Statement] = []
    tiles: list[ast.Statement] = []
    first = 0
    for number, stage in enumerate(stages):
        *invariant, across = _with_own_names(stage, number).body
        assert isinstance(across, ast.Across)
        trips = prod(map(trips_of, across.loops))
        until = first + trips if number + 1 < len(stages) else None
        before += invariant
        tiles += _guarded(_placed(across, first), first, until)
        first += trips
    loop = ast.Loop(TURN, ast.Integer(0), ast.Integer(first), 1)
    return ast.Stage(VECTOR_WORD, (*before, ast.Across((loop,), tuple(tiles))))


def _with_own_names(stage: ast.Stage, number: int) -> ast.Stage:
    """The stage with names of buffers and scalars that no other stage has."""
    if number == 0:
        return stage
    names = {
        node.name if isinstance(node, ast.Assign) else node.loop.variable
        for node in rewrite.statements(stage.body)
        if isinstance(node, ast.Assign | ast.For)
    }
    return rewrite.renamed(stage, {name: f"{name}_{number}" for name in names})


def _placed(across: ast.Across, first: int) -> tuple[ast.Statement, ...]:
    """The body with each loop variable as an expression of ``turn``; the first tile is ``first``.

    Where a variable is an operand of an instruction too, a loop of one trip defines it.
    """
    turn: ast.Expression = ast.Variable(TURN)
    if first:
        turn = ast.Arithmetic("-", turn, ast.Integer(first))
    operands = {node.name for node in rewrite.walk(*across.body) if isinstance(node, ast.Tile)}
    values: dict[str, ast.Expression] = {}
    body, inner = across.body, 1
    for position, loop in reversed(list(enumerate(across.loops))):
        value = _value(loop, turn, inner, outermost=position == 0)
        inner *= trips_of(loop)
        if loop.variable in operands:
            stop = ast.Arithmetic("+", value, ast.Integer(1))
            body = (ast.For(ast.Loop(loop.variable, value, stop, loop.step), body),)
        else:
            values[loop.variable] = value
    return tuple(rewrite.substituted(statement, values) for statement in body)


def _value(loop: ast.Loop, turn: ast.Expression, inner: int, *, outermost: bool) -> ast.Expression:
    """A loop variable by the number of the tile, of which ``inner`` are in one of its steps."""
    if trips_of(loop) == 1:
        return loop.start
    number = turn if inner == 1 else ast.Arithmetic("//", turn, ast.Integer(inner))
    if not outermost:
        number = ast.Arithmetic("%", number, ast.Integer(trips_of(loop)))
    return number if loop.step == 1 else ast.Arithmetic("*", ast.Integer(loop.step), number)


def _guarded(
    body: tuple[ast.Statement, ...], first: int, until: int | None
) -> tuple[ast.Statement, ...]:
    """The body where ``turn`` is from ``first`` up to ``until``."""
    if until is not None:
        body = (ast.If(ast.Variable(TURN), "<", ast.Integer(until), body),)
    if first:
        body = (ast.If(ast.Variable(TURN), ">=", ast.Integer(first), body),)
    return body
