"""Buffers and the instructions that move tiles between scopes."""

from typing import ClassVar

from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    AnyFloat,
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    NoneAttr,
    UnitAttr,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.npu.attributes import Unit
from hawk_xdsl.dialects.npu.memory_space import Role, Scope
from hawk_xdsl.dialects.npu.tile_op import (
    TileOp,
    element_bytes,
    expect_role,
    same_extents,
    scope_of,
    squeezed,
    strides_of,
)


@irdl_op_definition
class AllocOp(IRDLOperation):
    """A buffer on the core; live from here to its last use, in a loop within one iteration.

    ``address`` (bytes from the start of the scope) is set by ``npu-plan-memory``. ``buffers`` is
    set by ``npu-multi-buffer``: of how many buffers that take turns in the loop around it is one,
    so that it keeps its place for as long as the loop runs.
    """

    name = "npu.alloc"

    buffer = result_def(MemRefType)
    address = opt_prop_def(IntegerAttr.constr(i64))
    buffers = opt_prop_def(IntegerAttr.constr(i64))

    assembly_format = "(`at` $address^)? (`buffers` $buffers^)? attr-dict `:` type($buffer)"

    def __init__(self, type_: MemRefType, address: int | None = None) -> None:
        properties: dict[str, Attribute | None] = {
            "address": None if address is None else IntegerAttr(address, i64)
        }
        super().__init__(result_types=[type_], properties=properties)

    def verify_(self) -> None:
        """Static shape, a space on the core, address ≥ 0; rows on blocks, or a matrix."""
        type_ = self.buffer.type
        assert isinstance(type_, MemRefType)
        scope = scope_of(self.buffer)
        if scope.is_global:
            raise VerifyException("npu.alloc: global memory comes from the kernel's arguments")
        if DYNAMIC_INDEX in type_.get_shape():
            raise VerifyException("npu.alloc: a buffer needs a static shape")
        if self.buffers is not None and self.buffers.value.data < 2:
            raise VerifyException(f"npu.alloc: {self.buffers.value.data} buffers cannot take turns")
        if self.address is not None and self.address.value.data < 0:
            raise VerifyException(f"npu.alloc: address {self.address.value.data} is negative")
        if not scope.by_fractals:
            self._verify_rows(type_, scope)
        elif len(type_.get_shape()) != 2 or not isinstance(type_.layout, NoneAttr):
            raise VerifyException(
                f"npu.alloc: a buffer in {scope} is a matrix without layout: fractals are implied"
            )

    @staticmethod
    def _verify_rows(type_: MemRefType, scope: Scope) -> None:
        strides = strides_of(type_)
        if strides and strides[-1] != 1:
            raise VerifyException("npu.alloc: the innermost stride must be 1")
        for stride, extent in zip(strides[:-1], type_.get_shape()[:-1], strict=True):
            assert stride is not None
            row_bytes = stride * element_bytes(type_)
            if extent > 1 and row_bytes % scope.block:
                raise VerifyException(
                    f"npu.alloc: rows of {row_bytes} bytes in {scope} are not a multiple of "
                    f"{scope.block} bytes; pad the row stride"
                )


class _MoveOp(TileOp):
    """Moves one tile from ``source`` to ``dest``; unit dimensions may be dropped or added."""

    source = operand_def(MemRefType)
    dest = operand_def(MemRefType)

    UNIT: ClassVar[Unit] = Unit.MOVE
    FROM: ClassVar[tuple[Role, ...]]
    TO: ClassVar[tuple[Role, ...]]
    CASTS: ClassVar[bool] = False

    def read_buffers(self) -> tuple[SSAValue, ...]:
        """The source."""
        return (self.source,)

    def written_buffers(self) -> tuple[SSAValue, ...]:
        """The destination."""
        return (self.dest,)

    def verify_(self) -> None:
        """Scopes of the path, equal shapes up to unit dimensions, equal dtypes."""
        expect_role(self, "source", self.source, *self.FROM)
        expect_role(self, "destination", self.dest, *self.TO)
        source, dest = self.source.type, self.dest.type
        assert isinstance(source, MemRefType) and isinstance(dest, MemRefType)
        if not same_extents(squeezed(source.get_shape()), squeezed(dest.get_shape())):
            raise VerifyException(
                f"{self.name}: shapes differ: {list(source.get_shape())} into "
                f"{list(dest.get_shape())}"
            )
        if not self.CASTS and source.element_type != dest.element_type:
            raise VerifyException(
                f"{self.name}: dtypes differ: {source.element_type} into {dest.element_type}"
            )


