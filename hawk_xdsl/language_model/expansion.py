"""A text in shorthand to the kernel text that it stands for, line by line."""

from collections.abc import Iterator, Mapping, Sequence
from math import prod

from lark import Token

from hawk_xdsl.dialects.kernel_text import KernelTextError
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.lines import Line, parse_line
from hawk_xdsl.dialects.kernel_text.read_tree import (
    OPERATORS,
    Node,
    TreeReader,
    expression,
    tree,
    trees,
    word,
)
from hawk_xdsl.dialects.kernel_text.rewrite import renamed
from hawk_xdsl.dialects.kernel_text.unparse import expression_text
from hawk_xdsl.language_model.composites import Composite
from hawk_xdsl.language_model.shorthand_tree import ShorthandLiteral, parsed


class Expansion(TreeReader):
    """Reads the lines of one text; what a line stands for depends on the loops and temps before.

    Attributes:
        steps: the step of each loop so far, by its variable.
        shapes: the shapes of operands and of the temps so far.
    """

    def __init__(
        self,
        axes: Mapping[str, int],
        shapes: Mapping[str, tuple[int, ...]],
        composites: Mapping[str, Composite],
    ) -> None:
        super().__init__()
        self._axes = axes
        self._composites = composites
        self.steps: dict[str, int] = {}
        self.shapes = dict(shapes)
        self._names: dict[str, str] = {}
        self._made = 0
        self._values["call"] = self._call

    def lines(self, line: str) -> Iterator[Line]:
        """The lines that a line stands for. Raises ``KernelTextError``."""
        node = parse_line(line, lambda text: self.program(parsed(text)))
        if isinstance(node, ast.Assign | ast.Store | ast.If) and self._names:
            node = renamed(node, self._names)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Elementwise):
            composite = self._composites.get(node.value.mnemonic)
            if composite is not None:
                yield from self._statements(composite, node.name, node.value.operands)
                return
        yield node

    def _statements(
        self, composite: Composite, result: str, operands: Sequence[ast.Operand]
    ) -> Iterator[Line]:
        """A call's statements; a result that would overwrite an operand gets a buffer of its own.

        The text goes on with that buffer under the old name.
        """
        if len(operands) != composite.arity:
            raise KernelTextError(f"{composite.name} takes {composite.arity} tiles")
        numbers = {f"x{i}" for i, each in enumerate(operands) if isinstance(each, ast.Number)}
        if numbers & composite.only_tiles:
            raise KernelTextError(f"{composite.name} takes a tile where a number was given")
        self._made += 1
        if ast.Tile(result) in operands:
            new = f"c{self._made}_y0"
            for name in [n for n, now in self._names.items() if now == result] or [result]:
                self._names[name] = new
            result = new
        yield from composite.statements(result, operands, f"c{self._made}_")

    def _call(self, node: Node) -> ast.Elementwise:
        name, *operands = node.children
        return ast.Elementwise(str(name), tuple(self._operand(each) for each in operands))

    def temp(self, node: Node) -> ast.Temp:
        """A temp, whose dimensions may be named by axes."""
        name, dtype, shape = node.children
        lengths = (word(child) for child in trees(tree(shape)))
        sizes = tuple(int(n) if n.isdigit() else self._extent(n) for n in lengths)
        self.shapes[word(name)] = sizes
        return ast.Temp(word(name), word(dtype), sizes)

    def loop(self, node: "Token | Node") -> ast.Loop:
        """``i0 parts 48`` and ``i0 step 150`` are loops over all of an axis."""
        variable, *parts, number = tree(node).children
        name, count = word(variable), max(1, int(str(number)))
        if len(parts) == 2:
            start, stop = (self.index(part) for part in parts)
        else:
            start, stop = ast.Integer(0), ast.Integer(self._extent(name))
            if word(parts[0]) == "parts":
                count = -(-stop.value // count)
        self.steps[name] = count
        return ast.Loop(name, start, stop, count)

    def number(self, node: "Token | Node") -> ast.Number:
        """``1/8.0`` is 0.125."""
        literal = ShorthandLiteral.of(word(node))
        if not literal.inverted:
            return super().number(node)
        value = float(literal.digits)
        if not value:
            raise KernelTextError("1/0 is no number")
        return ast.Number(-1 / value if literal.negative else 1 / value)

    def shape(self, node: "Token | Node") -> tuple[int, ...]:
        """A shape, whose dimensions may be named by loops and axes."""
        return tuple(self._length(word(child)) for child in trees(tree(node)))

    def index(self, node: "Token | Node") -> ast.Expression:
        """``i0//step`` is the number of a step."""
        rule = tree(node)
        if rule.data in ("integer", "variable"):
            return expression(rule)
        left = self.index(rule.children[0])
        if rule.data == "floordiv" and len(rule.children) == 1:
            last = left.right if isinstance(left, ast.Arithmetic) else left
            name = last.name if isinstance(last, ast.Variable) else ""
            if name not in self.steps:
                raise KernelTextError(f"`{name}` is no loop: it has no step")
            return ast.Arithmetic("//", left, ast.Integer(self.steps[name]))
        return ast.Arithmetic(OPERATORS[rule.data], left, self.index(rule.children[1]))

    def slices(self, name: str, node: "Token | Node") -> tuple[ast.Slice, ...]:
        """``:`` is all of a dimension, ``i0:`` what the loops cover from there on."""
        parts = trees(tree(node))
        shape = self.shapes.get(name)
        return tuple(self._short(part, i, len(parts), shape) for i, part in enumerate(parts))

    def _short(
        self, node: Node, place: int, count: int, shape: tuple[int, ...] | None
    ) -> ast.Slice:
        rules = trees(node)
        if not rules:
            if shape is None or place >= len(shape):
                raise KernelTextError("`:` needs an operand or a temp with that dimension")
            return ast.Slice(ast.Integer(0), extent_at(shape, place, count))
        start = self.index(rules[0])
        if len(rules) == 1 or rules[1].data != "open":
            return ast.Slice(start, *(self._length(word(child)) for child in rules[1:]))
        covered = covered_by(start, self.steps)
        if covered is None:
            raise KernelTextError(f"`{expression_text(start)}:` follows no loop: it needs a length")
        return ast.Slice(start, covered)

    def _length(self, name: str) -> int:
        return int(name) if name.isdigit() else self.steps.get(name) or self._extent(name)

    def _extent(self, axis: str) -> int:
        if axis not in self._axes:
            raise KernelTextError(f"`{axis}` is no axis: it needs bounds")
        return self._axes[axis]


def extent_at(shape: Sequence[int], place: int, slices: int) -> int:
    """The extent of a dimension; the last slice is of all that are left, as one."""
    return prod(shape[place:]) if place == slices - 1 else shape[place]


def covered_by(start: ast.Expression, steps: Mapping[str, int]) -> int | None:
    """The elements between the first and the last that the steps of loops reach from an index on.

    ``2*i0+i1`` covers 2 · (step of i0 - 1) + (step of i1 - 1) + 1. ``None`` for an index that is no
    sum over a loop.
    """
    reached: list[tuple[int, str]] = []
    for summand in _summands(start):
        match summand:
            case ast.Integer():
                pass
            case ast.Variable(name):
                reached.append((1, name))
            case ast.Arithmetic("*", ast.Integer(factor), ast.Variable(name)):
                reached.append((factor, name))
            case _:
                return None
    if not any(name in steps for _, name in reached):
        return None
    return 1 + sum(factor * (steps.get(name, 1) - 1) for factor, name in reached)


def _summands(index: ast.Expression) -> Iterator[ast.Expression]:
    if isinstance(index, ast.Arithmetic) and index.operator == "+":
        yield from _summands(index.left)
        yield from _summands(index.right)
    else:
        yield index
