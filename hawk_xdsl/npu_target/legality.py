"""The rules of a target that can be checked without running a kernel."""

from collections.abc import Iterator

from xdsl.dialects import memref
from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType
from xdsl.ir import BlockArgument, Operation, SSAValue

from hawk_xdsl.dialects.dtype import element_name
from hawk_xdsl.dialects.npu import (
    AllocOp,
    BarrierOp,
    Comparison,
    CopyOp,
    Core,
    CrossSetOp,
    CrossWaitOp,
    FixpipeOp,
    KernelOp,
    LoadOp,
    MmadOp,
    OpForm,
    Pipe,
    Scope,
    SetFlagOp,
    StoreOp,
    TileOp,
    Unit,
    VcmpOp,
    VectorOp,
    WaitFlagOp,
    is_buffer,
    rows_of,
    scope_of,
)
from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target.cost import cost_row
from hawk_xdsl.npu_target.layout import buffer_bytes
from hawk_xdsl.npu_target.live_ranges import check_live_ranges
from hawk_xdsl.npu_target.scopes import check_place
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.npu_target.temporaries import temporary_bytes
from hawk_xdsl.npu_target.traps import Fault, Trap, TrapCode, value_name

_COMPARING = frozenset(row.mnemonic for row in rows_of(OpForm.COMPARE))


def verify_kernel(kernel: KernelOp, target: Target) -> None:
    """Check every rule of a target that needs no run: before or after planning.

    Raises:
        Trap: the first rule that an op breaks: core type, data path, dtype, field range, event id,
            layout, and, of buffers that have addresses, alignment, capacity and overlap.
    """
    for core, op in _by_core(kernel):
        try:
            _check(op, core, kernel, target)
        except Fault as fault:
            raise _trap(fault, op, kernel) from fault
    try:
        check_live_ranges(kernel, target.vector)
    except Fault as fault:
        raise _trap(fault, fault.op, kernel) from fault


def supports(target: Target, mnemonic: str, dtype: str) -> bool:
    """Whether a target has a vector instruction for operands of a dtype.

    Args:
        target: the machine.
        mnemonic: such as ``vexp``, or a row of its tables such as ``vreduce_sum``; for a bare
            ``vreduce`` or ``vcumulate`` any kind counts; ``vcmp_lt`` is one relation.
        dtype: such as ``f32``; for ``vcast`` what it converts from, or both: ``f32-f16``.
    """
    rows = target.vector.ops
    name, _, relation = mnemonic.partition("_")
    if name in _COMPARING and relation in tuple(Comparison):
        return relation in target.vector.relations_of(dtype) and dtype in rows.get(name, ())
    named = [rows[mnemonic]] if mnemonic in rows else []
    named = named or [row for name, row in rows.items() if name.split("_")[0] == mnemonic]
    return any(dtype in (entry, entry.split("-")[0]) for row in named for entry in row)


def _trap(fault: Fault, op: Operation | None, kernel: KernelOp) -> Trap:
    return Trap(fault.code, fault.message, op=op, kernel=kernel.sym_name.data, facts=fault.facts)


def objection(op: Operation, core: Core, target: Target) -> str | None:
    """Why a core of a target cannot execute an op, as far as the op alone tells; None if it can."""
    try:
        _check_alone(op, core, target)
    except Fault as fault:
        return fault.message
    return None


def _by_core(kernel: KernelOp) -> Iterator[tuple[Core, Operation]]:
    """Every op of a kernel with the kind of core that runs it; the kernel itself comes first."""
    yield kernel.core.data, kernel
    for part in kernel.parts:
        for op in part.block.walk():
            yield part.core, op


def _check_group(kernel: KernelOp, target: Target) -> None:
    """The target has the cores that a mixed kernel wants on each block, and flags between them."""
    if not kernel.is_mixed:
        return
    if target.cross is None:
        raise Fault(
            TrapCode.WRONG_CORE,
            f"{target.name} has no flags between cores, so no mixed kernels",
        )
    for part in kernel.parts:
        most = target.places.cores_a_block(part.core)
        if part.core not in target.cores or part.cores > most:
            raise Fault(
                TrapCode.WRONG_CORE,
                f"{part.cores} {part.core} cores a block; {target.name} has {most}",
                cores=part.cores,
            )


