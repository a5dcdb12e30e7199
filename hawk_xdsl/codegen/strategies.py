"""The strategies there are, and what each makes of a template entry for one op."""

from collections.abc import Mapping, Sequence
from math import prod

from hawk_xdsl.codegen.cube.image_slab import NAME as IMAGE_SLAB
from hawk_xdsl.codegen.cube.strategies import CONTRACTIONS
from hawk_xdsl.codegen.learned_template import LEARNED_KERNEL
from hawk_xdsl.codegen.mixed.finished_strategy import FINISHED_SUMS
from hawk_xdsl.codegen.mixed.strategies import RUNNING_ROWS
from hawk_xdsl.codegen.strategy import Request, Strategy, wrong_entry
from hawk_xdsl.codegen.vector.regions_in_turn import REGIONS_IN_TURN
from hawk_xdsl.codegen.vector.strategies import STREAMED_TILES, WHOLE_TILES, WINDOW_SLABS
from hawk_xdsl.codegen.vector.two_pass_reduction import TWO_PASS_REDUCTION
from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.schedule.candidate import Candidate
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.schedule.search_space import SearchSpace
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import Structure
from hawk_xdsl.semantics.weighted_rows import weighted_rows_of

MOST_ON_VECTORS = 1 << 24
"""Products of weighted rows that the vector unit may be asked for."""

ON_VECTORS: Sequence[Strategy] = (
    WHOLE_TILES,
    STREAMED_TILES,
    WINDOW_SLABS,
    TWO_PASS_REDUCTION,
    REGIONS_IN_TURN,
)
"""The strategies that leave everything to the vector unit."""

STRATEGIES: Mapping[str, Strategy] = {
    strategy.name: strategy
    for strategy in (
        *ON_VECTORS,
        *CONTRACTIONS,
        RUNNING_ROWS,
        FINISHED_SUMS,
        LEARNED_KERNEL,
    )
}
"""Every strategy by its name."""


BORDERED = frozenset({IMAGE_SLAB})
"""The strategies whose loads may go beyond the ends of a tensor."""


def strategy_of(entry: Entry) -> Strategy:
    """The strategy of a template; an entry with a kernel text is a learned kernel.

    Raises ``HawkError`` for a name that no strategy has, a structure that it does not work for, and
    a constraint that it would ignore.
    """
    name = entry.artifact.strategy or LEARNED_KERNEL.name
    strategy = STRATEGIES.get(name)
    if strategy is None:
        known = ", ".join(STRATEGIES)
        raise wrong_entry(entry, f"there is no strategy {name!r}; known are {known}")
    structure = entry.trigger.structure
    if structure is not None and structure not in strategy.structures:
        known = ", ".join(sorted(strategy.structures))
        raise wrong_entry(entry, f"{name} works for the structure {known}, not for {structure!r}")
    if entry.trigger.operands:
        raise wrong_entry(entry, "trigger.operands is for rewrites; a template has trigger.dtypes")
    strategy.check(entry)
    return strategy


def space_of(request: Request) -> SearchSpace | None:
    """What the template's strategy may choose for an op; ``None`` where it makes no kernel of it.

    Raises ``HawkError`` as ``strategy_of`` does.
    """
    strategy = strategy_of(request.entry)
    if request.specification.has_borders and strategy.name not in BORDERED:
        return None
    if not _applies(request) or _leaves_products_to_vectors(strategy, request.specification):
        return None
    if strategy in ON_VECTORS and FINISHED_SUMS.takes(request):
        return None
    return strategy.space(request)


def _leaves_products_to_vectors(strategy: Strategy, specification: Specification) -> bool:
    """Whether a strategy would write many products of joined rows for the vector unit.

    They were joined for one mixed kernel, are decided apart without it, and such kernels take
    minutes to simulate.
    """
    return (
        Structure.WEIGHTED_ROWS not in strategy.structures
        and prod(specification.axes.values()) > MOST_ON_VECTORS
        and weighted_rows_of(specification) is not None
    )


def _applies(request: Request) -> bool:
    """Whether an op is what the entry's trigger asks for."""
    trigger, specification = request.entry.trigger, request.specification
    return (
        set(trigger.ops) <= set(specification.functions())
        and _among({operand.dtype for operand in specification.operands}, trigger.dtypes)
        and _among({result.dtype for result in specification.results}, trigger.results)
    )


def _among(dtypes: set[str], allowed: tuple[str, ...]) -> bool:
    return not allowed or dtypes <= set(allowed)


def candidates(request: Request) -> list[Candidate]:
    """The kernels of all schedules that are worth an estimate, the most promising first."""
    space = space_of(request)
    return [] if space is None else candidates_of(space)


def candidates_of(space: SearchSpace) -> list[Candidate]:
    """The same of a search space that is known."""
    made = (space.candidate(schedule) for schedule in space.schedules())
    return sorted((each for each in made if each is not None), key=lambda each: each.estimate)


def candidate_at(request: Request, schedule: Schedule) -> Candidate | None:
    """The kernel of one schedule; ``None`` where it does not fit."""
    space = space_of(request)
    return None if space is None else space.candidate(schedule)
