"""Splits a specification into stages that meet in temps: two-pass reductions, and result regions.

A reduction over an axis that many cores share takes two passes: the first stage reduces tiles and
stores a partial result of each, the next one reduces these and goes on. What depends on reductions
that depend on reductions takes a stage for each level.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod

from hawk_xdsl.codegen.cost import estimate, operands_of
from hawk_xdsl.codegen.select_instructions import Composition
from hawk_xdsl.codegen.strategy import Request, wrong_entry
from hawk_xdsl.codegen.vector.scheduled_stage import ScheduledStage, ranked_stages, stage_at
from hawk_xdsl.codegen.vector.widths import stored_dtype
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.npu_target import Performance
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.schedule.candidate import Candidate
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.specification import Operand, ResultRegion, Specification
from hawk_xdsl.semantics.structure import Structure
from hawk_xdsl.semantics.terms import POSITIONS, Affine, Term, Terms, walk

CHOICES = 3
"""Tilings of each stage that are put together, the best with the best."""


@dataclass
class StageSequence:
    """Stages written so far and the temps between them."""

    temps: list[Operand] = field(default_factory=list[Operand])
    stages: list[ScheduledStage] = field(default_factory=list[ScheduledStage])

    def candidate(self, request: Request) -> Candidate:
        """All stages as one kernel, and their schedules as one."""
        temps = tuple(ast.Temp(t.name, t.dtype, t.shape) for t in self.temps)
        syntax = ast.KernelText(temps, tuple(stage.syntax for stage in self.stages))
        stages = tuple(stage.schedule for stage in self.stages)
        entries = dict.fromkeys(name for stage in self.stages for name in stage.entries)
        operands = operands_of(request.specification).values()
        cycles = estimate(syntax, operands, request.target)
        schedule = Schedule(TWO_PASS_REDUCTION.name, stages=stages)
        return Candidate(syntax, schedule, cycles, (request.entry.name, *entries))


@dataclass(frozen=True)
class TwoPassReduction:
    """Stages of tiles: one for each level of reductions over the axes that are split."""

    name: str = "two-pass-reduction"

    @property
    def structures(self) -> frozenset[Structure]:
        """As the protocol says."""
        return frozenset({Structure.TWO_PASS})

    def check(self, entry: Entry) -> None:
        """As the protocol says."""
        if entry.tiles:
            message = f"{self.name} chooses its own tile sizes; remove [[entry.tile]]"
            raise wrong_entry(entry, message)

    def space(self, request: Request) -> "TwoPassSpace | None":
        """The splits of what rewrites and instructions know how to compute."""
        if request.composition is None:
            return None
        return TwoPassSpace(request, request.composition)


TWO_PASS_REDUCTION = TwoPassReduction()


@dataclass
class TwoPassSpace:
    """Which axes are split, and the tiles of each stage."""

    request: Request
    composition: Composition
    _made: dict[Schedule, Candidate] = field(default_factory=dict[Schedule, Candidate])
    _ranked: "_Ranked" = field(default_factory=lambda: _Ranked())

    def schedules(self) -> Iterator[Schedule]:
        """Each way to split, with the best tilings of every stage, the second best, and so on."""
        for axes in _axes_to_split(self.composition.specification):
            for choice in range(CHOICES):
                found = self._candidate(axes, _Choose(choice, self._ranked))
                if found is not None and found.schedule not in self._made:
                    self._made[found.schedule] = found
                    yield found.schedule

    def candidate(self, schedule: Schedule) -> Candidate | None:
        """As the protocol says."""
        if schedule not in self._made and schedule.strategy == TWO_PASS_REDUCTION.name:
            for axes in _axes_to_split(self.composition.specification):
                found = self._candidate(axes, _Given(schedule.stages))
                if found is not None and found.schedule == schedule:
                    self._made[schedule] = found
                    break
        return self._made.get(schedule)

    def neighbours(self, schedule: Schedule, performance: Performance) -> Iterator[Schedule]:
        """None: stages are timed together, so that the report says nothing about one of them."""
        yield from ()

    def _candidate(self, axes: tuple[str, ...], choose: "_Choose | _Given") -> Candidate | None:
        program = _in_two_passes(self.composition, axes, self.request.target, choose)
        return None if program is None else program.candidate(self.request)


@dataclass(frozen=True)
class _Before:
    """What comes before a stage and so determines it: the split axes, and the stages so far."""

    axes: tuple[str, ...]
    schedules: tuple[Schedule, ...]


@dataclass
class _Ranked:
    """The tilings of stages in the order of their estimates, those of one stage made once.

    The best, the second and the third choice begin with the same stage.
    """

    _made: dict[_Before, list[ScheduledStage]] = field(
        default_factory=dict[_Before, list[ScheduledStage]]
    )

    def of(self, composition: Composition, before: _Before, target: Target) -> list[ScheduledStage]:
        """Those of the stage that a composition computes after others."""
        if before not in self._made:
            self._made[before] = ranked_stages(composition, target)
        return self._made[before]


@dataclass(frozen=True)
class _Choose:
    """Of the tilings of a stage the one at a place in the order of their estimates."""

    place: int
    ranked: _Ranked

    def stage(
        self, composition: Composition, before: _Before, target: Target
    ) -> ScheduledStage | None:
        """The stage in that tiling, or in the last there is."""
        found = self.ranked.of(composition, before, target)[: self.place + 1]
        return found[-1] if found else None


@dataclass(frozen=True)
class _Given:
    """The tilings of given schedules."""

    stages: Sequence[Schedule]

    def stage(
        self, composition: Composition, before: _Before, target: Target
    ) -> ScheduledStage | None:
        """The stage in that tiling, if it is one of its own axes and fits."""
        number = len(before.schedules)
        if number >= len(self.stages):
            return None
        return stage_at(composition, self.stages[number].sizes, target)


def _axes_to_split(specification: Specification) -> list[tuple[str, ...]]:
    """The reduced axes that may be split: each tile then gives a partial result.

    Each axis alone, and all axes of a reduction, if every reduction over one runs over all.
    """
    bounds: dict[frozenset[str], None] = {}
    excluded: set[str] = set()
    for term in walk(specification.roots):
        if term.is_scan or (term.is_reduction and term.kind in POSITIONS):
            excluded |= term.bound
        elif term.is_reduction:
            bounds[term.bound] = None
        if term.op == "read":
            excluded |= {a for dim in term.index if len(dim.axes) > 1 for a in dim.axes}
    sets = [frozenset({axis}) for bound in bounds for axis in sorted(bound)]
    sets += [
        b for b in bounds if len(b) > 1 and all(b <= other or not b & other for other in bounds)
    ]
    found: dict[tuple[str, ...], None] = {}
    for axes in sets:
        if not axes & excluded:
            found[tuple(a for a in specification.axes if a in axes)] = None
    return list(found)


def _in_two_passes(
    composition: Composition,
    axes: tuple[str, ...],
    target: Target,
    choose: _Choose | _Given,
) -> StageSequence | None:
    """A stage for each level of reductions over the axes, and one for the results."""
    program = StageSequence()
    specification, names = composition.specification, composition.names
    composer = composition.composer
    beside: dict[str, str] = {}
    while True:
        cut = _innermost(specification.roots, frozenset(axes))
        number = len(program.stages)
        before = _Before(axes, tuple(stage.schedule for stage in program.stages))
        if not cut:
            last = replace(composer.compose(specification, names), beside=beside)
            stage = choose.stage(last, before, target)
            if stage is None or number == 0:
                return None
            program.stages.append(stage)
            return program
        reduced = _partial_stage(specification, cut, axes, len(program.temps))
        composed = composer.compose(reduced, names)
        composed = replace(composed, partial_axes=frozenset(axes), beside=dict(beside))
        stage = choose.stage(composed, before, target)
        if stage is None:
            return None
        program.stages.append(stage)
        sizes = stage.schedule.sizes
        count = prod(-(-specification.axes[a] // sizes[a]) for a in axes)
        part = f"p{number}"
        temps = [_temp(result, axes, count) for result in composed.specification.results]
        program.temps += temps
        specification, became = _after_partial_stage(
            specification, cut, temps, axes[-1], part, count
        )
        names = {became[term]: name for term, name in names.items() if term in became}
        beside[part] = axes[-1]


def _innermost(roots: Sequence[Term], axes: frozenset[str]) -> list[Term]:
    """The reductions over axes below which there is no other."""
    deep: dict[Term, bool] = {}
    found: list[Term] = []
    for term in walk(roots):
        below = any(deep[arg] for arg in term.args)
        reduces = term.is_reduction and axes <= term.bound
        if reduces and not below:
            found.append(term)
        deep[term] = below or reduces
    return found


def _partial_stage(
    specification: Specification, cut: Sequence[Term], axes: tuple[str, ...], first: int
) -> Specification:
    """The stage whose results are partial results of some reductions."""
    results: list[ResultRegion] = []
    for number, term in enumerate(cut, start=first):
        stored = _temp_axes(specification, term, axes)
        index = tuple(Affine.axis(a) for a in stored)
        shape = tuple(specification.axes[a] for a in stored)
        dtype = stored_dtype(term.dtype)
        results.append(ResultRegion(f"t{number}", dtype, shape, index, term, number))
    return _used(replace(specification, results=tuple(results)))


def _temp_axes(specification: Specification, term: Term, axes: tuple[str, ...]) -> list[str]:
    """The axes of a temp of partial results; the split ones stand where the last of them is."""
    found: list[str] = []
    for axis in specification.axes:
        if axis == axes[-1]:
            found += axes
        elif axis in term.axes:
            found.append(axis)
    return found


def _temp(result: ResultRegion, axes: tuple[str, ...], count: int) -> Operand:
    """The temp that a partial result is stored to: the split axes are one dimension."""
    shape = [
        count if dim.plain == axes[-1] else extent
        for dim, extent in zip(result.index, result.shape, strict=True)
        if dim.plain not in axes[:-1]
    ]
    return Operand(result.name, result.dtype, tuple(shape), -1)


def _used(specification: Specification) -> Specification:
    """Without the axes that nothing has."""
    used = {a for term in walk(specification.roots) for a in term.axes | term.bound}
    used |= {a for result in specification.results for dim in result.index for a in dim.axes}
    axes = {name: size for name, size in specification.axes.items() if name in used}
    return replace(specification, axes=axes)


def _after_partial_stage(
    specification: Specification,
    cut: Sequence[Term],
    temps: Sequence[Operand],
    axis: str,
    part: str,
    count: int,
) -> tuple[Specification, Mapping[Term, Term]]:
    """What is left to do when partial results of some reductions lie in temps, to be reduced.

    And what each term has become.
    """
    terms = Terms()
    done: dict[Term, Term] = {}
    sources = {term: temp for term, temp in zip(cut, temps, strict=True)}
    for term in walk(specification.roots):
        if term in sources:
            temp = sources[term]
            stored = [a for a in specification.axes if a in term.axes or a == axis]
            index = tuple(Affine.axis(part if a == axis else a) for a in stored)
            partial = terms.read(temp.name, index, term.dtype)
            done[term] = terms.reduce(term.kind, partial, frozenset({part}))
        else:
            done[term] = terms.rebuild(term, tuple(done[arg] for arg in term.args))
    results = tuple(replace(r, term=done[r.term]) for r in specification.results)
    axes: dict[str, int] = {}
    for name, extent in specification.axes.items():
        if name == axis:
            axes[part] = count
        axes[name] = extent
    operands = (*specification.operands, *temps)
    left = replace(specification, operands=operands, results=results, axes=axes)
    return _used(left), done
