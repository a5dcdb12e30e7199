"""The inputs a kernel is tried on and what it must give: the region's own reference, in float64."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import ml_dtypes
import numpy as np
from numpy.typing import NDArray
from xdsl.dialects import arith
from xdsl.dialects.builtin import FloatAttr, TensorType
from xdsl.ir import Attribute

from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.generation.tolerance import Expected
from hawk_xdsl.semantics.reference import evaluate_region
from hawk_xdsl.semantics.reference_types import Array, Precision, numpy_dtype

Draw = Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.float64]]


@dataclass(frozen=True)
class Trial:
    """One set of inputs with the results in float64 and in the declared dtypes.

    ``moved`` gives the results in float64 for inputs that are off by a rounding; it is asked only
    where a kernel is further off than its other tolerances allow. Arrays have the shapes of the
    undecided op's tensors.
    """

    name: str
    inputs: tuple[Array, ...]
    exact: tuple[Array, ...]
    declared: tuple[Array, ...]
    moved: Callable[[], Sequence[Array]]

    def mistake(self, outputs: Sequence[Array]) -> str | None:
        """What is wrong with a kernel's outputs, as one line, or ``None``."""
        for position, (given, expected) in enumerate(zip(outputs, self._expected, strict=True)):
            with np.errstate(invalid="ignore"):
                found = expected.mistake(given.reshape(expected.declared.shape))
            if found is not None:
                return f"result {position} on {self.name} inputs: {found}"
        return None

    @cached_property
    def _expected(self) -> tuple[Expected, ...]:
        moved = _Once(self.moved)
        with np.errstate(invalid="ignore"):
            return tuple(
                Expected(exact, declared, partial(moved.item, position))
                for position, (exact, declared) in enumerate(
                    zip(self.exact, self.declared, strict=True)
                )
            )


class _Once:
    """The results of a function that is called once, if at all."""

    def __init__(self, make: Callable[[], Sequence[Array]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Sequence[Array]:
        return self._make()

    def item(self, position: int) -> Array:
        """One of the results."""
        return self._made[position]


class Trials:
    """The trials of one undecided op, each made when first needed, the same for the same seed."""

    def __init__(self, op: UndecidedOp, digest: str, seed: int) -> None:
        self._op = op
        self._seed = int.from_bytes(hashlib.sha256(f"{digest}:{seed}".encode()).digest()[:8], "big")
        self._made: list[Trial] = []

    def __iter__(self) -> Iterator[Trial]:
        """The trials, the most ordinary inputs first: one that fails needs no later ones."""
        draws = dict(_DRAWS)
        if _names_minus_infinity(self._op):
            draws["masked"] = _masked
        for number, (name, draw) in enumerate(draws.items()):
            if number == len(self._made):
                self._made.append(self._make(number, name, draw))
            yield self._made[number]

    def _make(self, number: int, name: str, draw: Draw) -> Trial:
        random = np.random.default_rng([self._seed, number])
        inputs = tuple(_input(draw, random, v.type) for v in self._op.inputs)

        def moved() -> Sequence[Array]:
            off = tuple(_rounded_off(random, array) for array in inputs)
            return evaluate_region(self._op.body, off, Precision.FLOAT64)

        exact = evaluate_region(self._op.body, inputs, Precision.FLOAT64)
        declared = evaluate_region(self._op.body, inputs, Precision.DECLARED)
        return Trial(name, inputs, tuple(exact), tuple(declared), moved)


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


def _names_minus_infinity(op: UndecidedOp) -> bool:
    """Whether a region has minus infinity as a constant: then it may get it, and means it."""
    return any(
        isinstance(inner, arith.ConstantOp)
        and isinstance(inner.value, FloatAttr)
        and inner.value.value.data == -np.inf
        for inner in op.walk()
    )


def _input(draw: Draw, random: np.random.Generator, type_: Attribute) -> Array:
    assert isinstance(type_, TensorType)
    dtype = numpy_dtype(type_)
    shape = tuple(type_.get_shape())
    if dtype == np.bool_:
        return random.random(shape) < 0.5
    if np.issubdtype(dtype, np.integer):
        return random.integers(-8, 9, shape).astype(dtype)
    return draw(random, shape).astype(dtype)


def _rounded_off(random: np.random.Generator, array: Array) -> Array:
    """Float inputs, each element off by half a unit in the last place, as float64."""
    if array.dtype.kind in "biu":
        return array
    epsilon = float(ml_dtypes.finfo(array.dtype).eps)
    return array.astype(np.float64) * (1 + epsilon * random.choice([-0.5, 0.5], array.shape))
