"""The grammar of the shorthand: the kernel text's, with one more alternative for some rules."""

from functools import cache
from importlib.resources import files

from lark import Lark

from hawk_xdsl.dialects.kernel_text import grammar
from hawk_xdsl.dialects.kernel_text.grammar import definitions
from hawk_xdsl.dialects.kernel_text.parse import parser_of


@cache
def extensions() -> dict[str, str]:
    """Rule → its further alternatives, as ``shorthand.lark`` has them."""
    file = files(__name__.rpartition(".")[0]).joinpath("shorthand.lark")
    return definitions(file.read_text(encoding="utf-8"))


def with_more(text: str, rule: str, more: str) -> str:
    """A grammar with one more alternative of a rule."""
    lines = text.split("\n")
    [place] = [i for i, line in enumerate(lines) if line.startswith(f"{rule}: ")]
    lines[place] += f" | {more}"
    return "\n".join(lines)


@cache
def shorthand_parser() -> Lark:
    """A parser of the shorthand, where any name may be a function of tiles.

    Lark's lexer would read the 1 of ``1/8.0`` as an integer, and its parser drops words and signs,
    so that those that tell alternatives apart have names of their own.
    """
    more = {
        **extensions(),
        "loop": "name _SP covered _SP INT",
        "!number": "RECIPROCAL",
        "slice": "_COLON | expr open",
        "?term": "term _STEP -> floordiv",
        "?value": "call",
    }
    text = grammar()
    for rule, alternative in more.items():
        text = with_more(text, rule, alternative)
    return parser_of(text + _NAMED)


_NAMED = r"""
!open: _COLON
_STEP: BLANK* "//" BLANK* "step"
!covered: "step" | "parts"
call: FUNCTION _SP scalar_or_tile (_COMMA scalar_or_tile)*
FUNCTION: /[A-Za-z_][A-Za-z0-9_]*/
RECIPROCAL: /-?1\/-?[0-9]{1,18}(\.[0-9]{1,30})?(e[+-]?[0-9]{1,3})?/
"""
