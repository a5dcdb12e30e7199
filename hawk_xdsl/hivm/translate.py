"""An npu kernel, legalized for HIVM, op by op as a function of HIVM."""

from xdsl.builder import Builder
from xdsl.dialects import func, memref, scf
from xdsl.dialects.builtin import UnitAttr
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.rewriter import InsertPoint

from hawk_xdsl.dialects.hivm import HaccFunctionKindAttr, HivmFuncCoreTypeAttr
from hawk_xdsl.dialects.npu import (
    AllocOp,
    BarrierOp,
    BlockCountOp,
    BlockIdxOp,
    CopyOp,
    Core,
    FixpipeOp,
    KernelOp,
    LoadOp,
    MmadOp,
    ReadOp,
    ReturnOp,
    SetFlagOp,
    StoreOp,
    VectorOp,
    WaitFlagOp,
)
from hawk_xdsl.hivm import control, instructions, moves
from hawk_xdsl.hivm.devices import device_of, is_device
from hawk_xdsl.hivm.emission import HivmEmission, memref_type
from hawk_xdsl.hivm.spaces import in_hivm
from hawk_xdsl.hivm.truth_tiles import truth_tiles
from hawk_xdsl.transforms.buffers import root_of
from hawk_xdsl.transforms.pass_error import NO_EXTENTS, PassError

CORES = {Core.VECTOR: "AIV", Core.CUBE: "AIC"}
"""HIVM's name of each kind of core."""


def translate(kernel: KernelOp, *, planned: bool) -> func.FuncOp:
    """The function for a kernel, which stays as it is.

    Args:
        kernel: without the forms that ``npu-legalize-hivm`` replaces.
        planned: keep its addresses, flags and barriers; else the vendor's compiler makes its own.

    Raises:
        PassError: an op has no counterpart, or the kernel has no addresses yet.
    """
    core = CORES.get(kernel.core.data)
    if core is None:
        name = kernel.sym_name.data
        if kernel.is_mixed:
            raise PassError(f"@{name}: mixed kernels are not exported; compile with --no-join-rows")
        raise PassError(f"@{name}: HIVM has no {kernel.core.data} cores")
    if kernel.ranges:
        raise PassError(NO_EXTENTS.format(kernel.sym_name.data))
    types = [in_hivm(memref_type(argument)) for argument in kernel.body.block.args]
    block = Block(arg_types=types)
    target = kernel.target.data
    unsigned = device_of(target).unsigned_src if is_device(target) else None
    builder = Builder(InsertPoint.at_end(block))
    at = HivmEmission(kernel, planned, builder, truth_tiles(kernel), _rows(kernel), unsigned)
    for argument, new in zip(kernel.body.block.args, block.args, strict=True):
        at.values[argument] = new
        new.name_hint = argument.name_hint
    translate_block(at, kernel.body.block)
    at.emit(func.ReturnOp())
    function = func.FuncOp(kernel.sym_name.data, (types, []), Region(block))
    function.attributes["hacc.entry"] = UnitAttr()
    function.attributes["hacc.function_kind"] = HaccFunctionKindAttr("DEVICE")
    function.attributes["hacc.block_dim"] = kernel.blocks
    function.attributes["hivm.func_core_type"] = HivmFuncCoreTypeAttr(core)
    return function


def _rows(kernel: KernelOp) -> frozenset[SSAValue]:
    """The buffers that products start from."""
    products = [op for op in kernel.walk() if isinstance(op, MmadOp)]
    return frozenset(root_of(op.bias) for op in products if op.bias is not None)


def translate_block(at: HivmEmission, block: Block) -> None:
    """The ops of a block, but for its terminator, at the end of what is emitted."""
    for op in block.ops:
        translate_op(at, op)
        for old in op.results:
            new = at.values.get(old)
            if new is not None and new.name_hint is None:
                new.name_hint = old.name_hint


def translate_op(at: HivmEmission, op: Operation) -> None:
    """One op."""
    match op:
        case ReturnOp() | scf.YieldOp():
            pass
        case BlockIdxOp():
            control.emit_block_idx(at, op)
        case BlockCountOp():
            control.emit_block_count(at, op)
        case AllocOp():
            control.emit_alloc(at, op)
        case memref.SubviewOp():
            control.emit_subview(at, op)
        case memref.ReinterpretCastOp():
            control.emit_reinterpret(at, op)
        case ReadOp():
            control.emit_read(at, op)
        case SetFlagOp() | WaitFlagOp():
            control.emit_flag(at, op)
        case BarrierOp():
            control.emit_barrier(at, op)
        case scf.ForOp():
            control.emit_for(at, op)
        case scf.IfOp():
            control.emit_if(at, op)
        case LoadOp():
            moves.emit_load(at, op)
        case StoreOp():
            moves.emit_store(at, op)
        case CopyOp():
            moves.emit_copy(at, op)
        case FixpipeOp():
            moves.emit_fixpipe(at, op)
        case MmadOp():
            moves.emit_mmad(at, op)
        case VectorOp():
            instructions.emit_vector(at, op)
        case _:
            control.emit_scalar(at, op)
