"""How far outputs are from a reference: floats by norm, integers, booleans and indices exactly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hawk_xdsl.dialects.dtype import Array, is_float


@dataclass(frozen=True)
class Unequal:
    """An output of integers or booleans that is not the reference's.

    ``output`` is its number, ``wrong`` of ``size`` elements differ, first ``given`` instead of
    ``wanted`` at ``at``.
    """

    output: int
    wrong: int
    size: int
    at: tuple[int, ...]
    given: int
    wanted: int

    def __str__(self) -> str:
        return (
            f"output {self.output}: {self.wrong:,} of {self.size:,} differ, "
            f"first at {list(self.at)}: {self.given} instead of {self.wanted}"
        )


@dataclass(frozen=True)
class Error:
    """How far outputs are from a reference.

    ``relative`` is ‖y−ŷ‖₂/‖ŷ‖₂ and ``maximum`` is max|y−ŷ|/max|ŷ|, each the largest of all outputs
    of floats; infinite where a NaN or an infinity is not the reference's. ``floats`` and ``exact``
    count the outputs that are compared by these and exactly; ``unequal`` has those of the latter
    that differ.
    """

    relative: float
    maximum: float
    floats: int = 0
    exact: int = 0
    unequal: tuple[Unequal, ...] = ()

    def lines(self, reference: str) -> Iterator[str]:
        """What to print; ``reference`` names what the outputs were compared with."""
        if self.floats:
            yield (
                f"Error against {reference}: ‖y−ŷ‖₂/‖ŷ‖₂ = {self.relative:.2e}, "
                f"max|y−ŷ|/max|ŷ| = {self.maximum:.2e}"
            )
        if self.exact and not self.unequal:
            yield f"Integers against {reference}: equal"
        for unequal in self.unequal:
            yield f"Integers against {reference}: {unequal}"


def error_between(outputs: Sequence[Array], reference: Sequence[Array]) -> Error:
    """Compares outputs with a reference's, of the same number and shapes."""
    relative, maximum, floats = 0.0, 0.0, 0
    unequal: list[Unequal] = []
    for number, (given, wanted) in enumerate(zip(outputs, reference, strict=True)):
        if not is_float(wanted.dtype):
            if (found := _unequal(number, given, wanted)) is not None:
                unequal.append(found)
            continue
        floats += 1
        off, exact = _distance(given, wanted)
        norm, top = float(np.linalg.norm(exact)), float(np.max(np.abs(exact), initial=0.0))
        relative = max(relative, float(np.linalg.norm(off)) / (norm or 1.0))
        maximum = max(maximum, float(np.max(np.abs(off), initial=0.0)) / (top or 1.0))
    return Error(relative, maximum, floats, len(outputs) - floats, tuple(unequal))


def _unequal(number: int, given: Array, wanted: Array) -> Unequal | None:
    # Floats are no integers, whatever their values: 1.5 and NaN equal nothing here.
    wrong = np.asarray(np.not_equal(given, wanted))
    if not wrong.any():
        return None
    at = tuple(int(i) for i in np.argwhere(wrong)[0])
    first, right = int(given[at].item()), int(wanted[at].item())
    return Unequal(number, int(wrong.sum()), wrong.size, at, first, right)


def _distance(given: Array, wanted: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The difference of two outputs, and the reference where it is finite, else 0.

    Equal infinities, and NaN in both, are no difference; any other special value is infinitely far.
    """
    found, exact = given.astype(np.float64), wanted.astype(np.float64)
    with np.errstate(invalid="ignore"):
        off = found - exact
    same = (found == exact) | (np.isnan(found) & np.isnan(exact))
    off = np.where(same, 0.0, np.where(np.isfinite(off), off, np.inf))
    return off, np.where(np.isfinite(exact), exact, 0.0)
