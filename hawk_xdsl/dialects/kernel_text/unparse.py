"""The syntax tree of kernel text to its canonical text: the one printer, the inverse of ``parse``.

One statement a line, no indentation, no blanks around the operators of integer arithmetic, and no
parentheses that the precedence of operators makes needless:

    across i0 in 0..256 step 8 {
    b0 = load x[i0:8, 0:64] into ub
    b0 = vadd b0, 1.0
    store b0 into y[i0:8, 0:64]
    }
"""

import math
from collections.abc import Iterable, Iterator, Sequence

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.places import VECTOR_WORD

_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "//": 2, "%": 2}


class Printer:
    """Prints syntax trees, one method a kind of node.

    A language that says some things in other words overrides how those are printed.
    """

    def text(self, tree: ast.KernelText) -> str:
        """The canonical text of a whole body.

        A body of one vector stage and no other is written without its ``on vector { … }``, as
        ``parse`` reads it.
        """
        lines = [self.line(temp) for temp in tree.temps]
        for stage in tree.stages:
            if len(tree.stages) == 1 and stage.core == VECTOR_WORD:
                lines += self.lines(stage.body)
            else:
                lines += self._stage(stage)
        return "".join(f"{line}\n" for line in lines)

    def _stage(self, stage: ast.Stage) -> list[str]:
        parts = [line for part in stage.parts for line in self._stage(part)]
        return [self.line(stage), *parts, *self.lines(stage.body), "}"]

    def lines(self, statements: Iterable[ast.Statement]) -> Iterator[str]:
        """The lines of statements, those of blocks with their bodies and closing braces."""
        for statement in statements:
            yield self.line(statement)
            if isinstance(statement, ast.For | ast.If | ast.Across):
                yield from self.lines(statement.body)
                yield "}"

    def line(self, node: ast.Statement | ast.Temp | ast.Stage) -> str:
        """The line of a temp or a statement; of a stage or a block the one that opens it."""
        match node:
            case ast.Assign(name, value):
                return f"{name} = {self.value(value)}"
            case ast.Store(source, dest, relu):
                word = "relu " if relu else ""
                return f"store {word}{self.tile(source)} into {self.tile(dest)}"
            case ast.Signal(flag, move):
                return f"signal {flag} after {move.value}"
            case ast.Await(flag, move):
                return f"await {flag} before {move.value}"
            case ast.For(loop):
                return f"for {self.loop(loop)} {{"
            case ast.If(left, relation, right):
                return f"if {expression_text(left)} {relation} {expression_text(right)} {{"
            case ast.Across(loops):
                return f"across {', '.join(map(self.loop, loops))} {{"
            case ast.Temp(name, dtype, shape):
                return f"temp {name} {dtype}{shape_text(shape)}"
            case ast.Stage(core):
                return f"on {core} {{"

    def value(self, value: ast.Value) -> str:
        """What stands to the right of ``=``."""
        match value:
            case ast.Elementwise(mnemonic, operands):
                return f"{mnemonic} {', '.join(map(self.operand, operands))}"
            case ast.Load(source, scope, pad):
                beyond = "" if pad is None else f" pad {self.number(pad)}"
                return f"load {self.tile(source)} into {scope}{beyond}"
            case ast.Compare(predicate, lhs, rhs):
                return f"vcmp {predicate.value} {self.tile(lhs)}, {self.operand(rhs)}"
            case ast.Cast(source, dtype, rounding):
                return f"vcast {self.tile(source)} to {dtype} round {rounding.value}"
            case ast.Reduce(kind, source, axes):
                along = ", ".join(map(str, axes))
                return f"vreduce {kind.value} {self.tile(source)} axis {along}"
            case ast.Cumulate(kind, source, axis):
                return f"vcumulate {kind.value} {self.tile(source)} axis {axis}"
            case ast.Fill(number, dtype, shape, scope):
                return f"fill {self.number(number)} {dtype}{self.shape(shape)} in {scope}"
            case ast.View(source, shape):
                return f"view {source} as {self.shape(shape)}"
            case ast.Read(source, indices):
                return f"read {source}[{', '.join(map(self.index, indices))}]"
            case ast.Mmad(lhs, rhs, accumulator, bias):
                start = "" if bias is None else f", {self.tile(bias)}"
                return f"mmad {self.factor(lhs)}, {self.factor(rhs)}, {accumulator}{start}"
            case ast.Transpose(source, permutation):
                return f"vtranspose {self.tile(source)} perm {shape_text(permutation)}"
            case ast.Arange(dtype, shape, axis):
                return f"varange {dtype}{self.shape(shape)} axis {axis}"
            case ast.Broadcast(source, shape):
                return f"vbrc {self.tile(source)} to {self.shape(shape)}"

    def loop(self, loop: ast.Loop) -> str:
        """``i in 0..64 step 8``."""
        start, stop = expression_text(loop.start), expression_text(loop.stop)
        return f"{loop.variable} in {start}..{stop} step {loop.step}"

    def operand(self, operand: ast.Operand) -> str:
        """A tile or a literal."""
        return self.number(operand) if isinstance(operand, ast.Number) else self.tile(operand)

    def factor(self, factor: ast.Factor) -> str:
        """An operand of ``mmad``."""
        return self.tile(factor.tile) + (".T" if factor.transposed else "")

    def tile(self, tile: ast.Tile) -> str:
        """A name with its slices, if it has any."""
        if tile.slices is None:
            return tile.name
        return f"{tile.name}[{', '.join(map(self.slice, tile.slices))}]"

    def slice(self, part: ast.Slice) -> str:
        """``start``, ``start:length`` or ``start:length:stride``."""
        start = self.index(part.start)
        if part.length is None:
            return start
        return f"{start}:{part.length}" + (f":{part.stride}" if part.stride != 1 else "")

    def index(self, index: ast.Expression) -> str:
        """Integer arithmetic in brackets."""
        return expression_text(index)

    def shape(self, shape: Sequence[int]) -> str:
        """``[8, 64]`` of a buffer."""
        return shape_text(shape)

    def number(self, number: ast.Number) -> str:
        """The literal that reads back to the number. Raises ``ValueError`` for NaN."""
        if isinstance(number.value, float) and math.isnan(number.value):
            raise ValueError("kernel text has no NaN")
        return repr(number.value)


