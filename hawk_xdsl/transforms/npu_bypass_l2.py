"""npu-bypass-l2: what a network reads once goes past L2, where the whole of it gets faster by that.

A byte past L2 comes faster than one that L2 has not, and leaves room for what is used again. It
comes slower than one that L2 has: a network that fits finds its weights there in every run but the
first. So the second of two runs decides, all such loads together.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, TensorType, UnitAttr
from xdsl.ir import BlockArgument, SSAValue

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.npu import KernelOp, LaunchOp, LoadOp, storage_of
from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target import Target, time_kernel
from hawk_xdsl.npu_target.core_count import groups_at_once
from hawk_xdsl.npu_target.l2.cache import cache_of, traffic_of
from hawk_xdsl.npu_target.l2.stream import access_stream
from hawk_xdsl.transforms.npu_pass import NpuPass
from hawk_xdsl.transforms.pass_error import PassError

ONCE = 1.01
"""Bytes loaded of a tensor, as a share of its size, up to which it counts as read once."""


@dataclass(frozen=True)
class NpuBypassL2Pass(NpuPass):
    """Marks loads of finished kernels that are launched on tensors."""

    name = "npu-bypass-l2"
    target: str | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """As :func:`bypass_l2`, on the target that the first kernel names if none is given.

        Raises:
            PassError: no such target, or a kernel that is not finished, or breaks a rule.
        """
        kernels = [kernel for kernel in op.walk() if isinstance(kernel, KernelOp)]
        if not kernels:
            return
        target = self.target_of(kernels[0], self.target)
        try:
            bypass_l2(op, target)
        except HawkError as error:
            raise PassError(f"{self.name}: {error}") from error


def bypass_l2(module: ModuleOp, target: Target) -> bool:
    """Let the loads of what is read once pass L2 if the network is faster so; whether it is."""
    launches = [op for op in module.walk() if isinstance(op, LaunchOp)]
    kernels = {op.sym_name.data: op for op in module.walk() if isinstance(op, KernelOp)}
    if target.l2 is None or _bytes_of(launches) <= target.l2.capacity:
        return False
    loads = list(_read_once(launches, kernels, target))
    if not loads:
        return False
    before = _second_run(launches, kernels, target)
    for load in loads:
        load.past_l2 = UnitAttr()
    if _second_run(launches, kernels, target) < before:
        return True
    for load in loads:
        load.past_l2 = None
    return False


def _read_once(
    launches: Sequence[LaunchOp], kernels: Mapping[str, KernelOp], target: Target
) -> Iterator[LoadOp]:
    """The loads of arguments of the network that one launch reads, each byte once."""
    reads = Counter(storage_of(value) for launch in launches for value in launch.buffers)
    launched = Counter(launch.kernel.root_reference.data for launch in launches)
    for launch in launches:
        symbol = launch.kernel.root_reference.data
        if launched[symbol] > 1:
            continue
        once = [
            isinstance(storage_of(value), BlockArgument) and reads[storage_of(value)] == 1
            for value in launch.buffers
        ]
        if any(once):
            yield from _loads_of(kernels[symbol], once, target)


def _loads_of(kernel: KernelOp, wanted: Sequence[bool], target: Target) -> Iterator[LoadOp]:
    """The loads of the wanted arguments that a kernel reads no byte of twice."""
    stream = access_stream(kernel, groups_at_once(kernel, target))
    firsts = [grid.first for grid in stream.grids]
    arguments = np.searchsorted(firsts, stream.cell, side="right") - 1
    for number, (is_wanted, grid) in enumerate(zip(wanted, stream.grids, strict=False)):
        accesses = arguments == number
        size = prod(grid.shape) * grid.itemsize
        if is_wanted and stream.bytes[accesses].sum() <= ONCE * size:
            for op in np.unique(stream.op[accesses]).tolist():
                found = stream.ops[op]
                if isinstance(found, LoadOp):
                    yield found


def _second_run(
    launches: Sequence[LaunchOp], kernels: Mapping[str, KernelOp], target: Target
) -> float:
    """Cycles of all kernels when the network runs again."""
    l2, cycles = cache_of(target), 0.0
    for again in (False, True):
        for launch in launches:
            kernel = kernels[launch.kernel.root_reference.data]
            traffic = traffic_of(kernel, target, l2, launch.tensors)
            run = time_kernel(kernel, target, traffic=traffic) if again else None
            cycles += 0.0 if run is None else run.cycles
    return cycles


def _bytes_of(launches: Sequence[LaunchOp]) -> int:
    """Bytes of all tensors of a network."""
    tensors: dict[SSAValue, None] = {}
    for launch in launches:
        tensors |= dict.fromkeys(launch.tensors)
    types = [value.type for value in tensors if isinstance(value.type, TensorType)]
    return sum(prod(t.get_shape()) * DType.of(t.element_type).bytes for t in types)
