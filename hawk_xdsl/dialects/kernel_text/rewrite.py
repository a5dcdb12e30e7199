"""Walks over the syntax tree of kernel text, and rewrites it: the way passes over kernels go."""

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from functools import cache
from typing import TypeVar, cast, get_args

from hawk_xdsl.dialects.kernel_text import syntax as ast

_N = TypeVar("_N", bound=ast.Node)

_TYPES: frozenset[type] = frozenset(get_args(ast.Node))

_NAMED: Mapping[type, str] = {
    ast.Variable: "name",
    ast.Tile: "name",
    ast.Read: "source",
    ast.View: "source",
    ast.Mmad: "accumulator",
    ast.Assign: "name",
    ast.Loop: "variable",
    ast.Temp: "name",
}
"""The attribute that names an operand, a buffer or a variable, by the type of the node."""


def statements(body: Iterable[ast.Statement]) -> Iterator[ast.Statement]:
    """Every statement of a body in the order of the text, blocks before what is in them."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.For | ast.If | ast.Across):
            yield from statements(statement.body)


def walk(*roots: ast.Node) -> Iterator[ast.Node]:
    """Every node of trees, parents before their parts, in the order of the text."""
    for root in roots:
        yield root
        for name in _attributes(type(root)):
            yield from walk(*_parts(getattr(root, name)))


def rewritten(root: _N, change: Callable[[ast.Node], ast.Node]) -> _N:
    """The tree with ``change`` applied to every node, parts before what they are part of.

    ``change`` gives its argument back for what stays, and a node that may stand in the same place
    for what does not. Twice as many rows, of ``store b into y[i:8, 0:64]``:

        def change(node: Node) -> Node:
            return replace(node, length=16) if node == Slice(Variable("i"), 8) else node
    """
    kind = type(root)
    changed: dict[str, object] = {}
    for name in _attributes(kind):
        before = getattr(root, name)
        if type(before) in _TYPES:
            after = rewritten(before, change)
            if after is not before:
                changed[name] = after
        elif before:
            parts = [rewritten(part, change) if type(part) in _TYPES else part for part in before]
            if not all(map(operator.is_, parts, before)):
                changed[name] = tuple(parts)
    # A node is replaced by one that may stand in its place, so its type is one of the place's.
    return cast("_N", change(_replaced(root, changed) if changed else root))


def _replaced(node: _N, changed: Mapping[str, object]) -> _N:
    """The node with other attributes; ``dataclasses.replace`` at half the time."""
    make = cast("Callable[..., _N]", type(node))
    values = (changed.get(name, getattr(node, name)) for name in _all_attributes(type(node)))
    return make(*values)


def substituted(root: _N, values: Mapping[str, ast.Expression]) -> _N:
    """The tree with variables in its integer arithmetic replaced by expressions."""

    def change(node: ast.Node) -> ast.Node:
        return values.get(node.name, node) if isinstance(node, ast.Variable) else node

    return rewritten(root, change)


def names(*roots: ast.Node) -> Iterator[str]:
    """The names of operands, buffers and variables in the order of the text, repeated ones too."""
    for node in walk(*roots):
        attribute = _NAMED.get(type(node))
        if attribute is not None:
            yield getattr(node, attribute)


def renamed(root: _N, mapping: Mapping[str, str]) -> _N:
    """The tree with the names of operands, buffers and variables replaced, all at once."""

    def change(node: ast.Node) -> ast.Node:
        if type(node) is ast.Tile:  # most nodes that are renamed
            return ast.Tile(mapping[node.name], node.slices) if node.name in mapping else node
        attribute = _NAMED.get(type(node))
        if attribute is None:
            return node
        name = getattr(node, attribute)
        return _replaced(node, {attribute: mapping[name]}) if name in mapping else node

    return rewritten(root, change)


@cache
def _all_attributes(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@cache
def _attributes(kind: type) -> tuple[str, ...]:
    """The attributes of a type of nodes that hold nodes, tuples of them, or nothing."""
    plain = (int | None, int | float, tuple[int, ...])
    return tuple(
        field.name
        for field in fields(kind)
        if field.type not in plain and (field.type in _TYPES or not isinstance(field.type, type))
    )


def _parts(value: object) -> Iterator[ast.Node]:
    if isinstance(value, tuple):
        for part in cast("tuple[object, ...]", value):
            yield from _parts(part)
    elif type(value) in _TYPES:
        yield cast("ast.Node", value)
