"""Kernel text to its syntax tree."""

import re
from functools import cache
from typing import cast

from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.errors import KernelTextError
from hawk_xdsl.dialects.kernel_text.grammar import grammar
from hawk_xdsl.dialects.kernel_text.places import PLACE_WORDS
from hawk_xdsl.dialects.kernel_text.read_tree import Node, TreeReader

MAX_LINE = 500
"""Characters of a line; keeps the recursion over expressions shallow."""

MAX_DEPTH = 32
"""Nested blocks; keeps the recursion over statements shallow."""


@cache
def parser_of(text: str) -> Lark:
    """The parser of a grammar in Lark's syntax."""
    return Lark(text, parser="lalr", propagate_positions=True)


def _parser() -> Lark:
    return parser_of(grammar())


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
    tree, numbers = tree_of(text, _parser())
    return TreeReader(numbers).program(tree)


def tree_of(text: str, parser: Lark) -> tuple[Node, tuple[int, ...]]:
    """The parse tree of a kernel body, and for each of its lines the number in the text.

    Raises:
        KernelTextError: as ``parse`` does.
    """
    canonical, numbers = canonical_blanks(text)
    if not numbers:
        raise KernelTextError("the kernel body is empty", line=1)
    try:
        tree = parser.parse(canonical)
    except UnexpectedInput as error:
        raise _syntax_error(error, canonical, numbers) from None
    for token in tree.scan_values(lambda value: isinstance(value, Token)):
        if token.type == "NAME" and token in keywords():
            raise KernelTextError(f"`{token}` is a keyword", line=numbers[(token.line or 1) - 1])
    return tree, numbers


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
