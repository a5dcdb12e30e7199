"""Element-wise instructions of an npu kernel in AscendC, a row of a tile a call where need be."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from xdsl.dialects import memref
from xdsl.ir import Operation, SSAValue

from hawk_xdsl.ascendc.emission import (
    AscendcEmission,
    AscendcView,
    IndexText,
    product,
)
from hawk_xdsl.ascendc.moves import loops, part
from hawk_xdsl.ascendc.names import BLOCK, CASTS, FLOATS, INSTRUCTIONS, NUMBERS, REPEAT, AscendcRow
from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.npu import (
    BinaryOp,
    KernelOp,
    Pipe,
    SetFlagOp,
    UnaryOp,
    VbrcOp,
    VcastOp,
    VcmpOp,
    VectorOp,
    VselOp,
    is_buffer,
)
from hawk_xdsl.dialects.npu.elementwise import element_of
from hawk_xdsl.transforms.buffers import root_of

BARRIER = "PipeBarrier<PIPE_V>();"


def truth_bits(kernel: KernelOp) -> frozenset[SSAValue]:
    """The buffers that comparisons alone write and selections alone read: bits in AscendC."""
    written: set[SSAValue] = set()
    bytewise: set[SSAValue] = set()
    for op in kernel.walk():
        if isinstance(op, memref.SubviewOp):
            continue
        for value in op.operands:
            if not is_buffer(value.type):
                continue
            if isinstance(op, VcmpOp) and value is op.out:
                written.add(root_of(value))
            elif not (isinstance(op, VselOp) and value is op.condition):
                bytewise.add(root_of(value))
    return frozenset(written - bytewise)


@contextmanager
def calls(
    at: AscendcEmission, op: VectorOp, operands: Sequence[SSAValue]
) -> Generator[tuple[list[str], list[bool], IndexText]]:
    """Loops over the rows of the destination, one call in them.

    Gives the text of each operand, the destination last; which of them are one number a row, to be
    read by the scalar unit; and the elements of a call.
    """
    views = [at.views[value] if is_buffer(value.type) else None for value in operands]
    out = views[-1]
    assert out is not None
    tiles = [view for view in views if view is not None]
    if all(view.shape == out.shape and view.packed for view in tiles):
        yield _texts(at, operands, views, ()), [False] * len(views), product(out.shape)
        return
    views = [None if view is None else _aligned(at, op, view, out) for view in views]
    numbers = [v is not None and v.shape[-1] == 1 != out.shape[-1] for v in views]
    if any(numbers):
        event = _free_event(at, op)
        at.emit(f"SetFlag<HardEvent::V_S>(EVENT_ID{event});")
        at.emit(f"WaitFlag<HardEvent::V_S>(EVENT_ID{event});")
    with loops(at, out.shape[:-1]) as counters:
        texts = _texts(at, operands, views, counters)
        yield (
            [f"{t}.GetValue(0)" if n else t for t, n in zip(texts, numbers, strict=True)],
            numbers,
            out.shape[-1],
        )


def _texts(
    at: AscendcEmission,
    operands: Sequence[SSAValue],
    views: Sequence[AscendcView | None],
    counters: Sequence[IndexText],
) -> list[str]:
    return [
        at.scalars[value] if view is None else part(view, counters)
        for value, view in zip(operands, views, strict=True)
    ]


def _aligned(at: AscendcEmission, op: VectorOp, view: AscendcView, out: AscendcView) -> AscendcView:
    """A tile with the destination's rank, and stride 0 along what is repeated."""
    lead = len(out.shape) - len(view.shape)
    shape = (*[1] * lead, *view.shape)
    strides = [0] * lead + list(view.strides)
    size = DType(view.dtype).bytes
    for axis, (have, want) in enumerate(zip(shape, out.shape, strict=True)):
        last = axis == len(shape) - 1
        if have == 1 != want:
            strides[axis] = strides[axis] if last else 0
        elif have != want:
            raise at.fail(op, f"shape {list(view.shape)} for {list(out.shape)}")
        elif not last and want != 1 and strides[axis] * size % BLOCK:
            raise at.fail(op, "rows that do not start on a block")
        elif last and want != 1 and strides[axis] != 1:
            raise at.fail(op, "elements that do not lie side by side")
    return replace(view, shape=shape, strides=tuple(strides))


