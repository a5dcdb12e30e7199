"""The matrix instruction of the cube core."""

from typing import ClassVar

from xdsl.dialects.builtin import DYNAMIC_INDEX, IntegerType, MemRefType, UnitAttr, i1
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, opt_operand_def, opt_prop_def
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.npu.attributes import Unit
from hawk_xdsl.dialects.npu.memory_space import Role
from hawk_xdsl.dialects.npu.tile_op import TileOp, expect_role


@irdl_op_definition
class MmadOp(TileOp):
    """``acc = lhs · rhs`` where ``init`` is true, else ``acc += lhs · rhs``.

    ``lhs`` is [m, k] (``transpose_lhs``: [k, m]), ``rhs`` [k, n] (``transpose_rhs``: [n, k]),
    both in l1; ``acc`` [m, n] in l0c. Staging through l0a and l0b is part of the instruction.
    ``bias``, a row [1, n] in l1, is what every row starts with instead of 0 where ``init`` is true.
    """

    name = "npu.mmad"
    UNIT: ClassVar[Unit] = Unit.MATRIX

    lhs = operand_def(MemRefType)
    rhs = operand_def(MemRefType)
    init = operand_def(IntegerType)
    acc = operand_def(MemRefType)
    bias = opt_operand_def(MemRefType)
    transpose_lhs = opt_prop_def(UnitAttr)
    transpose_rhs = opt_prop_def(UnitAttr)

    assembly_format = (
        "`ins` `(` (`transposed` $transpose_lhs^)? $lhs `,` (`transposed` $transpose_rhs^)? $rhs "
        "`:` type($lhs) `,` type($rhs) `)` `outs` `(` $acc `:` type($acc) `)` `init` $init `:` "
        "type($init) (`bias` $bias^ `:` type($bias))? attr-dict"
    )

    def __init__(
        self,
        lhs: SSAValue | Operation,
        rhs: SSAValue | Operation,
        acc: SSAValue | Operation,
        init: SSAValue | Operation,
        bias: SSAValue | Operation | None = None,
        *,
        transpose_lhs: bool = False,
        transpose_rhs: bool = False,
    ) -> None:
        properties: dict[str, Attribute | None] = {
            "transpose_lhs": UnitAttr() if transpose_lhs else None,
            "transpose_rhs": UnitAttr() if transpose_rhs else None,
        }
        super().__init__(operands=[lhs, rhs, init, acc, bias], properties=properties)

    def read_buffers(self) -> tuple[SSAValue, ...]:
        """Factors and bias; the accumulator too, unless it is initialised (known when it runs)."""
        return (self.lhs, self.rhs, *(() if self.bias is None else (self.bias,)))

    def written_buffers(self) -> tuple[SSAValue, ...]:
        """The accumulator."""
        return (self.acc,)

    def extents(self) -> tuple[int, int, int]:
        """m, k and n; ``DYNAMIC_INDEX`` where they are not static."""
        m, k = self._matrix(self.lhs, self.transpose_lhs is not None)
        _, n = self._matrix(self.rhs, self.transpose_rhs is not None)
        return m, k, n

    @staticmethod
    def _matrix(value: SSAValue, transposed: bool) -> tuple[int, int]:
        assert isinstance(value.type, MemRefType)
        shape = value.type.get_shape()
        if len(shape) != 2:
            raise VerifyException(f"npu.mmad: operands have two dimensions, got {list(shape)}")
        return (shape[1], shape[0]) if transposed else (shape[0], shape[1])

    def verify_(self) -> None:
        """Scopes, m × k · k × n → m × n, a bias of 1 × n, one input dtype, an i1 condition."""
        expect_role(self, "lhs", self.lhs, Role.MATRIX)
        expect_role(self, "rhs", self.rhs, Role.MATRIX)
        expect_role(self, "acc", self.acc, Role.ACCUMULATOR)
        m, k = self._matrix(self.lhs, self.transpose_lhs is not None)
        rhs_k, n = self._matrix(self.rhs, self.transpose_rhs is not None)
        acc_m, acc_n = self._matrix(self.acc, False)
        for role, first, second in (("m", m, acc_m), ("k", k, rhs_k), ("n", n, acc_n)):
            if first != second and DYNAMIC_INDEX not in (first, second):
                raise VerifyException(f"npu.mmad: {role} is {first} and {second}")
        if self.bias is not None:
            expect_role(self, "bias", self.bias, Role.MATRIX)
            rows, columns = self._matrix(self.bias, False)
            if rows != 1 or (columns != n and DYNAMIC_INDEX not in (columns, n)):
                raise VerifyException(f"npu.mmad: a bias of {rows} × {columns} for 1 × {n}")
        lhs, rhs = self.lhs.type, self.rhs.type
        assert isinstance(lhs, MemRefType) and isinstance(rhs, MemRefType)
        if lhs.element_type != rhs.element_type:
            raise VerifyException(
                f"npu.mmad: multiplies {lhs.element_type} with {rhs.element_type}"
            )
        if self.init.type != i1:
            raise VerifyException("npu.mmad: init must be an i1")
