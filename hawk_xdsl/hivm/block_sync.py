"""Order between the cores of a launch in HIVM: flags of mixed kernels, barriers between stages."""

from collections.abc import Mapping

from hawk_xdsl.dialects.hivm import HivmSyncBlockOp, HivmSyncBlockSetOp, HivmSyncBlockWaitOp
from hawk_xdsl.dialects.npu import Core, CrossSetOp, CrossWaitOp, Move
from hawk_xdsl.hivm.emission import HivmEmission
from hawk_xdsl.transforms.pass_error import PassError

CORE_TYPES: Mapping[Core, str] = {Core.VECTOR: "VECTOR", Core.CUBE: "CUBE"}
"""HIVM's name of a kind of core, as its sync ops have it."""

MOVES: Mapping[tuple[Core, Move], str] = {
    (Core.VECTOR, Move.LOAD): "PIPE_MTE2",
    (Core.VECTOR, Move.STORE): "PIPE_MTE3",
    (Core.CUBE, Move.LOAD): "PIPE_MTE2",
    (Core.CUBE, Move.STORE): "PIPE_FIX",
}
"""The pipe of a move."""

STORES: Mapping[Core, str] = {core: MOVES[core, Move.STORE] for core in CORE_TYPES}
"""The last pipe of a core."""

ALL_VECTOR, ALL_CUBE, VECTOR_TO_CUBE, CUBE_TO_VECTOR = 12, 13, 14, 15
"""The flags of barriers; kernels have those before."""


def emit_cross_flag(at: HivmEmission, op: CrossSetOp | CrossWaitOp) -> None:
    """An end of a flag between the cores of a block, with the pipe of the other end.

    Raises:
        PassError: its id is one of barriers, or the cores of the other kind hold it on two pipes.
    """
    flag, core = op.flag.value.data, at.part.core
    if flag >= ALL_VECTOR:
        raise at.fail(op, f"flags {ALL_VECTOR} and on are those of barriers")
    own = MOVES[core, op.move.data]
    other = CrossWaitOp if isinstance(op, CrossSetOp) else CrossSetOp
    pipes = {
        MOVES[part.core, end.move.data]
        for part in at.kernel.parts
        if part.core != core
        for end in part.block.walk()
        if isinstance(end, other) and end.flag == op.flag
    }
    if len(pipes) != 1:
        raise at.fail(op, f"flag {flag} has {len(pipes)} pipes on the other side")
    (far,) = pipes
    if isinstance(op, CrossSetOp):
        at.emit(HivmSyncBlockSetOp(CORE_TYPES[core], own, far, flag))
    else:
        at.emit(HivmSyncBlockWaitOp(CORE_TYPES[core], far, own, flag))


def emit_all_core_barrier(at: HivmEmission, core: Core, *, both: bool) -> None:
    """A barrier of all cores of a launch, on one kind of core.

    Each kind has one of its own. Where both kinds work, each block joins them: its cube core
    goes on after all vector cores, whose two tell it, and its vector cores after all cube cores.
    """
    vector = core == Core.VECTOR
    name = CORE_TYPES[core]
    at.emit(HivmSyncBlockOp(f"ALL_{name}", ALL_VECTOR if vector else ALL_CUBE))
    if not both:
        return
    sets, waits = (VECTOR_TO_CUBE, CUBE_TO_VECTOR) if vector else (CUBE_TO_VECTOR, VECTOR_TO_CUBE)
    far = STORES[Core.CUBE if vector else Core.VECTOR]
    at.emit(HivmSyncBlockSetOp(name, STORES[core], "PIPE_S", sets))
    at.emit(HivmSyncBlockWaitOp(name, far, "PIPE_S", waits))


def check_core(core: Core, name: str) -> None:
    """Raises ``PassError`` for a kind of core that HIVM does not have."""
    if core not in CORE_TYPES:
        raise PassError(f"@{name}: HIVM has no {core} cores")
