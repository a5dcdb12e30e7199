"""Launches of vector kernels, planned and synchronised, op by op as AscendC functions."""

from collections.abc import Mapping, Sequence

from xdsl.dialects import memref, scf
from xdsl.ir import Block, Operation

from hawk_xdsl.ascendc import control, instructions, moves, reductions
from hawk_xdsl.ascendc.emission import AscendcEmission
from hawk_xdsl.ascendc.names import INDEX_FUNCTIONS
from hawk_xdsl.dialects.npu import (
    AllocOp,
    BarrierOp,
    BinaryOp,
    BlockCountOp,
    BlockIdxOp,
    Core,
    Join,
    KernelOp,
    LoadOp,
    ReadOp,
    ReturnOp,
    SetFlagOp,
    StoreOp,
    UnaryOp,
    VarangeOp,
    VbrcOp,
    VcastOp,
    VcmpOp,
    VectorOp,
    VreduceOp,
    VselOp,
    WaitFlagOp,
)
from hawk_xdsl.npu_target import Target
from hawk_xdsl.transforms.device_launch import DeviceLaunch, DeviceStage
from hawk_xdsl.transforms.pass_error import NO_EXTENTS, PassError

NOT_COMPILED = "AscendC text, not compiled here."
"""What every file says of itself."""


def ascendc_text(launch: DeviceLaunch, target: Target, specifications: Mapping[str, str]) -> str:
    """The C++ text of a launch whose kernels are finished, and stay as they are.

    A stage is a function that the launch calls; between stages all pipes finish, and behind a
    barrier all cores.

    Args:
        launch: its kernels are planned and synchronised.
        target: what it was compiled for.
        specifications: what the op of a kernel computes, by its symbol, for comments.

    Raises:
        PassError: a kernel is not of vector cores, or an op has no counterpart.
    """
    kernels = launch.kernels
    stages = [_stage(kernel, target) for kernel in kernels]
    blocks = max(kernel.blocks.value.data for kernel in kernels)
    used = sorted({name for at, _ in stages for name in at.functions})
    first = kernels[0]
    head = [NOT_COMPILED, f"Blocks: {blocks}, target: {first.target.data}."]
    specified = [specifications.get(kernel.sym_name.data, "") for kernel in kernels]
    lines = [
        *_comment([*head, *(["", *specified[0].splitlines()] if len(launch.stages) == 1 else [])]),
        '#include "kernel_operator.h"\n',
        "using namespace AscendC;\n",
        *map(_index_function, used),
    ]
    start = ["    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);", "    InitSocState();"]
    if len(launch.stages) == 1:
        ((at, arguments),) = stages
        body = [*start, *at.lines]
    else:
        for (at, given), text in zip(stages, specified, strict=True):
            name = at.kernel.sym_name.data
            signature = ", ".join(f"GM_ADDR {each}" for each in given)
            lines += _comment(text.splitlines())
            lines += [f"__aicore__ inline void {name}({signature}) {{", *at.lines, "}\n"]
        arguments = [f"b{number}" for number in range(len(launch.types))]
        body = [*start, *(line for stage in launch.stages for line in _call(stage, blocks))]
    signature = ", ".join(f"GM_ADDR {each}" for each in arguments)
    lines += [
        f'extern "C" __global__ __aicore__ void {launch.name}({signature}) {{',
        *body,
        "}\n",
    ]
    return "\n".join(lines)


def _index_function(name: str) -> str:
    return f"__aicore__ inline int64_t {name}(int64_t a, int64_t b) {{ {INDEX_FUNCTIONS[name]} }}\n"


def _comment(lines: Sequence[str]) -> list[str]:
    return [f"// {line}".rstrip() for line in lines]


def _stage(kernel: KernelOp, target: Target) -> tuple[AscendcEmission, list[str]]:
    """A kernel's lines, and the names of its arguments."""
    if kernel.core.data != Core.VECTOR:
        name = kernel.sym_name.data
        raise PassError(f"@{name}: npu.kernel on {kernel.core.data} cores has no form in AscendC")
    if kernel.ranges:
        raise PassError(NO_EXTENTS.format(kernel.sym_name.data))
    at = AscendcEmission(kernel, target, instructions.truth_bits(kernel))
    arguments: list[str] = []
    for argument in kernel.body.block.args:
        name = at.name(argument.name_hint)
        address = at.name(f"{name}_gm")
        arguments.append(address)
        view = control.view_of(at, argument, name, kernel)
        cpp = at.type_of(kernel, view.dtype)
        at.emit(f"GlobalTensor<{cpp}> {name};")
        at.emit(f"{name}.SetGlobalBuffer(reinterpret_cast<__gm__ {cpp}*>({address}));")
        at.views[argument] = view
    translate_block(at, kernel.body.block)
    return at, arguments


def _call(stage: DeviceStage, blocks: int) -> list[str]:
    """A stage on as many cores as it has blocks, after the one before it."""
    given = ", ".join(f"b{number}" for number in stage.buffers)
    call = f"{stage.kernel.sym_name.data}({given});"
    own = stage.kernel.blocks.value.data
    lines = [] if stage.join is None else ["    PipeBarrier<PIPE_ALL>();"]
    if stage.join is Join.BARRIER:
        lines.append("    SyncAll();")
    if own == blocks:
        return [*lines, f"    {call}"]
    return [*lines, f"    if (GetBlockIdx() < {own}) {{", f"        {call}", "    }"]


def translate_block(at: AscendcEmission, block: Block) -> None:
    """The ops of a block, but for its terminator."""
    for op in block.ops:
        translate_op(at, op)


def translate_op(at: AscendcEmission, op: Operation) -> None:
    """One op."""
    match op:
        case ReturnOp() | scf.YieldOp():
            pass
        case BlockIdxOp():
            at.scalars[op.value] = at.name(op.value.name_hint)
            at.emit(f"const int64_t {at.scalars[op.value]} = GetBlockIdx();")
        case BlockCountOp():
            at.scalars[op.value] = str(at.kernel.blocks.value.data)
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
            with at.block(control.loop_head(at, op)):
                translate_block(at, op.body.block)
        case scf.IfOp():
            _translate_if(at, op)
        case LoadOp() | StoreOp():
            moves.emit_move(at, op)
        case _:
            _translate_instruction(at, op)


def _translate_if(at: AscendcEmission, op: scf.IfOp) -> None:
    if op.results:
        raise at.fail(op, "a branch with results")
    for head, region in (
        (f"if ({at.scalars[op.cond]})", op.true_region),
        ("else", op.false_region),
    ):
        if region.blocks:
            with at.block(head):
                translate_block(at, region.block)


def _translate_instruction(at: AscendcEmission, op: Operation) -> None:
    match op:
        case UnaryOp():
            instructions.emit_unary(at, op)
        case BinaryOp():
            instructions.emit_binary(at, op)
        case VcmpOp():
            instructions.emit_vcmp(at, op)
        case VselOp():
            instructions.emit_vsel(at, op)
        case VcastOp():
            instructions.emit_vcast(at, op)
        case VbrcOp():
            instructions.emit_vbrc(at, op)
        case VreduceOp():
            reductions.emit_vreduce(at, op)
        case VarangeOp():
            reductions.emit_varange(at, op)
        case VectorOp():
            raise at.fail(op, "no instruction is taken for it")
        case _:
            control.emit_scalar(at, op)
