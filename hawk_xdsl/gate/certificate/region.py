"""What an op computes, over symbols: the value of every element of its results.

Terms are evaluated for part of the result at a time, so that what is between stays small. A value
has a dimension for every axis of the specification, of extent 1 where it does not depend on it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from hawk_xdsl.dialects.dtype import NARROW_FLOATS
from hawk_xdsl.gate.certificate.algebra import Algebra
from hawk_xdsl.gate.certificate.field import Words
from hawk_xdsl.gate.certificate.leaves import merged
from hawk_xdsl.gate.certificate.symbols import FLOATS, Symbols, UnprovableError
from hawk_xdsl.semantics.specification import Operand, ResultRegion, Specification
from hawk_xdsl.semantics.terms import Affine, Term, is_pseudo, walk

Indices = npt.NDArray[np.int64]

MOST_POINTS = 1 << 21
"""Points of the largest value held at once."""

MOST_STORED = 1 << 22
"""Elements of an operand above which its symbols are drawn anew wherever it is read."""


class Inputs:
    """The operands: symbols, but for those that indices are computed from, which are numbers.

    ``bounded`` says whether those numbers are within what they index; if not, tables go on beyond
    their ends.
    """

    def __init__(
        self,
        algebra: Algebra,
        operands: Sequence[Operand],
        concrete: Mapping[str, npt.NDArray[np.int64]],
        tables: frozenset[str],
        bounded: bool,
    ) -> None:
        self._algebra = algebra
        self.operands = {operand.name: operand for operand in operands}
        self._concrete = concrete
        self._endless = frozenset[str]() if bounded else tables
        self.bounded = bounded
        self._stored: dict[str, Symbols] = {}

    def at(self, name: str, places: Indices) -> Symbols:
        """The elements at flat places."""
        operand = self.operands[name]
        if name in self._concrete:
            values = self._concrete[name].reshape(-1)[places]
            return self._algebra.reals(values.astype(np.float64), operand.dtype)
        size = prod(operand.shape)
        if size > MOST_STORED or name in self._endless:
            return self._algebra.input(name, places, operand.dtype)
        if name not in self._stored:
            every = np.arange(size, dtype=np.int64)
            self._stored[name] = self._algebra.input(name, every, operand.dtype)
        return self._stored[name].taken(places)


@dataclass(frozen=True)
class Meaning:
    """The terms of the results in one reading, and the specification that they belong to."""

    specification: Specification
    roots: tuple[Term, ...]


class RegionValues:
    """Evaluates the results of a meaning, a part at a time."""

    def __init__(self, meaning: Meaning, algebra: Algebra, inputs: Inputs) -> None:
        self._meaning = meaning
        self._algebra = algebra
        self._inputs = inputs
        self._axes = list(meaning.specification.axes)
        self._extents = meaning.specification.axes

    def results(self) -> Iterator[tuple[ResultRegion, Indices, Words]]:
        """For parts of each result: flat places in it, and the word of the element there."""
        specification = self._meaning.specification
        for result, root in zip(specification.results, self._meaning.roots, strict=True):
            free = sorted({axis for dim in result.index for axis in dim.axes}, key=self._axes.index)
            # One dimension an axis: numpy has 32, and many regions have many axes together.
            used = {axis for term in walk((root,)) for axis in (*term.axes, *term.bound)} | {*free}
            extents = {a: n for a, n in self._extents.items() if a in used or is_pseudo(a)}
            for part in self._parts(root, free):
                evaluation = _Evaluation(self._algebra, self._inputs, extents, part)
                value = evaluation.value(root)
                places = evaluation.places(result.index, result.shape)
                stored = merged(result.dtype)
                if stored in NARROW_FLOATS:
                    value = self._algebra.rounded(value, stored)
                shape = np.broadcast_shapes(places.shape, value.shape)
                words = np.broadcast_to(self._algebra.words(value), shape)
                yield result, np.broadcast_to(places, shape).reshape(-1), words.reshape(-1)

    def _parts(self, root: Term, free: Sequence[str]) -> Iterator[Mapping[str, Indices]]:
        """Ranges of the result's axes that keep the largest value small.

        It is always an axis of the largest value that is split: any other one would only have that
        value made again and again.
        """
        counts = dict.fromkeys(free, 1)
        while (largest := self._largest(root, counts))[0] > MOST_POINTS:
            points, axes = largest
            left = {a: -(-self._extents[a] // counts[a]) for a in free if a in axes}
            axis = max(left, key=left.__getitem__, default=None)
            if axis is None or left[axis] == 1:
                break
            chunks = counts[axis] * -(-points // MOST_POINTS)
            counts[axis] = min(self._extents[axis], chunks)
        if largest[0] > 16 * MOST_POINTS:
            raise UnprovableError(f"a value of {largest[0]:,} points at once")
        split = {axis: count for axis, count in counts.items() if count > 1}
        yield from _split(split, self._extents, list(split), {})

    def _largest(self, root: Term, counts: Mapping[str, int]) -> tuple[int, frozenset[str]]:
        """Points and axes of the largest value; products that are summed at once are none."""
        needed = needed_terms(root)
        found = (1, frozenset[str]())
        for term in walk((root,)):
            if term in needed:
                axes = frozenset(axis for axis in term.axes if not is_pseudo(axis))
                sizes = (-(-self._extents[axis] // counts.get(axis, 1)) for axis in axes)
                found = max(found, (prod(sizes), axes), key=lambda pair: pair[0])
        return found


def _split(
    counts: Mapping[str, int],
    extents: Mapping[str, int],
    axes: Sequence[str],
    chosen: Mapping[str, Indices],
) -> Iterator[Mapping[str, Indices]]:
    if not axes:
        yield chosen
        return
    axis, *rest = axes
    for part in np.array_split(np.arange(extents[axis], dtype=np.int64), counts[axis]):
        yield from _split(counts, extents, rest, {**chosen, axis: part})


def contraction_factors(term: Term) -> tuple[Term, Term] | None:
    """The two factors of a sum of products, through casts between floats or integers to wider."""
    if term.op != "reduce_sum" or term.dtype in NARROW_FLOATS:
        return None
    product = term.args[0]
    if product.op != "mul" or product.dtype in NARROW_FLOATS:
        return None
    return product.args[0], product.args[1]


class _Evaluation:
    """The values of terms for a range of some axes."""

    def __init__(
        self,
        algebra: Algebra,
        inputs: Inputs,
        extents: Mapping[str, int],
        part: Mapping[str, Indices],
    ) -> None:
        self._algebra = algebra
        self._inputs = inputs
        self._names = list(extents)
        self._ranges = {
            axis: part.get(axis, np.arange(extent, dtype=np.int64))
            for axis, extent in extents.items()
        }
        self._done: dict[Term, Symbols] = {}

    def value(self, root: Term) -> Symbols:
        """The symbols of a term."""
        needed = needed_terms(root)
        for term in walk((root,)):
            if term in needed and term not in self._done:
                self._done[term] = self._value(term)
        return self._done[root]

    def places(self, index: Sequence[Affine], shape: Sequence[int]) -> Indices:
        """Flat places of an index into a tensor, for every point of the ranges."""
        return self._flat([self._positions(dim) for dim in index], shape)

    def _flat(self, positions: Sequence[Indices], shape: Sequence[int]) -> Indices:
        flat = np.zeros((1,) * len(self._names), np.int64)
        for position, extent in zip(positions, shape, strict=True):
            beyond = position.size and (position.min() < 0 or position.max() >= extent)
            if beyond and self._inputs.bounded:
                raise UnprovableError("an index that is out of range")
            flat = flat * extent + position
        return flat

    def _positions(self, index: Affine, values: Sequence[Indices] = ()) -> Indices:
        total = np.full((1,) * len(self._names), index.constant, np.int64)
        for axis, factor in index.terms:
            total = total + factor * (
                values[int(axis[1:])] if is_pseudo(axis) else self._range(axis)
            )
        return total

    def _range(self, axis: str) -> Indices:
        shape = [1] * len(self._names)
        shape[self._names.index(axis)] = -1
        return self._ranges[axis].reshape(shape)

    def _value(self, term: Term) -> Symbols:
        algebra = self._algebra
        dtype = merged(term.dtype)
        if term.op == "const":
            return algebra.literal(float(term.value), dtype).of_rank(len(self._names))
        if term.op == "index":
            return algebra.reals(self._positions(term.index[0]).astype(np.float64), dtype)
        if term.op in ("read", "gather"):
            operand = self._inputs.operands[term.operand]
            values = [self._indices(arg) for arg in term.args]
            positions = [self._positions(dim, values) for dim in term.index]
            if operand.border is not None:
                return self._bordered(operand, positions)
            return self._inputs.at(term.operand, self._flat(positions, operand.shape))
        if term.is_reduction:
            return self._reduction(term)
        args = [self._done[arg] for arg in term.args]
        if term.is_scan:
            [axis] = term.bound
            return algebra.scan(term.kind, self._whole(args[0], [axis]), self._names.index(axis))
        return algebra.apply(term.op, args, dtype)

    def _bordered(self, operand: Operand, positions: Sequence[Indices]) -> Symbols:
        """What is read of an operand, and beyond its ends its border."""
        shape, dtype = operand.shape, merged(operand.dtype)
        inside = np.ones((1,) * len(self._names), np.bool_)
        for position, extent in zip(positions, shape, strict=True):
            inside = inside & (position >= 0) & (position < extent)
        nearest = [np.clip(p, 0, extent - 1) for p, extent in zip(positions, shape, strict=True)]
        values = self._inputs.at(operand.name, self._flat(nearest, shape))
        assert operand.border is not None
        border = self._algebra.literal(float(operand.border), dtype).of_rank(len(self._names))
        return self._algebra.where(inside, values, border)

    def _indices(self, term: Term) -> Indices:
        value = self._done[term]
        if value.value is None or not value.known.all():
            raise UnprovableError("an index that depends on symbols")
        return value.value.astype(np.int64)

    def _whole(self, value: Symbols, axes: Sequence[str]) -> Symbols:
        """The value repeated along axes that it does not depend on."""
        shape = list(value.shape)
        for axis in axes:
            shape[self._names.index(axis)] = self._ranges[axis].size
        return value.broadcast(tuple(shape))

    def _reduction(self, term: Term) -> Symbols:
        axes = tuple(sorted(self._names.index(axis) for axis in term.bound))
        factors = contraction_factors(term)
        if factors is not None:
            left, right = (self._done[factor] for factor in factors)
            product = self._contraction(left, right, axes)
            if product is not None:
                return product
            value = self._algebra.apply("mul", [left, right], term.dtype)
        else:
            value = self._done[term.args[0]]
        return self._algebra.reduce(term.kind, self._whole(value, sorted(term.bound)), axes)

    def _contraction(self, left: Symbols, right: Symbols, bound: tuple[int, ...]) -> Symbols | None:
        """A sum of products as a product of matrices; ``None`` where it is a plain reduction."""
        rank = len(self._names)
        batch, rows, columns = list[int](), list[int](), list[int]()
        for axis in (axis for axis in range(rank) if axis not in bound):
            in_left, in_right = left.shape[axis] > 1, right.shape[axis] > 1
            (batch if in_left and in_right else rows if in_left else columns).append(axis)
        points = prod(np.broadcast_shapes(left.shape, right.shape))
        every_known = left.known.all() and right.known.all()
        uneven = any(left.shape[axis] != right.shape[axis] for axis in bound)
        whole = left.dtype not in FLOATS and points <= MOST_POINTS
        if every_known or uneven or whole or not (rows and columns):
            if points > 16 * MOST_POINTS:
                raise UnprovableError(f"a product of {points:,} points")
            return None
        first = left.transposed((*batch, *rows, *bound, *columns))
        second = right.transposed((*batch, *bound, *columns, *rows))
        sizes = [prod(left.shape[a] for a in group) for group in (batch, rows, bound)]
        width = prod(right.shape[a] for a in columns)
        product = self._algebra.matmul(
            first.reshaped((sizes[0], sizes[1], sizes[2])),
            second.reshaped((sizes[0], sizes[2], width)),
        )
        order = [*batch, *rows, *columns, *bound]
        shape = [left.shape[a] for a in (*batch, *rows)] + [right.shape[a] for a in columns]
        product = product.reshaped((*shape, *[1] * len(bound)))
        return product.transposed(tuple(order.index(axis) for axis in range(rank)))


def needed_terms(root: Term) -> set[Term]:
    """The terms whose values are wanted: products that a contraction takes whole are not."""
    needed: set[Term] = set()
    stack = [root]
    while stack:
        term = stack.pop()
        if term in needed:
            continue
        needed.add(term)
        factors = contraction_factors(term)
        stack.extend(factors if factors is not None else term.args)
    return needed
