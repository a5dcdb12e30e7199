"""Order between and within the pipes of a core, as HIVM has it."""

from xdsl.dialects.builtin import i64
from xdsl.ir import SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    opt_operand_def,
    opt_prop_def,
    prop_def,
)
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.hivm.attributes import HivmEventAttr, HivmPipeAttr


class _HivmFlagOp(IRDLOperation):
    """One end of a flag; its event is a constant or a value."""

    dynamic_event_id = opt_operand_def(i64)
    set_pipe = prop_def(HivmPipeAttr)
    wait_pipe = prop_def(HivmPipeAttr)
    static_event_id = opt_prop_def(HivmEventAttr)

    def __init__(self, set_pipe: str, wait_pipe: str, event: int | SSAValue) -> None:
        static = isinstance(event, int)
        super().__init__(
            operands=[None if static else event],
            properties={
                "set_pipe": HivmPipeAttr(set_pipe),
                "wait_pipe": HivmPipeAttr(wait_pipe),
                "static_event_id": HivmEventAttr(f"EVENT_ID{event}") if static else None,
            },
        )

    def verify_(self) -> None:
        """Two pipes, none of them all; one event, in range."""
        if self.set_pipe == self.wait_pipe:
            raise VerifyException(f"{self.name}: within one pipe use hivm.hir.pipe_barrier")
        if "PIPE_ALL" in (self.set_pipe.data, self.wait_pipe.data):
            raise VerifyException(f"{self.name}: a flag joins two pipes, not all")
        if (self.static_event_id is None) == (self.dynamic_event_id is None):
            raise VerifyException(f"{self.name}: a constant event or a value, and not both")
        if (
            self.static_event_id is not None
            and self.static_event_id.data not in HivmEventAttr.WORDS
        ):
            raise VerifyException(f"{self.name}: {self.static_event_id.data} is not an event")


@irdl_op_definition
class HivmSetFlagOp(_HivmFlagOp):
    """Raises a flag once earlier instructions of ``set_pipe`` have finished."""

    name = "hivm.hir.set_flag"


@irdl_op_definition
class HivmWaitFlagOp(_HivmFlagOp):
    """Holds ``wait_pipe`` until the flag is raised, and lowers it."""

    name = "hivm.hir.wait_flag"


@irdl_op_definition
class HivmPipeBarrierOp(IRDLOperation):
    """Later instructions of the pipe start after earlier ones have finished."""

    name = "hivm.hir.pipe_barrier"
    pipe = prop_def(HivmPipeAttr)

    def __init__(self, pipe: str) -> None:
        super().__init__(properties={"pipe": HivmPipeAttr(pipe)})


@irdl_op_definition
class HivmSetMaskNormOp(IRDLOperation):
    """Puts the vector unit's masks into their normal mode; without it they are in no known one."""

    name = "hivm.hir.set_mask_norm"


SYNC_OPS: tuple[type[IRDLOperation], ...] = (
    HivmSetFlagOp,
    HivmWaitFlagOp,
    HivmPipeBarrierOp,
    HivmSetMaskNormOp,
)
"""Everything that orders instructions."""