@irdl_op_definition
class LoadOp(_MoveOp):
    """Copies a tile from global memory to ub or l1, to l1 into the cube's fractal layout.

    With ``pad`` the destination may be larger than the source: the rest is set to the value.
    ``past_l2``: L2 neither has it nor keeps it, so that what is used again stays there.
    """

    name = "npu.load"
    FROM: ClassVar[tuple[Role, ...]] = (Role.GLOBAL,)
    TO: ClassVar[tuple[Role, ...]] = (Role.VECTOR, Role.MATRIX)

    # Declared again, since what a class inherits would come after its own operands.
    source = operand_def(MemRefType)
    dest = operand_def(MemRefType)
    pad = opt_operand_def(AnyFloat | IntegerType)
    past_l2 = opt_prop_def(UnitAttr)

    assembly_format = (
        "$source `into` $dest (`pad` $pad^ `:` type($pad) `in`)? (`past_l2` $past_l2^)? attr-dict "
        "`:` type($source) `into` type($dest)"
    )

    def __init__(
        self, source: SSAValue | Operation, dest: SSAValue | Operation, pad: SSAValue | None = None
    ) -> None:
        super().__init__(operands=[source, dest, pad])

    def verify_(self) -> None:
        """As every move; with ``pad`` the destination may be larger in every dimension."""
        if self.pad is None:
            super().verify_()
            return
        expect_role(self, "source", self.source, *self.FROM)
        expect_role(self, "destination", self.dest, *self.TO)
        source, dest = self.source.type, self.dest.type
        assert isinstance(source, MemRefType) and isinstance(dest, MemRefType)
        if source.element_type != dest.element_type or self.pad.type != dest.element_type:
            raise VerifyException("npu.load: source, pad and destination must have one dtype")
        if len(source.get_shape()) != len(dest.get_shape()) or any(
            small > large != DYNAMIC_INDEX
            for small, large in zip(source.get_shape(), dest.get_shape(), strict=True)
        ):
            raise VerifyException("npu.load: a padded destination must be at least the source")


@irdl_op_definition
class StoreOp(_MoveOp):
    """Copies a tile from ub to global memory."""

    name = "npu.store"
    FROM: ClassVar[tuple[Role, ...]] = (Role.VECTOR,)
    TO: ClassVar[tuple[Role, ...]] = (Role.GLOBAL,)

    assembly_format = "$source `into` $dest attr-dict `:` type($source) `into` type($dest)"

    def __init__(self, source: SSAValue | Operation, dest: SSAValue | Operation) -> None:
        super().__init__(operands=[source, dest])


@irdl_op_definition
class CopyOp(_MoveOp):
    """Copies a tile within ub."""

    name = "npu.copy"
    FROM: ClassVar[tuple[Role, ...]] = (Role.VECTOR,)
    TO: ClassVar[tuple[Role, ...]] = (Role.VECTOR,)

    assembly_format = "$source `into` $dest attr-dict `:` type($source) `into` type($dest)"

    def __init__(self, source: SSAValue | Operation, dest: SSAValue | Operation) -> None:
        super().__init__(operands=[source, dest])


@irdl_op_definition
class FixpipeOp(_MoveOp):
    """Moves an accumulator tile out of l0c, casting to the destination's dtype.

    The target says which destinations it has a path to; every target has global.
    """

    name = "npu.fixpipe"
    FROM: ClassVar[tuple[Role, ...]] = (Role.ACCUMULATOR,)
    TO: ClassVar[tuple[Role, ...]] = (Role.GLOBAL, Role.MATRIX, Role.VECTOR)
    CASTS: ClassVar[bool] = True

    relu = opt_prop_def(UnitAttr)

    assembly_format = (
        "(`relu` $relu^)? $source `into` $dest attr-dict `:` type($source) `into` type($dest)"
    )

    def __init__(
        self, source: SSAValue | Operation, dest: SSAValue | Operation, *, relu: bool = False
    ) -> None:
        super().__init__(operands=[source, dest], properties={"relu": UnitAttr() if relu else None})


@irdl_op_definition
class ReadOp(TileOp):
    """Reads one element of global memory or ub into a scalar register."""

    name = "npu.read"
    UNIT: ClassVar[Unit] = Unit.SCALAR

    source = operand_def(MemRefType)
    indices = var_operand_def(IndexType)
    value = result_def(AnyFloat | IntegerType)

    assembly_format = "$source `[` $indices `]` attr-dict `:` type($source) `->` type($value)"

    def __init__(self, source: SSAValue, indices: list[SSAValue]) -> None:
        assert isinstance(source.type, MemRefType)
        super().__init__(operands=[source, indices], result_types=[source.type.element_type])

    def read_buffers(self) -> tuple[SSAValue, ...]:
        """The buffer read from."""
        return (self.source,)

    def written_buffers(self) -> tuple[SSAValue, ...]:
        """Nothing."""
        return ()

    def verify_(self) -> None:
        """One index a dimension, scalar-readable scope, the element's type."""
        expect_role(self, "source", self.source, Role.GLOBAL, Role.VECTOR)
        type_ = self.source.type
        assert isinstance(type_, MemRefType)
        if len(self.indices) != len(type_.get_shape()):
            raise VerifyException(
                f"npu.read: {len(self.indices)} indices for {len(type_.get_shape())} dimensions"
            )
        if self.value.type != type_.element_type:
            raise VerifyException("npu.read: the result must have the element's type")


class _BlockQuery(IRDLOperation):
    """A number of the launch that the kernel can ask for."""

    value = result_def(IndexType)
    traits = traits_def(Pure())
    assembly_format = "attr-dict `:` type($value)"

    def __init__(self) -> None:
        super().__init__(result_types=[IndexType()])


@irdl_op_definition
class BlockIdxOp(_BlockQuery):
    """The number of the block this kernel runs as, from 0."""

    name = "npu.block_idx"


@irdl_op_definition
class BlockCountOp(_BlockQuery):
    """How many blocks the kernel was launched with."""

    name = "npu.block_count"
