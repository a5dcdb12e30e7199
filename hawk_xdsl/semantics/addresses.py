"""Indices that a region computes: as affine ones where they are, by trying all their values."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.semantics.loops import Loops
from hawk_xdsl.semantics.terms import Affine, Term, is_pseudo

MOST_VALUES = 1 << 20
"""Points of the axes of a computed index up to which all its values are tried."""

MOST_CUTS = 8
"""Affine stretches of a computed index up to which it is cut into regions of the result."""

_Numbers = NDArray[np.generic]

_FUNCTIONS: Mapping[str, Callable[..., _Numbers]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "floordiv": np.floor_divide,
    "neg": np.negative,
    "abs": np.abs,
    "max": np.maximum,
    "min": np.minimum,
    "rem": np.fmod,
    "floor": np.floor,
    "ceil": np.ceil,
    "trunc": np.trunc,
    "roundeven": np.round,
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "not": np.logical_not,
    "select": np.where,
}
"""What an index may be computed with."""


def address(term: Term, loops: Loops, value: Callable[[Term], Affine]) -> Affine:
    """A term as an index; ``value`` makes a pseudo-axis of what is none.

    An index that is affine in stretches, or in the quotient and remainder of an axis, changes the
    loops so that it becomes affine: raises ``ChangedLoopsError``.
    """
    if term.is_const:
        return Affine(int(term.value))
    if term.op == "index":
        return term.index[0]
    if term.op == "cast" and term.dtype.is_integer and term.args[0].dtype.is_integer:
        return address(term.args[0], loops, value)
    if _reads(term):
        return _with_values(term, loops, value)
    axes = sorted(term.axes, key=list(loops.extents).index)
    if prod(loops.extents[axis] for axis in axes) > MOST_VALUES:
        return value(term)
    numbers = _evaluate(term, axes, loops)
    if numbers is None or any(is_pseudo(axis) for axis in axes):
        return value(term)
    full = np.broadcast_to(numbers, [loops.extents[axis] for axis in axes]).astype(np.int64)
    found = _fitted(full, axes)
    if found is None:
        _change_loops(full, axes, loops)
        return value(term)
    return found


def _reads(term: Term) -> bool:
    return any(part.op in ("read", "gather") for part in term.walk())


def _with_values(term: Term, loops: Loops, value: Callable[[Term], Affine]) -> Affine:
    """Sums of values and indices, and positive multiples; anything else is one value."""
    if term.op == "add":
        parts = [address(arg, loops, value) for arg in term.args]
        if all(loops.bounds(part)[0] >= 0 for part in parts):
            return parts[0] + parts[1]
    if term.op == "mul" and term.args[1].is_const and term.args[1].value > 0:
        return address(term.args[0], loops, value).scaled(int(term.args[1].value))
    return value(term)


def _held_in(dtype: DType) -> np.dtype[Any]:
    """The numpy type that values are computed in: integers are not wrapped."""
    if dtype.is_float:
        return dtype.numpy
    return np.dtype(np.bool_ if dtype.is_condition else np.int64)


def _evaluate(root: Term, axes: Sequence[str], loops: Loops) -> _Numbers | None:
    """The values over the axes, each rounded to its dtype; ``None`` for an unknown function."""
    done: dict[Term, _Numbers] = {}
    for term in root.walk():
        dtype = _held_in(term.dtype)
        if term.is_const:
            found: _Numbers = np.asarray(term.value)
        elif term.op == "index":
            found = np.asarray(term.index[0].constant)
            for name, factor in term.index[0].terms:
                shape = [loops.extents[name] if axis == name else 1 for axis in axes]
                if name not in axes:
                    return None
                found = np.add(found, factor * np.arange(loops.extents[name]).reshape(shape))
        else:
            args = [done[arg] for arg in term.args]
            if term.op == "cast":
                found = args[0]
            elif term.op == "div":
                quotient = np.divide(*args)
                found = quotient if dtype.kind == "f" else np.trunc(quotient)
            elif term.op in _FUNCTIONS:
                found = _FUNCTIONS[term.op](*args)
            else:
                return None
        done[term] = found.astype(dtype)
    return done[root]


def _fitted(numbers: NDArray[np.int64], axes: Sequence[str]) -> Affine | None:
    """The affine index with these values, if there is one."""
    origin = (0,) * numbers.ndim
    constant = int(numbers[origin])
    result, expected = Affine(constant), np.full(numbers.shape, constant)
    for position, axis in enumerate(axes):
        extent = numbers.shape[position]
        step = tuple(int(i == position) for i in range(numbers.ndim))
        factor = int(numbers[step]) - constant
        shape = [extent if i == position else 1 for i in range(numbers.ndim)]
        expected = expected + factor * np.arange(extent).reshape(shape)
        result += Affine.axis(axis).scaled(factor)
    return result if np.array_equal(expected, numbers) else None


def _change_loops(numbers: NDArray[np.int64], axes: Sequence[str], loops: Loops) -> None:
    """Splits or cuts the first axis along which the values are not affine, if that helps."""
    for position, axis in enumerate(axes):
        line = np.moveaxis(numbers, position, 0).reshape(numbers.shape[position], -1)[:, 0]
        if _fitted(line, [axis]) is not None:
            continue
        for stride in range(2, len(line)):
            if len(line) % stride == 0:
                table = line.reshape(-1, stride)
                if _fitted(table, ["outer", "inner"]) is not None:
                    loops.split(axis, stride)
        ends = _stretches(line)
        if len(ends) < MOST_CUTS and loops.can_cut(axis):
            loops.cut(axis, ends[0])
        return


def _stretches(line: NDArray[np.int64]) -> list[int]:
    """Where the affine stretches of a line end, but for the last one."""
    ends: list[int] = []
    steps = [int(b) - int(a) for a, b in pairwise(line)]
    start = 0
    for place in range(1, len(steps)):
        if place > start and steps[place] != steps[start]:
            ends.append(place + 1)
            start = place + 1
    return ends