def _free_event(at: AscendcEmission, op: Operation) -> int:
    taken = {
        flag.event.value.data
        for flag in at.kernel.walk()
        if isinstance(flag, SetFlagOp)
        and (flag.source.data, flag.target.data) == (Pipe.VECTOR, Pipe.SCALAR)
    }
    free = sorted(set(range(at.target.sync.events)) - taken)
    if not free:
        raise at.fail(op, "no event is left to wait for a number")
    return free[0]


def emit_unary(at: AscendcEmission, op: UnaryOp) -> None:
    """One function of AscendC; a negation is a product with -1."""
    dtype = str(element_of(op.out))
    negated = op.ROW.mnemonic == "vneg" and dtype in NUMBERS
    row = None if negated else _row(at, op, dtype)
    with calls(at, op, (op.input, op.out)) as ((source, out), _, count):
        if row is None:
            at.emit(f"Muls({out}, {source}, static_cast<{at.type_of(op, dtype)}>(-1), {count});")
        else:
            at.emit(f"{row.name}({out}, {source}, {count});")


def _row(at: AscendcEmission, op: VectorOp, dtype: str) -> AscendcRow:
    row = INSTRUCTIONS.get(op.ROW.mnemonic)
    if row is None:
        raise at.fail(op, "no instruction is taken for it")
    if dtype not in row.dtypes:
        raise at.fail(op, f"{row.name} is not taken for {dtype}")
    return row


def emit_binary(at: AscendcEmission, op: BinaryOp) -> None:
    """Two tiles, or a tile and a number; what a row has one number of is read for each row."""
    row = _row(at, op, str(element_of(op.out)))
    with calls(at, op, (op.lhs, op.rhs, op.out)) as ((left, right, out), numbers, count):
        is_number = [numbers[0], numbers[1] or not is_buffer(op.rhs.type)]
        if not any(is_number):
            at.emit(f"{row.name}({out}, {left}, {right}, {count});")
        elif is_number[1] and op.ROW.mnemonic == "vsub" and not is_number[0]:
            cpp = at.type_of(op, str(element_of(op.out)))
            at.emit(f"Adds({out}, {left}, static_cast<{cpp}>(-({right})), {count});")
        elif row.by_number and not all(is_number):
            tile, number = (right, left) if is_number[0] else (left, right)
            at.emit(f"{row.by_number}({out}, {tile}, {number}, {count});")
        else:
            _by_a_block(at, op, row.name, (left, right, out), is_number, count)


