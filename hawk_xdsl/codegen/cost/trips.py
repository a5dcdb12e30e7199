"""Which trips of a loop cost the same: those in its middle, and those cut at an edge."""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

import numpy as np

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.rewrite import names

MOST_TRIPS = 1 << 16
"""Iterations of a core that are looked at for what is cut at an edge; others are like them."""

MOST_TURNS = 8
"""Iterations of a core that are looked at where each has other trips; others are like them."""

RELATIONS = {
    "<": int.__lt__,
    "<=": int.__le__,
    ">": int.__gt__,
    ">=": int.__ge__,
    "==": int.__eq__,
    "!=": int.__ne__,
}


def arithmetic(expression: ast.Expression, values: Mapping[str, int]) -> int:
    """The value of an expression."""
    if isinstance(expression, ast.Integer):
        return expression.value
    if isinstance(expression, ast.Variable):
        return values[expression.name]
    left = arithmetic(expression.left, values)
    right = arithmetic(expression.right, values)
    match expression.operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "//":
            return left // right
        case _:
            return left % right


def has_branches(body: Sequence[ast.Statement]) -> bool:
    """Whether a body has an ``if``."""
    return any(
        isinstance(node, ast.If) or (isinstance(node, ast.For) and has_branches(node.body))
        for node in body
    )


def runs_once(loop: ast.Loop) -> bool:
    """Whether bounds and step say so: ``i in 0..16 step 16``, ``i in t//8..t//8+1 step 4``.

    As ``transforms.trip_count`` has it of the IR.
    """
    if isinstance(loop.start, ast.Integer) and isinstance(loop.stop, ast.Integer):
        return loop.stop.value - loop.start.value <= loop.step
    match loop.stop:
        case ast.Arithmetic("+", start, ast.Integer(length)):
            return start == loop.start and length <= loop.step
        case _:
            return False


def bounded_by(variables: Collection[str], body: Sequence[ast.Statement]) -> bool:
    """Whether a loop of a body has more trips for some values of variables than for others."""
    for node in body:
        if not isinstance(node, ast.For):
            continue
        named = set(names(node.loop.start, node.loop.stop))
        if named & set(variables) and not _has_fixed_trips(node.loop):
            return True
        if bounded_by(variables, node.body):
            return True
    return False


def _has_fixed_trips(loop: ast.Loop) -> bool:
    """Whether bounds say so: ``k in p*512..p*512+512``."""
    match loop.stop:
        case ast.Arithmetic("+", start, ast.Integer()):
            return start == loop.start
        case _:
            return False


def each_turn(ranges: Sequence[range], cores: int, trips: int) -> list[tuple[tuple[int, ...], int]]:
    """The values of the first core's iterations, each for as many as it stands for."""
    count = min(trips, MOST_TURNS)
    starts = [turn * trips // count for turn in range(count + 1)]
    return [(values_at(ranges, start * cores), stop - start) for start, stop in pairwise(starts)]


def thresholds(variable: str, body: Sequence[ast.Statement]) -> list[int]:
    """The values from which on conditions on a variable come out otherwise, in order."""
    found: set[int] = set()
    for node in body:
        if isinstance(node, ast.If):
            if node.left == ast.Variable(variable) and isinstance(node.right, ast.Integer):
                value = node.right.value
                found |= {"<": {value}, ">=": {value}, "<=": {value + 1}, ">": {value + 1}}.get(
                    node.relation, {value, value + 1}
                )
            found.update(thresholds(variable, node.body))
        elif isinstance(node, ast.For):
            found.update(thresholds(variable, node.body))
    return sorted(found)


def by_thresholds(
    range_: range, limits: Sequence[int], cores: int, trips: int
) -> list[tuple[tuple[int, ...], int]]:
    """For each stretch between thresholds a value in its middle, and the first core's trips in it.

    Example: 60 values, thresholds at 48, 8 cores: the first core has 0, 8, … 56, of which 6 are
    below 48 and 2 above.
    """
    found: list[tuple[tuple[int, ...], int]] = []
    done = 0
    for limit in (*limits, len(range_) * range_.step + range_.start):
        below = max(0, min(len(range_), -(-(limit - range_.start) // range_.step)))
        until = min(trips, -(-below // cores))
        if until > done:
            found.append(
                ((range_[min((done + until - 1) // 2 * cores, len(range_) - 1)],), until - done)
            )
            done = until
    return found


def kinds_of(trips: int, cut: bool, *, edges: bool) -> list[tuple[int, int]]:
    """(index, count) of trips that cost the same: a middle one, and those at edges apart."""
    if trips == 1:
        return [(0, 1)]
    last = cut or edges
    first = edges and trips > 2
    middle = trips - last - first
    kinds = [(first + (middle - 1) // 2, middle)]
    if first:
        kinds.insert(0, (0, 1))
    if last:
        kinds.append((trips - 1, 1))
    return kinds


def first_core(
    ranges: Sequence[range], cut: Sequence[bool], cores: int, trips: int, *, branches: bool
) -> list[tuple[tuple[int, ...], int]]:
    """Values of the variables and how many iterations of the first core are like that.

    Example: 8192 rows in two tiles of 192 and 64 columns are 16384 iterations. On 48 cores the
    first one has those of an even number, which are all of 192 columns.
    """
    if branches:
        kinds = kinds_of(trips, cut=False, edges=True)
        return [(values_at(ranges, turn * cores), count) for turn, count in kinds]
    sizes = [len(range_) for range_ in ranges]
    counts = np.array([trips])
    if any(cut):
        kind, rest = np.zeros((), np.intp), np.arange(min(trips, MOST_TRIPS)) * cores
        for axis in reversed(range(len(ranges))):
            rest, index = np.divmod(rest, sizes[axis])
            kind = kind + (int(cut[axis]) << axis) * (index == sizes[axis] - 1)
        counts = np.bincount(kind)
    found: list[tuple[tuple[int, ...], int]] = []
    for number in sorted(range(len(counts)), key=lambda number: -counts[number]):
        if not counts[number]:
            break
        indices = [
            size - 1 if number >> axis & 1 else max(0, size - 1 - is_cut) // 2
            for axis, (size, is_cut) in enumerate(zip(sizes, cut, strict=True))
        ]
        values = tuple(range_[index] for range_, index in zip(ranges, indices, strict=True))
        found.append((values, round(int(counts[number]) * trips / min(trips, MOST_TRIPS))))
    return found


def values_at(ranges: Sequence[range], iteration: int) -> tuple[int, ...]:
    """The variables of ``across`` in an iteration."""
    values: list[int] = []
    for range_ in reversed(ranges):
        iteration, index = divmod(iteration, len(range_))
        values.insert(0, range_[index])
    return tuple(values)