def _check_cross(op: CrossSetOp | CrossWaitOp, core: Core, target: Target) -> None:
    flags = 0 if target.cross is None else target.cross.flags
    if (flag := op.flag.value.data) >= flags:
        raise Fault(
            TrapCode.EVENT_MISUSE,
            f"flag {flag} between cores is not in 0..{flags - 1}, which {target.name} has",
            flag=flag,
        )
    try:
        target.move_pipe(core, op.move.data)
    except HawkError as error:
        raise Fault(TrapCode.ILLEGAL_PATH, str(error)) from error


def _check(op: Operation, core: Core, kernel: KernelOp, target: Target) -> None:
    _check_alone(op, core, target)
    match op:
        case KernelOp():
            _check_group(op, target)
            for argument in op.body.block.args:
                _check_buffer(argument, target)
        case TileOp():
            _check_outputs(op, kernel)
        case _:
            pass


def _check_alone(op: Operation, core: Core, target: Target) -> None:
    for value in (*op.operands, *op.results):
        _check_buffer(value, target)
    match op:
        case AllocOp():
            _check_alloc(op, core, target)
        case SetFlagOp() | WaitFlagOp():
            _check_flag(op, core, target)
        case BarrierOp():
            _check_pipe(op.pipe.data, core, target)
        case CrossSetOp() | CrossWaitOp():
            _check_cross(op, core, target)
        case TileOp():
            _check_unit(op, core, target)
            _check_scopes(op, core, target)
            _check_instruction(op, target)
        case _:
            pass


def _check_buffer(value: SSAValue, target: Target) -> None:
    if is_buffer(value.type) and not scope_of(value).is_global:
        _check_space(scope_of(value), target)
    if is_buffer(value.type) and element_name(value.type) not in target.dtypes:
        raise Fault(
            TrapCode.DTYPE,
            f"{value_name(value)} is of {element_name(value.type)}, which {target.name} does not "
            f"have; it has {', '.join(target.dtypes)}",
        )


def _check_space(scope: Scope, target: Target) -> None:
    """The kernel's idea of a memory space, its blocks and fractals included, is the target's."""
    try:
        target.memory(scope)
    except HawkError as error:
        raise Fault(TrapCode.WRONG_CORE, str(error)) from error


def _check_unit(op: TileOp, core: Core, target: Target) -> None:
    """The core has the pipe of a unit; a move without a path is refused as a move."""
    if op.UNIT is not Unit.MOVE:
        _check_pipe(target.pipe_of(op), core, target)
    elif isinstance(op, LoadOp | StoreOp | CopyOp | FixpipeOp):
        path = target.paths.get((scope_of(op.source), scope_of(op.dest)))
        if path is not None:
            _check_pipe(path.pipe, core, target)


def _check_pipe(pipe: Pipe, core: Core, target: Target) -> None:
    if pipe != Pipe.ALL and pipe not in target.pipes.get(core, ()):
        raise Fault(
            TrapCode.WRONG_CORE,
            f"needs the {pipe} pipe, which a {core} core does not have; it has "
            f"{', '.join(target.pipes.get(core, ()))}",
            pipe=pipe,
        )


def _check_flag(op: SetFlagOp | WaitFlagOp, core: Core, target: Target) -> None:
    for pipe in (op.source.data, op.target.data):
        _check_pipe(pipe, core, target)
    event = op.event.value.data
    if event >= target.sync.events:
        raise Fault(
            TrapCode.EVENT_MISUSE,
            f"event {event} is not in 0..{target.sync.events - 1}, which {target.name} has",
            event=event,
        )


def _check_alloc(op: AllocOp, core: Core, target: Target) -> None:
    type_ = op.buffer.type
    assert isinstance(type_, MemRefType)
    scope, name = scope_of(type_), value_name(op.buffer)
    spec = target.memory(scope)
    if spec.core != core:
        raise Fault(
            TrapCode.WRONG_CORE,
            f"{scope} belongs to {spec.core} cores; this kernel runs on {core} cores",
        )
    size = buffer_bytes(type_)
    check_place(target, name, scope, 0 if op.address is None else op.address.value.data, size)


