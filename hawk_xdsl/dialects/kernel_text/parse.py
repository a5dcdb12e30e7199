"""Kernel text to its syntax tree."""

import math
import re
from collections.abc import Callable
from functools import cache
from typing import cast

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.errors import KernelTextError
from hawk_xdsl.dialects.kernel_text.grammar import grammar
from hawk_xdsl.dialects.kernel_text.places import PLACE_WORDS, VECTOR_WORD
from hawk_xdsl.dialects.npu import (
    Accumulation,
    Comparison,
    Reduction,
    Rounding,
)

_Node = Tree[Token]

MAX_LINE = 500
"""Characters of a line; keeps the recursion over expressions shallow."""

MAX_DEPTH = 32
"""Nested blocks; keeps the recursion over statements shallow."""

_OPERATORS = {"add": "+", "sub": "-", "mul": "*", "floordiv": "//", "mod": "%"}


@cache
def _parser() -> Lark:
    return Lark(grammar(), parser="lalr", propagate_positions=True)


@cache
def keywords() -> frozenset[str]:
    """The words of the language, which no name may be."""
    words = (terminal.pattern.value for terminal in _parser().terminals)
    found = frozenset(word for word in words if re.fullmatch(r"[a-z][a-z0-9_]*", word))
    return found | frozenset(PLACE_WORDS)


def is_name(text: str) -> bool:
    """Whether a text can name an operand, a buffer or a variable."""
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", text) is not None and text not in keywords()


def canonical_blanks(text: str) -> tuple[str, tuple[int, ...]]:
    """Drop comments, indentation and blank lines, and normalise the blanks inside lines.

    Returns:
        The text as the grammar wants it, and for each of its lines the number of the line it
        came from, counted from 1.

    Raises:
        KernelTextError: for a line or a nesting beyond all reason.
    """
    lines: list[str] = []
    numbers: list[int] = []
    depth = 0
    for number, line in enumerate(text.splitlines(), start=1):
        line = " ".join(line.split("#", 1)[0].split())
        line = re.sub(r" *(//|[+*%:]) *", r"\1", line)
        line = re.sub(r"(?<=[\w)]) - (?=[\w(])", "-", line)
        line = re.sub(r" *\.\. *", "..", line)
        line = re.sub(r" *, *", ", ", line)
        if len(line) > MAX_LINE:
            raise KernelTextError(f"a line has more than {MAX_LINE} characters", line=number)
        depth += line.endswith("{") - (line == "}")
        if depth > MAX_DEPTH:
            raise KernelTextError(f"more than {MAX_DEPTH} blocks are nested", line=number)
        if line:
            lines.append(line)
            numbers.append(number)
    return "".join(f"{line}\n" for line in lines), tuple(numbers)


def parse(text: str) -> ast.KernelText:
    """Parse a kernel body.

    Raises:
        KernelTextError: with the line, for text that the grammar does not accept.
    """
    canonical, numbers = canonical_blanks(text)
    if not numbers:
        raise KernelTextError("the kernel body is empty", line=1)
    try:
        tree = _parser().parse(canonical)
    except UnexpectedInput as error:
        raise _syntax_error(error, canonical, numbers) from None
    for token in tree.scan_values(lambda value: isinstance(value, Token)):
        if token.type == "NAME" and token in keywords():
            raise KernelTextError(f"`{token}` is a keyword", line=numbers[(token.line or 1) - 1])
    return _Reader(numbers).program(tree)


def _syntax_error(error: UnexpectedInput, text: str, numbers: tuple[int, ...]) -> KernelTextError:
    lines = text.splitlines()
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        return KernelTextError("the text ends before a `}`", line=numbers[-1])
    line = lines[error.line - 1]
    rest = line[error.column - 1 :]
    if rest == "}" and error.column == 1:
        reason = "a `}` without its opening line, or a block without statements"
    elif not rest:
        reason = f"`{line}` is incomplete"
    else:
        reason = f"unexpected `{rest}` in `{line}`"
    if isinstance(error, UnexpectedCharacters):
        expected = _describe(error.allowed)
    else:
        expected = _describe(getattr(error, "accepts", None) or getattr(error, "expected", None))
    if expected and rest != "}":
        reason += f"; expected {expected}"
    return KernelTextError(reason, line=numbers[error.line - 1])


