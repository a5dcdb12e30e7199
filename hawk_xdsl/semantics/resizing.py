"""The same specification at other extents, and without extents: what kernels for it share."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from hawk_xdsl.semantics.specification_form import Operand, Specification
from hawk_xdsl.semantics.terms import Affine, Term, Terms, walk

ERASED_EXTENTS = (101, 103, 107, 109, 113, 127, 131, 137)
"""The extents that stand for any: primes, so that no two axes or products look alike."""

_TIE = 1e-6
"""Relative distance within which a literal is taken to be a function of an extent."""


class UnresizableError(Exception):
    """A specification that cannot be said at other extents; the reason is the message."""


@dataclass(frozen=True)
class Tied:
    """A function of the number of elements of a reduction: ``1 / n``, as kernel text writes it."""

    axes: tuple[str, ...]
    form: str  # with n for the number of elements
    of: Callable[[int], float]

    def value(self, extents: Mapping[str, int]) -> float:
        """The literal at these extents."""
        return self.of(prod(extents[axis] for axis in self.axes))


_FORMS: tuple[tuple[str, Callable[[int], float]], ...] = (
    ("n", lambda n: float(n)),
    ("1 / n", lambda n: 1 / n),
    ("n - 1", lambda n: float(n - 1)),
    ("1 / (n - 1)", lambda n: 1 / (n - 1)),
)


def tied(specification: Specification) -> Iterator[Tied]:
    """The functions of extents that a literal of this specification may be."""
    reductions = {term.bound for term in walk(specification.roots) if term.is_reduction}
    for bound in sorted(reductions, key=sorted):
        if prod(specification.axes[axis] for axis in bound) > 2:
            for form, of in _FORMS:
                yield Tied(tuple(sorted(bound)), form, of)


def tie_of(value: float, ties: Sequence[Tied], extents: Mapping[str, int]) -> Tied | None:
    """The function of extents that a literal is, if it is one."""
    return next((t for t in ties if math.isclose(value, t.value(extents), rel_tol=_TIE)), None)


def resized(specification: Specification, extents: Mapping[str, int]) -> Specification:
    """The same work over axes of other extents; literals that count elements change with them.

    Raises ``UnresizableError`` where an index runs backwards or depends on values.
    """
    old, ties, terms = specification.axes, tuple(tied(specification)), Terms()
    done: dict[Term, Term] = {}
    for term in walk(specification.roots):
        args = tuple(done[arg] for arg in term.args)
        if term.op == "gather" or any(c < 0 for dim in term.index for _, c in dim.terms):
            raise UnresizableError("an index that runs backwards or depends on values")
        if term.is_const and term.dtype.is_float:
            tie = tie_of(float(term.value), ties, old)
            value = term.value if tie is None else tie.value(extents)
            done[term] = terms.const(value, term.dtype)
        elif term.op == "read":
            done[term] = terms.read(term.operand, term.index, term.dtype)
        elif term.op == "index":
            done[term] = terms.index(term.index[0], term.dtype)
        else:
            done[term] = terms.rebuild(term, args)
    reads = [term for term in walk(specification.roots) if term.op == "read"]

    def shape(operand: Operand) -> tuple[int, ...]:
        indices = [term.index for term in reads if term.operand == operand.name]
        return _grown(operand.shape, indices, old, extents)

    return Specification(
        tuple(replace(operand, shape=shape(operand)) for operand in specification.operands),
        tuple(
            replace(r, shape=_grown(r.shape, [r.index], old, extents), term=done[r.term])
            for r in specification.results
        ),
        {name: extents[name] for name in old},
    )


def erased(specification: Specification) -> str:
    """The text at fixed extents: equal for the same work over axes of any extents.

    Raises ``UnresizableError``.
    """
    if len(specification.axes) > len(ERASED_EXTENTS):
        raise UnresizableError(f"more than {len(ERASED_EXTENTS)} axes")
    return resized(specification, dict(zip(specification.axes, ERASED_EXTENTS, strict=False))).text


def dimension(dim: Affine, extent: int, axes: Mapping[str, int]) -> tuple[Affine, int]:
    """A tensor's extent as a function of axes: ``Σ coefficient · extent + rest``."""
    return Affine(0, dim.terms), extent - sum(c * axes[name] for name, c in dim.terms)


def _grown(
    shape: Sequence[int],
    indices: Sequence[Sequence[Affine]],
    old: Mapping[str, int],
    new: Mapping[str, int],
) -> tuple[int, ...]:
    """A shape whose dimensions grow by as much as the highest index does."""

    def growth(index: Sequence[Affine], place: int) -> int:
        return sum(c * (new[name] - old[name]) for name, c in index[place].terms)

    return tuple(
        extent + max(growth(index, place) for index in indices)
        for place, extent in enumerate(shape)
    )
