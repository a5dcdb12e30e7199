"""The vector instructions: forty of them from a table and a few shapes of operands."""

from collections.abc import Sequence
from typing import ClassVar, TypeVar, cast

from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    AnyFloat,
    DenseArrayBase,
    IntegerAttr,
    IntegerType,
    MemRefType,
    i8,
    i32,
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
    Accumulation,
    AccumulationAttr,
    Comparison,
    ComparisonAttr,
    Pipe,
    Reduction,
    ReductionAttr,
    Rounding,
    RoundingAttr,
    Scope,
)
from hawk_xdsl.dialects.npu.tile_op import (
    UB_BLOCK_BYTES,
    TileOp,
    broadcasts_to,
    element_bytes,
    expect_scope,
    same_extents,
)

REPEAT_BYTES = 256
"""Bytes the vector unit processes in one repeat (AscendC)."""

TILE_OR_SCALAR = MemRefType | AnyFloat | IntegerType


def _shape(value: SSAValue) -> tuple[int, ...]:
    assert isinstance(value.type, MemRefType)
    return value.type.get_shape()


def _element(value: SSAValue) -> Attribute:
    return value.type.element_type if isinstance(value.type, MemRefType) else value.type


class VectorOp(TileOp):
    """An instruction of the vector unit: tiles in ub in, one tile in ub out (the last operand)."""

    PIPE: ClassVar[Pipe] = Pipe.VECTOR

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
                expect_scope(self, "operand", value, Scope.UB)
        self.verify_tiles()

    def verify_tiles(self) -> None:
        """Shapes and dtypes of this instruction."""

    def expect_dtype(self, *values: SSAValue) -> None:
        """Raise unless the values have the destination's dtype."""
        wanted = _element(self.destination)
        for value in values:
            if _element(value) != wanted:
                raise VerifyException(
                    f"{self.name}: operand of {_element(value)}, destination of {wanted}"
                )

    def expect_element(self, value: SSAValue, *allowed: Attribute) -> None:
        """Raise unless a tile has one of the dtypes."""
        if _element(value) not in allowed:
            names = " or ".join(str(dtype) for dtype in allowed)
            raise VerifyException(f"{self.name}: expected {names}, got {_element(value)}")

    def expect_broadcast(self, *values: SSAValue) -> None:
        """Raise unless each tile broadcasts to the destination's shape."""
        wanted = _shape(self.destination)
        for value in values:
            if isinstance(value.type, MemRefType) and not broadcasts_to(_shape(value), wanted):
                raise VerifyException(
                    f"{self.name}: shape {list(_shape(value))} does not broadcast to {list(wanted)}"
                )

    def expect_shape(self, value: SSAValue, wanted: Sequence[int]) -> None:
        """Raise unless a tile has exactly a shape."""
        if not same_extents(_shape(value), wanted):
            raise VerifyException(
                f"{self.name}: shape {list(_shape(value))} where {list(wanted)} is needed"
            )

    def expect_axis(self, axis: int, rank: int) -> None:
        """Raise unless an axis counts from 0 and is below the rank."""
        if not 0 <= axis < rank:
            raise VerifyException(f"{self.name}: axis {axis} of a tile of rank {rank}")


class UnaryOp(VectorOp):
    """``out = f(input)`` element by element."""

    IN_PLACE: ClassVar[bool] = True
    input = operand_def(MemRefType)
    out = operand_def(MemRefType)
    assembly_format = (
        "`ins` `(` $input `:` type($input) `)` `outs` `(` $out `:` type($out) `)` attr-dict"
    )

    def __init__(self, input: SSAValue | Operation, out: SSAValue | Operation) -> None:
        super().__init__(operands=[input, out])

    def verify_tiles(self) -> None:
        """One dtype, one shape."""
        self.expect_dtype(self.input)
        self.expect_shape(self.input, _shape(self.out))


