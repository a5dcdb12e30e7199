"""npu-insert-sync: flags between the pipes of a kernel and barriers within them."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from hawk_xdsl.dialects.npu import BarrierOp, KernelOp, SetFlagOp, WaitFlagOp
from hawk_xdsl.npu_target import Target
from hawk_xdsl.transforms.control_flow import ControlFlow
from hawk_xdsl.transforms.npu_pass import NpuPass
from hawk_xdsl.transforms.parts import for_each_part
from hawk_xdsl.transforms.sync_analysis import Dependences
from hawk_xdsl.transforms.sync_points import Action, Fence, SetAction, actions_of, after_node
from hawk_xdsl.transforms.sync_selection import EventIds, select_syncs


@dataclass(frozen=True)
class NpuInsertSyncPass(NpuPass):
    """Orders all instructions of every kernel that touch the same bytes, one of them writing.

    Works on addresses, after ``npu-plan-memory``. Flags and barriers that are there already are
    replaced.

    Args:
        target: the target whose event ids are used, instead of the one that each kernel names.

    Raises:
        PassError: no addresses yet, or control flow other than ``scf.for`` and ``scf.if``.
        HawkError: no such target.
    """

    name = "npu-insert-sync"

    target: str | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Synchronise every kernel of the module."""
        for kernel in op.walk():
            if isinstance(kernel, KernelOp):
                sync_kernel(kernel, self.target_of(kernel, self.target))


def sync_kernel(kernel: KernelOp, target: Target) -> None:
    """Synchronise one kernel; flags between cores stay. Raises as the pass."""
    for_each_part(kernel, lambda part: _sync_part(part, target))


def _sync_part(kernel: KernelOp, target: Target) -> None:
    dependences = Dependences.of(ControlFlow.of(kernel, target))
    syncs, ids = select_syncs(dependences, target.sync.events)
    for op in list(kernel.walk()):
        if isinstance(op, SetFlagOp | WaitFlagOp | BarrierOp):
            op.detach()
            op.erase()
    for (body, place), actions in actions_of(syncs).items():
        after = [_op(action, ids) for phase, action in actions if after_node(phase)]
        before = [_op(action, ids) for phase, action in actions if not after_node(phase)]
        if after:
            body.block.insert_ops_after(after, body.nodes[place - 1].op)
        if before:
            body.block.insert_ops_before(before, body.nodes[place].op)


def _op(action: Action, ids: EventIds) -> Operation:
    if isinstance(action, Fence):
        return BarrierOp(action.pipe)
    op = SetFlagOp if isinstance(action, SetAction) else WaitFlagOp
    return op(action.flag.source, action.flag.target, ids[action.flag])
