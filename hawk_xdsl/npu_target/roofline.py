"""The roofline: how many cycles data and arithmetic need at least."""

from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.utils.str_enum import StrEnum

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.npu import Core
from hawk_xdsl.npu_target.target import PathSpec, Target


class Limit(StrEnum):
    """What a bound comes from."""

    MEMORY = "memory"
    CUBE = "cube"
    VECTOR = "vector"


@dataclass(frozen=True)
class Units:
    """Cycles that the units of all cores need at least, whatever is moved."""

    cube: float
    vector: float


@dataclass(frozen=True)
class Bound:
    """No kernel takes fewer ``cycles``; ``limiting`` says what takes them.

    What several ops need together of the ``units`` is the sum.
    """

    cycles: float
    limiting: Limit
    units: Units


_NOTHING: Mapping[str, int] = {}


def bound_cycles(
    target: Target,
    *,
    bytes_read: int,
    bytes_written: int,
    macs: Mapping[str, int] = _NOTHING,
    vector_elements: Mapping[str, int] = _NOTHING,
    resident: int = 0,
) -> Bound:
    """The roofline bound of an operation on all cores of a target.

    The largest of: bytes over the rates that the cores share (those that come from memory over its
    rate, those that L2 has or takes over its best one, and what it has no room for back over the
    memory's), bytes read (and written) over
    the sum of the cores' own paths, products over the rate of all cubes, and elements over the
    rate of all vector units at one cycle a repeat; each with the latencies that it cannot overlap:
    the first load comes before, the last store after.

    Args:
        target: the machine; costs in cycles of its clock.
        bytes_read: distinct bytes read from global memory.
        bytes_written: distinct bytes written to it.
        macs: multiply-accumulates of the cube by dtype of the factors.
        vector_elements: element operations of the vector unit by dtype.
        resident: how many of ``bytes_read`` L2 has before the launch.
    """
    core = target.matrix_core if macs else target.vector_core
    loads, stores = _paths(target, core)
    first = min(path.cost.latency for path in loads) if bytes_read else 0.0
    last = min(path.cost.latency for path in stores) if bytes_written else 0.0
    shared = shared_cycles(target, bytes_read - resident, resident, bytes_written)
    units = Units(_cube_cycles(target, macs), _vector_cycles(target, vector_elements))
    candidates = {
        Limit.MEMORY: max(
            first + shared + last,
            _least(loads, bytes_read) / target.cores[core] + last,
            first + _least(stores, bytes_written) / target.cores[core],
        ),
        Limit.CUBE: first + units.cube + last,
        Limit.VECTOR: first + units.vector + last,
    }
    limiting = max(candidates, key=lambda limit: candidates[limit])
    return Bound(candidates[limiting], limiting, units)


def shared_cycles(target: Target, cold: int, warm: int, written: int) -> float:
    """Cycles of bytes on what all cores share: memory, and L2 if there is one.

    ``cold`` are bytes read from memory, ``warm`` those that L2 has, ``written`` those stored.
    """
    memory, l2 = target.global_bandwidth, target.l2
    if l2 is None:
        return (cold + warm + written) / memory
    best = l2.hits[0][1]
    over = max(0, written - l2.capacity)
    return cold / max(memory, l2.past) + (warm + written) / best + over / memory


def _paths(target: Target, core: Core) -> tuple[list[PathSpec], list[PathSpec]]:
    """The paths between global memory and a kind of core: in and out."""
    scopes = {scope for scope, spec in target.scopes.items() if spec.core == core}
    loads = [p for (a, b), p in target.paths.items() if a.is_global and b in scopes]
    stores = [p for (a, b), p in target.paths.items() if b.is_global and a in scopes]
    return loads, stores


def _least(paths: list[PathSpec], size: int) -> float:
    return min(path.cost.slope for path in paths) * size


def _cube_cycles(target: Target, macs: Mapping[str, int]) -> float:
    cube = target.cube
    cycles = 0.0
    for dtype, count in macs.items():
        depth = cube.depth_bytes // DType(dtype).bytes
        fractals = count / (cube.rows * cube.columns * depth)
        cycles += fractals * cube.dtypes[dtype].cycles
    return cycles / target.cores[target.matrix_core]


def _vector_cycles(target: Target, elements: Mapping[str, int]) -> float:
    repeat = target.vector.repeat_bytes
    repeats = sum(count * DType(dtype).bytes for dtype, count in elements.items())
    return repeats / repeat / target.cores[target.vector_core]
