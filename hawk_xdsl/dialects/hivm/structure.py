"""What holds a HIVM kernel together: buffers at addresses, the block's number, marks."""

from collections.abc import Sequence

from xdsl.dialects.builtin import IndexType, MemRefType, i64
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.constants import constant_of
from hawk_xdsl.dialects.hivm.operand import C0_BYTES


@irdl_op_definition
class HivmPointerCastOp(IRDLOperation):
    """A buffer at an address, in bytes from the start of its space; several take turns.

    ``dynamic_sizes`` are the extents that the type leaves open.
    """

    name = "hivm.hir.pointer_cast"
    addrs = var_operand_def(i64)
    dynamic_sizes = var_operand_def(IndexType)
    result = result_def(MemRefType)
    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    def __init__(self, addrs: Sequence[SSAValue], result: Attribute) -> None:
        super().__init__(operands=[addrs, []], result_types=[result])

    def verify_(self) -> None:
        """At least one address; constant ones are not negative and on a block of 32 bytes."""
        if not self.addrs:
            raise VerifyException(f"{self.name}: no address")
        for address in self.addresses:
            if address is not None and (address < 0 or address % C0_BYTES):
                raise VerifyException(
                    f"{self.name}: address {address} is not a multiple of {C0_BYTES} bytes"
                )

    @property
    def addresses(self) -> tuple[int | None, ...]:
        """The addresses in bytes; ``None`` for one that is no constant."""
        return tuple(map(constant_of, self.addrs))


class _NumberOp(IRDLOperation):
    result = result_def(i64)
    traits = traits_def(Pure())

    def __init__(self) -> None:
        super().__init__(result_types=[i64])


@irdl_op_definition
class HivmGetBlockIdxOp(_NumberOp):
    """The number of the block this kernel runs as, from 0."""

    name = "hivm.hir.get_block_idx"


@irdl_op_definition
class HivmGetBlockNumOp(_NumberOp):
    """How many blocks the kernel was launched with."""

    name = "hivm.hir.get_block_num"


@irdl_op_definition
class HivmGetSubBlockIdxOp(_NumberOp):
    """Which of the vector cores that belong to a cube core."""

    name = "hivm.hir.get_sub_block_idx"


@irdl_op_definition
class AnnotationMarkOp(IRDLOperation):
    """Says something of a buffer, as attributes: ``hivm.multi_buffer = 2``."""

    name = "annotation.mark"
    src = operand_def()


STRUCTURE_OPS: tuple[type[IRDLOperation], ...] = (
    HivmPointerCastOp,
    HivmGetBlockIdxOp,
    HivmGetBlockNumOp,
    HivmGetSubBlockIdxOp,
)
"""Ops that are no instructions."""
