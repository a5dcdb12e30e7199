"""Which tiles of a kernel hold truth values: bytes of 0 and 1 in the npu dialect, bits in HIVM."""

from xdsl.dialects.builtin import i8
from xdsl.ir import SSAValue

from hawk_xdsl.dialects.npu import CopyOp, KernelOp, VcmpOp, VectorOp, VselOp, is_buffer
from hawk_xdsl.hivm.emission import memref_type
from hawk_xdsl.transforms.buffers import root_of

_LOGIC = frozenset({"vand", "vor", "vnot", "vbrc"})
"""Instructions whose truth values are those of their operands."""


def truth_tiles(kernel: KernelOp) -> frozenset[SSAValue]:
    """The buffers that a comparison writes or a selection asks, and what flows between them."""
    found: set[SSAValue] = set()
    groups: list[set[SSAValue]] = []
    for op in kernel.walk():
        match op:
            case VcmpOp():
                found.add(root_of(op.out))
            case VselOp():
                found.add(root_of(op.condition))
            case CopyOp():
                groups.append({root_of(op.source), root_of(op.dest)})
            case VectorOp() if op.ROW.mnemonic in _LOGIC:
                groups.append({root_of(value) for value in op.operands if is_buffer(value.type)})
            case _:
                pass
    pending = True
    while pending:
        pending = False
        for group in groups:
            if group & found and not group <= found:
                found |= group
                pending = True
    return frozenset(value for value in found if memref_type(value).element_type == i8)
