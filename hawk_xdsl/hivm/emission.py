"""A HIVM kernel under construction: the values of the npu kernel, and the views that it needs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TypeVar

from xdsl.builder import Builder
from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    ArrayAttr,
    DenseArrayBase,
    IndexType,
    IntegerAttr,
    MemRefType,
    StridedLayoutAttr,
    i64,
)
from xdsl.ir import Operation, SSAValue

from hawk_xdsl.dialects.hivm import HivmGetBlockIdxOp, HivmGetSubBlockIdxOp
from hawk_xdsl.dialects.npu import AllocOp, KernelOp, KernelPart, Subview, strides_of
from hawk_xdsl.transforms.pass_error import PassError

Extent = int | SSAValue
"""A number of elements, or the SSA value that is it."""

_Op = TypeVar("_Op", bound=Operation)


@dataclass
class HivmEmission:
    """Where ops go, and what became of the values of the npu kernel.

    Attributes:
        kernel: the kernel that is translated.
        part: what of it: all, or what one kind of core runs.
        cores: how many cores of that kind a block of the function has.
        planned: whether its addresses and flags are kept.
        builder: puts ops at the end of the block that is filled.
        values: the HIVM value of each npu value.
        truth: the buffers whose elements are truth values, bits in HIVM.
        rows: the buffers in L1 that products start from: no fractals in HIVM, but rows.
        unsigned_src: what a reduction must say of its source; ``None``: nothing.
    """

    kernel: KernelOp
    part: KernelPart
    cores: int
    planned: bool
    builder: Builder
    truth: frozenset[SSAValue]
    rows: frozenset[SSAValue]
    unsigned_src: bool | None = None
    values: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])

    def emit(self, op: _Op) -> _Op:
        """Put an op at the end."""
        self.builder.insert(op)
        return op

    def of(self, value: SSAValue) -> SSAValue:
        """What became of a value of the npu kernel."""
        return self.values[value]

    def index(self, number: Extent) -> SSAValue:
        """An extent as a value."""
        if isinstance(number, SSAValue):
            return number
        return self.emit(arith.ConstantOp(IntegerAttr(number, IndexType()))).result

    def fail(self, op: Operation, why: str) -> PassError:
        """The error for an op that HIVM has no counterpart of."""
        return PassError(f"@{self.kernel.sym_name.data}: {op.name} has no form in HIVM: {why}")

    def core_number(self) -> SSAValue:
        """The number of this core over all blocks; HIVM gives those of the block and in it, i64."""
        number = self.emit(HivmGetBlockIdxOp()).result
        if self.cores > 1:
            count = self.emit(arith.ConstantOp(IntegerAttr(self.cores, i64))).result
            first = self.emit(arith.MuliOp(number, count)).result
            inner = self.emit(HivmGetSubBlockIdxOp()).result
            number = self.emit(arith.AddiOp(first, inner)).result
        return self.emit(arith.IndexCastOp(number, IndexType())).result

    # Views

    def subview(
        self,
        source: SSAValue,
        offsets: Sequence[Extent],
        sizes: Sequence[Extent],
        steps: Sequence[Extent],
        dropped: Sequence[bool],
    ) -> SSAValue:
        """A part of a buffer, without the dropped dimensions, each of one element."""
        full = memref.SubviewOp.infer_result_type(memref_type(source), offsets, sizes, steps)
        assert isinstance(full.layout, StridedLayoutAttr)
        kept = [axis for axis, drop in enumerate(dropped) if not drop]
        layout = StridedLayoutAttr([full.layout.strides.data[i] for i in kept], full.layout.offset)
        shape = [full.get_shape()[axis] for axis in kept]
        result = MemRefType(full.element_type, shape, layout, full.memory_space)
        return self.emit(memref.SubviewOp.get(source, offsets, sizes, steps, result)).result

    def extents(self, value: SSAValue) -> tuple[Extent, ...]:
        """The extents of a HIVM buffer; where its type leaves one open, the value that is it."""
        shape = memref_type(value).get_shape()
        if DYNAMIC_INDEX not in shape:
            return shape
        if isinstance(value.owner, memref.SubviewOp):
            view = Subview.of(value.owner)
            pairs = zip(view.sizes, view.dropped, strict=True)
            return tuple(size for size, dropped in pairs if not dropped)
        return tuple(
            self.emit(memref.DimOp(value, self.index(axis))).result
            if extent == DYNAMIC_INDEX
            else extent
            for axis, extent in enumerate(shape)
        )

    def without(self, value: SSAValue, dropped: Sequence[bool]) -> SSAValue:
        """A buffer without some of its unit dimensions."""
        if not any(dropped):
            return value
        rank = len(dropped)
        return self.subview(value, [0] * rank, self.extents(value), [1] * rank, dropped)

    def squeezed(self, value: SSAValue) -> SSAValue:
        """A buffer without its unit dimensions, but of one dimension at least."""
        unit = [extent == 1 for extent in memref_type(value).get_shape()]
        if all(unit):
            unit[-1] = False
        return self.without(value, unit)

    def raised(self, value: SSAValue, rank: int) -> SSAValue:
        """A buffer with unit dimensions before its own, up to a rank."""
        type_ = memref_type(value)
        shape, lead = type_.get_shape(), rank - type_.get_num_dims()
        if lead <= 0:
            return value
        groups = [list(range(lead + 1)), *([lead + i] for i in range(1, len(shape)))]
        extents = [*[1] * lead, *self.extents(value)]
        layout = type_.layout
        if isinstance(layout, StridedLayoutAttr):
            outer = strides_of(type_)[0]
            row = None if outer is None or shape[0] == DYNAMIC_INDEX else outer * shape[0]
            layout = StridedLayoutAttr([*[row] * lead, *strides_of(type_)], layout.offset)
        result = MemRefType(type_.element_type, [*[1] * lead, *shape], layout, type_.memory_space)
        dynamic = [extent for extent in extents if isinstance(extent, SSAValue)]
        op = memref.ExpandShapeOp(
            operands=[value, dynamic],
            result_types=[result],
            properties={
                "reassociation": _groups(groups),
                "static_output_shape": DenseArrayBase.from_list(
                    i64, [e if isinstance(e, int) else DYNAMIC_INDEX for e in extents]
                ),
            },
        )
        return self.emit(op).result

    def flat(self, value: SSAValue, why: Operation) -> SSAValue:
        """A buffer of static extents as one dimension. Raises ``PassError`` for padded rows."""
        type_ = memref_type(value)
        shape = type_.get_shape()
        if len(shape) == 1:
            return value
        packed = strides_of(MemRefType(type_.element_type, shape))
        if DYNAMIC_INDEX in shape or strides_of(type_) != packed:
            raise self.fail(why, "rows that are padded")
        return self.grouped(value, [list(range(len(shape)))], (prod(shape),))

    def grouped(
        self, value: SSAValue, groups: Sequence[Sequence[int]], shape: Sequence[int]
    ) -> SSAValue:
        """A buffer with dimensions of each group, which lie densely, as one."""
        type_ = memref_type(value)
        strides = strides_of(type_)
        result = _reshaped(type_, shape, [strides[group[-1]] for group in groups])
        properties = {"reassociation": _groups(groups)}
        op = memref.CollapseShapeOp(operands=[value], result_types=[result], properties=properties)
        return self.emit(op).result

    def ungrouped(
        self, value: SSAValue, groups: Sequence[Sequence[int]], shape: Sequence[int]
    ) -> SSAValue:
        """The other way round: a dimension becomes those of its group, of static extents."""
        type_ = memref_type(value)
        strides: list[int | None] = []
        for stride, group in zip(strides_of(type_), groups, strict=True):
            inner = [prod(shape[axis + 1 : group[-1] + 1]) for axis in group]
            strides += [None if stride is None else stride * each for each in inner]
        op = memref.ExpandShapeOp(
            operands=[value, []],
            result_types=[_reshaped(type_, shape, strides)],
            properties={
                "reassociation": _groups(groups),
                "static_output_shape": DenseArrayBase.from_list(i64, list(shape)),
            },
        )
        return self.emit(op).result


def _reshaped(type_: MemRefType, shape: Sequence[int], strides: Sequence[int | None]) -> MemRefType:
    layout = type_.layout
    if isinstance(layout, StridedLayoutAttr):
        layout = StridedLayoutAttr(list(strides), layout.offset)
    return MemRefType(type_.element_type, list(shape), layout, type_.memory_space)


def memref_type(value: SSAValue) -> MemRefType:
    """The type of a buffer."""
    assert isinstance(value.type, MemRefType)
    return value.type


def _groups(groups: Sequence[Sequence[int]]) -> ArrayAttr[ArrayAttr[IntegerAttr]]:
    return ArrayAttr(ArrayAttr(IntegerAttr(i, i64) for i in group) for group in groups)


def address_of(op: AllocOp) -> int:
    """The planned address of a buffer, in bytes. Raises ``PassError`` if there is none."""
    if op.address is None:
        raise PassError("a buffer has no address yet: run npu-plan-memory first")
    return op.address.value.data
