"""The core's memory as buffers of a CPU, its numbers as arguments, no order within it."""

from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.dialects import arith, func, memref, scf
from xdsl.dialects.builtin import (
    FunctionType,
    IndexType,
    IntegerAttr,
    MemRefType,
    UnitAttr,
    i1,
    i8,
    i64,
)
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from hawk_xdsl.dialects.hivm import (
    AnnotationMarkOp,
    HivmAddressSpaceAttr,
    HivmGetBlockIdxOp,
    HivmGetSubBlockIdxOp,
    HivmPipeBarrierOp,
    HivmPointerCastOp,
    HivmSetFlagOp,
    HivmSetMaskNormOp,
    HivmWaitFlagOp,
    space_of,
)
from hawk_xdsl.errors import HawkError

POISON = -1
"""What each byte of the core's memory holds before it is written: floats are NaN."""


def without_order(function: func.FuncOp) -> None:
    """Removes flags, barriers and marks: a CPU runs one instruction after the other."""
    for op in list(function.walk()):
        if isinstance(
            op,
            HivmSetFlagOp
            | HivmWaitFlagOp
            | HivmPipeBarrierOp
            | HivmSetMaskNormOp
            | AnnotationMarkOp,
        ):
            op.detach()
            op.erase()


def core_as_arguments(function: func.FuncOp) -> None:
    """The numbers of block and core within it, i64, become the last arguments.

    What HIVM says of the function goes.
    """
    block = function.body.block
    index = block.insert_arg(i64, len(block.args))
    inner = block.insert_arg(i64, len(block.args))
    for op in list(function.walk()):
        if isinstance(op, HivmGetBlockIdxOp | HivmGetSubBlockIdxOp):
            op.result.replace_all_uses_with(index if isinstance(op, HivmGetBlockIdxOp) else inner)
            op.detach()
            op.erase()
    function.properties["function_type"] = FunctionType.from_lists(list(block.arg_types), [])
    function.properties.pop("arg_attrs", None)
    function.attributes.clear()
    function.attributes["llvm.emit_c_interface"] = UnitAttr()


@dataclass
class AddressesAsViews(RewritePattern):
    """A buffer at an address is a view of the one buffer of its space."""

    buffers: Mapping[str, SSAValue]

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: HivmPointerCastOp, rewriter: PatternRewriter) -> None:
        """Rewrite one. Truth values get a buffer of their own: a CPU has bytes for them."""
        type_, space = op.result.type, space_of(op.result)
        assert isinstance(type_, MemRefType)
        if type_.element_type == i1:
            rewriter.replace(op, memref.AllocOp(op.dynamic_sizes, [], type_))
            return
        if len(op.addrs) != 1 or space is None or space not in self.buffers:
            raise HawkError(f"a buffer at {len(op.addrs)} addresses in {space} cannot be run here")
        shift = rewriter.insert(arith.IndexCastOp(op.addrs[0], IndexType())).result
        rewriter.replace(
            op, memref.ViewOp(self.buffers[space], shift, list(op.dynamic_sizes), type_)
        )


def allocate_spaces(function: func.FuncOp, sizes: Mapping[str, int]) -> dict[str, SSAValue]:
    """One buffer, full of poison, for each space that a kernel has addresses in; bytes by space."""
    used = {space_of(op.result) for op in function.walk() if isinstance(op, HivmPointerCastOp)}
    buffers: dict[str, SSAValue] = {}
    ops: list[Operation] = []
    for space in sorted(each for each in used if each is not None):
        type_ = MemRefType(i8, [sizes[space]], memory_space=HivmAddressSpaceAttr(space))
        alloc = memref.AllocOp([], [], type_)
        buffers[space] = alloc.memref
        ops += [alloc, *_poisoned(alloc.memref, sizes[space])]
    first = function.body.block.first_op
    assert first is not None
    function.body.block.insert_ops_before(ops, first)
    return buffers


def _poisoned(buffer: SSAValue, size: int) -> list[Operation]:
    first, last, step = (arith.ConstantOp(IntegerAttr(n, IndexType())) for n in (0, size, 1))
    poison = arith.ConstantOp(IntegerAttr(POISON, i8))
    body = Block(arg_types=[IndexType()])
    body.add_ops([memref.StoreOp.get(poison.result, buffer, [body.args[0]]), scf.YieldOp()])
    loop = scf.ForOp(first.result, last.result, step.result, [], Region(body))
    return [first, last, step, poison, loop]
