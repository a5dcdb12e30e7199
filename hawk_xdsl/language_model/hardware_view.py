"""What retrieval knows of an op's relation to the machine, before the op has a kernel."""

from hawk_xdsl.dialects.npu import Role
from hawk_xdsl.gate.bound import work_and_bound
from hawk_xdsl.knowledge_store.features import HardwareFeatures
from hawk_xdsl.npu_target import Target
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import structures


def hardware_view(specification: Specification, target: Target) -> HardwareFeatures:
    """Structure, functions, dtypes, intensity and capacity pressure of an op on a target.

    Intensity is in operations per byte of global memory; pressure is the bytes that each core
    moves over the bytes of its scratchpad: below 1, a core's share is one tile.
    """
    work, _ = work_and_bound(specification, target)
    moved = work.bytes_read + work.bytes_written
    cores = max(1, target.cores[target.vector_core])
    return HardwareFeatures(
        structure=str(structures(specification)[0]),
        ops=specification.functions(),
        dtypes=tuple(sorted({operand.dtype for operand in specification.operands})),
        intensity=work.operations / max(1, moved),
        pressure=moved / cores / target.capacity(Role.VECTOR),
    )