_CANONICAL = Printer()


def text_of(tree: ast.KernelText) -> str:
    """The canonical text of a whole body."""
    return _CANONICAL.text(tree)


def line_of(node: ast.Statement | ast.Temp | ast.Stage) -> str:
    """The line of a temp or a statement; of a stage or a block the one that opens it."""
    return _CANONICAL.line(node)


def lines_of(statements: Iterable[ast.Statement]) -> Iterator[str]:
    """The lines of statements, those of blocks with their bodies and closing braces."""
    return _CANONICAL.lines(statements)


def value_text(value: ast.Value) -> str:
    """What stands to the right of ``=``."""
    return _CANONICAL.value(value)


def tile_text(tile: ast.Tile) -> str:
    """A name with its slices, if it has any."""
    return _CANONICAL.tile(tile)


def shape_text(shape: Sequence[int]) -> str:
    """``[8, 64]``."""
    return f"[{', '.join(map(str, shape))}]"


def expression_text(expression: ast.Expression) -> str:
    """Integer arithmetic: ``a-(b+c)`` keeps its parentheses, ``(a*b)+c`` does not."""
    match expression:
        case ast.Integer(value):
            return str(value)
        case ast.Variable(name):
            return name
        case ast.Arithmetic(operator, left, right):
            precedence = _PRECEDENCE[operator]
            return f"{_inside(left, precedence)}{operator}{_inside(right, precedence + 1)}"


def _inside(expression: ast.Expression, precedence: int) -> str:
    """An operand of an operator, in parentheses where its own operator binds less."""
    text = expression_text(expression)
    binds_less = (
        isinstance(expression, ast.Arithmetic) and _PRECEDENCE[expression.operator] < precedence
    )
    return f"({text})" if binds_less else text
