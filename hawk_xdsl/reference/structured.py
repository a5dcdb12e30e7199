"""Structured linalg ops on whole arrays: contractions, reductions, elementwise ops, windows."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.lib.stride_tricks import as_strided
from xdsl.dialects import arith
from xdsl.ir import Operation, SSAValue
from xdsl.ir.affine import AffineMap

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.tm_tensor import ScanOp
from hawk_xdsl.linalg.structured import (
    PRODUCTS,
    SUMS,
    Equation,
    LinearIndex,
    OutputReduction,
    best_with_index,
    equation_of,
)
from hawk_xdsl.reference.frame import Frame
from hawk_xdsl.reference.scalar import evaluate_scalar
from hawk_xdsl.reference.value_types import UnsupportedOpError, accumulator_dtype

UFUNCS: dict[type[Operation], np.ufunc] = {
    arith.AddfOp: np.add,
    arith.AddiOp: np.add,
    arith.MulfOp: np.multiply,
    arith.MuliOp: np.multiply,
    arith.MaximumfOp: np.maximum,
    arith.MaxnumfOp: np.fmax,
    arith.MinimumfOp: np.minimum,
    arith.MinnumfOp: np.fmin,
    arith.MaxSIOp: np.maximum,
    arith.MinSIOp: np.minimum,
    arith.AndIOp: np.bitwise_and,
    arith.OrIOp: np.bitwise_or,
    arith.XOrIOp: np.bitwise_xor,
}
"""Reductions that numpy has; on i1 only the last three mean the same there."""

_BITWISE = (arith.AndIOp, arith.OrIOp, arith.XOrIOp)


def evaluate_structured(frame: Frame, op: Operation) -> list[Array]:
    """The results of a structured linalg op, of ``linalg.broadcast`` or of ``linalg.reduce``.

    Raises:
        UnsupportedOpError: if the op or its body has no meaning here.
    """
    return Evaluation(frame, structured_equation(op)).run()


def structured_equation(op: Operation) -> Equation:
    """The equation of an op. Raises ``UnsupportedOpError`` if it has none."""
    equation = equation_of(op)
    if equation is None:
        raise UnsupportedOpError(op, "not a structured op with static shapes")
    return equation


def evaluate_scan(frame: Frame, op: Operation) -> list[Array]:
    """The scans of ``tm_tensor.scan``, and their last elements; sums in at least f32.

    Raises:
        UnsupportedOpError: if it is exclusive or no reduction that numpy has.
    """
    assert isinstance(op, ScanOp)
    combiner = op.body.block.first_op
    if op.kind is None or combiner is None or not op.inclusive.value.data:
        raise UnsupportedOpError(op, "an exclusive scan, or one of no known reduction")
    source, axis = frame.get(op.inputs[0]), op.dimension.value.data
    wide = source.astype(accumulator_dtype(source.dtype))
    running = UFUNCS[type(combiner)].accumulate(wide, axis=axis).astype(source.dtype)
    return [running, np.take(running, -1, axis=axis)]


class Evaluation:
    """One structured op with its operands as views over the loops.

    An axis of a view that no loop uses has extent 1.
    """

    def __init__(self, frame: Frame, equation: Equation) -> None:
        self._frame = frame
        self._equation = equation
        self._sizes = equation.sizes
        rank = len(self._sizes)
        self._loops = [
            np.arange(size).reshape([-1 if d == loop else 1 for d in range(rank)])
            for loop, size in enumerate(self._sizes)
        ]
        self._inputs = [
            self._view(frame.get(value), index) for index, value in enumerate(equation.inputs)
        ]
        self._results = [frame.get(value).copy() for value in equation.outputs]
        offset = len(equation.inputs)
        self._outputs = [
            self._view(array, offset + index) for index, array in enumerate(self._results)
        ]

    def run(self) -> list[Array]:
        """The results' values."""
        equation = self._equation
        if not equation.reduced:
            values = self._evaluate(equation.yielded, self._inputs, self._outputs, self._loops)
        else:
            values = self._reduced_outputs() or self._best_with_index() or self._looped()
        for view, value in zip(self._outputs, values, strict=True):
            view[...] = value
        return self._results

    def _view(self, array: Array, operand: int) -> Array:
        """An operand over the loops: axis d is loop d, of extent 1 if that is not used."""
        indices = self._equation.indices[operand]
        linear = [index for index in indices if index is not None]
        if len(linear) != len(indices):
            if operand >= len(self._equation.inputs):
                raise UnsupportedOpError(self._equation.op, "writes at a divided index")
            return self._gathered(array, self._equation.maps[operand])
        return strided_view(array, linear, self._sizes)

    def _gathered(self, array: Array, indexing: AffineMap) -> Array:
        columns = [loop.reshape(-1) for loop in np.broadcast_arrays(*self._loops)]
        points = np.array(
            [indexing.eval(list(map(int, p)), []) for p in zip(*columns, strict=True)]
        )
        return array[tuple(points.T)].reshape(self._sizes)

    def _evaluate(
        self,
        wanted: Sequence[SSAValue],
        inputs: Sequence[Array],
        accumulators: Sequence[Array],
        loops: Sequence[Array],
    ) -> list[Array]:
        """Scalars of the body for whole arrays of inputs."""
        arguments: dict[SSAValue, Array] = {}
        arguments.update(zip(self._equation.body.args, [*inputs, *accumulators], strict=True))
        frame = self._frame.body(arguments, loops)
        return [frame.get(value) for value in wanted]

    def _reduced_outputs(self) -> list[Array] | None:
        """All outputs, if each is a reduction that numpy has."""
        reductions = [self._equation.reduction(i) for i in range(len(self._outputs))]
        if not all(reduction is not None and self._has(reduction) for reduction in reductions):
            return None
        values: list[Array] = []
        for reduction, start in zip(reductions, self._outputs, strict=True):
            assert reduction is not None
            total = self._contracted(reduction)
            if total is None:
                total = self._total(reduction)
            values.append(self._combined(reduction.combiner, total, start))
        return values

    def _has(self, reduction: OutputReduction) -> bool:
        boolean = self._frame.dtype(reduction.value) == np.bool_
        return reduction.combiner in (_BITWISE if boolean else UFUNCS)

    def _combined(self, combiner: type[Operation], total: Array, start: Array) -> Array:
        wide = accumulator_dtype(start.dtype)
        return UFUNCS[combiner](total.astype(wide), start.astype(wide)).astype(start.dtype)

    def _total(self, reduction: OutputReduction) -> Array:
        [value] = self._evaluate([reduction.value], self._inputs, self._outputs, self._loops)
        return self._reduce(reduction.combiner, value)

    def _reduce(self, combiner: type[Operation], value: Array) -> Array:
        """A value reduced over the reduced loops, which keep extent 1; sums in at least f32."""
        full = self._over_reduced(value)
        reduced = self._equation.reduced
        wide = accumulator_dtype(value.dtype)
        return UFUNCS[combiner].reduce(full, axis=reduced, keepdims=True, dtype=wide)

    def _over_reduced(self, value: Array) -> Array:
        """A value with all points of the reduced loops, also of those that it does not use."""
        reduced, aligned = self._equation.reduced, ranked(value, len(self._sizes))
        sizes = zip(self._sizes, aligned.shape, strict=True)
        shape = [s if d in reduced else v for d, (s, v) in enumerate(sizes)]
        return np.broadcast_to(aligned, shape)

    def _contracted(self, reduction: OutputReduction) -> Array | None:
        """A sum of products as one batched matrix product, if that saves work."""
        factors = self._factors(reduction)
        if factors is None:
            return None
        found = self._evaluate(factors, self._inputs, self._outputs, self._loops)
        left, right = (ranked(factor, len(self._sizes)) for factor in found)
        if not self._saves_work(left, right):
            return None
        wide = accumulator_dtype(left.dtype)
        return contract(left.astype(wide), right.astype(wide), self._sizes, self._equation.reduced)

    @staticmethod
    def _factors(reduction: OutputReduction) -> tuple[SSAValue, SSAValue] | None:
        """The factors of a sum of products."""
        if reduction.combiner not in SUMS or not isinstance(reduction.value.owner, PRODUCTS):
            return None
        return reduction.value.owner.lhs, reduction.value.owner.rhs

    def _saves_work(self, left: Array, right: Array) -> bool:
        """Whether both factors of a product lack a loop."""
        return tuple(self._sizes) not in (left.shape, right.shape)

    def _best_with_index(self) -> list[Array] | None:
        """The pair (maximum or minimum, index where it is), without a loop over the elements."""
        match = best_with_index(self._equation)
        if match is None:
            return None
        reduction, strict, largest = match.reduction, match.first, match.largest
        wanted = [reduction.value, match.index]
        value, place = self._evaluate(wanted, self._inputs, self._outputs, self._loops)
        if value.dtype.kind not in "iub" and np.any(np.isnan(value)):
            return None
        value, place = (self._reduction_last(array) for array in (value, place))
        ordered = value if strict else value[..., ::-1]
        chosen = np.argmax(ordered, axis=-1) if largest else np.argmin(ordered, axis=-1)
        chosen = np.expand_dims(chosen if strict else value.shape[-1] - 1 - chosen, -1)
        kept = self._outputs[0].shape
        best = np.take_along_axis(value, chosen, -1).reshape(kept)
        where = np.take_along_axis(place, chosen, -1).reshape(kept)
        start, start_index = self._outputs
        better = evaluate_scalar(match.comparison, [best, start], np.dtype(np.bool_))
        assert better is not None
        return [
            self._combined(reduction.combiner, best, start),
            np.where(better, where.astype(start_index.dtype), start_index),
        ]

    def _reduction_last(self, value: Array) -> Array:
        """The value over all loops, with the reduced ones flattened into a last axis."""
        reduced = self._equation.reduced
        kept = [d for d in range(len(self._sizes)) if d not in reduced]
        full = np.broadcast_to(value, self._sizes).transpose([*kept, *reduced])
        return full.reshape([*(self._sizes[d] for d in kept), -1])

    def _looped(self) -> list[Array]:
        """Any reduction: one step for each point of the reduced loops, vectorised over the rest."""
        reduced = self._equation.reduced
        accumulators = [np.array(view) for view in self._outputs]
        for point in product(*(range(self._sizes[d]) for d in reduced)):
            place = dict(zip(reduced, point, strict=True))
            inputs = [at_point(view, place) for view in self._inputs]
            loops = [at_point(loop, place) for loop in self._loops]
            accumulators = self._evaluate(self._equation.yielded, inputs, accumulators, loops)
        return accumulators


