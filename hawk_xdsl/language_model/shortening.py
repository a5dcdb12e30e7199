"""A kernel text in shorthand: what each line need not say."""

from collections.abc import Iterable, Mapping, Sequence

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.rewrite import walk
from hawk_xdsl.dialects.kernel_text.unparse import Printer, expression_text
from hawk_xdsl.language_model.expansion import covered_by, extent_at

MOST_PARTS = 96
"""Loops of more parts are written by their step: it depends on ub, not on the extent."""

CUBE_STEP = 16
"""Steps of a cube kernel that are whole multiples of this are written as such: fractals."""


class Shortening(Printer):
    """Prints the lines of one text in shorthand."""

    def __init__(
        self,
        axes: Mapping[str, int],
        shapes: Mapping[str, tuple[int, ...]],
        nodes: Sequence[ast.Node],
    ) -> None:
        self._axes = axes
        self._steps: dict[str, int] = {}
        self._shapes = dict(shapes)
        self._on_cube = False
        self._temp_axes = _temp_axes(nodes)

    def line(self, node: ast.Statement | ast.Temp | ast.Stage) -> str:
        """A line; stages and temps say how what follows is read."""
        if isinstance(node, ast.Stage):
            self._on_cube = node.core == "cube"
        if not isinstance(node, ast.Temp):
            return super().line(node)
        self._shapes[node.name] = node.shape
        named = (
            axis if self._axes.get(axis) == size else str(size)
            for place, size in enumerate(node.shape)
            for axis in [self._temp_axes.get((node.name, place), "")]
        )
        return f"temp {node.name} {node.dtype}[{', '.join(named)}]"

    def loop(self, loop: ast.Loop) -> str:
        """A loop over all of an axis by its step, or by how many parts it has."""
        name, step = loop.variable, loop.step
        self._steps[name] = step
        extent = self._axes.get(name)
        if extent is None or (loop.start, loop.stop) != (ast.Integer(0), ast.Integer(extent)):
            return super().loop(loop)
        parts = -(-extent // step)
        as_step = step == 1 or parts > MOST_PARTS or (self._on_cube and step % CUBE_STEP == 0)
        if as_step or -(-extent // parts) != step:
            return f"{name} step {step}"
        return f"{name} parts {parts}"

    def number(self, number: ast.Number) -> str:
        """A long literal as ``1/c`` if it is exactly that of a short one."""
        text = super().number(number)
        digits = text.partition(".")[2].partition("e")[0]
        return text if len(digits) < 7 else _as_reciprocal(text)

    def tile(self, tile: ast.Tile) -> str:
        """A name with its slices, in which all of a dimension is ``:``."""
        if tile.slices is None:
            return tile.name
        shape, count = self._shapes.get(tile.name, ()), len(tile.slices)
        parts: list[str] = []
        for place, part in enumerate(tile.slices):
            whole = place < len(shape) and part == ast.Slice(
                ast.Integer(0), extent_at(shape, place, count)
            )
            parts.append(":" if whole else self.slice(part))
        return f"{tile.name}[{', '.join(parts)}]"

    def slice(self, part: ast.Slice) -> str:
        """A slice without the length that loops cover, or with one that has a loop's name."""
        if part.length is not None and part.stride == 1:
            if part.length == covered_by(part.start, self._steps):
                return f"{self.index(part.start)}:"
        elif part.length is not None:
            return f"{self.index(part.start)}:{self._named(part.length)}:{part.stride}"
        return super().slice(part)

    def index(self, index: ast.Expression) -> str:
        """An index, in which the number of a step is ``i0//step``."""
        if isinstance(index, ast.Arithmetic):
            match index:
                case ast.Arithmetic("//", ast.Variable(name), ast.Integer(value)):
                    if value == self._steps.get(name):
                        return f"{name}//step"
                case ast.Arithmetic("+", left, right):
                    inner = expression_text(right)
                    if not isinstance(right, ast.Arithmetic) or right.operator not in "+-":
                        inner = self.index(right)
                        return f"{self.index(left)}+{inner}"
                case ast.Arithmetic("*", ast.Arithmetic("//") as left, right):
                    if not isinstance(right, ast.Arithmetic):
                        return f"{self.index(left)}*{expression_text(right)}"
                case _:
                    pass
        return expression_text(index)

    def shape(self, shape: Sequence[int]) -> str:
        """Lengths by the names of loops, each once, in order; else of axes without a loop."""
        free = dict(self._steps)
        whole = {a: n for a, n in self._axes.items() if a not in free}
        parts = [str(size) for size in shape]
        for place, length in enumerate(shape):
            for sizes in (free, whole) if length > 1 else ():
                name = next((n for n, size in sizes.items() if size == length), None)
                if name is not None:
                    del sizes[name]
                    parts[place] = name
                    break
        return f"[{', '.join(parts)}]"

    def _named(self, length: int) -> str:
        """A length of more than one by the name of a loop that has steps of it."""
        named = (name for name, size in self._steps.items() if size == length > 1)
        return next(named, str(length))


def _temp_axes(nodes: Iterable[ast.Node]) -> dict[tuple[str, int], str]:
    """Which loop runs over a dimension of a temp: (temp, dimension) → variable."""
    found: dict[tuple[str, int], str] = {}
    temps: set[str] = set()
    for node in walk(*nodes):
        if isinstance(node, ast.Temp):
            temps.add(node.name)
        elif isinstance(node, ast.Tile) and node.name in temps:
            for place, part in enumerate(node.slices or ()):
                if isinstance(part.start, ast.Integer | ast.Variable) and part.stride == 1:
                    found.setdefault((node.name, place), expression_text(part.start))
    return found


def _as_reciprocal(literal: str) -> str:
    """A literal as ``1/c`` if it is exactly that of a short one."""
    value = float(literal)
    if not value:
        return literal
    inverse = float(f"{1 / abs(value):.12g}")
    if inverse and repr(1 / inverse) == repr(abs(value)) and len(repr(inverse)) < len(literal) - 4:
        return f"{'-' if value < 0 else ''}1/{inverse!r}"
    return literal
