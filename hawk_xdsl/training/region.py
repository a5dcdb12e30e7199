"""Builds the region of an undecided op, one ``linalg.generic`` a step, over a few named axes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, tensor
from xdsl.dialects.builtin import (
    AffineMapAttr,
    BoolAttr,
    IndexType,
    IntegerAttr,
    TensorType,
)
from xdsl.dialects.linalg.attrs import IteratorTypeAttr
from xdsl.dialects.linalg.ops import FillOp, GenericOp, IndexOp
from xdsl.dialects.linalg.ops import YieldOp as LinalgYieldOp
from xdsl.ir import Attribute, Block, BlockArgument, Operation, Region, SSAValue
from xdsl.ir.affine import AffineExpr, AffineMap

from hawk_xdsl.dialects.dtype import CONDITION, INDEX, DType
from hawk_xdsl.dialects.npu import UndecidedOp, YieldOp
from hawk_xdsl.dialects.tm_tensor import CombinerYieldOp, ScanOp
from hawk_xdsl.linalg.scalar_ops import (
    COMBINERS,
    STARTS,
    TAKES_WHOLE,
    binary,
    cast,
    literal,
    scalar,
)


@dataclass(frozen=True)
class RegionTensor:
    """A tensor of the region: the axis of each of its dimensions, and its dtype."""

    ssa: SSAValue
    axes: tuple[int, ...]
    dtype: str

    @property
    def is_float(self) -> bool:
        """Whether its elements are floats."""
        return DType(self.dtype).is_float


Argument = RegionTensor | float
"""An operand of a scalar function: a tensor at the point, or a literal."""

_Body = Callable[[Block, Sequence[SSAValue]], SSAValue]
"""Adds the ops of a scalar body to a block and returns the value to yield."""


class RegionBuilder:
    """The ops of a region; ``extents`` are those of the axes, by number."""

    def __init__(self, extents: Sequence[int]) -> None:
        self.extents = tuple(extents)
        self._block = Block()

    def input(self, axes: tuple[int, ...], dtype: str) -> RegionTensor:
        """A new argument of the op."""
        return RegionTensor(self._argument(axes, dtype, {}), axes, dtype)

    def apply(self, function: str, args: Sequence[Argument], dtype: str) -> RegionTensor:
        """A scalar function at every point of the axes of its arguments.

        ``dtype`` is the result's; literals take that of the other arguments.
        """
        tensors = [arg for arg in args if isinstance(arg, RegionTensor)]
        axes = tuple(sorted({axis for value in tensors for axis in value.axes}))
        kind = next((v.dtype for v in tensors if v.dtype != CONDITION), dtype)
        kinds = [kind] * len(args)
        if function in TAKES_WHOLE:
            kinds[1] = INDEX

        def body(block: Block, elements: Sequence[SSAValue]) -> SSAValue:
            taken = iter(elements)
            operands = [
                next(taken) if isinstance(arg, RegionTensor) else literal(block, arg, own)
                for arg, own in zip(args, kinds, strict=True)
            ]
            return scalar(block, function, operands, kind, dtype)

        return self._generic(tensors, axes, axes, dtype, None, body)

    def reduce(self, kind: str, value: RegionTensor, axes: Sequence[int]) -> RegionTensor:
        """A reduction (sum, prod, max, min) over some axes of a value."""
        kept = tuple(axis for axis in value.axes if axis not in axes)
        loops = (*kept, *axes)
        function = COMBINERS[kind]

        def body(block: Block, elements: Sequence[SSAValue]) -> SSAValue:
            return binary(block, function, elements[0], elements[1], value.is_float)

        return self._generic([value], loops, kept, value.dtype, STARTS[kind], body)

    def contract(
        self, lhs: RegionTensor, rhs: RegionTensor, axes: Sequence[int], dtype: str
    ) -> RegionTensor:
        """A sum of products over ``axes``, accumulated in ``dtype``."""
        every = sorted({*lhs.axes, *rhs.axes})
        kept = tuple(axis for axis in every if axis not in axes)

        def body(block: Block, elements: Sequence[SSAValue]) -> SSAValue:
            left, right, accumulator = elements
            wide = [cast(block, part, lhs.dtype, dtype) for part in (left, right)]
            product = binary(block, "mul", wide[0], wide[1], True)
            return binary(block, "add", accumulator, product, True)

        return self._generic([lhs, rhs], (*kept, *axes), kept, dtype, 0.0, body)

    def scan(self, kind: str, value: RegionTensor, axis: int) -> RegionTensor:
        """A scan along one axis, as the front end imports a scan."""
        place = value.axes.index(axis)
        kept = tuple(a for a in value.axes if a != axis)
        element = DType(value.dtype).mlir
        block = Block(arg_types=[element, element])
        reduced = binary(block, COMBINERS[kind], block.args[0], block.args[1], value.is_float)
        block.add_op(CombinerYieldOp(reduced))
        targets = [
            self._filled(self._type(axes, value.dtype), STARTS[kind], value.dtype)
            for axes in (value.axes, kept)
        ]
        scan = ScanOp(
            operands=[[value.ssa], targets],
            result_types=[[target.type for target in targets]],
            properties={"dimension": IntegerAttr(place, 64), "inclusive": BoolAttr.from_bool(True)},
            regions=[Region(block)],
        )
        self._block.add_op(scan)
        return RegionTensor(scan.results[0], value.axes, value.dtype)

    def position(self, kind: str, value: RegionTensor, axis: int) -> RegionTensor:
        """Where along an axis the largest or smallest element first is, as ``i32``."""
        kept = tuple(a for a in value.axes if a != axis)
        loops = (*kept, axis)
        best, place = self._type(kept, value.dtype), self._type(kept, INDEX)
        block = Block(arg_types=[DType(value.dtype).mlir] * 2 + [DType.I32.mlir])
        element, extreme, found = block.args
        here = IndexOp(len(loops) - 1)
        number = arith.IndexCastOp(here.result, DType.I32.mlir)
        block.add_ops([here, number])
        better = binary(block, kind, element, extreme, value.is_float)
        compare = "gt" if kind == "max" else "lt"
        beats = scalar(block, compare, [element, extreme], value.dtype, CONDITION)
        chosen = arith.SelectOp(beats, number.result, found)
        block.add_ops([chosen, LinalgYieldOp(better, chosen.result)])
        starts = [
            self._filled(type_, start, dtype)
            for type_, start, dtype in ((best, STARTS[kind], value.dtype), (place, 0.0, INDEX))
        ]
        dims = _dims(loops)
        read = [dims[a] for a in value.axes]
        generic = self._structured([value.ssa], [read], loops, kept, starts, block)
        return RegionTensor(generic.results[1], kept, INDEX)

    def windowed(
        self, kind: str, axes: tuple[int, ...], dtype: str, windows: Mapping[int, tuple[int, int]]
    ) -> RegionTensor:
        """A reduction over windows of a new input, of a size and stride along some of the axes."""
        longer = {
            axis: (self.extents[axis] - 1) * stride + size
            for axis, (size, stride) in windows.items()
        }
        argument = self._argument(axes, dtype, longer)
        # Loops over a window come after those over all axes; no axis has their numbers.
        steps = {axis: len(self.extents) + number for number, axis in enumerate(windows)}
        dims = _dims((*axes, *steps.values()))
        read = [dims[a] * windows[a][1] + dims[steps[a]] if a in windows else dims[a] for a in axes]
        block = Block(arg_types=[DType(dtype).mlir] * 3)
        element, _, reduced = block.args
        block.add_op(
            LinalgYieldOp(binary(block, COMBINERS[kind], element, reduced, DType(dtype).is_float))
        )
        start = self._filled(self._type(axes, dtype), STARTS[kind], dtype)
        # A window is no operand of its own, but its extents have to be known from a shape.
        sizes = [size for size, _ in windows.values()]
        window = tensor.EmptyOp([], TensorType(DType(dtype).mlir, sizes))
        self._block.add_op(window)
        inputs, maps = [argument, window.tensor], [read, [dims[step] for step in steps.values()]]
        generic = self._structured(inputs, maps, (*axes, *steps.values()), axes, [start], block)
        return RegionTensor(generic.results[0], axes, dtype)

    def joined(
        self, axes: tuple[int, ...], dtype: str, axis: int, sizes: Sequence[int]
    ) -> RegionTensor:
        """New inputs one behind the other along an axis, of which each has a size."""
        parts = [self._argument(axes, dtype, {axis: size}) for size in sizes]
        concat = tensor.ConcatOp(parts, axes.index(axis), self._type(axes, dtype))
        self._block.add_op(concat)
        return RegionTensor(concat.result, axes, dtype)

    def gathered(self, axes: tuple[int, ...], dtype: str, axis: int, rows: int) -> RegionTensor:
        """What is found along an axis of a new input of so many rows, at places of another one."""
        places = self.input((axis,), INDEX)
        table = self._argument(axes, dtype, {axis: rows})
        block = Block(arg_types=[DType.I32.mlir, DType(dtype).mlir])
        index: list[SSAValue] = []
        for number, a in enumerate(axes):
            if a == axis:
                op: Operation = arith.IndexCastOp(block.args[0], IndexType())
            else:
                op = IndexOp(number)
            block.add_op(op)
            index.append(op.results[0])
        element = tensor.ExtractOp(table, index, DType(dtype).mlir)
        block.add_ops([element, LinalgYieldOp(element.result)])
        dims = _dims(axes)
        target = self._filled(self._type(axes, dtype), None, dtype)
        generic = self._structured([places.ssa], [[dims[axis]]], axes, axes, [target], block)
        return RegionTensor(generic.results[0], axes, dtype)

    def part(
        self, axes: tuple[int, ...], dtype: str, axis: int, offset: int, stride: int
    ) -> RegionTensor:
        """Every ``stride``-th element from ``offset`` on, along an axis of a larger new input."""
        place, shape = axes.index(axis), [self.extents[a] for a in axes]
        offsets, strides = [0] * len(axes), [1] * len(axes)
        offsets[place], strides[place] = offset, stride
        longer = {axis: offset + (shape[place] - 1) * stride + 1}
        argument = self._argument(axes, dtype, longer)
        slice_ = tensor.ExtractSliceOp.from_static_parameters(argument, offsets, shape, strides)
        self._block.add_op(slice_)
        return RegionTensor(slice_.result, axes, dtype)

    def _argument(self, axes: tuple[int, ...], dtype: str, extents: Mapping[int, int]) -> SSAValue:
        """A new argument over axes, with other extents along some of them."""
        shape = [extents.get(a, self.extents[a]) for a in axes]
        return self._block.insert_arg(TensorType(DType(dtype).mlir, shape), len(self._block.args))

    def transposed(self, value: RegionTensor, axes: tuple[int, ...]) -> RegionTensor:
        """The same elements with the dimensions in another order."""
        return self._generic([value], axes, axes, value.dtype, None, lambda block, e: e[0])

    def finish(self, results: Sequence[RegionTensor], label: str) -> UndecidedOp:
        """The op; its inputs are the arguments of a block of their own."""
        self._block.add_op(YieldOp(*(value.ssa for value in results)))
        types = [argument.type for argument in self._block.args]
        around = Block(arg_types=types)
        op = UndecidedOp(
            around.args, [value.ssa.type for value in results], Region(self._block), label
        )
        op.verify()
        return op

    def _type(self, axes: Sequence[int], dtype: str) -> TensorType[Attribute]:
        return TensorType(DType(dtype).mlir, [self.extents[axis] for axis in axes])

    def _generic(
        self,
        inputs: Sequence[RegionTensor],
        loops: Sequence[int],
        kept: tuple[int, ...],
        dtype: str,
        start: float | None,
        body: _Body,
    ) -> RegionTensor:
        """A generic op; ``start`` is the accumulator's first value where axes are reduced."""
        target = self._filled(self._type(kept, dtype), start, dtype)
        block = Block(arg_types=[*(DType(value.dtype).mlir for value in inputs), DType(dtype).mlir])
        elements: Sequence[BlockArgument] = block.args
        result = body(block, elements if start is not None else elements[:-1])
        block.add_op(LinalgYieldOp(result))
        dims = _dims(loops)
        reads = [[dims[axis] for axis in value.axes] for value in inputs]
        generic = self._structured([v.ssa for v in inputs], reads, loops, kept, [target], block)
        return RegionTensor(generic.results[0], kept, dtype)

    def _filled(self, type_: TensorType[Attribute], start: float | None, dtype: str) -> SSAValue:
        """A tensor to write to: filled with a number, or without one with nothing."""
        empty = tensor.EmptyOp([], type_)
        self._block.add_op(empty)
        if start is None:
            return empty.tensor
        fill = FillOp([literal(self._block, start, dtype)], [empty.tensor], [type_])
        self._block.add_op(fill)
        return fill.results[0]

    def _structured(
        self,
        inputs: Sequence[SSAValue],
        reads: Sequence[Sequence[AffineExpr]],
        loops: Sequence[int],
        kept: tuple[int, ...],
        targets: Sequence[SSAValue],
        block: Block,
    ) -> GenericOp:
        """A generic op of inputs at their indices; axes that are not kept are reduced."""
        dims = _dims(loops)
        written = [dims[axis] for axis in kept]
        maps = [
            AffineMapAttr(AffineMap(len(loops), 0, tuple(index)))
            for index in (*reads, *[written] * len(targets))
        ]
        kinds = [
            IteratorTypeAttr.parallel() if axis in kept else IteratorTypeAttr.reduction()
            for axis in loops
        ]
        types = [target.type for target in targets]
        generic = GenericOp(inputs, targets, Region(block), maps, kinds, types)
        self._block.add_op(generic)
        return generic


def _dims(loops: Sequence[int]) -> dict[int, AffineExpr]:
    """The dimension of each loop, by its axis."""
    return {axis: AffineExpr.dimension(number) for number, axis in enumerate(loops)}
