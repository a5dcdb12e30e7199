"""The inputs a kernel is tried on and what it must give: the region's own reference, in float64."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from types import MappingProxyType

import ml_dtypes
import numpy as np

from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.generation.judging.tolerance import Expected
from hawk_xdsl.generation.judging.trial_inputs import Drawn, draws_of
from hawk_xdsl.semantics.reference import evaluate_region
from hawk_xdsl.semantics.reference_types import Array, Precision


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
    """The trials of one undecided op, each made when first needed, the same for the same seed.

    ``ranges`` are those that inputs of the op are confined to, by number.
    """

    def __init__(
        self,
        op: UndecidedOp,
        digest: str,
        seed: int,
        ranges: Mapping[int, tuple[int, int]] = MappingProxyType({}),
    ) -> None:
        self._op = op
        self._ranges = ranges
        self._seed = int.from_bytes(hashlib.sha256(f"{digest}:{seed}".encode()).digest()[:8], "big")
        self._made: list[Trial] = []

    def __iter__(self) -> Iterator[Trial]:
        """The trials, the most ordinary inputs first: one that fails needs no later ones."""
        for number, name in enumerate(draws_of(self._op)):
            if number == len(self._made):
                self._made.append(self._make(number, name))
            yield self._made[number]

    def doubt(self) -> str | None:
        """Why these trials prove nothing, as one line: a result is nowhere a finite number."""
        for position, _ in enumerate(self._op.results):
            results = (trial.exact[position] for trial in self)
            if not any(result.size == 0 or np.isfinite(result).any() for result in results):
                return f"result {position} has no finite element on any of the inputs tried"
        return None

    def _make(self, number: int, name: str) -> Trial:
        drawn = Drawn(self._op, name, [self._seed, number], self._ranges)
        random = np.random.default_rng([self._seed, number, 1])

        declared = evaluate_region(self._op.body, drawn.inputs, Precision.DECLARED)

        def moved() -> Sequence[Array]:
            finest = _finest_rounding((*drawn.inputs, *declared))
            off = tuple(_rounded_off(random, array, finest) for array in drawn.inputs)
            return evaluate_region(self._op.body, off, Precision.FLOAT64)

        return Trial(name, drawn.inputs, tuple(drawn.exact), tuple(declared), moved)


def _finest_rounding(arrays: Iterable[Array]) -> float:
    """The smallest epsilon of the float dtypes: a kernel reads narrow inputs exactly."""
    return min(
        (float(ml_dtypes.finfo(a.dtype).eps) for a in arrays if a.dtype.kind not in "biu"),
        default=0.0,
    )


def _rounded_off(random: np.random.Generator, array: Array, epsilon: float) -> Array:
    """Float inputs, each element off by half an epsilon of itself, as float64."""
    if array.dtype.kind in "biu":
        return array
    return array.astype(np.float64) * (1 + epsilon * random.choice([-0.5, 0.5], array.shape))
