"""Which truth values stay bits: those that only comparisons and logic write and selections read.

The hardware compares into one bit an element and selects by such bits. In a kernel truth values
are bytes. Where nothing reads them as bytes none are made: of ``m = vcmp gt a, 0.0`` and
``y = vsel m, a, 0.0`` neither do bits become bytes nor bytes bits. A mask that is loaded, stored or
cast is bytes, and so is what logic puts together with it.
"""

from collections.abc import Iterator

from xdsl.dialects import memref
from xdsl.ir import Operation, SSAValue, Use

from hawk_xdsl.dialects.npu import ROWS, AllocOp, VcmpOp, VectorOp, VselOp

LOGIC = frozenset(f"npu.{name}" for name in ("vand", "vor", "vnot") if name in ROWS)
"""Instructions whose result stays bits if their operands are."""


def stays_bits(mask: SSAValue) -> bool:
    """Whether a tile of truth values is nowhere needed as bytes."""
    waiting, seen = [_buffer_of(mask)], set[SSAValue]()
    while waiting:
        buffer = waiting.pop()
        if buffer is None:
            return False
        if buffer in seen:
            continue
        seen.add(buffer)
        for use in _uses(buffer):
            others = _beside(use)
            if others is None:
                return False
            waiting += [_buffer_of(other) for other in others]
    return True


def _buffer_of(value: SSAValue) -> SSAValue | None:
    """The allocation that a tile is, or is the beginning of; ``None`` for others."""
    while isinstance(value.owner, memref.SubviewOp) and _from_start(value.owner):
        value = value.owner.source
    return value if isinstance(value.owner, AllocOp) else None


def _uses(buffer: SSAValue) -> Iterator[Use]:
    """The uses of a buffer, and of its views that begin where it does."""
    for use in buffer.uses:
        view = use.operation
        if isinstance(view, memref.SubviewOp) and _from_start(view):
            yield from _uses(view.result)
        else:
            yield use


def _beside(use: Use) -> tuple[SSAValue, ...] | None:
    """The truth values that a use computes with; ``None`` if it needs bytes."""
    op = use.operation
    match op:
        case VselOp():
            return () if use.index == 0 else None
        case VcmpOp():
            return () if use.index == len(op.inputs) else None
        case VectorOp() if op.name in LOGIC:
            return tuple(op.operands)
        case _:
            return None


def _from_start(view: Operation) -> bool:
    """Whether a view leaves nothing out before its first element, or between two."""
    assert isinstance(view, memref.SubviewOp)
    starts, steps = view.static_offsets.get_values(), view.static_strides.get_values()
    return set(starts) == {0} and set(steps) == {1}