class BinaryOp(VectorOp):
    """``out = f(lhs, rhs)``; tiles broadcast as in numpy, ``rhs`` may be a scalar."""

    IN_PLACE: ClassVar[bool] = True
    lhs = operand_def(MemRefType)
    rhs = operand_def(TILE_OR_SCALAR)
    out = operand_def(MemRefType)
    assembly_format = (
        "`ins` `(` $lhs `,` $rhs `:` type($lhs) `,` type($rhs) `)` "
        "`outs` `(` $out `:` type($out) `)` attr-dict"
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


def _declare(base: type[_Base], rows: dict[str, str]) -> dict[str, type[_Base]]:
    """One op a row: mnemonic → what it computes."""
    ops: dict[str, type[_Base]] = {}
    for mnemonic, meaning in rows.items():
        body = {"name": f"npu.{mnemonic}", "__doc__": meaning, "__module__": __name__}
        op = cast(type[_Base], type(f"{mnemonic.capitalize()}Op", (base,), body))
        ops[mnemonic] = irdl_op_definition(op)
    return ops


UNARY_OPS = _declare(
    UnaryOp,
    {
        "vexp": "e to the power of the element.",
        "vln": "Natural logarithm.",
        "vabs": "Absolute value.",
        "vsqrt": "Square root.",
        "vrsqrt": "Reciprocal of the square root.",
        "vrec": "Reciprocal.",
        "vrelu": "The larger of the element and zero.",
        "vnot": "Bitwise complement; of i8, 0 and 1 are exchanged.",
        "vneg": "The negated element.",
    },
)
"""The unary instructions by mnemonic."""

BINARY_OPS = _declare(
    BinaryOp,
    {
        "vadd": "Sum.",
        "vsub": "Difference.",
        "vmul": "Product.",
        "vdiv": "Quotient.",
        "vmax": "The larger; NaN if either is.",
        "vmin": "The smaller; NaN if either is.",
        "vand": "Bitwise and.",
        "vor": "Bitwise or.",
    },
)
"""The binary instructions by mnemonic."""


@irdl_op_definition
class VcmpOp(VectorOp):
    """``out = lhs ⟨predicate⟩ rhs`` as i8, 1 where it holds and 0 elsewhere."""

    name = "npu.vcmp"
    predicate = prop_def(ComparisonAttr)
    lhs = operand_def(MemRefType)
    rhs = operand_def(TILE_OR_SCALAR)
    out = operand_def(MemRefType)
    assembly_format = (
        "$predicate `ins` `(` $lhs `,` $rhs `:` type($lhs) `,` type($rhs) `)` "
        "`outs` `(` $out `:` type($out) `)` attr-dict"
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
        if _element(self.lhs) != _element(self.rhs):
            raise VerifyException(
                f"npu.vcmp: compares {_element(self.lhs)} with {_element(self.rhs)}"
            )
        self.expect_element(self.out, i8)
        self.expect_broadcast(self.lhs, self.rhs)


@irdl_op_definition
class VselOp(VectorOp):
    """``out = on_true where condition else on_false``; the condition is an i8 tile of 0 and 1."""

    name = "npu.vsel"
    condition = operand_def(MemRefType)
    on_true = operand_def(TILE_OR_SCALAR)
    on_false = operand_def(TILE_OR_SCALAR)
    out = operand_def(MemRefType)
    assembly_format = (
        "`ins` `(` $condition `,` $on_true `,` $on_false `:` type($condition) `,` type($on_true) "
        "`,` type($on_false) `)` `outs` `(` $out `:` type($out) `)` attr-dict"
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
    rounding = prop_def(RoundingAttr)
    input = operand_def(MemRefType)
    out = operand_def(MemRefType)
    assembly_format = (
        "$rounding `ins` `(` $input `:` type($input) `)` `outs` `(` $out `:` type($out) `)` "
        "attr-dict"
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
        self.expect_shape(self.input, _shape(self.out))
        if _element(self.input) == _element(self.out):
            raise VerifyException(f"npu.vcast: from {_element(self.out)} to itself; use npu.copy")


@irdl_op_definition
class VbrcOp(VectorOp):
    """Fills the destination with a scalar, or with a tile that broadcasts to it."""

    name = "npu.vbrc"
    input = operand_def(TILE_OR_SCALAR)
    out = operand_def(MemRefType)
    assembly_format = (
        "`ins` `(` $input `:` type($input) `)` `outs` `(` $out `:` type($out) `)` attr-dict"
    )

    def __init__(self, input: SSAValue | Operation, out: SSAValue | Operation) -> None:
        super().__init__(operands=[input, out])

    def verify_tiles(self) -> None:
        """One dtype, a shape that broadcasts to the destination's."""
        self.expect_dtype(self.input)
        self.expect_broadcast(self.input)


@irdl_op_definition
class VreduceOp(VectorOp):
    """Folds the axes to extent 1; ``argmax`` and ``argmin`` give the first index, as i32.

    Rows longer than one repeat need a block a repeat of ub (``temporary``, set by the planner).
    """

    name = "npu.vreduce"
    kind = prop_def(ReductionAttr)
    axes = prop_def(DenseArrayBase.constr(i64))
    temporary = opt_prop_def(IntegerAttr.constr(i64))
    input = operand_def(MemRefType)
    out = operand_def(MemRefType)
    assembly_format = (
        "$kind `ins` `(` $input `:` type($input) `)` `outs` `(` $out `:` type($out) `)` "
        "`axes` $axes (`temporary` $temporary^)? attr-dict"
    )

    def __init__(
        self,
        kind: Reduction,
        input: SSAValue | Operation,
        out: SSAValue | Operation,
        axes: Sequence[int],
    ) -> None:
        super().__init__(
            operands=[input, out],
            properties={
                "kind": ReductionAttr(kind),
                "axes": DenseArrayBase.from_list(i64, axes),
                "temporary": None,
            },
        )

    def verify_tiles(self) -> None:
        """Distinct axes, reduced extents 1, the dtype of the input (i32 for an index)."""
        shape, axes = _shape(self.input), self.axes.get_values()
        if not axes or len(set(axes)) != len(axes):
            raise VerifyException(f"npu.vreduce: axes {list(axes)} must be distinct, at least one")
        for axis in axes:
            self.expect_axis(axis, len(shape))
        self.expect_shape(self.out, [1 if i in axes else n for i, n in enumerate(shape)])
        if self.kind.data in (Reduction.ARGMAX, Reduction.ARGMIN):
            self.expect_element(self.out, i32)
            if len(axes) != 1:
                raise VerifyException(f"npu.vreduce: {self.kind.data} takes one axis")
        else:
            self.expect_dtype(self.input)

    def temporary_bytes(self) -> int:
        """A 32-byte block for each repeat of a row, where a row is longer than a repeat."""
        type_ = self.input.type
        assert isinstance(type_, MemRefType)
        if len(type_.get_shape()) - 1 not in self.axes.get_values():
            return 0
        row = type_.get_shape()[-1]
        if row == DYNAMIC_INDEX:
            row = _buffer_row(self.input)
        repeats = -(-row * element_bytes(type_) // REPEAT_BYTES)
        return repeats * UB_BLOCK_BYTES if repeats > 1 else 0


def _buffer_row(value: SSAValue) -> int:
    """The innermost extent of the allocated buffer behind a view: it bounds a dynamic one."""
    while isinstance(value.owner, Operation) and value.owner.operands:
        value = value.owner.operands[0]
    return _shape(value)[-1]


@irdl_op_definition
class VcumulateOp(VectorOp):
    """Running sum, product, maximum or minimum along an axis, the element itself included."""

    name = "npu.vcumulate"
    kind = prop_def(AccumulationAttr)
    axis = prop_def(IntegerAttr.constr(i64))
    input = operand_def(MemRefType)
    out = operand_def(MemRefType)
    assembly_format = (
        "$kind `ins` `(` $input `:` type($input) `)` `outs` `(` $out `:` type($out) `)` "
        "`axis` $axis attr-dict"
    )

    def __init__(
        self, kind: Accumulation, input: SSAValue | Operation, out: SSAValue | Operation, axis: int
    ) -> None:
        super().__init__(
            operands=[input, out],
            properties={"kind": AccumulationAttr(kind), "axis": IntegerAttr(axis, i64)},
        )

    def verify_tiles(self) -> None:
        """One dtype, one shape, an axis of it."""
        self.expect_dtype(self.input)
        self.expect_shape(self.input, _shape(self.out))
        self.expect_axis(self.axis.value.data, len(_shape(self.input)))


@irdl_op_definition
class VtransposeOp(VectorOp):
    """Permutes the dimensions: ``out[i[p0], i[p1], …] = input[i0, i1, …]`` with ``p`` given."""

    name = "npu.vtranspose"
    permutation = prop_def(DenseArrayBase.constr(i64))
    input = operand_def(MemRefType)
    out = operand_def(MemRefType)
    assembly_format = (
        "`ins` `(` $input `:` type($input) `)` `outs` `(` $out `:` type($out) `)` "
        "`permutation` $permutation attr-dict"
    )

    def __init__(
        self,
        input: SSAValue | Operation,
        out: SSAValue | Operation,
        permutation: Sequence[int],
    ) -> None:
        super().__init__(
            operands=[input, out],
            properties={"permutation": DenseArrayBase.from_list(i64, permutation)},
        )

    def verify_tiles(self) -> None:
        """One dtype, a permutation, the permuted shape."""
        shape, permutation = _shape(self.input), self.permutation.get_values()
        if sorted(permutation) != list(range(len(shape))):
            raise VerifyException(
                f"npu.vtranspose: {list(permutation)} does not permute {len(shape)} dimensions"
            )
        self.expect_dtype(self.input)
        self.expect_shape(self.out, [shape[i] for i in permutation])


@irdl_op_definition
class VarangeOp(VectorOp):
    """Writes each element's index along an axis."""

    name = "npu.varange"
    axis = prop_def(IntegerAttr.constr(i64))
    out = operand_def(MemRefType)
    assembly_format = "`outs` `(` $out `:` type($out) `)` `axis` $axis attr-dict"

    def __init__(self, out: SSAValue | Operation, axis: int) -> None:
        super().__init__(operands=[out], properties={"axis": IntegerAttr(axis, i64)})

    def verify_tiles(self) -> None:
        """An axis of the destination."""
        self.expect_axis(self.axis.value.data, len(_shape(self.out)))


@irdl_op_definition
class VgatherOp(VectorOp):
    """``out[…] = input[indices[…]]``: elements of a one-dimensional tile by i32 index."""

    name = "npu.vgather"
    input = operand_def(MemRefType)
    indices = operand_def(MemRefType)
    out = operand_def(MemRefType)
    assembly_format = (
        "`ins` `(` $input `,` $indices `:` type($input) `,` type($indices) `)` "
        "`outs` `(` $out `:` type($out) `)` attr-dict"
    )

    def __init__(
        self, input: SSAValue | Operation, indices: SSAValue | Operation, out: SSAValue | Operation
    ) -> None:
        super().__init__(operands=[input, indices, out])

    def verify_tiles(self) -> None:
        """A one-dimensional source, i32 indices of the destination's shape."""
        if len(_shape(self.input)) != 1:
            raise VerifyException("npu.vgather: the source must have one dimension")
        self.expect_dtype(self.input)
        self.expect_element(self.indices, i32)
        self.expect_shape(self.indices, _shape(self.out))


VECTOR_OPS: tuple[type[VectorOp], ...] = (
    *UNARY_OPS.values(),
    *BINARY_OPS.values(),
    VcmpOp,
    VselOp,
    VcastOp,
    VbrcOp,
    VreduceOp,
    VcumulateOp,
    VtransposeOp,
    VarangeOp,
    VgatherOp,
)
"""Every instruction of the vector unit."""