def ranked(array: Array, rank: int) -> Array:
    """An array with leading axes of extent 1 up to a rank."""
    return array.reshape((1,) * (rank - array.ndim) + array.shape)


def at_point(array: Array, place: dict[int, int]) -> Array:
    """One point of some axes, which keep extent 1; scalars and unused axes stay."""
    if array.ndim == 0:
        return array
    return array[
        tuple(
            slice(place[d], place[d] + 1) if d in place and size > 1 else slice(None)
            for d, size in enumerate(array.shape)
        )
    ]


def strided_view(array: Array, indices: Sequence[LinearIndex], sizes: Sequence[int]) -> Array:
    """``array`` over loops of the given sizes, without a copy; windows overlap.

    Axis d of the result is loop d, of extent 1 if no index uses it. A scalar stays a scalar.
    """
    if array.ndim == 0 and not indices:
        return array
    start = array[tuple(slice(index.constant, None) for index in indices)]
    strides, shape = [0] * len(sizes), [1] * len(sizes)
    for axis, index in enumerate(indices):
        for loop, factor in enumerate(index.coefficients):
            if factor:
                strides[loop] += factor * array.strides[axis]
                shape[loop] = sizes[loop]
    return as_strided(start, shape, strides)


def contract(left: Array, right: Array, sizes: Sequence[int], reduced: Sequence[int]) -> Array:
    """Σ over ``reduced`` loops of ``left · right``, both given over all loops (extent 1: unused).

    Returns an array over the loops, where the reduced ones, and those that neither uses, have
    extent 1.
    """
    rank = len(sizes)
    factor = 1
    for loop in reduced:
        uses = (left.shape[loop] > 1, right.shape[loop] > 1)
        if uses == (True, False):
            left = left.sum(axis=loop, keepdims=True)
        elif uses == (False, True):
            right = right.sum(axis=loop, keepdims=True)
        elif uses == (False, False):
            factor *= sizes[loop]
    inner = [d for d in reduced if left.shape[d] > 1]
    outer = [d for d in range(rank) if d not in inner]
    batch = [d for d in outer if left.shape[d] > 1 and right.shape[d] > 1]
    rows = [d for d in outer if left.shape[d] > 1 and right.shape[d] == 1]
    columns = [d for d in outer if left.shape[d] == 1 and right.shape[d] > 1]
    unused = [d for d in outer if d not in batch + rows + columns]

    def matrix(array: Array, first: Sequence[int], second: Sequence[int]) -> Array:
        ordered = array.transpose([*batch, *first, *second, *_others(rank, batch, first, second)])
        return ordered.reshape(
            [*(sizes[d] for d in batch), _extent(sizes, first), _extent(sizes, second)]
        )

    result = np.matmul(matrix(left, rows, inner), matrix(right, inner, columns))
    order = [*batch, *rows, *columns, *unused, *inner]
    extents = [sizes[d] for d in batch + rows + columns] + [1] * len(unused + inner)
    positions = [order.index(d) for d in range(rank)]
    return np.multiply(result.reshape(extents).transpose(positions), result.dtype.type(factor))


def _others(rank: int, *groups: Sequence[int]) -> list[int]:
    return [d for d in range(rank) if not any(d in group for group in groups)]


def _extent(sizes: Sequence[int], loops: Sequence[int]) -> int:
    return int(np.prod([sizes[d] for d in loops], dtype=np.int64))
