"""Structured and tensor ops on whole arrays, with errors beside their values."""

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
from xdsl.dialects.builtin import IndexType
from xdsl.ir import Operation, SSAValue

from hawk_xdsl.dialects.dtype import Array, is_float
from hawk_xdsl.dialects.tm_tensor import ScanOp
from hawk_xdsl.linalg.structured import Equation, OutputReduction, best_with_index
from hawk_xdsl.reference.error import Error, combined, difference
from hawk_xdsl.reference.frame import Frame, Handler
from hawk_xdsl.reference.reduction_error import growth, reduction_error, scan_error, sum_error
from hawk_xdsl.reference.structured import (
    Evaluation,
    at_point,
    contract,
    evaluate_scan,
    ranked,
    structured_equation,
)
from hawk_xdsl.reference.value_types import numpy_dtype

Pairs = tuple[list[Array], list[Error]]
"""Values and their errors."""


class _Errors(Frame):
    """A frame that gives errors as the values: what moves values moves their errors likewise."""

    def get(self, value: SSAValue) -> Array:
        """The error of a value, of its shape; indices are themselves, literals exact."""
        found = super().get(value)
        if isinstance(value.type, IndexType):
            return found
        error = self.error(value)
        return np.broadcast_to(np.float64(0) if error is None else error, found.shape)


def move_errors(frame: Frame, op: Operation, handler: Handler) -> list[Error]:
    """The errors of the results of a tensor op, which only moves values."""
    operands = [operand for operand in op.operands if not isinstance(operand.type, IndexType)]
    moves = not isinstance(op.results[0].type, IndexType)
    if not moves or all(frame.error(operand) is None for operand in operands):
        return [None] * len(op.results)
    errors = _Errors(frame.precision, frame.values, frame.loops, frame.errors, frame.ends)
    return [np.asarray(moved, np.float64) for moved in handler(errors, op)]


def track_scan(frame: Frame, op: Operation) -> Pairs:
    """The scans of ``tm_tensor.scan``, and their last elements."""
    running, last = evaluate_scan(frame, op)
    assert isinstance(op, ScanOp) and op.body.block.first_op is not None
    source, axis = op.inputs[0], op.dimension.value.data
    declared = numpy_dtype(source.type)
    assert declared is not None
    kind = type(op.body.block.first_op)
    value, error = frame.get(source), frame.error(source)
    error = scan_error(kind, value, error, running, axis, declared, ends=frame.ends)
    ends = None if error is None else np.take(error, -1, axis=axis)
    return [running, last], [error, ends]


def track_structured(frame: Frame, op: Operation) -> Pairs:
    """The results of a structured op with their errors. Raises ``UnsupportedOpError``."""
    return _Tracked(frame, structured_equation(op)).run_tracked()


