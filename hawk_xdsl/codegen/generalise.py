"""One kernel text for a range of lengths, from the texts that one schedule gives at several.

The texts of a schedule at different lengths of an axis have the same statements; what differs are
numbers, and these are affine in the length. Example: an elementwise op on ``n × 64`` elements is
``across i0 in 0..31936`` at 499 and ``0..31680`` at 495, so it is ``0..n0*64`` at every length.

Arithmetic takes the extent in. Lengths of tiles are numbers always: they become those of the
longest, which the edge of an operand cuts. Nothing is believed for being generalised: the builder
proves each slice inside its operand, and the gate checks the kernel at lengths of its choice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import TypeVar, cast

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.rewrite import names, rewritten
from hawk_xdsl.dialects.npu import AffineSize, NamedExtent, Size
from hawk_xdsl.errors import HawkError

_T = TypeVar("_T")

LENGTHS = 3
"""How many lengths are compared: two give a line, and the third must lie on it."""


class NotAffineError(HawkError):
    """The texts of several lengths are not those of one kernel.

    Attributes:
        code: for the report.
    """

    code = "not-affine"


def lengths_compared(extent: NamedExtent) -> tuple[int, ...]:
    """Odd lengths near the longest: tiles rarely divide them, and are no longer than they are."""
    odd = extent.high - 1 - extent.high % 2
    found = [length for length in (odd, odd - 2, odd - 4) if length > max(1, extent.low)]
    if len(found) < LENGTHS:
        found = list(range(extent.high, max(0, extent.low - 1), -1))[:LENGTHS]
    if len(found) < LENGTHS:
        raise NotAffineError(f"{extent} has fewer than {LENGTHS} lengths: give each a kernel")
    return tuple(found)


def generalised(texts: Mapping[int, ast.KernelText], extent: NamedExtent) -> ast.KernelText:
    """The text of all lengths of an extent from those at some of them.

    Raises:
        NotAffineError: the texts differ in more than numbers, or a number is not affine.
    """
    merged = _Merge(tuple(texts), extent).merged(tuple(texts.values()))
    return rewritten(merged, lambda node: _one_dynamic(node, extent.name))


def _one_dynamic(node: ast.Node, name: str) -> ast.Node:
    """An ``across`` with all loops but one that end at the extent inside, as ``for``."""
    if not isinstance(node, ast.Across):
        return node
    dynamic = [loop for loop in node.loops if name in names(loop.start, loop.stop)]
    kept = tuple(loop for loop in node.loops if loop not in dynamic[1:])
    body = node.body
    for loop in reversed(dynamic[1:]):
        body = (ast.For(loop, body),)
    return ast.Across(kept, body)


def generalised_sizes(
    shapes: Mapping[int, Sequence[int]], extent: NamedExtent
) -> tuple[tuple[Size, ...], tuple[int, ...]]:
    """The dimensions of a tensor over the extent, and the largest. Raises ``NotAffineError``."""
    lines = _Merge(tuple(shapes), extent)
    if len({len(shape) for shape in shapes.values()}) > 1:
        raise NotAffineError(f"the rank of a tensor depends on {extent.name}")
    columns = [lines.line(column) for column in zip(*shapes.values(), strict=True)]
    sizes: list[Size] = [
        AffineSize.of(extent.name, line.factor, line.constant) if line.factor else line.constant
        for line in columns
    ]
    return tuple(sizes), tuple(line.at(extent.high) for line in columns)


def line_at(
    numbers: Sequence[int], lengths: tuple[int, ...], length: int, extent: NamedExtent
) -> int:
    """A number at a length, from those at other lengths. Raises ``NotAffineError``."""
    return _Merge(lengths, extent).line(numbers).at(length)


@dataclass(frozen=True)
class _AffineLine:
    """``factor * n + constant``."""

    factor: int
    constant: int

    def at(self, length: int) -> int:
        return self.factor * length + self.constant


@dataclass(frozen=True)
class _Merge:
    """Puts nodes of the texts at ``lengths`` together."""

    lengths: tuple[int, ...]
    extent: NamedExtent

    def line(self, numbers: Sequence[int]) -> _AffineLine:
        """The line through numbers. Raises ``NotAffineError``."""
        (first, second), (low, high) = numbers[:2], self.lengths[:2]
        factor, rest = divmod(second - first, high - low)
        line = _AffineLine(factor, first - factor * low)
        if rest or [line.at(length) for length in self.lengths] != list(numbers):
            listed = ", ".join(map(str, numbers))
            raise NotAffineError(f"{listed} are not affine in {self.extent.name}")
        return line

    def merged(self, nodes: Sequence[_T]) -> _T:
        """The node of all lengths."""
        first = nodes[0]
        if isinstance(first, ast.Integer):
            return cast("_T", self._expression(cast("Sequence[ast.Integer]", nodes)))
        if isinstance(first, tuple):
            return cast("_T", self._tuple(cast("Sequence[tuple[object, ...]]", nodes)))
        if any(type(node) is not type(first) for node in nodes):
            raise NotAffineError(f"the statements depend on {self.extent.name}")
        if isinstance(first, ast.Elementwise):
            return cast("_T", self._elementwise(cast("Sequence[ast.Elementwise]", nodes)))
        if is_dataclass(first):
            parts = {
                each.name: self.merged([getattr(node, each.name) for node in nodes])
                for each in fields(first)
                if each.name != "line"
            }
            return cast("type[_T]", type(first))(**parts)
        if type(first) is int:
            return cast("_T", self.line(cast("Sequence[int]", nodes)).at(self.extent.high))
        if any(node != first for node in nodes):
            raise NotAffineError(f"`{first}` depends on {self.extent.name}")
        return first

    def _tuple(self, nodes: Sequence[tuple[object, ...]]) -> tuple[object, ...]:
        if len({len(node) for node in nodes}) > 1:
            raise NotAffineError(f"the statements depend on {self.extent.name}")
        return tuple(self.merged(parts) for parts in zip(*nodes, strict=True))

    def _expression(self, numbers: Sequence[ast.Expression]) -> ast.Expression:
        """An integer of the arithmetic: ``64``, ``n0*64``, ``n0-8``."""
        values = [number.value for number in numbers if isinstance(number, ast.Integer)]
        if len(values) < len(numbers):
            raise NotAffineError(f"the arithmetic depends on {self.extent.name}")
        line = self.line(values)
        if not line.factor:
            return numbers[0]
        if line.factor < 0:
            raise NotAffineError(f"{values[0]} falls with {self.extent.name}")
        result: ast.Expression = ast.Variable(self.extent.name)
        if line.factor != 1:
            result = ast.Arithmetic("*", result, ast.Integer(line.factor))
        if line.constant:
            sign = "+" if line.constant > 0 else "-"
            result = ast.Arithmetic(sign, result, ast.Integer(abs(line.constant)))
        return result

    def _elementwise(self, nodes: Sequence[ast.Elementwise]) -> ast.Elementwise:
        """Operands that are the length, or its inverse in a product, are the extent."""
        numbers = [node.operands[-1] for node in nodes]
        values = [number.value for number in numbers if isinstance(number, ast.Number)]
        first = nodes[0]
        if len(values) == len(nodes) and len(set(values)) > 1:
            for value, length in zip(values, self.lengths, strict=True):
                if first.mnemonic == "vmul" and abs(value * length - 1) < 1e-6:
                    continue
                if first.mnemonic != "vdiv" or value != length:
                    raise NotAffineError(f"the number {values[0]} depends on {self.extent.name}")
            operands = self._tuple([node.operands[:-1] for node in nodes])
            scalar = ast.Tile(self.extent.name)
            return ast.Elementwise("vdiv", (*cast("tuple[ast.Operand]", operands), scalar))
        operands = self._tuple([node.operands for node in nodes])
        if any(node.mnemonic != first.mnemonic for node in nodes):
            raise NotAffineError(f"the instructions depend on {self.extent.name}")
        return ast.Elementwise(first.mnemonic, cast("tuple[ast.Operand, ...]", operands))
