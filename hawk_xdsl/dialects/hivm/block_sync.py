"""Order between the cores of a launch, as HIVM has it: barriers of a kind, flags of two kinds."""

from xdsl.dialects.builtin import IntegerAttr, IntegerType, i16, i64
from xdsl.ir import SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
)
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.hivm.attributes import (
    HivmPipeAttr,
    HivmSyncBlockInstrModeAttr,
    HivmSyncBlockModeAttr,
    HivmTCoreTypeAttr,
)

BLOCK_FLAGS = 16
"""Ids of flags between cores; each core has a counter for each."""

ACROSS_BLOCKS = "INTER_BLOCK_SYNCHRONIZATION"
"""A flag that counts up on all cores of a kind once all of them have set it."""


@irdl_op_definition
class HivmSetFftsBaseAddrOp(IRDLOperation):
    """Where the flags between cores lie, which the runtime gives as the first argument."""

    name = "hivm.hir.set_ffts_base_addr"
    ffts_base_addr = operand_def(i64)

    def __init__(self, address: SSAValue) -> None:
        super().__init__(operands=[address])


@irdl_op_definition
class HivmSyncBlockOp(IRDLOperation):
    """A barrier of all cores of a kind: after the instructions of a pipe, before all later ones.

    The vendor's compiler makes a flag across blocks and a wait of it. With a pipe other than all
    the wait holds that pipe alone, so that loads do not wait: ours asks for all. Its mode for both
    kinds of cores becomes two barriers that know nothing of each other: ours has none.
    """

    name = "hivm.hir.sync_block"
    ffts_base_addr = opt_operand_def(i64)
    sync_block_mode = prop_def(HivmSyncBlockModeAttr)
    flag_id = opt_prop_def(IntegerAttr.constr(IntegerType))
    tcube_pipe = opt_prop_def(HivmPipeAttr)
    tvector_pipe = opt_prop_def(HivmPipeAttr)

    def __init__(self, mode: str, flag: int) -> None:
        pipe = HivmPipeAttr("PIPE_ALL")
        super().__init__(
            operands=[None],
            properties={
                "sync_block_mode": HivmSyncBlockModeAttr(mode),
                "flag_id": IntegerAttr(flag, i16),
                "tcube_pipe": pipe if mode == "ALL_CUBE" else None,
                "tvector_pipe": pipe if mode == "ALL_VECTOR" else None,
            },
        )

    def verify_(self) -> None:
        """One kind of cores, and all pipes of it."""
        mode = self.sync_block_mode.data
        pipes = {"ALL_CUBE": self.tcube_pipe, "ALL_VECTOR": self.tvector_pipe}
        if mode not in pipes:
            raise VerifyException(f"{self.name}: {mode} is no barrier of one kind of cores")
        pipe = pipes[mode]
        if pipe is None or pipe.data != "PIPE_ALL":
            raise VerifyException(f"{self.name}: only PIPE_ALL holds what comes after it")


def _verify_flag(op: "HivmSyncBlockSetOp | HivmSyncBlockWaitOp") -> None:
    """A constant id in range, or a value."""
    flag = op.static_flag_id
    if (flag is None) == (op.dynamic_flag_id is None):
        raise VerifyException(f"{op.name}: a constant flag or a value, and not both")
    if flag is not None and not 0 <= flag.value.data < BLOCK_FLAGS:
        raise VerifyException(f"{op.name}: flag {flag.value.data} is not in 0..{BLOCK_FLAGS - 1}")


@irdl_op_definition
class HivmSyncBlockSetOp(IRDLOperation):
    """Counts a flag up once earlier instructions of ``tpipe`` have finished.

    Within a block it counts on the cores of the other kind, after all of ``tcore_type`` in that
    block have set it; across blocks on all cores of ``tcore_type``, after all of them have.
    ``pipe`` is what waits on the other side.
    """

    name = "hivm.hir.sync_block_set"
    tcore_type = prop_def(HivmTCoreTypeAttr)
    tpipe = prop_def(HivmPipeAttr)
    pipe = prop_def(HivmPipeAttr)
    static_flag_id = opt_prop_def(IntegerAttr.constr(IntegerType))
    dynamic_flag_id = opt_operand_def(i64)
    ffts_base_addr = opt_operand_def(i64)
    tsync_instr_mode = opt_prop_def(HivmSyncBlockInstrModeAttr)
    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    def __init__(self, core: str, set_pipe: str, wait_pipe: str, flag: int) -> None:
        super().__init__(
            operands=[None, None], properties=_flag_properties(core, set_pipe, wait_pipe, flag)
        )

    def verify_(self) -> None:
        """A flag that there is."""
        _verify_flag(self)

    @property
    def across_blocks(self) -> bool:
        """Whether it counts for all cores of a kind."""
        mode = self.tsync_instr_mode
        return mode is not None and mode.data == ACROSS_BLOCKS


@irdl_op_definition
class HivmSyncBlockWaitOp(IRDLOperation):
    """Holds ``pipe`` of a core of ``tcore_type`` until a flag was counted up, and takes one.

    ``tpipe`` is what set it on the other side.
    """

    name = "hivm.hir.sync_block_wait"
    tcore_type = prop_def(HivmTCoreTypeAttr)
    tpipe = prop_def(HivmPipeAttr)
    pipe = prop_def(HivmPipeAttr)
    static_flag_id = opt_prop_def(IntegerAttr.constr(IntegerType))
    dynamic_flag_id = opt_operand_def(i64)

    def __init__(self, core: str, set_pipe: str, wait_pipe: str, flag: int) -> None:
        super().__init__(
            operands=[None], properties=_flag_properties(core, set_pipe, wait_pipe, flag)
        )

    def verify_(self) -> None:
        """A flag that there is."""
        _verify_flag(self)


def _flag_properties(core: str, set_pipe: str, wait_pipe: str, flag: int):
    return {
        "tcore_type": HivmTCoreTypeAttr(core),
        "tpipe": HivmPipeAttr(set_pipe),
        "pipe": HivmPipeAttr(wait_pipe),
        "static_flag_id": IntegerAttr(flag, i64),
    }


BLOCK_SYNC_OPS: tuple[type[IRDLOperation], ...] = (
    HivmSetFftsBaseAddrOp,
    HivmSyncBlockOp,
    HivmSyncBlockSetOp,
    HivmSyncBlockWaitOp,
)
"""Everything that orders cores."""
