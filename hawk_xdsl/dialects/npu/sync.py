"""Order between and within the pipes of a core, and between the cores of a mixed kernel."""

from xdsl.dialects.builtin import IntegerAttr, i64
from xdsl.ir import Operation
from xdsl.irdl import IRDLOperation, irdl_op_definition, lazy_traits_def, prop_def
from xdsl.traits import OpTrait
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.npu.attributes import Move, MoveAttr, Pipe, PipeAttr

MAX_EVENTS = 8
"""Event ids of an ordered pair of pipes on the largest targets; a target may have fewer."""


class _FlagOp(IRDLOperation):
    """One end of a flag that orders ``source`` before ``target``."""

    source = prop_def(PipeAttr)
    target = prop_def(PipeAttr)
    event = prop_def(IntegerAttr.constr(i64))

    assembly_format = "$source `to` $target `event` $event attr-dict"

    def __init__(self, source: Pipe, target: Pipe, event: int) -> None:
        super().__init__(
            properties={
                "source": PipeAttr(source),
                "target": PipeAttr(target),
                "event": IntegerAttr(event, i64),
            }
        )

    def verify_(self) -> None:
        """Two different pipes, none of them ``all``; an event id in range."""
        source, target, event = self.source.data, self.target.data, self.event.value.data
        if Pipe.ALL in (source, target):
            raise VerifyException(f"{self.name}: a flag joins two pipes, not all")
        if source == target:
            raise VerifyException(f"{self.name}: within {source} use npu.barrier <{source}>")
        if not 0 <= event < MAX_EVENTS:
            raise VerifyException(f"{self.name}: event {event} is not in 0..{MAX_EVENTS - 1}")


@irdl_op_definition
class SetFlagOp(_FlagOp):
    """Raises a flag once all earlier instructions of ``source`` have finished."""

    name = "npu.set_flag"


@irdl_op_definition
class WaitFlagOp(_FlagOp):
    """Holds ``target`` until the flag is raised, and lowers it."""

    name = "npu.wait_flag"


@irdl_op_definition
class BarrierOp(IRDLOperation):
    """Later instructions of the pipe start after earlier ones have finished; or of all pipes."""

    name = "npu.barrier"

    pipe = prop_def(PipeAttr)
    assembly_format = "$pipe attr-dict"

    def __init__(self, pipe: Pipe) -> None:
        super().__init__(properties={"pipe": PipeAttr(pipe)})

    def verify_(self) -> None:
        """A barrier on the scalar pipe alone faults on the hardware."""
        if self.pipe.data == Pipe.SCALAR:
            raise VerifyException("npu.barrier: the scalar pipe has no barrier")


MAX_CROSS_FLAGS = 16
"""Ids of flags between cores on the largest targets; a target may have fewer."""


class _CrossFlagOp(IRDLOperation):
    """One end of a flag between the cores that work on one block of a mixed kernel."""

    move = prop_def(MoveAttr)
    flag = prop_def(IntegerAttr.constr(i64))

    assembly_format = "$move `flag` $flag attr-dict"
    traits = lazy_traits_def(lambda: (_InMixedKernel(),))

    def __init__(self, move: Move, flag: int) -> None:
        super().__init__(properties={"move": MoveAttr(move), "flag": IntegerAttr(flag, i64)})

    def verify_(self) -> None:
        """An id in range."""
        if not 0 <= self.flag.value.data < MAX_CROSS_FLAGS:
            raise VerifyException(
                f"{self.name}: flag {self.flag.value.data} is not in 0..{MAX_CROSS_FLAGS - 1}"
            )


class _InMixedKernel(OpTrait):
    def verify(self, op: Operation) -> None:
        around = op.parent_op()
        while around is not None and around.name not in ("npu.part", "npu.kernel"):
            around = around.parent_op()
        if around is not None and around.name == "npu.kernel":
            raise VerifyException(f"{op.name}: only the parts of a mixed kernel have other cores")


@irdl_op_definition
class CrossSetOp(_CrossFlagOp):
    """Counts a flag up on the cores of the other kind, after all earlier moves are finished.

    These are the loads or the stores of this core. Where several cores of one kind work on a block,
    the other kind sees the flag when all of them have set it.
    """

    name = "npu.cross_set"


@irdl_op_definition
class CrossWaitOp(_CrossFlagOp):
    """Holds later loads, or stores, until the other cores count the flag up, and takes one."""

    name = "npu.cross_wait"