def _by_a_block(
    at: AscendcEmission,
    op: BinaryOp,
    function: str,
    texts: tuple[str, str, str],
    is_number: list[bool],
    count: IndexText,
) -> None:
    """A number as a block that every repeat reads again: its strides are 0.

    ``1 / x`` of 80 elements of f32: a block of eight ones; a call for the first 64 elements, one
    repeat; and a call for the other 16.
    """
    if op.temporary is None or all(is_number) or not isinstance(count, int):
        raise at.fail(op, "a number on this side needs room for a block of it")
    dtype = str(element_of(op.out))
    lanes, cpp = REPEAT // DType(dtype).bytes, at.type_of(op, dtype)
    elements = BLOCK // DType(dtype).bytes
    left, right, out = texts
    name = at.name("block")
    address = op.temporary.value.data
    with at.block(""):
        at.emit(f"LocalTensor<{cpp}> {name}(TPosition::VECCALC, {address}, {elements});")
        at.emit(BARRIER)
        at.emit(f"Duplicate({name}, {left if is_number[0] else right}, {elements});")
        at.emit(BARRIER)
        block = [0 if number else 1 for number in is_number]
        repeat = [0 if number else 8 for number in is_number]
        steps = f"{{1, {block[0]}, {block[1]}, 8, {repeat[0]}, {repeat[1]}}}"
        done = 0
        while done < count:
            lane_count = min(lanes, count - done)
            repeats = min(255, (count - done) // lanes) or 1
            ends = [out, *(name if n else t for n, t in zip(is_number, texts, strict=False))]
            moved = [e if e == name or not done else _shifted(e, done) for e in ends]
            at.emit(
                f"{function}({', '.join(moved)}, static_cast<uint64_t>({lane_count}), {repeats}, "
                f"BinaryRepeatParams{steps});"
            )
            done += lane_count * repeats


def _shifted(text: str, elements: int) -> str:
    return f"{text}[{elements}]"


COMPARISONS = {"eq": "EQ", "ne": "NE", "lt": "LT", "le": "LE", "gt": "GT", "ge": "GE"}


def emit_vcmp(at: AscendcEmission, op: VcmpOp) -> None:
    """A comparison of whole repeats, whose result is bits."""
    dtype = str(element_of(op.lhs))
    if root_of(op.out) not in at.bits:
        raise at.fail(op, "truth values that are bytes")
    if dtype not in FLOATS:
        raise at.fail(op, f"Compare is not taken for {dtype}")
    mode = f"CMPMODE::{COMPARISONS[str(op.predicate.data)]}"
    with calls(at, op, (op.lhs, op.rhs, op.out)) as ((left, right, out), numbers, count):
        _whole_repeats(at, op, count, dtype, numbers)
        function = "Compare" if is_buffer(op.rhs.type) else "CompareScalar"
        at.emit(f"{function}({out}, {left}, {right}, {mode}, {count});")


def _whole_repeats(
    at: AscendcEmission, op: VectorOp, count: IndexText, dtype: str, numbers: Sequence[bool]
) -> None:
    views = [at.views[value] for value in op.operands if is_buffer(value.type)]
    whole = isinstance(count, int) and count * DType(dtype).bytes % REPEAT == 0
    if not whole or any(numbers) or not all(v.packed for v in views):
        raise at.fail(op, f"{count} elements a call, which are not whole repeats without gaps")
    if any(v.shape != views[-1].shape or v.offset != 0 for v in views):
        raise at.fail(op, "bits of a part of a tile")


def emit_vsel(at: AscendcEmission, op: VselOp) -> None:
    """A selection by bits."""
    dtype = str(element_of(op.out))
    if root_of(op.condition) not in at.bits:
        raise at.fail(op, "truth values that are bytes")
    if dtype not in FLOATS:
        raise at.fail(op, f"Select is not taken for {dtype}")
    operands = (op.condition, op.on_true, op.on_false, op.out)
    with calls(at, op, operands) as ((mask, true, false, out), numbers, count):
        _whole_repeats(at, op, count, dtype, numbers)
        if not is_buffer(op.on_true.type):
            at.emit(f"Duplicate({out}, {true}, {count});")
            at.emit(BARRIER)
            true = out
        mode = "TENSOR" if is_buffer(op.on_false.type) else "SCALAR"
        mode = f"SELMODE::VSEL_TENSOR_{mode}_MODE"
        at.emit(f"Select({out}, {mask}, {true}, {false}, {mode}, {count});")


def emit_vcast(at: AscendcEmission, op: VcastOp) -> None:
    """A conversion; one that loses nothing does not round."""
    source, dest = str(element_of(op.input)), str(element_of(op.out))
    if (source, dest) not in CASTS:
        raise at.fail(op, f"Cast is not taken for {source} to {dest}")
    mode = "NONE" if dest == "f32" and source != "i32" else str(op.rounding.data).upper()
    with calls(at, op, (op.input, op.out)) as ((value, out), _, count):
        at.emit(f"Cast({out}, {value}, RoundMode::CAST_{mode}, {count});")


def emit_vbrc(at: AscendcEmission, op: VbrcOp) -> None:
    """A number everywhere, or a row again and again."""
    dtype = str(element_of(op.out))
    if dtype not in NUMBERS:
        raise at.fail(op, f"Duplicate is not taken for {dtype}")
    with calls(at, op, (op.input, op.out)) as ((source, out), (number, _), count):
        if number or not is_buffer(op.input.type):
            at.emit(f"Duplicate({out}, {source}, {count});")
        else:
            one = f"static_cast<{at.type_of(op, dtype)}>(1)"
            at.emit(f"Muls({out}, {source}, {one}, {count});")
