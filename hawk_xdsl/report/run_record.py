"""What a run of a compiled network took, launch by launch, as report.json keeps it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from hawk_xdsl.dialects.npu import Pipe
from hawk_xdsl.network import NetworkTime
from hawk_xdsl.npu_target import Gap, Simulation


@dataclass(frozen=True)
class LaunchRecord:
    """One kernel, in the order of the network.

    Attributes:
        kernel: the symbol.
        joins: how it follows the kernel before it in the same launch, ``barrier`` or ``free``;
            ``None`` for the first of a launch.
        gap: cycles of the launch, or of the barrier, before it.
        cycles: simulated.
        occupancy: the share of the cycles in which each pipe works.
        waiting: the share in which it waits for a flag of another pipe.
        bytes_moved: by path.
        l2_hits: bytes loaded that L2 had; ``None`` for a target without one.
        l2_misses: bytes loaded that it had not.
        warnings: what was slow.
    """

    kernel: str
    joins: str | None
    gap: float
    cycles: float
    occupancy: dict[str, float]
    waiting: dict[str, float]
    bytes_moved: dict[str, int]
    l2_hits: float | None
    l2_misses: float | None
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class RunRecord:
    """A run of a whole network. Cycles are simulated.

    Attributes:
        values: whether values were computed; without, only the first block of each kernel ran.
        kernel_cycles: of all kernels.
        launch_cycles: of launching them, and of barriers within launches.
        bound_cycles: what the network needs at least; ``None`` where it is not known.
        limited_by: what the bound comes from.
        bytes_between: that launches leave for others.
        hit_rate: of L2; ``None`` for a target without one.
        launches: in order.
    """

    values: bool
    kernel_cycles: float
    launch_cycles: float
    bound_cycles: float | None
    limited_by: str | None
    bytes_between: int
    hit_rate: float | None
    launches: tuple[LaunchRecord, ...]

    @property
    def cycles(self) -> float:
        """Kernels and launches."""
        return self.kernel_cycles + self.launch_cycles

    @property
    def document(self) -> dict[str, object]:
        """As JSON."""
        return asdict(self)


def run_record(
    launches: Sequence[tuple[str, Simulation]], time: NetworkTime, *, values: bool = True
) -> RunRecord:
    """The record of a run."""
    return RunRecord(
        values,
        round(time.kernels, 1),
        round(time.launching, 1),
        None if time.bound is None else round(time.bound, 1),
        None if time.limiting is None else str(time.limiting),
        time.bytes_between,
        None if time.hit_rate is None else round(time.hit_rate, 4),
        tuple(_launch(*each, gap) for each, gap in zip(launches, time.gaps, strict=True)),
    )


def _launch(name: str, run: Simulation, gap: Gap) -> LaunchRecord:
    return LaunchRecord(
        name,
        None if gap.what is None else str(gap.what),
        gap.cycles,
        round(run.cycles, 1),
        shares(run.occupancy),
        shares(run.waiting),
        dict(run.bytes_moved),
        None if run.traffic is None else run.traffic.hits,
        None if run.traffic is None else run.traffic.misses,
        tuple(map(str, run.warnings)),
    )


def shares(found: dict[Pipe, float]) -> dict[str, float]:
    """Shares by the names of pipes, to a thousandth."""
    return {str(pipe): round(share, 3) for pipe, share in found.items()}
