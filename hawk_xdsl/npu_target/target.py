"""What a target is: the numbers that rules and costs are computed from, read from a TOML file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from hawk_xdsl.dialects.kernel_text import Places
from hawk_xdsl.dialects.npu import (
    Comparison,
    CopyOp,
    Core,
    FixpipeOp,
    LoadOp,
    Move,
    Pipe,
    Role,
    Scope,
    StoreOp,
    TileOp,
    Unit,
    names_of,
    scope_of,
)
from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.digest import digest_of
from hawk_xdsl.npu_target.accuracy import Accuracy
from hawk_xdsl.npu_target.banks import BankSpec
from hawk_xdsl.npu_target.cost_lines import Cost
from hawk_xdsl.npu_target.cross_spec import CrossSpec
from hawk_xdsl.npu_target.cube_spec import CubeSpec
from hawk_xdsl.npu_target.temporary import A_BLOCK_A_REPEAT, Temporary


@dataclass(frozen=True)
class ScopeSpec:
    """A memory of a core: its size and the alignment of addresses in it, both in bytes."""

    core: Core
    bytes: int
    alignment: int


@dataclass(frozen=True)
class PathSpec:
    """A path for data: its pipe, cycles by bytes, and the ranges of the instruction's fields.

    Bursts (contiguous runs) are rounded up to ``granule`` bytes and take ``burst_cycles`` at least.
    """

    pipe: Pipe
    cost: Cost
    granule: int
    burst_cycles: float
    max_bursts: int
    max_burst_bytes: int


@dataclass(frozen=True)
class ScalarSpec:
    """The scalar unit, in cycles: to issue an instruction, to compute, to read global or ub."""

    issue: float
    operation: float
    read: Mapping[Scope, float]


@dataclass(frozen=True)
class SyncSpec:
    """Event ids of an ordered pair of pipes, and cycles of the instructions that synchronise.

    ``tail`` is what a pipe needs after its last instruction until the result is visible: barriers
    and flags wait for it, the next instruction of the pipe does not.
    """

    events: int
    flag: float
    barrier: float
    tail: Mapping[Pipe, float]


@dataclass(frozen=True)
class VectorSpec:
    """The vector unit: its pipe, bytes of a repeat, repeats of an instruction, its instructions.

    ``ops`` maps mnemonic → dtype → cost by repeats; what is not in it, the target does not have.
    A scalar operand has its own row (``vadd_scalar``), and so has each kind of ``vreduce`` and
    ``vcumulate`` (``vreduce_sum``). A ``vcast`` row is named ``f32-f16``. ``relations`` are those
    that ``vcmp`` has for a dtype; all where it names none. ``library`` are the mnemonics that the
    vendor's library makes of several instructions: their rows cost one step (``library.py``).
    ``temporaries`` say what an instruction needs for itself: by its row, by ``broadcast`` for a
    column beside rows, and by ``REDUCTIONS``. ``banks`` is ``None``
    where nothing is published. ``accuracy`` maps mnemonic → dtype for what is an estimate or
    undefined somewhere.
    """

    pipe: Pipe
    repeat_bytes: int
    block_bytes: int
    max_repeats: int
    ops: Mapping[str, Mapping[str, Cost]]
    mask_write: Cost
    mask_read: Cost
    banks: BankSpec | None = None
    accuracy: Mapping[str, Mapping[str, Accuracy]] = field(
        default_factory=dict[str, Mapping[str, Accuracy]]
    )
    relations: Mapping[str, tuple[Comparison, ...]] = field(
        default_factory=dict[str, tuple[Comparison, ...]]
    )
    library: tuple[str, ...] = ()
    temporaries: Mapping[str, Temporary] = field(default_factory=lambda: dict(A_BLOCK_A_REPEAT))

    def relations_of(self, dtype: str) -> tuple[Comparison, ...]:
        """The relations that ``vcmp`` has for operands of a dtype."""
        return self.relations.get(dtype, tuple(Comparison))

    @property
    def lanes(self) -> int:
        """Elements of 32 bits in a repeat."""
        return self.repeat_bytes // 4

    @property
    def block_lanes(self) -> int:
        """Elements of 32 bits in a block, which rows are padded to."""
        return self.block_bytes // 4


@dataclass(frozen=True)
class AdviceSpec:
    """What is legal but slow: copies below ``move_bytes``, global addresses off an alignment.

    A run warns of them; they cost no cycles beyond what the tables say.
    """

    move_bytes: int
    global_alignment: int


@dataclass(frozen=True)
class L2Spec:
    """The cache between the cores and the memory, which all cores share.

    Attributes:
        hits: (distance, rate): what was last used so many bytes ago reaches all cores together at
            so many bytes per cycle. Distances ascend; the last one is the capacity: the least
            recently used has left.
        past: bytes per cycle of loads that pass it by.
    """

    hits: tuple[tuple[int, float], ...]
    past: float

    @property
    def capacity(self) -> int:
        """Bytes that it holds."""
        return self.hits[-1][0]

    def rate(self, distance: float) -> float:
        """Bytes per cycle of a hit on what was last used ``distance`` bytes ago."""
        return next((rate for limit, rate in self.hits if distance <= limit), self.hits[-1][1])


@dataclass(frozen=True)
class LaunchSpec:
    """Cycles of a launch: ``floor`` on the device alone, ``chain`` where one follows the other.

    ``mixed`` are those that one on both kinds of core takes more, and ``barrier`` those of a
    barrier of all cores within one; ``None`` where a target does not have such launches, or cores
    that wait for each other.
    """

    floor: float
    chain: float
    mixed: float | None = None
    barrier: float | None = None

    @property
    def gap(self) -> float:
        """Cycles between two kernels that may be stages of one launch."""
        return self.chain if self.barrier is None else self.barrier

    def more_on(self, stages: Sequence[Core]) -> float | None:
        """Cycles that a launch takes more whose stages run on these cores, in their order.

        ``None`` if the target has no such launches. A mixed kernel counts them by itself, but only
        where it begins the launch: a launch takes them once.
        """
        both = len(set(stages)) > 1 or Core.MIXED in stages
        return self.mixed if both and stages[0] is not Core.MIXED else 0.0

    def between(self, stages: Sequence[Core]) -> float:
        """Cycles that lie between the stages of one operator, by the cores that they run on.

        In a network they become one launch with a barrier before each but the first (see
        ``npu-merge-launches``), if the target has that and it is faster than launches.
        """
        gaps = max(len(stages) - 1, 0)
        more = self.more_on(stages) if stages else 0.0
        if self.barrier is None or more is None:
            return self.chain * gaps
        return min(self.chain * gaps, self.barrier * gaps + more)


@dataclass(frozen=True)
class Target:
    """One accelerator. Bytes, cycles of its clock, and counts; dtypes as MLIR spells them.

    ``global_bandwidth`` is bytes per cycle of the memory, shared by the cores that are active;
    ``l2`` is the cache before it, ``None`` if there is none, and so is ``cross`` where cores have
    no flags between them: such a target runs no mixed kernels. A launch costs ``launch`` cycles.
    ``calibrated`` says whether the costs come from measurements; if not, cycles only rank kernels.
    ``document`` is the TOML text it was read from, and takes no part in comparisons.
    """

    name: str
    summary: str
    calibrated: bool
    clock_ghz: float
    cores: Mapping[Core, int]
    pipes: Mapping[Core, tuple[Pipe, ...]]
    scopes: Mapping[Scope, ScopeSpec]
    dtypes: tuple[str, ...]
    global_bandwidth: float
    paths: Mapping[tuple[Scope, Scope], PathSpec]
    scalar: ScalarSpec
    sync: SyncSpec
    vector: VectorSpec
    cube: CubeSpec
    launch: LaunchSpec = field(default=LaunchSpec(0.0, 0.0))
    l2: L2Spec | None = None
    cross: CrossSpec | None = None
    advice: AdviceSpec | None = None
    document: bytes = field(default=b"", compare=False, repr=False)

    @cached_property
    def digest(self) -> str:
        """A digest of what the target is like, whatever it is called."""
        return digest_of(replace(self, name="", summary=""))

    @cached_property
    def all_pipes(self) -> tuple[Pipe, ...]:
        """The pipes of all kinds of cores, in the order of ``sync.tail``."""
        return tuple(self.sync.tail)

    @cached_property
    def pipe_numbers(self) -> dict[Pipe, int]:
        """The place of each pipe in ``all_pipes``."""
        return {pipe: number for number, pipe in enumerate(self.all_pipes)}

    @cached_property
    def granules(self) -> tuple[int, ...]:
        """Elements that sizes of an innermost axis are multiples of, the largest first.

        A repeat, a fractal, a block: 64, 16 and 8 on the Ascend family.
        """
        found = {self.vector.lanes, self.cube.rows, self.vector.block_lanes}
        return tuple(sorted(found, reverse=True))

    @property
    def vector_core(self) -> Core:
        """The kind of core that has the vector unit."""
        return self.memory(self.space(Role.VECTOR)).core

    @property
    def matrix_core(self) -> Core:
        """The kind of core that has the matrix unit."""
        return self.memory(self.space(Role.MATRIX)).core

    @property
    def mixed_groups(self) -> int:
        """How many blocks of a mixed kernel run at once."""
        vector = self.cores[self.vector_core] // self.places.vector_cores
        return min(self.cores[self.matrix_core], vector)

    @cached_property
    def _spaces(self) -> dict[Role, Scope]:
        spaces = {role: scope for scope in self.scopes for role in scope.roles}
        return {Role.GLOBAL: Scope.GLOBAL, **spaces}

    @cached_property
    def places(self) -> Places:
        """What a kernel text can name of it."""
        vector, matrix = self.vector_core, self.matrix_core
        beside = max(1, self.cores[vector] // self.cores[matrix])
        return Places(tuple(self.scopes), vector, matrix, beside)

    def move_pipe(self, core: Core, move: Move) -> Pipe:
        """The pipe of a kind of core that loads from global memory, or stores to it.

        Raises ``HawkError`` if it cannot.
        """
        for (source, dest), path in self.paths.items():
            inner, outer = (dest, source) if move is Move.LOAD else (source, dest)
            if outer.is_global and self.memory(inner).core == core:
                return path.pipe
        raise HawkError(f"{core} cores of {self.name} have no path for a {move.value}")

    def space(self, role: Role) -> Scope:
        """The memory space that plays a role. Raises ``HawkError`` if none does."""
        if role not in self._spaces:
            raise HawkError(f"{self.name} has no memory space for {role}")
        return self._spaces[role]

    def memory(self, scope: Scope) -> ScopeSpec:
        """Size and alignment of a memory space. Raises ``HawkError`` for one of another target."""
        if scope not in self.scopes:
            raise HawkError(
                f"{self.name} has no memory space {scope} of blocks of {scope.block} bytes for "
                f"{', '.join(scope.roles)}; it has {names_of(self.scopes)}"
            )
        return self.scopes[scope]

    @cached_property
    def _capacities(self) -> dict[Role, int]:
        own = (role for role, scope in self._spaces.items() if scope in self.scopes)
        return {role: self.memory(self.space(role)).bytes for role in own}

    def capacity(self, role: Role) -> int:
        """Bytes of the memory space that plays a role. Raises ``HawkError`` if none does."""
        found = self._capacities.get(role)
        return self.memory(self.space(role)).bytes if found is None else found

    def path(self, source: Role, dest: Role) -> PathSpec:
        """The path between the memory spaces of two roles. Raises ``KeyError`` if there is none."""
        return self.paths[self.space(source), self.space(dest)]

    def pipe_of(self, op: TileOp) -> Pipe:
        """The pipe that executes an instruction: of its path, or of its unit.

        Raises:
            HawkError: there is no such path.
        """
        match op:
            case LoadOp() | StoreOp() | CopyOp() | FixpipeOp():
                return self.path_between(scope_of(op.source), scope_of(op.dest)).pipe
            case _ if op.UNIT is Unit.VECTOR:
                return self.vector.pipe
            case _ if op.UNIT is Unit.MATRIX:
                return self.cube.pipe
            case _:
                return Pipe.SCALAR

    def path_between(self, source: Scope, dest: Scope) -> PathSpec:
        """The path between two memory spaces. Raises ``HawkError`` if there is none."""
        if (source, dest) not in self.paths:
            known = ", ".join(f"{a} to {b}" for a, b in self.paths)
            raise HawkError(f"{self.name} has no data path from {source} to {dest}; it has {known}")
        return self.paths[source, dest]

    def microseconds(self, cycles: float) -> float:
        """Time of a number of cycles."""
        return cycles / self.clock_ghz / 1000
