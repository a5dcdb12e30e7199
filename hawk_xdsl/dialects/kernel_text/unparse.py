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


def text_of(tree: ast.KernelText) -> str:
    """The canonical text of a whole body.

    A body of one vector stage and no other is written without its ``on vector { … }``, as ``parse``
    reads it.
    """
    lines = [f"temp {temp.name} {temp.dtype}{shape_text(temp.shape)}" for temp in tree.temps]
    for stage in tree.stages:
        if len(tree.stages) == 1 and stage.core == VECTOR_WORD:
            lines += lines_of(stage.body)
        else:
            lines += [f"on {stage.core} {{", *lines_of(stage.body), "}"]
    return "".join(f"{line}\n" for line in lines)


def lines_of(statements: Iterable[ast.Statement]) -> Iterator[str]:
    """The lines of statements, those of blocks with their bodies and closing braces."""
    for statement in statements:
        yield line_of(statement)
        if isinstance(statement, ast.For | ast.If | ast.Across):
            yield from lines_of(statement.body)
            yield "}"


def line_of(statement: ast.Statement) -> str:
    """The line of a statement; of a block the one that opens it."""
    match statement:
        case ast.Assign(name, value):
            return f"{name} = {value_text(value)}"
        case ast.Store(source, dest, relu):
            word = "relu " if relu else ""
            return f"store {word}{tile_text(source)} into {tile_text(dest)}"
        case ast.For(loop):
            return f"for {loop_text(loop)} {{"
        case ast.If(left, relation, right):
            return f"if {expression_text(left)} {relation} {expression_text(right)} {{"
        case ast.Across(loops):
            return f"across {', '.join(map(loop_text, loops))} {{"


def value_text(value: ast.Value) -> str:
    """What stands to the right of ``=``."""
    match value:
        case ast.Elementwise(mnemonic, operands):
            return f"{mnemonic} {', '.join(map(operand_text, operands))}"
        case ast.Load(source, scope, pad):
            beyond = "" if pad is None else f" pad {number_text(pad)}"
            return f"load {tile_text(source)} into {scope}{beyond}"
        case ast.Compare(predicate, lhs, rhs):
            return f"vcmp {predicate.value} {tile_text(lhs)}, {operand_text(rhs)}"
        case ast.Cast(source, dtype, rounding):
            return f"vcast {tile_text(source)} to {dtype} round {rounding.value}"
        case ast.Reduce(kind, source, axes):
            return f"vreduce {kind.value} {tile_text(source)} axis {', '.join(map(str, axes))}"
        case ast.Cumulate(kind, source, axis):
            return f"vcumulate {kind.value} {tile_text(source)} axis {axis}"
        case ast.Fill(number, dtype, shape, scope):
            return f"fill {number_text(number)} {dtype}{shape_text(shape)} in {scope}"
        case ast.View(source, shape):
            return f"view {source} as {shape_text(shape)}"
        case ast.Read(source, indices):
            return f"read {source}[{', '.join(map(expression_text, indices))}]"
        case ast.Mmad(lhs, rhs, accumulator):
            return f"mmad {_factor_text(lhs)}, {_factor_text(rhs)}, {accumulator}"
        case ast.Transpose(source, permutation):
            return f"vtranspose {tile_text(source)} perm {shape_text(permutation)}"
        case ast.Arange(dtype, shape, axis):
            return f"varange {dtype}{shape_text(shape)} axis {axis}"
        case ast.Broadcast(source, shape):
            return f"vbrc {tile_text(source)} to {shape_text(shape)}"


def loop_text(loop: ast.Loop) -> str:
    """``i in 0..64 step 8``."""
    start, stop = expression_text(loop.start), expression_text(loop.stop)
    return f"{loop.variable} in {start}..{stop} step {loop.step}"


def operand_text(operand: ast.Operand) -> str:
    """A tile or a literal."""
    return number_text(operand) if isinstance(operand, ast.Number) else tile_text(operand)


def tile_text(tile: ast.Tile) -> str:
    """A name with its slices, if it has any."""
    if tile.slices is None:
        return tile.name
    return f"{tile.name}[{', '.join(map(slice_text, tile.slices))}]"


def slice_text(part: ast.Slice) -> str:
    """``start``, ``start:length`` or ``start:length:stride``."""
    start = expression_text(part.start)
    if part.length is None:
        return start
    return f"{start}:{part.length}" + (f":{part.stride}" if part.stride != 1 else "")


def shape_text(shape: Sequence[int]) -> str:
    """``[8, 64]``."""
    return f"[{', '.join(map(str, shape))}]"


def number_text(number: ast.Number) -> str:
    """The literal that reads back to the number. Raises ``ValueError`` for NaN, which has none."""
    if isinstance(number.value, float) and math.isnan(number.value):
        raise ValueError("kernel text has no NaN")
    return repr(number.value)


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


def _factor_text(factor: ast.Factor) -> str:
    return tile_text(factor.tile) + (".T" if factor.transposed else "")
