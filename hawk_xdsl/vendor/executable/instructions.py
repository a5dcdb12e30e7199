"""Vector instructions that the vendor's lowering lacks or breaks, as loops."""

from dataclasses import dataclass

from xdsl.builder import Builder
from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import AnyFloat, IndexType, IntegerAttr, i32
from xdsl.dialects.linalg.ops import IndexOp
from xdsl.ir import Block, Region, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from hawk_xdsl.dialects.hivm import (
    HivmCopyOp,
    HivmElementwiseOp,
    HivmVarangeOp,
    HivmVbrcOp,
    HivmVcastOp,
    HivmVcmpOp,
    HivmVcumprodOp,
    HivmVcumsumOp,
    HivmVgatherOp,
    HivmVreduceOp,
    HivmVselOp,
    element_of,
    shape_of,
)
from hawk_xdsl.vendor.executable.arithmetic import (
    BINARY,
    REDUCTIONS,
    binary,
    cast,
    compared,
    complemented,
    identity,
    selected,
)
from hawk_xdsl.vendor.executable.generics import elementwise, reduction

_BROKEN = frozenset({"vnot", "vshl", "vshr"})
"""Instructions that the vendor's lowering does not have."""


@dataclass
class ElementwiseAsLoops(RewritePattern):
    """Casts, comparisons, selections, and whatever repeats an operand."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: HivmElementwiseOp, rewriter: PatternRewriter) -> None:
        """Rewrite one instruction; those that the vendor's lowering has stay."""
        name = op.name.removeprefix("hivm.hir.")
        sources, dest = list(op.src), op.dst[0]
        match op:
            case HivmVcastOp():
                mode = "rint" if op.round_mode is None else op.round_mode.data

                def compute(at: Builder, values: list[SSAValue]) -> SSAValue:
                    return cast(mode, at, values[0], element_of(dest))
            case HivmVselOp():

                def compute(at: Builder, values: list[SSAValue]) -> SSAValue:
                    return selected(at, *values)
            case _ if name == "vnot":

                def compute(at: Builder, values: list[SSAValue]) -> SSAValue:
                    return complemented(at, values[0])
            case _ if name in BINARY and (op.broadcast_dims or name in _BROKEN):

                def compute(at: Builder, values: list[SSAValue]) -> SSAValue:
                    return binary(name, at, *values)
            case _:
                return
        elementwise(sources, dest, compute, rewriter)
        rewriter.erase(op)


class ComparedAsLoops(RewritePattern):
    """A comparison."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: HivmVcmpOp, rewriter: PatternRewriter) -> None:
        """Rewrite one."""
        relation = op.compare_mode.data
        elementwise(
            list(op.src), op.dst[0], lambda at, v: compared(relation, at, v[0], v[1]), rewriter
        )
        rewriter.erase(op)


class Reduced(RewritePattern):
    """A reduction: the vendor's adds to what the result holds, so that is set before.

    Reductions of all dimensions, and those that find a place, are loops of ours.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: HivmVreduceOp, rewriter: PatternRewriter) -> None:
        """Rewrite one that was not set before."""
        if "set" in op.attributes:
            return
        kind = op.arith.data.partition("_with_index")[0]
        dims = [int(axis) for axis in op.reduce_dims.get_values()]
        start = arith.ConstantOp(identity(kind, element_of(op.src)))
        rewriter.insert([start, HivmVbrcOp(start.result, op.dst[0])])
        if op.with_index:
            zero = arith.ConstantOp(IntegerAttr(0, i32))
            rewriter.insert([zero, HivmVbrcOp(zero.result, op.dst[1])])
            reduction(op.src, op.dst, dims, _place(kind, dims[0]), rewriter)
        elif len(dims) == len(shape_of(op.src)):
            name = REDUCTIONS[kind]
            reduction(op.src, op.dst, dims, lambda at, v: [binary(name, at, v[0], v[1])], rewriter)
        else:
            new = HivmVreduceOp(kind, op.src, list(op.dst), dims)
            new.attributes["set"] = IntegerAttr(1, i32)
            rewriter.insert(new)
        rewriter.erase(op)


