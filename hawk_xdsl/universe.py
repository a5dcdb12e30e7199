"""What the stock ``xdsl-opt`` finds when hawk-xdsl is installed: the npu dialect and the passes."""

from xdsl.context import Context
from xdsl.ir import Dialect
from xdsl.passes import ModulePass
from xdsl.universe import Universe


def _npu() -> Dialect:
    from hawk_xdsl.dialects.npu import NPU

    return NPU


def _outline() -> type[ModulePass]:
    from hawk_xdsl.passes.npu_outline import NpuOutlinePass

    return NpuOutlinePass


def _decide() -> type[ModulePass]:
    from hawk_xdsl.passes.npu_decide import NpuDecidePass

    return NpuDecidePass


def _plan_memory() -> type[ModulePass]:
    from hawk_xdsl.passes.npu_plan_memory import NpuPlanMemoryPass

    return NpuPlanMemoryPass


def _insert_sync() -> type[ModulePass]:
    from hawk_xdsl.passes.npu_insert_sync import NpuInsertSyncPass

    return NpuInsertSyncPass


HAWK_UNIVERSE = Universe(
    all_dialects={"npu": _npu},
    all_passes={
        "npu-outline": _outline,
        "npu-decide": _decide,
        "npu-plan-memory": _plan_memory,
        "npu-insert-sync": _insert_sync,
    },
)
"""The entry point of the ``xdsl.universe`` group."""


def context() -> Context:
    """A context that knows every dialect of the environment, as ``xdsl-opt`` makes one."""
    ctx = Context()
    for name, factory in Universe.get_multiverse().all_dialects.items():
        ctx.register_dialect(name, factory)
    return ctx
