"""The inputs a kernel is tried on and what it must give: the region's own reference, in float64."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import ml_dtypes
import numpy as np
from numpy.typing import NDArray
from xdsl.dialects import arith
from xdsl.dialects.builtin import FloatAttr, TensorType
from xdsl.ir import Attribute

from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.npu_target.dtypes import NUMPY_DTYPES
from hawk_xdsl.semantics.reference import evaluate_region
from hawk_xdsl.semantics.reference_types import Array, Precision, numpy_dtype

Draw = Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.float64]]

ROUNDINGS = {"f32": 64.0, "f16": 4.0, "bf16": 4.0}
"""Units in the last place of a row's largest value that a kernel may be off."""

REFERENCE_FACTOR = 16.0
"""How many times further from float64 than the reference in its own dtype a kernel may be."""

CONDITION_FACTOR = 8.0
"""How many times further than inputs off by one rounding move the float64 result.

Where rounding the inputs alone moves a result that far (the layer norm of a constant row), every
order of the same sums gives another one, and the reference may be exact by luck.
"""


@dataclass(frozen=True)
class Trial:
    """One set of inputs with the results in float64 and in the declared dtypes.

    ``moved`` are the results in float64 for inputs that are off by a rounding. Arrays have the
    shapes of the undecided op's tensors.
    """

    name: str
    inputs: tuple[Array, ...]
    exact: tuple[Array, ...]
    declared: tuple[Array, ...]
    moved: tuple[Array, ...]

    def mistake(self, outputs: Sequence[Array]) -> str | None:
        """What is wrong with a kernel's outputs, as one line, or ``None``."""
        for position, (given, exact, declared, moved) in enumerate(
            zip(outputs, self.exact, self.declared, self.moved, strict=True)
        ):
            with np.errstate(invalid="ignore"):
                found = _mistake(given.reshape(exact.shape), exact, declared, moved)
            if found is not None:
                return f"result {position} on {self.name} inputs: {found}"
        return None


class Trials:
    """The trials of one undecided op, made when first needed and the same for the same seed."""

    def __init__(self, op: UndecidedOp, digest: str, seed: int) -> None:
        self._op = op
        self._seed = int.from_bytes(hashlib.sha256(f"{digest}:{seed}".encode()).digest()[:8], "big")

    @cached_property
    def all(self) -> tuple[Trial, ...]:
        """The trials, the most ordinary inputs first."""
        return tuple(self._make())

    def _make(self) -> Iterator[Trial]:
        draws = dict(_DRAWS)
        if _names_minus_infinity(self._op):
            draws["masked"] = _masked
        for number, (name, draw) in enumerate(draws.items()):
            random = np.random.default_rng([self._seed, number])
            inputs = tuple(_input(draw, random, v.type) for v in self._op.inputs)
            exact = evaluate_region(self._op.body, inputs, Precision.FLOAT64)
            declared = evaluate_region(self._op.body, inputs, Precision.DECLARED)
            off = tuple(_rounded_off(random, array) for array in inputs)
            moved = evaluate_region(self._op.body, off, Precision.FLOAT64)
            yield Trial(name, inputs, tuple(exact), tuple(declared), tuple(moved))


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


def _mistake(given: Array, exact: Array, declared: Array, moved: Array) -> str | None:
    if given.dtype.kind in "biu":
        wrong = given != declared.astype(given.dtype)
        if not wrong.any():
            return None
        at = _first(wrong)
        return _wrong(wrong, given[at], declared[at], at)
    precise, found = exact.astype(np.float64), given.astype(np.float64)
    reference = declared.astype(np.float64)
    finite = np.isfinite(reference) & np.isfinite(precise)
    odd = ~finite & ~_same_special(found, reference)
    bound = _tolerance(precise, reference, moved.astype(np.float64), finite, given.dtype)
    wrong = odd | (finite & ~(np.abs(found - precise) <= bound))
    if not wrong.any():
        return None
    at = _first(wrong)
    return _wrong(wrong, f"{found[at]:.6g}", f"{precise[at]:.6g}", at)


def _wrong(wrong: NDArray[np.bool_], given: object, wanted: object, at: Sequence[int]) -> str:
    return (
        f"{int(wrong.sum())} of {wrong.size} elements are wrong, first {given} instead of {wanted} "
        f"at {list(at)}"
    )


def _same_special(found: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.bool_]:
    return (np.isnan(found) & np.isnan(wanted)) | (found == wanted)


def _tolerance(
    exact: NDArray[np.float64],
    declared: NDArray[np.float64],
    moved: NDArray[np.float64],
    finite: NDArray[np.bool_],
    dtype: np.dtype[np.generic],
) -> NDArray[np.float64]:
    """The error allowed, by row: roundings of its largest value, the reference's own, condition."""
    name = next(key for key in ROUNDINGS if NUMPY_DTYPES[key] == dtype)
    epsilon = float(ml_dtypes.finfo(dtype).eps)
    size = np.where(finite, np.abs(exact), 0.0)
    own = np.where(finite, np.abs(declared - exact), 0.0)
    condition = np.where(finite & np.isfinite(moved), np.abs(moved - exact), 0.0)
    bounds = [
        ROUNDINGS[name] * epsilon * size,
        REFERENCE_FACTOR * own,
        CONDITION_FACTOR * condition,
    ]
    if exact.ndim:
        bounds = [each.max(axis=-1, keepdims=True) for each in bounds]
    bound = sum(bounds, start=np.zeros(()))
    return np.broadcast_to(bound, exact.shape)


def _first(wrong: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(wrong)[0]) if wrong.ndim else ()
