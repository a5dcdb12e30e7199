"""Draws the inputs of a trial: floats of several kinds, and integers that an op can take."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects import arith, math, tensor
from xdsl.dialects.builtin import FloatAttr, TensorType
from xdsl.ir import Attribute, BlockArgument, Operation, SSAValue

from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.semantics.equation import equation_of
from hawk_xdsl.semantics.reference import evaluate_region
from hawk_xdsl.semantics.reference_types import (
    Array,
    DivisionByZeroError,
    IndexRangeError,
    Precision,
    numpy_dtype,
)

Draw = Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.float64]]

INTEGERS = {"normal": {8: 8, 16: 8, 32: 8, 64: 8}, "": {8: 11, 16: 100, 32: 300, 64: 300}}
"""By trial (the empty name: any other) and bits, how far from 0 integers are drawn."""


def _normal(random: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    return random.standard_normal(shape)


def _positive(random: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Positive values, each row of another magnitude."""
    rows = 10.0 ** random.uniform(-2, 1, (*shape[:-1], 1)) if shape else np.float64(1)
    return random.uniform(0.1, 2.0, shape) * rows


def _odd(random: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Large and tiny magnitudes, signed zeros, and in part constant rows."""
    values = random.standard_normal(shape) * 10.0 ** random.uniform(-4, 1.5, shape)
    values = np.where(random.random(shape) < 0.05, 0.0, values)
    values = np.where(random.random(shape) < 0.05, -0.0, values)
    if len(shape) > 1:
        constant = random.random((*shape[:-1], 1)) < 0.2
        values = np.where(constant, values[..., :1], values)
    return values


def _shifted(random: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Each row far from zero, on either side: further than exp reaches in 32 bits."""
    rows = (*shape[:-1], 1) if shape else ()
    return random.standard_normal(shape) + random.choice([-100.0, 100.0], rows)


def _small(random: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Ever smaller rows, the same of all inputs: what is added to keep a root apart shows."""
    scale = np.logspace(-2, -7, shape[-2])[:, None] if len(shape) > 1 else np.float64(1e-7)
    return random.standard_normal(shape) * scale


def _masked(random: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Minus infinity in places, and in whole rows."""
    rows = (*shape[:-1], 1) if shape else ()
    hidden = (random.random(shape) < 0.2) | (random.random(rows) < 0.2)
    return np.where(hidden, -np.inf, random.standard_normal(shape))


_DRAWS: Mapping[str, Draw] = {
    "normal": _normal,
    "positive": _positive,
    "odd": _odd,
    "shifted": _shifted,
    "small": _small,
}


def _unit(random: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Between -1 and 1, where every inverse of a trigonometric function is defined."""
    return random.uniform(-1, 1, shape)


def _fraction(random: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Between 0 and 1, as probabilities are: logarithms of x and of 1 - x are defined."""
    return random.uniform(0.01, 0.99, shape)


def _names_minus_infinity(op: UndecidedOp) -> bool:
    """Whether a region has minus infinity as a constant: then it may get it, and means it."""
    return any(
        isinstance(inner, arith.ConstantOp)
        and isinstance(inner.value, FloatAttr)
        and inner.value.value.data == -np.inf
        for inner in op.walk()
    )


def draws_of(op: UndecidedOp) -> tuple[str, ...]:
    """The names of the draws that an op is tried on, the most ordinary first."""
    names = list(_DRAWS)
    if _names_minus_infinity(op):
        names.append("masked")
    if any(isinstance(inner, math.AcosOp | math.AsinOp | math.AtanhOp) for inner in op.walk()):
        names.append("unit")
    if any(isinstance(inner, math.LogOp | math.Log1pOp) for inner in op.walk()):
        names.append("fraction")
    return tuple(names)


class Drawn:
    """The inputs of one trial and the float64 results, which exist for these inputs.

    Integers that are used as indices are drawn below the extent they index, also negative ones
    where the region takes them; if some are still out of range, ever smaller ones. Integers are
    not 0 if something is divided by them, and within the range that an input is confined to.
    """

    def __init__(
        self,
        op: UndecidedOp,
        name: str,
        seed: Sequence[int],
        ranges: Mapping[int, tuple[int, int]] = MappingProxyType({}),
    ) -> None:
        self._op = op
        self._ranges = ranges
        self._name = name
        self._seed = seed
        self._extents = indexed_extents(op)
        self._without_zero = False

    @cached_property
    def _tried(self) -> tuple[tuple[Array, ...], list[Array]]:
        error: IndexRangeError | None = None
        for low, high in self._index_ranges():
            while True:
                random = np.random.default_rng(self._seed)
                inputs = tuple(
                    self._input(random, number, value.type, low, high)
                    for number, value in enumerate(self._op.inputs)
                )
                try:
                    return inputs, evaluate_region(self._op.body, inputs, Precision.FLOAT64)
                except IndexRangeError as out_of_range:
                    error = out_of_range
                    break
                except DivisionByZeroError:
                    if self._without_zero:
                        raise
                    self._without_zero = True
        assert error is not None
        raise error

    @property
    def inputs(self) -> tuple[Array, ...]:
        """One array an input of the op, of its shape."""
        return self._tried[0]

    @property
    def exact(self) -> list[Array]:
        """The results in float64. Raises ``HawkError`` if the op takes no such inputs."""
        return self._tried[1]

    def _index_ranges(self) -> Iterator[tuple[float, float]]:
        """Shares of the indexed extent to draw from, the widest first."""
        if self._name == "odd" and self._extents:
            yield -1.0, 1.0
        share = 1.0
        while self._extents and share > 1e-7:
            yield 0.0, share
            share /= 2
        yield 0.0, 0.0

    def _input(
        self, random: np.random.Generator, number: int, type_: Attribute, low: float, high: float
    ) -> Array:
        assert isinstance(type_, TensorType)
        dtype, shape = numpy_dtype(type_), tuple(type_.get_shape())
        assert dtype is not None
        if dtype == np.bool_:
            return random.random(shape) < 0.5
        if not np.issubdtype(dtype, np.integer):
            return _ALL_DRAWS[self._name](random, shape).astype(dtype)
        if number in self._extents:
            extent = self._extents[number]
            first, last = int(low * extent), max(int(high * extent), 1)
            return random.integers(first, last, shape).astype(dtype)
        most = INTEGERS.get(self._name, INTEGERS[""])[8 * dtype.itemsize]
        drawn = random.integers(-most, most + 1, shape)
        if number in self._ranges:
            drawn = np.clip(drawn, *self._ranges[number])
        if self._without_zero:
            drawn = np.where(drawn == 0, 1, drawn)
        return drawn.astype(dtype)


_ALL_DRAWS: Mapping[str, Draw] = {
    **_DRAWS,
    "masked": _masked,
    "unit": _unit,
    "fraction": _fraction,
}


def indexed_extents(op: UndecidedOp) -> dict[int, int]:
    """For each input that indices are computed from, the least extent that they index."""
    found: dict[int, int] = {}
    for extract in op.walk():
        if not isinstance(extract, tensor.ExtractOp):
            continue
        assert isinstance(extract.tensor.type, TensorType)
        shape = extract.tensor.type.get_shape()
        for index, extent in zip(extract.indices, shape, strict=True):
            for argument in _origins(index, op):
                found[argument] = min(extent, found.get(argument, extent))
    return found


def _origins(value: SSAValue, op: UndecidedOp) -> set[int]:
    """The inputs of the op that a scalar or tensor is computed from."""
    seen: set[SSAValue] = set()
    waiting, found = [value], set[int]()
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        owner = current.owner
        if isinstance(owner, Operation):
            waiting.extend(owner.operands)
            equation = equation_of(owner)
            if equation is not None:
                waiting.extend(equation.yielded)
        elif isinstance(current, BlockArgument):
            parent = owner.parent_op()
            equation = equation_of(parent) if parent is not None else None
            if parent is op:
                found.add(current.index)
            elif equation is not None and current.index < len(equation.operands):
                waiting.append(equation.operands[current.index])
    return found