_DESCRIPTIONS = {
    "NAME": "a name",
    "PLACE": "a memory space or a kind of cores",
    "INT": "an integer",
    "LENGTH": "an integer",
    "NEGATIVE": "a number",
    "FLOAT": "a number",
    "_SP": "a space",
    "_EQ": "` = `",
    "_COMMA": "`, `",
    "_NL": "the end of the line",
}


def _describe(terminals: object) -> str:
    """The expected terminals in words, at most eight."""
    if not isinstance(terminals, set | frozenset):
        return ""
    patterns = {terminal.name: terminal.pattern.value for terminal in _parser().terminals}
    names = sorted(
        {
            _DESCRIPTIONS.get(name, f"`{patterns.get(name, name)}`")
            for name in cast("set[str]", terminals)
        }
    )
    return " or ".join(names) if len(names) <= 8 else ""


class _Reader:
    """Turns a parse tree into the syntax tree, one method a rule."""

    def __init__(self, numbers: tuple[int, ...]) -> None:
        self._numbers = numbers
        self._values: dict[str, Callable[[_Node], ast.Value]] = {
            "load": self._load,
            "load_pad": self._load,
            "read": self._read,
            "fill": self._fill,
            "view": lambda n: ast.View(_word(n.children[0]), _integers(n.children[1])),
            "mmad": self._mmad,
            "unary_op": self._elementwise,
            "binary_op": self._elementwise,
            "vsel": lambda n: ast.Elementwise("vsel", self._operands(n)),
            "vgather": lambda n: ast.Elementwise("vgather", self._operands(n)),
            "vcmp": self._compare,
            "vcast": self._cast,
            "vreduce": self._reduce,
            "vcumulate": self._cumulate,
            "vtranspose": lambda n: ast.Transpose(
                self._tile(n.children[0]), _integers(n.children[1])
            ),
            "varange": self._arange,
            "vbrc": lambda n: ast.Broadcast(self._tile(n.children[0]), _integers(n.children[1])),
        }

    def program(self, tree: _Node) -> ast.KernelText:
        """The rule ``start``."""
        temps: list[ast.Temp] = []
        stages: list[ast.Stage] = []
        for child in _trees(tree):
            if child.data == "temp":
                name, dtype, shape = child.children
                temps.append(
                    ast.Temp(_word(name), _word(dtype), _integers(shape), self._line(child))
                )
            elif child.data == "stage":
                core, region = child.children
                body = self._body(_tree(region).children)
                stages.append(ast.Stage(_word(core), body, self._line(child)))
            else:
                body = self._body(child.children)
                stages.append(ast.Stage(VECTOR_WORD, body, self._line(child)))
        return ast.KernelText(tuple(temps), tuple(stages))

    def _line(self, node: _Node) -> int:
        return self._numbers[node.meta.line - 1]

    def _body(self, nodes: "list[Token | _Node]") -> tuple[ast.Statement, ...]:
        return tuple(self._statement(_tree(node)) for node in nodes)

    def _statement(self, node: _Node) -> ast.Statement:
        line = self._line(node)
        match node.data:
            case "assign":
                name, value = node.children
                value = _tree(value)
                return ast.Assign(_word(name), self._values[value.data](value), line)
            case "store" | "store_relu":
                tile, name, slices = node.children
                dest = ast.Tile(_word(name), self._slices(slices))
                return ast.Store(self._tile(tile), dest, node.data == "store_relu", line)
            case "for":
                return ast.For(self._loop(node.children[0]), self._body(node.children[1:]), line)
            case "if":
                left, relation, right, *body = node.children
                return ast.If(
                    _expression(left), _word(relation), _expression(right), self._body(body), line
                )
            case _:
                children = _trees(node)
                loops = tuple(self._loop(child) for child in children if child.data == "loop")
                body = [child for child in node.children if _tree(child).data != "loop"]
                return ast.Across(loops, self._body(body), line)

    def _loop(self, node: "Token | _Node") -> ast.Loop:
        name, start, stop, step = _tree(node).children
        return ast.Loop(_word(name), _expression(start), _expression(stop), int(str(step)))

    def _slices(self, node: "Token | _Node") -> tuple[ast.Slice, ...]:
        return tuple(_slice(child) for child in _trees(_tree(node)))

    def _tile(self, node: "Token | _Node") -> ast.Tile:
        name, *slices = _tree(node).children
        return ast.Tile(_word(name), self._slices(slices[0]) if slices else None)

    def _operands(self, node: _Node) -> tuple[ast.Operand, ...]:
        return tuple(self._operand(child) for child in _trees(node))

    def _operand(self, node: "Token | _Node") -> ast.Operand:
        tree = _tree(node)
        return self._number(tree) if tree.data == "number" else self._tile(tree)

    def _number(self, node: "Token | _Node") -> ast.Number:
        word = _word(node)
        if math.isinf(float(word)) and not word.endswith("inf"):
            raise KernelTextError(f"{word} is too large a number", line=self._line(_tree(node)))
        return ast.Number(int(word) if re.fullmatch(r"-?[0-9]+", word) else float(word))

    def _load(self, node: _Node) -> ast.Load:
        name, slices, scope, *pad = node.children
        source = ast.Tile(_word(name), self._slices(slices))
        return ast.Load(source, _word(scope), self._number(pad[0]) if pad else None)

    def _read(self, node: _Node) -> ast.Read:
        name, *indices = node.children
        return ast.Read(_word(name), tuple(_expression(index) for index in indices))

    def _fill(self, node: _Node) -> ast.Fill:
        value, dtype, shape, scope = node.children
        return ast.Fill(self._number(value), _word(dtype), _integers(shape), _word(scope))

    def _mmad(self, node: _Node) -> ast.Mmad:
        lhs, rhs, name = node.children
        return ast.Mmad(self._factor(_tree(lhs)), self._factor(_tree(rhs)), _word(name))

    def _factor(self, node: _Node) -> ast.Factor:
        return ast.Factor(self._tile(node.children[0]), node.data == "transposed")

    def _elementwise(self, node: _Node) -> ast.Elementwise:
        mnemonic, *operands = _trees(node)
        return ast.Elementwise(
            _word(mnemonic), tuple(self._operand(operand) for operand in operands)
        )

    def _compare(self, node: _Node) -> ast.Compare:
        predicate, lhs, rhs = node.children
        return ast.Compare(Comparison(_word(predicate)), self._tile(lhs), self._operand(rhs))

    def _cast(self, node: _Node) -> ast.Cast:
        source, dtype, rounding = node.children
        return ast.Cast(self._tile(source), _word(dtype), Rounding(_word(rounding)))

    def _reduce(self, node: _Node) -> ast.Reduce:
        kind, source, *axes = node.children
        return ast.Reduce(
            Reduction(_word(kind)), self._tile(source), tuple(int(str(axis)) for axis in axes)
        )

    def _cumulate(self, node: _Node) -> ast.Cumulate:
        kind, source, axis = node.children
        return ast.Cumulate(Accumulation(_word(kind)), self._tile(source), int(str(axis)))

    def _arange(self, node: _Node) -> ast.Arange:
        dtype, shape, axis = node.children
        return ast.Arange(_word(dtype), _integers(shape), int(str(axis)))


def _tree(node: "Token | _Node") -> _Node:
    assert isinstance(node, Tree)
    return node


def _trees(node: _Node) -> list[_Node]:
    return [child for child in node.children if isinstance(child, Tree)]


def _word(node: "Token | _Node") -> str:
    """The only token of a rule that names or enumerates."""
    return str(_tree(node).children[0])


def _integers(node: "Token | _Node") -> tuple[int, ...]:
    return tuple(int(_word(child)) for child in _trees(_tree(node)))


def _slice(node: _Node) -> ast.Slice:
    start, *rest = node.children
    lengths = [int(_word(child)) for child in rest]
    return ast.Slice(
        _expression(start),
        lengths[0] if lengths else None,
        lengths[1] if len(lengths) > 1 else 1,
    )


def _expression(node: "Token | _Node") -> ast.Expression:
    tree = _tree(node)
    if tree.data == "integer":
        return ast.Integer(int(str(tree.children[0])))
    if tree.data == "variable":
        return ast.Variable(str(tree.children[0]))
    left, right = tree.children
    return ast.Arithmetic(_OPERATORS[tree.data], _expression(left), _expression(right))
