"""The vector instructions that work element by element, most of them rows of a table."""

from collections.abc import Sequence
from typing import ClassVar, TypeVar, cast

from xdsl.dialects.builtin import (
    AnyFloat,
    IntegerAttr,
    IntegerType,
    MemRefType,
    i8,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
)
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.npu.attributes import (
    Comparison,
    ComparisonAttr,
    Rounding,
    RoundingAttr,
    Unit,
)
from hawk_xdsl.dialects.npu.instructions import ROWS, InstructionRow, OpForm, rows_of
from hawk_xdsl.dialects.npu.memory_space import Role
from hawk_xdsl.dialects.npu.tile_op import (
    TileOp,
    broadcasts_to,
    expect_role,
    same_extents,
)

TILE_OR_SCALAR = MemRefType | AnyFloat | IntegerType


def tile_shape(value: SSAValue) -> tuple[int, ...]:
    """The shape of a tile; a dynamic extent is ``DYNAMIC_INDEX``."""
    assert isinstance(value.type, MemRefType)
    return value.type.get_shape()


def element_of(value: SSAValue) -> Attribute:
    """The dtype of a tile's elements, or of a scalar."""
    return value.type.element_type if isinstance(value.type, MemRefType) else value.type


class VectorOp(TileOp):
    """An instruction of the vector unit: tiles in ub in, one tile in ub out (the last operand)."""

    UNIT: ClassVar[Unit] = Unit.VECTOR

    ROW: ClassVar[InstructionRow]
    """What the table says of the instruction."""

    temporary = opt_prop_def(IntegerAttr.constr(i64))
    """Address of what it needs for itself while it runs; set by the planner, if it needs any."""

    @property
    def destination(self) -> SSAValue:
        """The tile that is written."""
        return self.operands[-1]

    @property
    def inputs(self) -> tuple[SSAValue, ...]:
        """The operands before the destination, tiles and scalars."""
        return tuple(self.operands)[:-1]

    def read_buffers(self) -> tuple[SSAValue, ...]:
        """The tiles among the inputs."""
        return tuple(value for value in self.inputs if isinstance(value.type, MemRefType))

    def written_buffers(self) -> tuple[SSAValue, ...]:
        """The destination."""
        return (self.destination,)

    def verify_(self) -> None:
        """All tiles are in ub; then what the instruction itself asks for."""
        for value in self.operands:
            if isinstance(value.type, MemRefType):
                expect_role(self, "operand", value, Role.VECTOR)
        self.verify_tiles()

    def verify_tiles(self) -> None:
        """Shapes and dtypes of this instruction."""

    def expect_dtype(self, *values: SSAValue) -> None:
        """Raise unless the values have the destination's dtype."""
        wanted = element_of(self.destination)
        for value in values:
            if element_of(value) != wanted:
                raise VerifyException(
                    f"{self.name}: operand of {element_of(value)}, destination of {wanted}"
                )

    def expect_element(self, value: SSAValue, *allowed: Attribute) -> None:
        """Raise unless a tile has one of the dtypes."""
        if element_of(value) not in allowed:
            names = " or ".join(str(dtype) for dtype in allowed)
            raise VerifyException(f"{self.name}: expected {names}, got {element_of(value)}")

    def expect_broadcast(self, *values: SSAValue) -> None:
        """Raise unless each tile broadcasts to the destination's shape."""
        wanted = tile_shape(self.destination)
        for value in values:
            if not isinstance(value.type, MemRefType):
                continue
            shape = tile_shape(value)
            if not broadcasts_to(shape, wanted):
                raise VerifyException(
                    f"{self.name}: shape {list(shape)} does not broadcast to {list(wanted)}"
                )

    def expect_shape(self, value: SSAValue, wanted: Sequence[int]) -> None:
        """Raise unless a tile has exactly a shape."""
        if not same_extents(tile_shape(value), wanted):
            raise VerifyException(
                f"{self.name}: shape {list(tile_shape(value))} where {list(wanted)} is needed"
            )

    def expect_axis(self, axis: int, rank: int) -> None:
        """Raise unless an axis counts from 0 and is below the rank."""
        if not 0 <= axis < rank:
            raise VerifyException(f"{self.name}: axis {axis} of a tile of rank {rank}")


class UnaryOp(VectorOp):
    """``out = f(input)`` element by element."""

    input = operand_def(MemRefType)
    out = operand_def(MemRefType)
    assembly_format = (
        "`ins` `(` $input `:` type($input) `)` `outs` `(` $out `:` type($out) `)` "
        "(`temporary` $temporary^)? attr-dict"
    )

    def __init__(self, input: SSAValue | Operation, out: SSAValue | Operation) -> None:
        super().__init__(operands=[input, out])

    def verify_tiles(self) -> None:
        """One dtype, one shape."""
        self.expect_dtype(self.input)
        self.expect_shape(self.input, tile_shape(self.out))


