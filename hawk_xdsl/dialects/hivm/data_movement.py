"""The instructions of HIVM that move tiles between address spaces."""

from collections.abc import Mapping
from typing import ClassVar

from xdsl.dialects.builtin import AnyFloat, BoolAttr, IndexType, IntegerType, MemRefType, UnitAttr
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

from hawk_xdsl.dialects.hivm.attributes import (
    HivmAtomicKindAttr,
    HivmDmaModeAttr,
    HivmPadModeAttr,
    HivmPreQuantAttr,
    HivmPreReluAttr,
)
from hawk_xdsl.dialects.hivm.operand import (
    C0_BYTES,
    FRACTAL,
    element_of,
    expect_shape,
    expect_space,
    shape_of,
    space_of,
)

ELEMENT_BITS: Mapping[str, int] = {"f32": 32, "i32": 32, "f16": 16, "bf16": 16, "i16": 16, "i8": 8}
"""Bits of the dtypes that lie in fractals."""


def c0_of(element: Attribute) -> int:
    """Elements of a row of a fractal in L1. Raises ``VerifyException`` for other dtypes."""
    bits = ELEMENT_BITS.get(str(element))
    if bits is None:
        raise VerifyException(f"{element} does not lie in fractals")
    return C0_BYTES * 8 // bits


def _is_row(value: SSAValue) -> bool:
    """Whether a buffer is one row in L1, which products start from."""
    return len(shape_of(value)) == 1 and space_of(value) == "cbuf"


