"""Reads a linalg region as terms, pulling each value at the index where it is needed.

Layout ops (transpose, slice, reshape, broadcast) vanish into indices. An index must stay affine:
where a reshape would need a division, or a tensor is put together from parts, the loops are split
or cut (see ``Loops``); where that does not help, reading stops with the reason.
"""

from collections.abc import Sequence
from itertools import accumulate
from math import prod

from xdsl.dialects import arith, tensor
from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IntegerAttr,
    ShapedType,
    TensorType,
)
from xdsl.dialects.linalg.ops import FillOp
from xdsl.ir import Block, BlockArgument, Operation, OpResult, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.tm_tensor import ScanOp
from hawk_xdsl.linalg.splat import splat_of
from hawk_xdsl.linalg.structured import Equation, equation_of
from hawk_xdsl.semantics.addresses import address
from hawk_xdsl.semantics.loops import Loops, UnreadableError
from hawk_xdsl.semantics.reading_body import ScalarBody, dtype_read
from hawk_xdsl.semantics.terms import Affine, Term, Terms, is_pseudo


def shape_of(value: SSAValue) -> tuple[int, ...]:
    """The static shape of a tensor."""
    if not isinstance(value.type, TensorType):
        raise UnreadableError(f"a value of type {value.type}")
    return tuple(value.type.get_shape())


