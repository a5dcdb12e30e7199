"""npu-plan-memory: an address for every buffer and temporary of a kernel, by live range."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, i64
from xdsl.ir import Operation

from hawk_xdsl.dialects.npu import AllocOp, KernelOp, Scope, TileOp
from hawk_xdsl.npu_target import Target, TrapCode
from hawk_xdsl.npu_target.placement import place
from hawk_xdsl.transforms.liveness import LiveRange, Positions, live_ranges
from hawk_xdsl.transforms.npu_pass import NpuPass
from hawk_xdsl.transforms.parts import for_each_part
from hawk_xdsl.transforms.pass_error import PassError


class CapacityError(PassError):
    """The buffers of a kernel do not fit a scope.

    Attributes:
        kernel: its symbol name.
        scope: the name of the memory space that is too small.
        needed: bytes that are alive at the peak.
        available: bytes the target has.
        peak: the op where most is alive, by name.
        live: what is alive there and its bytes.
    """

    code: ClassVar[TrapCode] = TrapCode.CAPACITY

    def __init__(
        self,
        kernel: str,
        scope: Scope,
        needed: int,
        available: int,
        peak: Operation,
        live: Sequence[LiveRange],
    ) -> None:
        self.kernel, self.scope, self.peak = kernel, scope.name, peak.name
        self.needed, self.available = needed, available
        self.live = tuple((range_.label, range_.size) for range_ in live)
        buffers = ", ".join(f"{label} ({size})" for label, size in self.live)
        reason = f"{scope} needs {needed} bytes at {peak.name} and has {available}"
        if needed <= available:
            reason = f"{scope} has {available} bytes, but no places for the {needed} at {peak.name}"
        super().__init__(f"@{kernel}: {reason}; alive there: {buffers}")


@dataclass(frozen=True)
class NpuPlanMemoryPass(NpuPass):
    """Gives buffers of every kernel their ``address`` and instructions their ``temporary``.

    Args:
        target: plan for this target instead of the one that each kernel names.

    Raises:
        CapacityError: the buffers of a kernel do not fit.
        HawkError: no such target, or a buffer is carried by a loop or branch.
    """

    name = "npu-plan-memory"

    target: str | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Plan every kernel of the module."""
        for kernel in op.walk():
            if isinstance(kernel, KernelOp):
                plan_kernel(kernel, self.target_of(kernel, self.target))


def plan_kernel(kernel: KernelOp, target: Target) -> None:
    """Plan one kernel; an earlier plan is replaced. Raises as the pass."""
    for_each_part(kernel, lambda part: _plan_part(part, target))


def _plan_part(kernel: KernelOp, target: Target) -> None:
    positions = Positions.of(kernel)
    ranges = live_ranges(kernel, positions, target.vector)
    ranges.sort(key=lambda range_: range_.scope.name)
    for scope, group in groupby(ranges, key=lambda range_: range_.scope):
        members = list(group)
        memory = target.memory(scope)
        addresses = place(members, memory.bytes, memory.alignment)
        if addresses is None:
            raise _capacity_error(kernel, scope, members, positions, memory.bytes)
        for range_, address in addresses.items():
            key = "address" if isinstance(range_.owner, AllocOp) else "temporary"
            range_.owner.properties[key] = IntegerAttr(address, i64)


def _capacity_error(
    kernel: KernelOp,
    scope: Scope,
    ranges: Sequence[LiveRange],
    positions: Positions,
    available: int,
) -> CapacityError:
    def alive(position: int) -> list[LiveRange]:
        return [range_ for range_ in ranges if range_.first <= position <= range_.last]

    def need(position: int) -> int:
        return sum(range_.size for range_ in alive(position))

    # Of equal peaks an instruction says more than the loop around it; then the first is named.
    def rank(position: int) -> tuple[int, bool]:
        return need(position), isinstance(positions.ops[position], TileOp)

    peak = max(range(len(positions.ops)), key=rank)
    return CapacityError(
        kernel.sym_name.data, scope, need(peak), available, positions.ops[peak], alive(peak)
    )