def expect_fractals(
    op: IRDLOperation, what: str, value: SSAValue, rows: int, columns: int, width: int
) -> None:
    """Raise unless a matrix lies as ``[columns / width][rows / 16][16][width]``."""
    parts = (columns, width), (rows, FRACTAL)
    counts = [extent if extent < 0 else -(-extent // size) for extent, size in parts]
    expect_shape(op, what, value, [*counts, FRACTAL, width])


@irdl_op_definition
class HivmLoadOp(IRDLOperation):
    """Global memory to ub; ``pad_value`` fills the destination's last dimension after the source.

    The vendor's compiler moves the rows of a padded load of several rows: we do not emit one.
    """

    name = "hivm.hir.load"
    src = operand_def(MemRefType)
    dst = operand_def(MemRefType)
    pad_value = opt_operand_def(AnyFloat | IntegerType)
    left_padding_num = opt_operand_def(IndexType)
    right_padding_num = opt_operand_def(IndexType)
    init_condition = opt_operand_def(IntegerType)
    pad_mode = opt_prop_def(HivmPadModeAttr)
    init_out_buffer = opt_prop_def(BoolAttr)
    tcoretype = opt_prop_def()
    may_implicit_transpose_with_last_axis = opt_prop_def(BoolAttr)
    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    def __init__(self, src: SSAValue, dst: SSAValue) -> None:
        super().__init__(operands=[src, dst, None, None, None, None])

    def verify_(self) -> None:
        """gm to ub, or a row to L1; one dtype, one shape unless it pads."""
        expect_space(self, "source", self.src, "gm")
        expect_space(self, "destination", self.dst, "cbuf" if _is_row(self.dst) else "ub")
        _expect_dtype(self, self.src, self.dst)
        if self.pad_mode is None:
            expect_shape(self, "destination", self.dst, shape_of(self.src))


@irdl_op_definition
class HivmStoreOp(IRDLOperation):
    """ub to global memory, combined with what is there if it is atomic."""

    name = "hivm.hir.store"
    src = operand_def(MemRefType)
    dst = operand_def(MemRefType)
    atomic_kind = opt_prop_def(HivmAtomicKindAttr)
    may_implicit_transpose_with_last_axis = opt_prop_def(BoolAttr)

    def __init__(self, src: SSAValue, dst: SSAValue) -> None:
        super().__init__(operands=[src, dst])

    def verify_(self) -> None:
        """ub to gm, one dtype, one shape."""
        expect_space(self, "source", self.src, "ub")
        expect_space(self, "destination", self.dst, "gm")
        _expect_dtype(self, self.src, self.dst)
        expect_shape(self, "destination", self.dst, shape_of(self.src))


@irdl_op_definition
class HivmCopyOp(IRDLOperation):
    """Within ub."""

    name = "hivm.hir.copy"
    src = operand_def(MemRefType)
    dst = operand_def(MemRefType)

    def __init__(self, src: SSAValue, dst: SSAValue) -> None:
        super().__init__(operands=[src, dst])

    def verify_(self) -> None:
        """ub to ub, one dtype, one shape."""
        expect_space(self, "source", self.src, "ub")
        expect_space(self, "destination", self.dst, "ub")
        _expect_dtype(self, self.src, self.dst)
        expect_shape(self, "destination", self.dst, shape_of(self.src))


@irdl_op_definition
class HivmNd2nzOp(IRDLOperation):
    """A matrix from global memory into the fractals of L1; fractals' ends are not written."""

    name = "hivm.hir.nd2nz"
    src = operand_def(MemRefType)
    dst = operand_def(MemRefType)
    pad_value = opt_operand_def(AnyFloat | IntegerType)
    init_condition = opt_operand_def(IntegerType)
    dst_continuous = opt_prop_def(UnitAttr)
    init_out_buffer = opt_prop_def(BoolAttr)
    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    def __init__(self, src: SSAValue, dst: SSAValue) -> None:
        super().__init__(
            operands=[src, dst, None, None],
            properties={"dst_continuous": UnitAttr(), "init_out_buffer": BoolAttr.from_bool(False)},
        )

    def verify_(self) -> None:
        """A matrix in gm, its fractals in cbuf."""
        expect_space(self, "source", self.src, "gm")
        expect_space(self, "destination", self.dst, "cbuf")
        _expect_dtype(self, self.src, self.dst)
        shape = shape_of(self.src)
        if len(shape) != 2:
            raise VerifyException(f"{self.name}: the source is a matrix, not {list(shape)}")
        width = c0_of(element_of(self.src))
        expect_fractals(self, "destination", self.dst, shape[0], shape[1], width)


@irdl_op_definition
class HivmFixpipeOp(IRDLOperation):
    """An accumulator out of L0C, cast and activated on the way."""

    name = "hivm.hir.fixpipe"
    src = operand_def(MemRefType)
    dst = operand_def(MemRefType)
    quant_scale = opt_operand_def(AnyFloat | IntegerType)
    unit_flag_cond = var_operand_def()
    dma_mode = opt_prop_def(HivmDmaModeAttr)
    pre_quant = opt_prop_def(HivmPreQuantAttr)
    pre_relu = opt_prop_def(HivmPreReluAttr)
    channel_split = opt_prop_def(BoolAttr)
    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    CASTS: ClassVar[Mapping[tuple[str, str], str]] = {
        ("f32", "f16"): "F322F16",
        ("f32", "bf16"): "F322BF16",
    }
    """The property for a cast, by the dtypes of source and destination."""

    def __init__(self, src: SSAValue, dst: SSAValue, *, relu: bool = False) -> None:
        cast = self.CASTS.get((str(element_of(src)), str(element_of(dst))))
        properties: dict[str, Attribute | None] = {
            "dma_mode": HivmDmaModeAttr("nz2nd"),
            "pre_quant": None if cast is None else HivmPreQuantAttr(cast),
            "pre_relu": HivmPreReluAttr("NORMAL_RELU") if relu else None,
        }
        super().__init__(operands=[src, dst, None, []], properties=properties)

    def verify_(self) -> None:
        """Fractals in cc; a matrix in gm, or fractals in cbuf; a cast that there is."""
        expect_space(self, "source", self.src, "cc")
        expect_space(self, "destination", self.dst, "gm", "cbuf", "ub")
        have, want = str(element_of(self.src)), str(element_of(self.dst))
        given = None if self.pre_quant is None else self.pre_quant.data
        if have != want and given is None:
            raise VerifyException(f"{self.name}: no cast from {have} to {want}")
        shape = shape_of(self.dst)
        if self.dma_mode == HivmDmaModeAttr("nz2nd") and len(shape) == 2:
            expect_fractals(self, "source", self.src, shape[0], shape[1], FRACTAL)


def _expect_dtype(op: IRDLOperation, src: SSAValue, dst: SSAValue) -> None:
    if element_of(src) != element_of(dst):
        raise VerifyException(f"{op.name}: {element_of(src)} into {element_of(dst)}")


MOVES: tuple[type[IRDLOperation], ...] = (
    HivmLoadOp,
    HivmStoreOp,
    HivmCopyOp,
    HivmNd2nzOp,
    HivmFixpipeOp,
)
"""Every instruction that moves tiles."""
