"""The time of a whole network: launches one after the other, and what it takes at least."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod

from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.npu import Core, Join, KernelOp, LaunchOp, storage_of
from hawk_xdsl.npu_target import Gap, Limit, Simulation, Target, Units, shared_cycles


@dataclass(frozen=True)
class NetworkTime:
    """A run of a network. Cycles are simulated, on the clock of the target.

    Attributes:
        kernels: cycles of all kernels.
        gaps: what lies before each of them.
        bound: cycles that no way to cut the network into kernels goes below; ``None`` where what
            its ops compute is not known.
        limiting: what the bound comes from.
        bytes_between: bytes that one launch leaves for another, once written and each time read.
        hit_rate: the share of the loaded bytes that L2 had; ``None`` for a target without one.
    """

    kernels: float
    gaps: tuple[Gap, ...]
    bound: float | None
    limiting: Limit | None
    bytes_between: int
    hit_rate: float | None

    @property
    def launches(self) -> int:
        """How many launches there were."""
        return sum(gap.what is None for gap in self.gaps)

    @property
    def launching(self) -> float:
        """Cycles of launching, one after the other, and of the barriers within launches."""
        return sum(gap.cycles for gap in self.gaps)

    @property
    def cycles(self) -> float:
        """Kernels and launches."""
        return self.kernels + self.launching

    def line(self, target: Target) -> str:
        """The network line of the report."""
        us = target.microseconds
        parts = [
            f"Network: {us(self.cycles):,.1f} µs = {us(self.kernels):,.1f} µs of kernels + "
            f"{us(self.launching):,.1f} µs for {self.launches} launch"
            + ("es" if self.launches != 1 else "")
        ]
        if len(self.gaps) > self.launches:
            parts[0] += f" of {len(self.gaps)} stages"
        if self.bound is not None and self.bound:
            parts.append(
                f"{self.cycles / self.bound:,.1f} × its bound of {us(self.bound):,.1f} µs "
                f"({self.limiting})"
            )
        parts.append(f"{_bytes(self.bytes_between)} between launches")
        if self.hit_rate is not None:
            parts.append(f"L2 hit rate {self.hit_rate:.0%}")
        return "; ".join(parts) + f" (simulated, {target.name})"


def network_time(
    module: ModuleOp, units: Iterable[Units] | None, runs: Sequence[Simulation], target: Target
) -> NetworkTime:
    """The time of a run, whose kernels found in L2 what earlier ones had left.

    Args:
        module: the compiled module, with its @main.
        units: what every op that was decided needs of them; ``None`` where one is not known.
        runs: the launches, in order.
        target: on which they ran.
    """
    found = None if units is None else network_bound(module, units, target)
    traffic = [run.traffic for run in runs if run.traffic is not None]
    loaded = sum(each.hits + each.misses for each in traffic)
    hits = sum(each.hits for each in traffic)
    return NetworkTime(
        kernels=sum(run.cycles for run in runs),
        gaps=tuple(gaps_of(module, target)),
        bound=None if found is None else found[0],
        limiting=None if found is None else found[1],
        bytes_between=bytes_between(module),
        hit_rate=None if target.l2 is None else (hits / loaded if loaded else 1.0),
    )


def gaps_of(module: ModuleOp, target: Target) -> list[Gap]:
    """What lies before each kernel of a network, in order.

    A launch on more than one kind of core costs more, which is said of its first stage.
    """
    kernels = {op.sym_name.data: op for op in module.ops if isinstance(op, KernelOp)}
    spec = target.launch
    gaps: list[Gap] = []
    cores: list[Core] = []
    first = 0
    for op in module.walk():
        if not isinstance(op, LaunchOp):
            continue
        join = None if op.joins is None else op.joins.data
        if join is None:
            first, cores = len(gaps), []
        cores.append(kernels[op.kernel.root_reference.data].core.data)
        barrier = (spec.barrier or 0.0) if join is Join.BARRIER else 0.0
        gaps.append(Gap(join, spec.chain if join is None else barrier))
        if more := spec.more_on(cores):
            gaps[first] = Gap(None, spec.chain + more)
    return gaps


def network_bound(module: ModuleOp, units: Iterable[Units], target: Target) -> tuple[float, Limit]:
    """The least cycles of a network: all it reads and writes once, or all that its units do."""
    cube = vector = 0.0
    for each in units:
        cube += each.cube
        vector += each.vector
    types = _main(module).function_type
    read, written = (sum(map(_size, group.data)) for group in (types.inputs, types.outputs))
    candidates = {
        Limit.MEMORY: shared_cycles(target, read, 0, written),
        Limit.CUBE: cube,
        Limit.VECTOR: vector,
    }
    limiting = max(candidates, key=lambda limit: candidates[limit])
    return candidates[limiting], limiting


def bytes_between(module: ModuleOp) -> int:
    """Bytes that launches write for others, and that others read of them."""
    launches = [op for op in module.walk() if isinstance(op, LaunchOp)]
    made = {result for launch in launches for result in launch.results}
    read = [
        storage_of(value)
        for launch in launches
        for value in launch.buffers
        if storage_of(value) in made
    ]
    return sum(_size(value.type) for value in (*dict.fromkeys(read), *read))


def _main(module: ModuleOp) -> FuncOp:
    return next(op for op in module.ops if isinstance(op, FuncOp) and op.sym_name.data == "main")


def _size(type_: Attribute) -> int:
    """Bytes of a tensor."""
    if not isinstance(type_, TensorType):
        return 0
    return prod(type_.get_shape()) * DType.of(type_.element_type).bytes


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"
