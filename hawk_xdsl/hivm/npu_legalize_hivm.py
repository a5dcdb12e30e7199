"""npu-legalize-hivm: a kernel without the forms that HIVM lacks or its compiler gets wrong."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.pattern_rewriter import (
    GreedyRewritePatternApplier,
    PatternRewriteWalker,
    RewritePattern,
)

from hawk_xdsl.dialects.npu import AllocOp, BarrierOp, KernelOp, SetFlagOp, VectorOp, WaitFlagOp
from hawk_xdsl.hivm.legal.bits import NumberInTile, UnsignedShift
from hawk_xdsl.hivm.legal.broadcast import CompareWhole, RepeatOneOperand
from hawk_xdsl.hivm.legal.gather_rows import GatherByRows
from hawk_xdsl.hivm.legal.negation import NegationAsProduct
from hawk_xdsl.hivm.legal.padded_load import FillThenLoad
from hawk_xdsl.hivm.legal.place_with_value import PlaceWithValue
from hawk_xdsl.hivm.legal.reciprocal import ReciprocalAsQuotient
from hawk_xdsl.hivm.legal.transposition import TransposeBySwaps
from hawk_xdsl.hivm.legal.truth_values import CastTruth, LoadedTruth, RepeatedTruth, StoredTruth
from hawk_xdsl.hivm.truth_tiles import truth_tiles
from hawk_xdsl.transforms.npu_pass import NpuPass


@dataclass(frozen=True)
class NpuLegalizeHivmPass(NpuPass):
    """Rewrites kernels for the vendor's compiler, and takes back their addresses and flags.

    Raises:
        PassError: a form that is not rewritten has no counterpart in HIVM.
    """

    name = "npu-legalize-hivm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Rewrite every kernel of the module."""
        for kernel in op.walk():
            if isinstance(kernel, KernelOp):
                legalize_kernel(kernel)


def legalize_kernel(kernel: KernelOp) -> None:
    """Rewrite one kernel. Raises as the pass."""
    take_back_plan(kernel)
    _apply(kernel, FillThenLoad())
    truth = truth_tiles(kernel)
    _apply(kernel, LoadedTruth(truth), StoredTruth(truth), CastTruth(truth), RepeatedTruth(truth))
    _apply(kernel, NegationAsProduct(), ReciprocalAsQuotient(), RepeatOneOperand(), GatherByRows())
    _apply(kernel, UnsignedShift(), PlaceWithValue(), TransposeBySwaps())
    _apply(kernel, NumberInTile(), CompareWhole())


def _apply(kernel: KernelOp, *patterns: RewritePattern) -> None:
    applier = GreedyRewritePatternApplier(list(patterns))
    PatternRewriteWalker(applier, apply_recursively=False).rewrite_region(kernel.body)


def take_back_plan(kernel: KernelOp) -> None:
    """Removes addresses, flags and barriers; buffers that take turns keep doing so."""
    for op in list(kernel.walk()):
        if isinstance(op, SetFlagOp | WaitFlagOp | BarrierOp):
            op.detach()
            op.erase()
        elif isinstance(op, AllocOp):
            op.properties.pop("address", None)
        elif isinstance(op, VectorOp):
            op.properties.pop("temporary", None)
