"""Single lines of kernel text as syntax; stages and blocks without their bodies."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeAlias

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.parse import parse
from hawk_xdsl.dialects.kernel_text.places import MIXED_WORD
from hawk_xdsl.dialects.kernel_text.unparse import line_of

Line: TypeAlias = ast.Temp | ast.Stage | ast.Statement | None
"""What a line says; stages and blocks are without their bodies, ``None`` is a ``}``."""

_STATEMENT = "x = copy x"
"""Completes a line that cannot stand alone; it is parsed and left out again."""


def parse_line(line: str, parsed: Callable[[str], ast.KernelText] = parse) -> Line:
    """Parse a line, given without its end.

    Args:
        line: one line.
        parsed: parses a whole body; another one for a language that says things in other words.

    Raises:
        KernelTextError: for a line that the grammar does not accept.
    """
    if line == "}":
        return None
    if line.startswith("temp "):
        return parsed(f"{line}\n{_STATEMENT}\n").temps[0]
    if line == f"on {MIXED_WORD} {{":
        return ast.Stage(MIXED_WORD, ())
    if line.startswith("on "):
        return replace(parsed(f"{line}\n{_STATEMENT}\n}}\n").stages[0], body=())
    if line.endswith("{"):
        block = parsed(f"{line}\n{_STATEMENT}\n}}\n").stages[0].body[0]
        assert isinstance(block, ast.For | ast.If | ast.Across)
        return replace(block, body=())
    return parsed(f"{line}\n").stages[0].body[0]


def lines_in(body: Iterable[ast.Statement]) -> Iterator[Line]:
    """The lines of statements, blocks without their bodies before what is in them."""
    for statement in body:
        if isinstance(statement, ast.For | ast.If | ast.Across):
            yield replace(statement, body=())
            yield from lines_in(statement.body)
            yield None
        else:
            yield statement


def line_text(line: Line) -> str:
    """A line as text, without its end."""
    return "}" if line is None else line_of(line)
