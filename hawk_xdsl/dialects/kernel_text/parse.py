"""Kernel text to its syntax tree."""

from functools import cache
from typing import cast

from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.errors import KernelTextError
from hawk_xdsl.dialects.kernel_text.grammar import canonical_blanks, grammar, with_blanks
from hawk_xdsl.dialects.kernel_text.places import PLACE_WORDS
from hawk_xdsl.dialects.kernel_text.read_tree import Node, TreeReader
from hawk_xdsl.files.grammars import parser_of_grammar

MAX_LINE = 500
"""Characters of a line, blanks and comments aside; keeps the recursion over expressions shallow."""

MAX_DEPTH = 32
"""Nested blocks; keeps the recursion over statements shallow."""


@cache
def parser_of(text: str) -> Lark:
    """The parser of a grammar in Lark's syntax, with blanks where people write them."""
    return Lark(with_blanks(text), parser="lalr", propagate_positions=True)


@cache
def _parser() -> Lark:
    return parser_of_grammar(with_blanks(grammar()), "kernel_text", positions=True)


@cache
def keywords() -> frozenset[str]:
    """The words of the language, which no name may be."""
    words = (terminal.pattern.value for terminal in _parser().terminals)
    found = frozenset(word for word in words if _is_word(word) and word.islower())
    return found | frozenset(PLACE_WORDS)


def is_name(text: str) -> bool:
    """Whether a text can name an operand, a buffer or a variable."""
    return _is_word(text) and text not in keywords()


def _is_word(text: str) -> bool:
    return text.isascii() and text.isidentifier() and not text.startswith("_")


def with_ends(text: str) -> str:
    """The text with ``\\n`` at the end of each line.

    Raises:
        KernelTextError: for a line or a nesting beyond all reason.
    """
    lines = text.splitlines()
    depth = 0
    for number, line in enumerate(lines, start=1):
        words = _without_comment(line).split()
        if sum(map(len, words)) > MAX_LINE:
            raise KernelTextError(f"a line has more than {MAX_LINE} characters", line=number)
        depth += bool(words) and words[-1].endswith("{")
        depth -= words == ["}"]
        if depth > MAX_DEPTH:
            raise KernelTextError(f"more than {MAX_DEPTH} blocks are nested", line=number)
    return "".join(f"{line}\n" for line in lines)


def _without_comment(line: str) -> str:
    return line.partition("#")[0].rstrip()


def canonical(text: str, parser: Lark) -> str:
    """The text with the blanks that the printer writes. Raises as ``tree_of`` does."""
    tree_of(text, parser)
    written = canonical_blanks()
    found = parser.parse_interactive(with_ends(text)).iter_parse()
    return "".join(written.get(token.type, "".join(token.split())) for token in found)


def parse(text: str) -> ast.KernelText:
    """Parse a kernel body.

    Raises:
        KernelTextError: with the line, for text that the grammar does not accept.
    """
    return TreeReader().program(tree_of(text, _parser()))


def tree_of(text: str, parser: Lark) -> Node:
    """The parse tree of a kernel body, which knows its lines in the text.

    Raises:
        KernelTextError: as ``parse`` does.
    """
    text = with_ends(text)
    try:
        tree = parser.parse(text)
    except UnexpectedInput as error:
        raise _syntax_error(error, text) from None
    for token in tree.scan_values(lambda value: isinstance(value, Token)):
        if token.type == "NAME" and token in keywords():
            raise KernelTextError(f"`{token}` is a keyword", line=token.line)
    return tree


def _syntax_error(error: UnexpectedInput, text: str) -> KernelTextError:
    lines = list(map(_without_comment, text.splitlines()))
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        written = [number for number, line in enumerate(lines, start=1) if line]
        if not written:
            return KernelTextError("the kernel body is empty", line=1)
        return KernelTextError("the text ends before a `}`", line=written[-1])
    line = lines[error.line - 1]
    rest = line[error.column - 1 :]
    line = line.strip()
    if rest == line == "}":
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
    return KernelTextError(reason, line=error.line)


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
    patterns |= canonical_blanks()
    names = sorted(
        {
            _DESCRIPTIONS.get(name, f"`{patterns.get(name, name)}`")
            for name in cast("set[str]", terminals)
        }
    )
    return " or ".join(names) if len(names) <= 8 else ""