def _check_scopes(op: TileOp, core: Core, target: Target) -> None:
    for value in (*op.read_buffers(), *op.written_buffers()):
        scope = scope_of(value)
        if not scope.is_global and target.memory(scope).core != core:
            raise Fault(
                TrapCode.WRONG_CORE,
                f"uses {scope}, which a {core} core does not have",
            )


def _check_outputs(op: TileOp, kernel: KernelOp) -> None:
    for value in op.written_buffers():
        root = root_of(value)
        if isinstance(root, BlockArgument) and root in kernel.inputs:
            raise Fault(
                TrapCode.INPUT_WRITTEN,
                f"writes {value_name(root)}, which is an input of the kernel",
            )


def root_of(value: SSAValue) -> SSAValue:
    """The buffer or argument that a view is of."""
    while isinstance(value.owner, memref.SubviewOp | memref.ReinterpretCastOp):
        value = value.owner.source
    return value


def _check_instruction(op: TileOp, target: Target) -> None:
    match op:
        case VectorOp():
            row, dtype = cost_row(op)
            _check_dtype(row, dtype, tuple(target.vector.ops.get(row, ())), target)
            if isinstance(op, VcmpOp):
                _check_relation(op.predicate.data, dtype, target)
            if op.temporary is not None:
                address = op.temporary.value.data
                size = temporary_bytes(op, target.vector)
                check_place(target, "the temporary", scope_of(op.destination), address, size)
        case LoadOp() | StoreOp() | CopyOp() | FixpipeOp():
            _check_move(op, target)
        case MmadOp():
            _check_mmad(op, target)
        case _:
            pass


def _check_dtype(what: str, dtype: str, known: tuple[str, ...], target: Target) -> None:
    if dtype not in known:
        has = f"it has {', '.join(known)}" if known else "it has no such instruction"
        raise Fault(
            TrapCode.DTYPE,
            f"{what} of {dtype} does not exist on {target.name}; {has}",
            dtype=dtype,
        )


def _check_relation(relation: Comparison, dtype: str, target: Target) -> None:
    known = target.vector.relations_of(dtype)
    if relation not in known:
        raise Fault(
            TrapCode.DTYPE,
            f"vcmp {relation} of {dtype} does not exist on {target.name}; it has "
            f"{', '.join(known)}",
            dtype=dtype,
        )


def _check_move(op: LoadOp | StoreOp | CopyOp | FixpipeOp, target: Target) -> None:
    try:
        target.path_between(scope_of(op.source), scope_of(op.dest))
    except HawkError as error:
        raise Fault(TrapCode.ILLEGAL_PATH, str(error)) from error
    if isinstance(op, FixpipeOp):
        accumulator = element_name(op.source.type)
        casts = target.cube.casts.get(accumulator, ())
        _check_dtype(f"fixpipe from {accumulator}", element_name(op.dest.type), casts, target)


def _check_bias(op: MmadOp, accumulator: str, target: Target) -> None:
    spec, *_, columns = target.cube.bias, *op.extents()
    assert op.bias is not None
    known = target.cube.biases(accumulator)
    _check_dtype("mmad with a bias", element_name(op.bias.type), known, target)
    if spec is not None and not spec.holds(columns, accumulator):
        raise Fault(
            TrapCode.FIELD_RANGE,
            f"a bias of {columns} columns needs more than the {spec.bytes} bytes of its table",
            extent=columns,
        )


def _check_mmad(op: MmadOp, target: Target) -> None:
    factor, acc = element_name(op.lhs.type), element_name(op.acc.type)
    _check_dtype("mmad", factor, tuple(target.cube.dtypes), target)
    _check_dtype("mmad into", acc, (target.cube.dtypes[factor].accumulator,), target)
    if op.bias is not None:
        _check_bias(op, acc, target)
    for extent, letter in zip(op.extents(), "mkn", strict=True):
        if extent != DYNAMIC_INDEX and not 1 <= extent <= target.cube.max_extent:
            raise Fault(
                TrapCode.FIELD_RANGE,
                f"{letter} is {extent}, not in 1..{target.cube.max_extent}",
                extent=extent,
            )