class RegionReader:
    """Gives the term of any tensor value of one region at a given index."""

    def __init__(self, block: Block, names: Sequence[str], loops: Loops) -> None:
        self.terms = Terms()
        self.loops = loops
        self._names = dict(zip(block.args, names, strict=True))
        self._memo: dict[tuple[SSAValue, tuple[Affine, ...]], Term] = {}
        self._values: list[Term] = []
        self.borders: dict[str, float | int] = {}
        """What reads beyond an operand's ends give, by the operand's name."""

    def term(self, value: SSAValue, index: tuple[Affine, ...]) -> Term:
        """The value's element at the index. Raises ``UnreadableError``."""
        key = (value, index)
        if key not in self._memo:
            self._memo[key] = self._read(value, index)
        return self._memo[key]

    def _read(self, value: SSAValue, index: tuple[Affine, ...]) -> Term:
        if isinstance(value, BlockArgument):
            assert isinstance(value.type, ShapedType | TensorType)
            element = value.type.element_type if isinstance(value.type, TensorType) else value.type
            values = tuple(self._values)
            return self.terms.gather(self._names[value], index, values, dtype_read(element))
        op = value.owner
        assert isinstance(op, Operation) and isinstance(value, OpResult)
        match op:
            case arith.ConstantOp():
                return self._constant(op)
            case FillOp():
                return self.scalar(op.inputs[0])
            case tensor.EmptyOp():
                raise UnreadableError("reads a tensor that nothing was written to")
            case tensor.CastOp():
                return self.term(op.source, index)
            case tensor.PadOp():
                return self._padded(op, index)
            case tensor.ConcatOp():
                return self._joined(op, index)
            case tensor.InsertSliceOp():
                return self._inserted(op, index)
            case ScanOp():
                return self._scanned(op, value.index, index)
            case tensor.ExpandShapeOp() | tensor.CollapseShapeOp():
                return self._reshaped(op, index)
            case tensor.ExtractSliceOp():
                return self._sliced(op, index)
            case _:
                equation = equation_of(op)
                if equation is None:
                    raise UnreadableError(f"{op.name} has no specification")
                return self._computed(equation, value.index, index)

    def _constant(self, op: arith.ConstantOp) -> Term:
        match op.value:
            case FloatAttr() | IntegerAttr() as literal:
                return self.terms.const(literal.value.data, dtype_read(literal.type))
            case DenseIntOrFPElementsAttr() as dense:
                number = splat_of(dense)
                if number is not None:
                    return self.terms.const(number.value.data, dtype_read(number.type))
            case _:
                pass
        raise UnreadableError("a constant tensor that is not one number repeated")

    def scalar(self, value: SSAValue) -> Term:
        """A scalar operand of an op: a constant. Raises ``UnreadableError``."""
        if isinstance(value.owner, arith.ConstantOp):
            return self._constant(value.owner)
        raise UnreadableError("a scalar that is not a constant")

    def _reshaped(
        self, op: tensor.ExpandShapeOp | tensor.CollapseShapeOp, index: tuple[Affine, ...]
    ) -> Term:
        """Each group of dimensions is linearised, or taken apart, in the other shape."""
        source, result = shape_of(op.src), shape_of(op.result)
        groups = [[axis.value.data for axis in group.data] for group in op.reassociation]
        taken: list[Affine] = []
        for position, group in enumerate(groups):
            if isinstance(op, tensor.CollapseShapeOp):
                taken += self._taken_apart(index[position], [source[axis] for axis in group])
            else:
                linear = Affine()
                for axis in group:
                    linear = linear.scaled(result[axis]) + index[axis]
                taken.append(linear)
        return self.term(op.src, tuple(taken))

    def _taken_apart(self, linear: Affine, extents: Sequence[int]) -> list[Affine]:
        """The indices in a block of the given extents at a linear index.

        Where the index runs over the end of a row, its loops are split or cut there.
        """
        indices: list[Affine] = []
        for position in range(len(extents)):
            stride = prod(extents[position + 1 :])
            quotient = Affine(linear.constant // stride)
            rest = Affine(linear.constant % stride)
            for name, factor in linear.terms:
                part = Affine(0, ((name, factor),))
                if factor % stride == 0:
                    quotient += Affine(0, ((name, factor // stride),))
                else:
                    rest += part
            least, greatest = self.loops.bounds(rest)
            if least < 0 or greatest >= stride:
                self._divide(rest, stride)
            indices.append(quotient)
            linear = rest
        return indices

    def _divide(self, index: Affine, stride: int) -> None:
        """Changes the loops so that an index stays within multiples of a stride."""
        name, factor = max(index.terms, key=lambda part: abs(part[1]))
        inner, uneven = divmod(stride, abs(factor))
        if not uneven and self.loops.extents[name] > inner > 1:
            self.loops.split(name, inner)
        if len(index.terms) == 1:
            self.loops.contains(index, 0, stride)
        raise UnreadableError(
            f"a reshape splits index {index} at {stride}, which no affine index can say"
        )

    def _sliced(self, op: tensor.ExtractSliceOp, index: tuple[Affine, ...]) -> Term:
        offsets, strides = op.static_offsets.get_values(), op.static_strides.get_values()
        sizes = op.static_sizes.get_values()
        if op.offsets or op.sizes or op.strides:
            raise UnreadableError("a slice with offsets that are not constants")
        dropped = len(sizes) - len(index)
        taken: list[Affine] = []
        remaining = list(index)
        for offset, size, stride in zip(offsets, sizes, strides, strict=True):
            if dropped and size == 1:
                dropped -= 1
                taken.append(Affine(offset))
            else:
                taken.append(remaining.pop(0).scaled(stride) + Affine(offset))
        return self.term(op.source, tuple(taken))

    def _padded(self, op: tensor.PadOp, index: tuple[Affine, ...]) -> Term:
        if op.low or op.high:
            raise UnreadableError("a padding of an extent that is not a constant")
        inner: list[Affine] = []
        windows = False
        for dim, low, extent in zip(
            index, op.static_low.get_values(), shape_of(op.source), strict=True
        ):
            inner.append(dim + Affine(-low))
            if self._leaves(inner[-1], extent):
                windows = True
            elif not self.loops.contains(inner[-1], 0, extent):
                end = op.region.block.last_op
                assert end is not None
                return self.scalar(end.operands[0])
        if windows:
            return self._bordered(op, tuple(inner))
        return self.term(op.source, tuple(inner))

    def _leaves(self, index: Affine, extent: int) -> bool:
        """Whether windows reach beyond the ends of a dimension: no loop can be cut there."""
        least, greatest = self.loops.bounds(index)
        return len(index.terms) > 1 and (least < 0 or greatest >= extent)

    def _bordered(self, op: tensor.PadOp, index: tuple[Affine, ...]) -> Term:
        """A read of an operand some of whose windows are in its border."""
        end = op.region.block.last_op
        assert end is not None
        border, read = self.scalar(end.operands[0]), self.term(op.source, index)
        known = self.borders.get(read.operand, border.value)
        if read.op != "read" or not border.is_const or known != border.value:
            raise UnreadableError("a border of what is no operand, or of two kinds")
        self.borders[read.operand] = border.value
        return read

    def _joined(self, op: tensor.ConcatOp, index: tuple[Affine, ...]) -> Term:
        dim = op.dim.value.data
        extents = [shape_of(part)[dim] for part in op.inputs]
        for part, end, extent in zip(op.inputs, accumulate(extents), extents, strict=True):
            inner = index[dim] + Affine(extent - end)
            if self.loops.contains(inner, 0, extent):
                return self.term(part, (*index[:dim], inner, *index[dim + 1 :]))
        raise UnreadableError(f"index {index[dim]} is outside of a concatenation")

    def _inserted(self, op: tensor.InsertSliceOp, index: tuple[Affine, ...]) -> Term:
        offsets, strides = op.static_offsets.get_values(), op.static_strides.get_values()
        sizes = op.static_sizes.get_values()
        if op.offsets or op.sizes or op.strides:
            raise UnreadableError("a slice with offsets that are not constants")
        dropped = len(sizes) - len(shape_of(op.source))
        inner: list[Affine] = []
        for dim, offset, size, stride in zip(index, offsets, sizes, strides, strict=True):
            place = dim + Affine(-offset)
            if not self.loops.contains(place, 0, (size - 1) * stride + 1):
                return self.term(op.dest, index)
            if not self._is_multiple(place, stride):
                return self.term(op.dest, index)
            if dropped and size == 1:
                dropped -= 1
            else:
                steps = tuple((name, factor // stride) for name, factor in place.terms)
                inner.append(Affine(place.constant // stride, steps))
        return self.term(op.source, tuple(inner))

    def _is_multiple(self, index: Affine, stride: int) -> bool:
        """Whether an index is a multiple of a stride; if only at times, loops are interleaved."""
        uneven = [name for name, factor in index.terms if factor % stride]
        if uneven:
            self.loops.interleave(uneven[0], stride)
        return index.constant % stride == 0

    def _scanned(self, op: ScanOp, result: int, index: tuple[Affine, ...]) -> Term:
        """A scan at its own place, or the reduction of all, which is its second result."""
        kind, [source], axis = op.kind, op.inputs, op.dimension.value.data
        if kind is None or not op.inclusive.value.data:
            raise UnreadableError("a scan that is exclusive or of no known kind")
        extent = shape_of(source)[axis]
        if result == 1:
            used = {name for dim in index for name in dim.axes}
            bound = self.loops.of_reduction(op, axis, extent, used)
            arg = self.term(source, (*index[:axis], bound, *index[axis:]))
            return self.terms.reduce(kind, arg, bound.axes)
        along = index[axis].plain
        if extent == 1:
            return self.term(source, index)
        if along is None or is_pseudo(along) or self.loops.extents[along] != extent:
            raise UnreadableError("a scan is read at another place than its own")
        return self.terms.scan(kind, self.term(source, index), along)

    def address(self, term: Term, extent: int) -> Affine:
        """A computed index into a dimension of an extent."""
        return address(term, self.loops, lambda value: self._value(value, extent))

    def _value(self, term: Term, extent: int) -> Affine:
        if term not in self._values:
            self._values.append(term)
        return self.loops.value(self._values.index(term), extent)

    def number(self, index: Affine) -> Term:
        """An index as a number, with the values that its pseudo-axes stand for."""
        pseudo = [(name, factor) for name, factor in index.terms if is_pseudo(name)]
        plain = tuple(part for part in index.terms if part not in pseudo)
        total = self.terms.index(Affine(index.constant, plain), DType.I64) if plain else None
        for name, factor in pseudo:
            part = self._values[int(name.removeprefix("@"))]
            if factor != 1:
                part = self.terms.apply(
                    "mul", (part, self.terms.const(factor, DType.I64)), DType.I64
                )
            total = part if total is None else self.terms.apply("add", (total, part), DType.I64)
        if total is None:
            return self.terms.const(index.constant, DType.I64)
        if index.constant and not plain:
            constant = self.terms.const(index.constant, DType.I64)
            total = self.terms.apply("add", (total, constant), DType.I64)
        return total

    def _computed(self, equation: Equation, result: int, index: tuple[Affine, ...]) -> Term:
        """Binds the loops of a structured op to the index and reads its body there."""
        bound_to: dict[int, Affine] = {}
        written = equation.maps[len(equation.inputs) + result]
        for dim, expr in zip(index, written.results, strict=True):
            if isinstance(expr, AffineDimExpr):
                bound_to[expr.position] = dim
            elif not isinstance(expr, AffineConstantExpr):
                raise UnreadableError(f"{equation.op.name} writes at the computed index {expr}")
        used = {name for dim in index for name in dim.axes}
        reduced: set[str] = set()
        for loop, extent in enumerate(equation.sizes):
            if loop not in bound_to:
                bound_to[loop] = self.loops.of_reduction(equation.op, loop, extent, used)
                used |= bound_to[loop].axes
                reduced |= bound_to[loop].axes
        loops = [bound_to[loop] for loop in range(len(equation.sizes))]
        return ScalarBody(self, equation, loops, frozenset(reduced)).result(result, index)
