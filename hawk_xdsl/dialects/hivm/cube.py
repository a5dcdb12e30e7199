"""The matrix instruction of HIVM."""

from xdsl.dialects.builtin import IndexType, IntegerType, MemRefType, UnitAttr, i1, i64
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    var_operand_def,
)
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.hivm.data_movement import c0_of
from hawk_xdsl.dialects.hivm.operand import FRACTAL, agree, element_of, expect_space, shape_of


@irdl_op_definition
class HivmMmadL1Op(IRDLOperation):
    """``c = a · b`` where the condition is true, else ``c += a · b``; fractals in L1 and L0C.

    ``real_m``, ``real_k`` and ``real_n`` are the extents that count; what fractals hold beyond them
    is not read. ``per_channel_bias`` is a row in L1 that is added where the condition is true. The
    vendor's verifier asks for nothing of this op; ours does.
    """

    name = "hivm.hir.mmadL1"
    a = operand_def(MemRefType)
    b = operand_def(MemRefType)
    init_condition = operand_def(IntegerType)
    real_m = operand_def(IndexType)
    real_k = operand_def(IndexType)
    real_n = operand_def(IndexType)
    c = operand_def(MemRefType)
    sync_related_args = var_operand_def(i64)
    unit_flag_cond = var_operand_def()
    per_channel_bias = opt_operand_def(MemRefType)
    a_transpose = opt_prop_def(UnitAttr)
    b_transpose = opt_prop_def(UnitAttr)
    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    def __init__(
        self,
        a: SSAValue,
        b: SSAValue,
        c: SSAValue,
        init_condition: SSAValue,
        extents: tuple[SSAValue, SSAValue, SSAValue],
        *,
        per_channel_bias: SSAValue | None = None,
        a_transpose: bool = False,
        b_transpose: bool = False,
    ) -> None:
        properties: dict[str, Attribute | None] = {
            "a_transpose": UnitAttr() if a_transpose else None,
            "b_transpose": UnitAttr() if b_transpose else None,
        }
        operands = [a, b, init_condition, *extents, c, [], [], per_channel_bias]
        super().__init__(operands=operands, properties=properties)

    def verify_(self) -> None:
        """Spaces, dtypes, fractals of one size, and extents that fit each other."""
        expect_space(self, "a", self.a, "cbuf")
        expect_space(self, "b", self.b, "cbuf")
        expect_space(self, "c", self.c, "cc")
        if element_of(self.a) != element_of(self.b):
            raise VerifyException(f"{self.name}: {element_of(self.a)} times {element_of(self.b)}")
        if self.init_condition.type != i1:
            raise VerifyException(f"{self.name}: the condition is i1")
        width = c0_of(element_of(self.a))
        m, k = self._blocks("a", self.a, width, self.a_transpose is not None)
        inner, n = self._blocks("b", self.b, width, self.b_transpose is not None)
        acc_m, acc_n = self._blocks("c", self.c, FRACTAL, False)
        for letter, first, second in (("m", m, acc_m), ("k", k, inner), ("n", n, acc_n)):
            # An extent in units of 16 rows is padded otherwise than one in rows of 32 bytes.
            unit = max(width, FRACTAL)
            if min(first, second) >= 0 and -(-first // unit) != -(-second // unit):
                raise VerifyException(f"{self.name}: {letter} is {first} and {second} in fractals")

    def _blocks(self, what: str, value: SSAValue, width: int, turned: bool) -> tuple[int, int]:
        """Rows and columns of the matrix whose fractals these are, both padded; -1: dynamic."""
        shape = shape_of(value)
        if len(shape) != 4 or not all(map(agree, shape[2:], (FRACTAL, width))):
            raise VerifyException(
                f"{self.name}: {what} is {list(shape)}, not fractals [.., .., {FRACTAL}, {width}]"
            )
        rows = shape[1] * FRACTAL if shape[1] >= 0 else -1
        columns = shape[0] * width if shape[0] >= 0 else -1
        return (columns, rows) if turned else (rows, columns)
