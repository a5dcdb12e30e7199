"""The vendor's views of buffers: parts, other shapes, bytes as elements."""

from collections.abc import Sequence

from xdsl.dialects import memref
from xdsl.dialects.builtin import DYNAMIC_INDEX
from xdsl.ir import Operation, SSAValue

from hawk_xdsl.dialects.npu import ReadOp
from hawk_xdsl.hivm.reading.buffers import Pointer, Sized
from hawk_xdsl.hivm.reading.errors import HivmImportError
from hawk_xdsl.hivm.reading.instructions import Operand, tile
from hawk_xdsl.hivm.reading.linear import IndexForm
from hawk_xdsl.hivm.reading.tiles import Axis, VendorTile
from hawk_xdsl.hivm.reading.values import Values
from hawk_xdsl.hivm.reading.vendor_ops import numbers
from hawk_xdsl.hivm.reading.writing import Writer


class Views:
    """Reads the views of one kernel."""

    def __init__(self, values: Values, writer: Writer) -> None:
        self._values, self._writer = values, writer

    def view(self, op: Operation) -> Operand:
        """What a view stands for. Raises ``HivmImportError`` for one that is not read."""
        source = self._values[op.operands[0]]
        match op:
            case memref.CastOp():
                return source
            case memref.ViewOp():
                return self._bytes_viewed(op, source)
            case memref.SubviewOp():
                return self._part(op, tile(source))
            case memref.ReinterpretCastOp():
                return self._reinterpreted(op, tile(source))
            case memref.CollapseShapeOp():
                return tile(source).collapsed(_reassociation(op))
            case memref.ExpandShapeOp():
                sizes = self._values.mixed(op.static_output_shape, op.output_shape)
                return tile(source).expanded(_reassociation(op), sizes)
            case _:
                raise HivmImportError("no view of ours")

    def _bytes_viewed(self, op: memref.ViewOp, source: Operand) -> VendorTile:
        start = self._values.number(op.byte_shift).number
        type_ = op.result.type
        if not isinstance(source, Pointer) or start is None:
            raise HivmImportError("a part of a view, from an unknown byte on")
        unknown = iter(op.sizes)
        sizes = [
            self._sized(next(unknown)) if size == DYNAMIC_INDEX else Sized.known(size)
            for size in type_.get_shape()
        ]
        return source.view(type_, sizes, start)

    def _sized(self, value: SSAValue) -> Sized:
        form = self._values.number(value)
        return Sized(form, self._writer.limit(form))

    def element(self, op: memref.LoadOp) -> SSAValue:
        """An element of a tile as a number."""
        source = tile(self._values[op.memref])
        indices = [self._values.number(value) for value in op.indices]
        one = [IndexForm({}, 1)] * len(indices)
        part = source.part(indices, one, [True] * len(indices)).write(self._writer)
        places = [self._writer.index(0)] * len(indices)
        return self._writer.add(ReadOp(part, places))

    def _part(self, op: memref.SubviewOp, source: VendorTile) -> VendorTile:
        offsets = self._values.mixed(op.static_offsets, op.offsets)
        sizes = self._values.mixed(op.static_sizes, op.sizes)
        steps = self._values.mixed(op.static_strides, op.strides)
        if any(step.number != 1 for step in steps):
            raise HivmImportError("takes elements in steps")
        static = numbers(op.static_sizes)
        return source.part(offsets, sizes, _kept(static, op.result.type.get_shape()))

    def _reinterpreted(self, op: memref.ReinterpretCastOp, source: VendorTile) -> VendorTile:
        (offset,) = self._values.mixed(op.static_offsets, op.offsets)
        sizes = self._values.mixed(op.static_sizes, op.sizes)
        strides = [form.number for form in self._values.mixed(op.static_strides, op.strides)]
        axes: list[tuple[Axis, ...]] = []
        for size, stride in zip(sizes, strides, strict=True):
            if stride is None:
                raise HivmImportError("a stride that is no constant")
            axes.append((Axis(size, stride),))
        return VendorTile(source.place, tuple(axes), offset)


def _reassociation(op: memref.CollapseShapeOp | memref.ExpandShapeOp) -> list[list[int]]:
    return [list(numbers(group)) for group in op.reassociation.data]


def _kept(sizes: Sequence[int], result: Sequence[int]) -> list[bool]:
    """Which dimensions of a subview its result has: those of extent 1 may be dropped."""
    kept, place = list[bool](), 0
    for size in sizes:
        keep = place < len(result) and result[place] == size
        kept.append(keep)
        place += keep
    return kept
