"""The vector instructions that reduce, scan, rearrange or make elements; and the list of all."""

from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import (
    DenseArrayBase,
    IntegerAttr,
    MemRefType,
    i32,
    i64,
)
from xdsl.ir import Operation, SSAValue
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    prop_def,
)
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.npu.attributes import (
    Accumulation,
    AccumulationAttr,
    Reduction,
    ReductionAttr,
)
from hawk_xdsl.dialects.npu.elementwise import (
    BINARY_OPS,
    TILE_OR_SCALAR,
    UNARY_OPS,
    VcastOp,
    VcmpOp,
    VectorOp,
    VselOp,
    tile_shape,
)
from hawk_xdsl.dialects.npu.instructions import ROWS, InstructionRow


@irdl_op_definition
class VbrcOp(VectorOp):
    """Fills the destination with a scalar, or with a tile that broadcasts to it."""

    name = "npu.vbrc"
    ROW: ClassVar[InstructionRow] = ROWS["vbrc"]
    input = operand_def(TILE_OR_SCALAR)
    out = operand_def(MemRefType)
    assembly_format = (
        "`ins` `(` $input `:` type($input) `)` `outs` `(` $out `:` type($out) `)` "
        "(`temporary` $temporary^)? attr-dict"
    )

    def __init__(self, input: SSAValue | Operation, out: SSAValue | Operation) -> None:
        super().__init__(operands=[input, out])

    def verify_tiles(self) -> None:
        """One dtype, a shape that broadcasts to the destination's."""
        self.expect_dtype(self.input)
        self.expect_broadcast(self.input)


@irdl_op_definition
class VreduceOp(VectorOp):
    """Reduces the axes to extent 1; ``argmax`` and ``argmin`` give the first index, as i32."""

    name = "npu.vreduce"
    ROW: ClassVar[InstructionRow] = ROWS["vreduce"]
    kind = prop_def(ReductionAttr)
    axes = prop_def(DenseArrayBase.constr(i64))
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
            },
        )

    def verify_tiles(self) -> None:
        """Distinct axes, reduced extents 1, the dtype of the input (i32 for an index)."""
        shape, axes = tile_shape(self.input), self.axes.get_values()
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


@irdl_op_definition
class VcumulateOp(VectorOp):
    """Running sum, product, maximum or minimum along an axis, the element itself included."""

    name = "npu.vcumulate"
    ROW: ClassVar[InstructionRow] = ROWS["vcumulate"]
    kind = prop_def(AccumulationAttr)
    axis = prop_def(IntegerAttr.constr(i64))
    input = operand_def(MemRefType)
    out = operand_def(MemRefType)
    assembly_format = (
        "$kind `ins` `(` $input `:` type($input) `)` `outs` `(` $out `:` type($out) `)` "
        "`axis` $axis (`temporary` $temporary^)? attr-dict"
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
        self.expect_shape(self.input, tile_shape(self.out))
        self.expect_axis(self.axis.value.data, len(tile_shape(self.input)))


@irdl_op_definition
class VtransposeOp(VectorOp):
    """Permutes the dimensions: ``out[i[p0], i[p1], …] = input[i0, i1, …]`` with ``p`` given."""

    name = "npu.vtranspose"
    ROW: ClassVar[InstructionRow] = ROWS["vtranspose"]
    permutation = prop_def(DenseArrayBase.constr(i64))
    input = operand_def(MemRefType)
    out = operand_def(MemRefType)
    assembly_format = (
        "`ins` `(` $input `:` type($input) `)` `outs` `(` $out `:` type($out) `)` "
        "`permutation` $permutation (`temporary` $temporary^)? attr-dict"
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
        shape, permutation = tile_shape(self.input), self.permutation.get_values()
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
    ROW: ClassVar[InstructionRow] = ROWS["varange"]
    axis = prop_def(IntegerAttr.constr(i64))
    out = operand_def(MemRefType)
    assembly_format = (
        "`outs` `(` $out `:` type($out) `)` `axis` $axis (`temporary` $temporary^)? attr-dict"
    )

    def __init__(self, out: SSAValue | Operation, axis: int) -> None:
        super().__init__(operands=[out], properties={"axis": IntegerAttr(axis, i64)})

    def verify_tiles(self) -> None:
        """An axis of the destination."""
        self.expect_axis(self.axis.value.data, len(tile_shape(self.out)))


@irdl_op_definition
class VgatherOp(VectorOp):
    """``out[…] = input[indices[…]]``: elements of a one-dimensional tile by i32 index."""

    name = "npu.vgather"
    ROW: ClassVar[InstructionRow] = ROWS["vgather"]
    input = operand_def(MemRefType)
    indices = operand_def(MemRefType)
    out = operand_def(MemRefType)
    assembly_format = (
        "`ins` `(` $input `,` $indices `:` type($input) `,` type($indices) `)` "
        "`outs` `(` $out `:` type($out) `)` (`temporary` $temporary^)? attr-dict"
    )

    def __init__(
        self, input: SSAValue | Operation, indices: SSAValue | Operation, out: SSAValue | Operation
    ) -> None:
        super().__init__(operands=[input, indices, out])

    def verify_tiles(self) -> None:
        """A one-dimensional source, i32 indices of the destination's shape."""
        if len(tile_shape(self.input)) != 1:
            raise VerifyException("npu.vgather: the source must have one dimension")
        self.expect_dtype(self.input)
        self.expect_element(self.indices, i32)
        self.expect_shape(self.indices, tile_shape(self.out))


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
