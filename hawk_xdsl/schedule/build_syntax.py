"""Short ways to build the kernel text's syntax tree: indices, slices, loops, the ``across``."""

from collections.abc import Iterable, Sequence

from hawk_xdsl.dialects.kernel_text.syntax import (
    Across,
    Arithmetic,
    Expression,
    For,
    Integer,
    Loop,
    Slice,
    Statement,
    Tile,
    Variable,
)
from hawk_xdsl.semantics.terms import Affine

ONCE = Loop("once", Integer(0), Integer(1), 1)
"""The loop of an ``across`` that no axis is distributed by: one core does it all."""


def expression_of(index: Affine) -> Expression:
    """An affine index as integer arithmetic: ``2*i1+i4-3``.

    The text has no negative literals, so what is subtracted comes after what is added.
    """
    added = [_product(axis, factor) for axis, factor in index.terms if factor > 0]
    subtracted = [_product(axis, -factor) for axis, factor in index.terms if factor < 0]
    if index.constant > 0 or (index.constant == 0 and not added):
        added.append(Integer(index.constant))
    elif index.constant < 0:
        subtracted.append(Integer(-index.constant))
    expression = added[0] if added else Integer(0)
    for term in added[1:]:
        expression = Arithmetic("+", expression, term)
    for term in subtracted:
        expression = Arithmetic("-", expression, term)
    return expression


def _product(axis: str, factor: int) -> Expression:
    """``axis``, or ``factor*axis``."""
    variable = Variable(axis)
    return variable if factor == 1 else Arithmetic("*", Integer(factor), variable)


def part(name: str, *slices: Slice) -> Tile:
    """``name[…]``."""
    return Tile(name, slices)


def span(length: int) -> Slice:
    """``0:length``."""
    return Slice(Integer(0), length)


def loop(variable: str, extent: int, step: int) -> Loop:
    """``variable in 0..extent step step``."""
    return Loop(variable, Integer(0), Integer(extent), step)


def across(loops: Iterable[Loop], body: Sequence[Statement]) -> Across:
    """An ``across`` over loops; over one of a single iteration if there are none."""
    return Across(tuple(loops) or (ONCE,), tuple(body))


def nested(loops: Sequence[Loop], body: Sequence[Statement]) -> tuple[Statement, ...]:
    """Statements inside ``for`` loops, the first one outermost."""
    inner = tuple(body)
    for each in reversed(loops):
        inner = (For(each, inner),)
    return inner


def trips_of(counted: Loop) -> int:
    """How many iterations a loop of constant bounds has."""
    assert isinstance(counted.start, Integer) and isinstance(counted.stop, Integer)
    return len(range(counted.start.value, counted.stop.value, counted.step))