class _Tracked(Evaluation):
    """One structured op whose operands have errors."""

    def __init__(self, frame: Frame, equation: Equation) -> None:
        super().__init__(frame, equation)
        self._input_errors = [
            self._error_view(value, index) for index, value in enumerate(equation.inputs)
        ]
        offset = len(equation.inputs)
        self._output_errors = [
            self._error_view(value, offset + index) for index, value in enumerate(equation.outputs)
        ]

    def run_tracked(self) -> Pairs:
        """The results' values and errors."""
        if not self._equation.reduced:
            values, errors = self._pairs(self._equation.yielded)
        else:
            values, errors = self._tracked_reductions() or self._best() or self._loop()
        written: list[Error] = []
        for index, (view, value, error) in enumerate(
            zip(self._outputs, values, errors, strict=True)
        ):
            view[...] = value
            written.append(self._written(index, error))
        return self._results, written

    def _error_view(self, value: SSAValue, operand: int) -> Error:
        error = self._frame.error(value)
        if error is None:
            return None
        full = np.broadcast_to(error, self._frame.get(value).shape)
        return np.asarray(self._view(full, operand), np.float64)

    def _written(self, output: int, error: Error) -> Error:
        """The error over the result's own axes."""
        if error is None:
            return None
        result = np.zeros(self._results[output].shape)
        self._view(result, len(self._equation.inputs) + output)[...] = error
        return result

    def _pairs(self, wanted: Sequence[SSAValue]) -> Pairs:
        """Scalars of the body for all points, as the operands were before the op."""
        values = [*self._inputs, *self._outputs]
        return self._at(wanted, values, [*self._input_errors, *self._output_errors], self._loops)

    def _at(
        self,
        wanted: Sequence[SSAValue],
        values: Sequence[Array],
        errors: Sequence[Error],
        loops: Sequence[Array],
    ) -> Pairs:
        arguments = self._equation.body.args
        frame = self._frame.body(
            dict(zip(arguments, values, strict=True)),
            loops,
            dict(zip(arguments, errors, strict=True)),
        )
        return [frame.get(value) for value in wanted], [frame.error(value) for value in wanted]

    def _tracked_reductions(self) -> Pairs | None:
        """All outputs, if each is a reduction that numpy has."""
        reductions = [self._equation.reduction(i) for i in range(len(self._outputs))]
        if not all(reduction is not None and self._has(reduction) for reduction in reductions):
            return None
        values: list[Array] = []
        errors: list[Error] = []
        for reduction, start, start_error in zip(
            reductions, self._outputs, self._output_errors, strict=True
        ):
            assert reduction is not None
            total, error = self._contraction(reduction) or self._tracked_total(reduction)
            values.append(self._combined(reduction.combiner, total, start))
            errors.append(error if start_error is None else combined(error, start_error))
        return values, errors

    def _tracked_total(self, reduction: OutputReduction) -> tuple[Array, Error]:
        [value], [error] = self._pairs([reduction.value])
        total = self._reduce(reduction.combiner, value)
        full = self._over_reduced(value)
        if error is not None:
            error = np.asarray(np.broadcast_to(error, full.shape), np.float64)
        axes, declared = self._equation.reduced, self._declared(reduction.value)
        ends = self._frame.ends
        return total, reduction_error(
            reduction.combiner, full, error, total, axes, declared, ends=ends
        )

    def _declared(self, value: SSAValue) -> np.dtype[np.generic]:
        declared = numpy_dtype(value.type)
        assert declared is not None
        return declared

    def _contraction(self, reduction: OutputReduction) -> tuple[Array, Error] | None:
        """A sum of products as matrix products: of the values, and of their magnitudes."""
        factors = self._factors(reduction)
        if factors is None:
            return None
        values, errors = self._pairs(factors)
        rank = len(self._sizes)
        left, right = (ranked(value, rank) for value in values)
        if not self._saves_work(left, right):
            return None
        sizes, reduced = self._sizes, self._equation.reduced
        total = contract(left, right, sizes, reduced)
        if not is_float(left.dtype):
            unsure = any(error is not None and np.any(error) for error in errors)
            return total, np.full(total.shape, np.inf) if unsure else None
        left, right = np.abs(left), np.abs(right)
        lost = _left_out((left, right), errors, lambda a, b: contract(a, b, sizes, reduced))
        size = contract(left, right, sizes, reduced)
        count = int(np.prod([sizes[axis] for axis in reduced]))
        whole = np.bool_(np.all(left == np.rint(left)) and np.all(right == np.rint(right)))
        carried: Error = None
        known = [
            np.broadcast_to(np.abs(ranked(error, rank)), value.shape)
            for error, value in zip(errors, (left, right), strict=True)
            if error is not None
        ]
        if len(known) == 2:
            right = right + known[1]  # (a ± d)(b ± e) is off by up to d (b + e) + a e
        for error, value, other in zip(errors, (left, right), (right, left), strict=True):
            if error is not None and np.any(error):
                full = np.broadcast_to(ranked(error, rank), value.shape)
                found = contract(np.square(full), np.square(other), sizes, reduced)
                carried = combined(carried, np.sqrt(found))
        declared = self._declared(reduction.value)
        ends = self._frame.ends
        error = sum_error(total, carried, size, declared, growth(count), whole, ends=ends)
        assert error is not None
        return total, error if lost is None else np.where(lost, np.inf, error)

    def _best(self) -> Pairs | None:
        """The pair (maximum or minimum, index where it is).

        Any index from the first to the last of the values that may be the best one is right. With
        NaN among them the index is not judged: frameworks differ, and so does linalg.
        """
        match = best_with_index(self._equation)
        if match is None:
            return None
        [value], [error] = self._pairs([match.reduction.value])
        nan = np.isnan(value) if is_float(value.dtype) else np.zeros((), np.bool_)
        found = self._best_with_index()
        if found is None:
            found = self._looped()
        full = self._over_reduced(value)
        axes = self._equation.reduced
        lost = np.any(np.broadcast_to(nan, full.shape), axis=axes, keepdims=True)
        if error is None:
            return found, [None, np.where(lost, np.inf, 0.0) if np.any(lost) else None]
        spread = np.broadcast_to(error, full.shape)
        best = self._reduce(match.reduction.combiner, value)
        total = reduction_error(
            match.reduction.combiner,
            full,
            spread,
            best,
            axes,
            self._declared(match.reduction.value),
            ends=self._frame.ends,
        )
        assert total is not None
        near = difference(full, best) <= np.maximum(spread, 0.0) + np.maximum(total, 0.0)
        [place], _ = self._pairs([match.index])
        apart = difference(np.broadcast_to(place, full.shape), found[1])
        index = np.max(np.where(near, apart, 0), axis=axes, keepdims=True)
        return found, [total, np.where(lost, np.inf, index)]

    def _loop(self) -> Pairs:
        """Any reduction: one step for each point of the reduced loops."""
        reduced = self._equation.reduced
        accumulators = [np.array(view) for view in self._outputs]
        errors: list[Error] = list(self._output_errors)
        for point in product(*(range(self._sizes[d]) for d in reduced)):
            place = dict(zip(reduced, point, strict=True))
            inputs = [at_point(view, place) for view in self._inputs]
            input_errors = [_error_at(error, place) for error in self._input_errors]
            loops = [at_point(loop, place) for loop in self._loops]
            accumulators, errors = self._at(
                self._equation.yielded, [*inputs, *accumulators], [*input_errors, *errors], loops
            )
        return accumulators, errors


def _left_out(
    factors: Sequence[Array], errors: Sequence[Error], contracted: Callable[[Array, Array], Array]
) -> Array | None:
    """Where a sum has products of a computed 0 with what is no number; ``None``: nowhere.

    What has no weight may be left out: 0 · inf is NaN, the sum without it is not. A 0 that is an
    input (it has no error) is none that a kernel knows of.
    """
    found: Array | None = None
    for error, factor, other in zip(errors, factors, reversed(factors), strict=True):
        unknown = ~np.isfinite(other)
        if error is not None and unknown.any():
            pair = [np.asarray(each, np.float64) for each in (factor == 0, unknown)]
            here = contracted(*pair) > 0
            found = here if found is None else found | here
    return found


def _error_at(error: Error, place: dict[int, int]) -> Error:
    return None if error is None else np.asarray(at_point(error, place), np.float64)