class BinaryOp(VectorOp):
    """``out = f(lhs, rhs)``; tiles broadcast as in numpy, ``rhs`` may be a scalar."""

    lhs = operand_def(MemRefType)
    rhs = operand_def(TILE_OR_SCALAR)
    out = operand_def(MemRefType)
    assembly_format = (
        "`ins` `(` $lhs `,` $rhs `:` type($lhs) `,` type($rhs) `)` "
        "`outs` `(` $out `:` type($out) `)` (`temporary` $temporary^)? attr-dict"
    )

    def __init__(
        self, lhs: SSAValue | Operation, rhs: SSAValue | Operation, out: SSAValue | Operation
    ) -> None:
        super().__init__(operands=[lhs, rhs, out])

    def verify_tiles(self) -> None:
        """One dtype, shapes that broadcast to the destination's."""
        self.expect_dtype(self.lhs, self.rhs)
        self.expect_broadcast(self.lhs, self.rhs)


_Base = TypeVar("_Base", bound=VectorOp)


def _declare(base: type[_Base], form: OpForm) -> dict[str, type[_Base]]:
    """One op a row of a form, by mnemonic."""
    ops: dict[str, type[_Base]] = {}
    for row in rows_of(form):
        body = {
            "name": row.op_name,
            "ROW": row,
            "IN_PLACE": row.in_place,
            "__annotations__": {"ROW": ClassVar[InstructionRow], "IN_PLACE": ClassVar[bool]},
            "__doc__": row.meaning,
            "__module__": __name__,
        }
        op = cast(type[_Base], type(f"{row.mnemonic.capitalize()}Op", (base,), body))
        ops[row.mnemonic] = irdl_op_definition(op)
    return ops


UNARY_OPS = _declare(UnaryOp, OpForm.UNARY)
"""The unary instructions by mnemonic."""

BINARY_OPS = _declare(BinaryOp, OpForm.BINARY)
"""The binary instructions by mnemonic."""


@irdl_op_definition
class VcmpOp(VectorOp):
    """``out = lhs ⟨predicate⟩ rhs`` as i8, 1 where it holds and 0 elsewhere."""

    name = "npu.vcmp"
    ROW: ClassVar[InstructionRow] = ROWS["vcmp"]
    predicate = prop_def(ComparisonAttr)
    lhs = operand_def(MemRefType)
    rhs = operand_def(TILE_OR_SCALAR)
    out = operand_def(MemRefType)
    assembly_format = (
        "$predicate `ins` `(` $lhs `,` $rhs `:` type($lhs) `,` type($rhs) `)` "
        "`outs` `(` $out `:` type($out) `)` (`temporary` $temporary^)? attr-dict"
    )

    def __init__(
        self,
        predicate: Comparison,
        lhs: SSAValue | Operation,
        rhs: SSAValue | Operation,
        out: SSAValue | Operation,
    ) -> None:
        super().__init__(
            operands=[lhs, rhs, out], properties={"predicate": ComparisonAttr(predicate)}
        )

    def verify_tiles(self) -> None:
        """Operands of one dtype, an i8 destination."""
        if element_of(self.lhs) != element_of(self.rhs):
            raise VerifyException(
                f"npu.vcmp: compares {element_of(self.lhs)} with {element_of(self.rhs)}"
            )
        self.expect_element(self.out, i8)
        self.expect_broadcast(self.lhs, self.rhs)


@irdl_op_definition
class VselOp(VectorOp):
    """``out = on_true where condition else on_false``; the condition is an i8 tile of 0 and 1."""

    name = "npu.vsel"
    ROW: ClassVar[InstructionRow] = ROWS["vsel"]
    condition = operand_def(MemRefType)
    on_true = operand_def(TILE_OR_SCALAR)
    on_false = operand_def(TILE_OR_SCALAR)
    out = operand_def(MemRefType)
    assembly_format = (
        "`ins` `(` $condition `,` $on_true `,` $on_false `:` type($condition) `,` type($on_true) "
        "`,` type($on_false) `)` `outs` `(` $out `:` type($out) `)` "
        "(`temporary` $temporary^)? attr-dict"
    )

    def __init__(
        self,
        condition: SSAValue | Operation,
        on_true: SSAValue | Operation,
        on_false: SSAValue | Operation,
        out: SSAValue | Operation,
    ) -> None:
        super().__init__(operands=[condition, on_true, on_false, out])

    def verify_tiles(self) -> None:
        """An i8 condition, values of the destination's dtype."""
        self.expect_element(self.condition, i8)
        self.expect_dtype(self.on_true, self.on_false)
        self.expect_broadcast(self.condition, self.on_true, self.on_false)


@irdl_op_definition
class VcastOp(VectorOp):
    """Converts each element to the destination's dtype; to i8 from a float: not as a boolean."""

    name = "npu.vcast"
    ROW: ClassVar[InstructionRow] = ROWS["vcast"]
    rounding = prop_def(RoundingAttr)
    input = operand_def(MemRefType)
    out = operand_def(MemRefType)
    assembly_format = (
        "$rounding `ins` `(` $input `:` type($input) `)` `outs` `(` $out `:` type($out) `)` "
        "(`temporary` $temporary^)? attr-dict"
    )

    def __init__(
        self,
        input: SSAValue | Operation,
        out: SSAValue | Operation,
        rounding: Rounding = Rounding.RINT,
    ) -> None:
        super().__init__(operands=[input, out], properties={"rounding": RoundingAttr(rounding)})

    def verify_tiles(self) -> None:
        """One shape, two dtypes."""
        self.expect_shape(self.input, tile_shape(self.out))
        if element_of(self.input) == element_of(self.out):
            raise VerifyException(f"npu.vcast: from {element_of(self.out)} to itself; use npu.copy")