def _place(kind: str, axis: int):
    def compute(at: Builder, values: list[SSAValue]) -> list[SSAValue]:
        element, value, place = values
        index = at.insert(IndexOp(axis)).result
        here = at.insert(arith.IndexCastOp(index, i32)).result
        better = compared("gt" if kind == "max" else "lt", at, element, value)
        return [selected(at, better, element, value), selected(at, better, here, place)]

    return compute


class Counted(RewritePattern):
    """``varange``: from the indices of the loop."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: HivmVarangeOp, rewriter: PatternRewriter) -> None:
        """Rewrite one."""
        element = element_of(op.dst)

        def compute(at: Builder, values: list[SSAValue]) -> SSAValue:
            total = op.offset
            if total is None:
                total = at.insert(arith.ConstantOp(IntegerAttr(0, IndexType()))).result
            for axis, stride in enumerate(op.strides):
                step = at.insert(arith.MuliOp(at.insert(IndexOp(axis)).result, stride)).result
                total = at.insert(arith.AddiOp(total, step)).result
            if not isinstance(element, AnyFloat):
                return at.insert(arith.IndexCastOp(total, element)).result
            whole = at.insert(arith.IndexCastOp(total, i32)).result
            return at.insert(arith.SIToFPOp(whole, element)).result

        elementwise([], op.dst, compute, rewriter)
        rewriter.erase(op)


class Gathered(RewritePattern):
    """``vgather``: a load for each index."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: HivmVgatherOp, rewriter: PatternRewriter) -> None:
        """Rewrite one of a row."""
        source = op.src

        def compute(at: Builder, values: list[SSAValue]) -> SSAValue:
            index = at.insert(arith.IndexCastOp(values[0], IndexType())).result
            return at.insert(memref.LoadOp.get(source, [index])).res

        elementwise([op.indices], op.dst, compute, rewriter)
        rewriter.erase(op)


class Scanned(RewritePattern):
    """A running sum or product: the vendor's lowering does not ask along which dimension."""

    @op_type_rewrite_pattern
    def match_and_rewrite(
        self, op: HivmVcumsumOp | HivmVcumprodOp, rewriter: PatternRewriter
    ) -> None:
        """Rewrite one: a copy, then each element with the one before it."""
        name = "vadd" if isinstance(op, HivmVcumsumOp) else "vmul"
        axis, dest = int(op.cum_dims.get_values()[0]), op.dst
        if op.src is not dest:
            rewriter.insert(memref.CopyOp(op.src, dest))
        one = rewriter.insert(arith.ConstantOp(IntegerAttr(1, IndexType()))).result
        zero = rewriter.insert(arith.ConstantOp(IntegerAttr(0, IndexType()))).result
        indices: list[SSAValue] = []
        for dim in range(len(shape_of(dest))):
            number = rewriter.insert(arith.ConstantOp(IntegerAttr(dim, IndexType()))).result
            extent = rewriter.insert(memref.DimOp(dest, number)).result
            body = Block(arg_types=[IndexType()])
            body.add_op(scf.YieldOp())
            rewriter.insert(scf.ForOp(one if dim == axis else zero, extent, one, [], Region(body)))
            rewriter.insertion_point = InsertPoint.at_start(body)
            indices.append(body.args[0])
        before = rewriter.insert(arith.SubiOp(indices[axis], one)).result
        last = rewriter.insert(
            memref.LoadOp.get(dest, [*indices[:axis], before, *indices[axis + 1 :]])
        ).res
        here = rewriter.insert(memref.LoadOp.get(dest, indices)).res
        rewriter.insert(memref.StoreOp.get(binary(name, rewriter, last, here), dest, indices))
        rewriter.erase(op)


class Copied(RewritePattern):
    """A copy within ub."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: HivmCopyOp, rewriter: PatternRewriter) -> None:
        """Rewrite one."""
        rewriter.replace(op, memref.CopyOp(op.src, op.dst))


PATTERNS: tuple[RewritePattern, ...] = (
    Copied(),
    ElementwiseAsLoops(),
    ComparedAsLoops(),
    Reduced(),
    Counted(),
    Gathered(),
    Scanned(),
)
"""All of them."""
