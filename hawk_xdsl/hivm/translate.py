"""The ops of an npu kernel, legalized for HIVM, one by one in HIVM."""

from xdsl.dialects import memref, scf
from xdsl.ir import Block, Operation

from hawk_xdsl.dialects.npu import (
    AllocOp,
    BarrierOp,
    BlockCountOp,
    BlockIdxOp,
    CopyOp,
    CrossSetOp,
    CrossWaitOp,
    FixpipeOp,
    LoadOp,
    MmadOp,
    ReadOp,
    ReturnOp,
    SetFlagOp,
    StoreOp,
    VectorOp,
    WaitFlagOp,
)
from hawk_xdsl.hivm import block_sync, control, instructions, moves
from hawk_xdsl.hivm.emission import HivmEmission


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
        case CrossSetOp() | CrossWaitOp():
            block_sync.emit_cross_flag(at, op)
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
