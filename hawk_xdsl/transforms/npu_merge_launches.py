"""npu-merge-launches: launches that follow each other become stages of one, where that is faster.

A launch in a chain costs the host's and the device's time for it; a stage that joins the launch
before it costs a barrier of all cores, or nothing where it reads nothing that was written since the
last barrier. So stages that need the same tensors come next to each other first: of

    q = f(x); s = g(q); k = f(x)        f(x) and f(x) are ready at once, g waits for both:
    q = f(x), k = f(x) | s = g(q)       one launch, one barrier.

Where the launches are cut is the cheapest way, found by dynamic programming over their order.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from hawk_xdsl.dialects.npu import (
    Core,
    Join,
    JoinAttr,
    KernelOp,
    LaunchOp,
    ReadOp,
    is_still,
    storage_of,
)
from hawk_xdsl.npu_target import Target
from hawk_xdsl.npu_target.core_count import groups_at_once
from hawk_xdsl.transforms.buffers import root_of
from hawk_xdsl.transforms.npu_pass import NpuPass


@dataclass(frozen=True)
class NpuMergeLaunchesPass(NpuPass):
    """Says of launches which join the one before them."""

    name = "npu-merge-launches"
    target: str | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """As :func:`merge_launches`, on the target that the first kernel names if none is given.

        Raises:
            PassError: no such target.
        """
        kernels = [kernel for kernel in op.walk() if isinstance(kernel, KernelOp)]
        if kernels:
            merge_launches(op, self.target_of(kernels[0], self.target))


def merge_launches(module: ModuleOp, target: Target) -> None:
    """Let launches join the ones before them where the target says that this takes less time."""
    if target.launch.barrier is None:
        return
    kernels = {op.sym_name.data: op for op in module.walk() if isinstance(op, KernelOp)}
    for function in module.ops:
        if isinstance(function, FuncOp) and function.body.blocks:
            for run in _runs(function.body.block):
                stages = [_Stage.of(op, kernels, target) for op in _levelled(run)]
                _join(stages, target)


def _runs(block: Block) -> Iterator[list[Operation]]:
    """Launches, with other shapes and constants between them, that nothing on the host parts."""
    run: list[Operation] = []
    for op in list(block.ops):
        if isinstance(op, LaunchOp) or is_still(op):
            run.append(op)
            continue
        yield run
        run = []
    yield run


def _levelled(run: Sequence[Operation]) -> list[LaunchOp]:
    """Moves each op of a run behind all that needs fewer launches before it; the launches.

    The level of a launch is one more than that of what it reads. Ops of one level keep their order.
    """
    levels: dict[Operation, int] = {}
    for op in run:
        owners = (value.owner for value in op.operands)
        before = (levels.get(owner, 0) for owner in owners if isinstance(owner, Operation))
        levels[op] = max(before, default=0) + isinstance(op, LaunchOp)
    order = sorted(run, key=lambda op: levels[op])
    for last, op in pairwise(order):
        if op.prev_op is not last:
            op.detach()
            Rewriter.insert_op(op, InsertPoint.after(last))
    return [op for op in order if isinstance(op, LaunchOp)]


@dataclass(frozen=True)
class _Stage:
    """A launch that may become a stage.

    Attributes:
        op: the launch.
        core: the kind of core that its kernel runs on.
        reads: what it reads.
        steers: what its scalar units read, past the cores' caches only at the start of a launch.
        fits: whether all blocks run at once, as a barrier of all cores needs it.
    """

    op: LaunchOp
    core: Core
    reads: frozenset[SSAValue]
    steers: frozenset[SSAValue]
    fits: bool

    @classmethod
    def of(cls, op: LaunchOp, kernels: Mapping[str, KernelOp], target: Target) -> "_Stage":
        kernel = kernels[op.kernel.root_reference.data]
        roots = {root_of(each.source) for each in kernel.walk() if isinstance(each, ReadOp)}
        given = {
            argument: storage_of(value)
            for argument, value in zip(kernel.inputs, op.buffers, strict=True)
        }
        return cls(
            op,
            kernel.core.data,
            frozenset(given.values()),
            frozenset(value for argument, value in given.items() if argument in roots),
            kernel.blocks.value.data <= groups_at_once(kernel, target),
        )


def _join(stages: Sequence[_Stage], target: Target) -> None:
    """Cuts the stages into launches, the cheapest way, and says so on them."""
    best = [(0.0, 0), *((inf, 0) for _ in stages)]
    for first in range(len(stages)):
        for end, cost in enumerate(_costs(stages[first:], target), start=first + 1):
            best[end] = min(best[end], (best[first][0] + cost, first))
    end = len(stages)
    while end:
        first = best[end][1]
        stages[first].op.joins = None
        for stage, join in zip(stages[first + 1 : end], _joins(stages[first:end]), strict=True):
            stage.op.joins = JoinAttr(join)
        end = first


def _costs(stages: Sequence[_Stage], target: Target) -> Iterator[float]:
    """Cycles of a launch and its barriers, of the first stage alone, the first two, and so on.

    A mixed kernel that joins does not begin on both kinds of cores again, which is less by that.

    Ends where a stage cannot join: its blocks do not all run at once, or its scalar unit reads what
    the launch itself writes, of which the cores' caches need not know.
    """
    spec = target.launch
    yield spec.chain
    cores, written, cost = [stages[0].core], set(stages[0].op.results), spec.chain
    for stage, join in zip(stages[1:], _joins(stages), strict=True):
        cores.append(stage.core)
        mixed = spec.more_on(cores)
        fits = stages[0].fits and stage.fits and not written & stage.steers
        if spec.barrier is None or mixed is None or not fits:
            return
        written.update(stage.op.results)
        cost += spec.barrier if join is Join.BARRIER else 0.0
        cost -= (spec.mixed or 0.0) if stage.core is Core.MIXED else 0.0
        yield cost + mixed


def _joins(launch: Sequence[_Stage]) -> Iterator[Join]:
    """How each stage of a launch but the first follows the one before."""
    written = set(launch[0].op.results)
    for stage in launch[1:]:
        needs = bool(written & stage.reads)
        if needs:
            written.clear()
        written.update(stage.op.results)
        yield Join.BARRIER if needs else Join.FREE
