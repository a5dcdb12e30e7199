"""The document of a compiled network: all that its report page, JSON and explanations show.

``hawk report OUT --json`` prints it: the fields are those of the classes below. Launches, kernels
and decisions refer to each other by their position in the lists. A decision is one op of the
network, written as one kernel or several (its stages); a kernel has a body for each kind of core
that takes part; a launch is one run of a kernel in the network. Cycles are simulated; microseconds
are cycles on the target's clock; shares are between 0 and 1.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from hawk_xdsl.report.rows import ReportRow

FORMAT = 1
"""Rises when a field changes its meaning or goes."""


@dataclass(frozen=True)
class NetworkFigures:
    """The whole network.

    Attributes:
        model: what was compiled.
        target: for which target.
        microseconds: kernels and launches, one after the other.
        kernel_microseconds: kernels alone.
        launch_microseconds: what launching them adds.
        launches: how many launches.
        on_host: how many ops have no kernel.
        bound_microseconds: what no way to cut it into kernels goes below; ``None`` if not known.
        limited_by: what that bound comes from: memory, cube or vector.
        bytes_between: bytes that launches leave for others.
        hit_rate: share of the loaded bytes that L2 had; ``None`` for a target without one.
        values_ran: whether the times are of a run with values, or of first blocks only.
        stage_seconds: seconds of the compile by stage, in order; empty if they were not recorded.
    """

    model: str
    target: str
    microseconds: float
    kernel_microseconds: float
    launch_microseconds: float
    launches: int
    on_host: int
    bound_microseconds: float | None
    limited_by: str | None
    bytes_between: int
    hit_rate: float | None
    values_ran: bool
    stage_seconds: Mapping[str, float]


@dataclass(frozen=True)
class PipeShare:
    """A pipe during one launch: the share of the time in which it works, and waits for a flag."""

    pipe: str
    works: float
    waits: float


@dataclass(frozen=True)
class BodyTime:
    """What the pipes of one kind of core do during a launch."""

    core: str
    pipes: tuple[PipeShare, ...]


@dataclass(frozen=True)
class LaunchFigures:
    """One run of a kernel, or one op that stays on the host (then there is no kernel and no time).

    Attributes:
        name: the kernel's symbol, or the op's label on the host.
        joins: ``barrier`` or ``free`` for a stage of the launch before it; else ``None``.
        kernel: position in ``kernels``.
        decision: position in ``decisions``; ``None`` for a kernel that nobody decided here.
        cycles: simulated.
        microseconds: cycles and the launch, or the barrier, before it.
        share: of the network's time.
        of_network_bound: the time over the bound of the whole network.
        bottleneck: the pipe that works longest.
        reads: positions of the launches whose results it reads.
        inputs: inputs and weights of the network that it reads.
        writes_output: whether a result of the network is its.
        bytes_moved: by path, of all blocks; empty where a launch was only timed and is one stage of
            several.
        l2_hit_rate: share of its loaded bytes that L2 had.
        bodies: what the pipes do, by kind of core.
        warnings: what was slow.
        source: file and line of the model, ``""`` where it is not known.
    """

    name: str
    joins: str | None
    kernel: int | None
    decision: int | None
    cycles: float | None
    microseconds: float | None
    share: float | None
    of_network_bound: float | None
    bottleneck: str | None
    reads: tuple[int, ...]
    inputs: tuple[str, ...]
    writes_output: bool
    bytes_moved: Mapping[str, int]
    l2_hit_rate: float | None
    bodies: tuple[BodyTime, ...]
    warnings: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class TileLoop:
    """A loop whose tiles are distributed over the cores: ``variable in start..stop step step``."""

    variable: str
    start: int
    stop: int
    step: int


@dataclass(frozen=True)
class TileMap:
    """How tiles are distributed: tile t of the nest, outermost first, is of block t mod blocks."""

    loops: tuple[TileLoop, ...]
    tiles: int
    blocks: int


@dataclass(frozen=True)
class KernelBody:
    """The part of a kernel that one kind of core runs.

    Attributes:
        core: ``vector`` or ``cube``.
        cores: how many of them the target has.
        blocks: how many run it.
        tiles: what is distributed over them; ``None`` where one block does all.
    """

    core: str
    cores: int
    blocks: int
    tiles: TileMap | None


@dataclass(frozen=True)
class VendorStep:
    """One step of the vendor's tools on a kernel: its name, whether it passed, what was said."""

    name: str
    passed: bool
    said: str


@dataclass(frozen=True)
class KernelFigures:
    """One kernel.

    Attributes:
        symbol: its name, without @.
        decision: position in ``decisions``; ``None`` for a kernel that nobody decided here.
        stage: its number among the kernels of that decision, from 0.
        launches: positions of its launches.
        bodies: by kind of core.
        ir: the finished kernel in the npu dialect.
        schedule: what it was written for; ``""`` where no strategy wrote it.
        vendor: what the vendor's tools said; empty if they were not asked.
    """

    symbol: str
    decision: int | None
    stage: int
    launches: tuple[int, ...]
    bodies: tuple[KernelBody, ...]
    ir: str
    schedule: str
    vendor: tuple[VendorStep, ...]


@dataclass(frozen=True)
class Roof:
    """A level of the roofline: giga-operations per second of a unit and dtype on all cores."""

    unit: str
    dtype: str
    gops: float


@dataclass(frozen=True)
class Roofline:
    """The roofs of the target, and the slopes below them in gigabytes per second."""

    memory_gbs: float
    l2_gbs: float | None
    roofs: tuple[Roof, ...]


@dataclass(frozen=True)
class NetworkDocument:
    """Everything that is known of a compile and a run of it; see the module."""

    format: int
    network: NetworkFigures
    launches: tuple[LaunchFigures, ...]
    kernels: tuple[KernelFigures, ...]
    decisions: tuple[ReportRow, ...]
    roofline: Roofline

    @property
    def json(self) -> dict[str, object]:
        """As JSON's types."""
        return asdict(self)
