"""Patterns of terms as knowledge entries write them: the language and its parser.

| pattern | matches |
|---|---|
| ``a``, ``x`` | any term; the same term wherever the name occurs again |
| ``c…``, ``t…`` | by the first letter: literals only; anything but literals |
| ``2.0``, ``-a`` | that number; the function ``neg(a)`` |
| ``a + b``, ``exp(a)`` | the function of matching arguments, in either order if it is commutative |
| ``reduce_sum(a)``, ``scan_sum(a)`` | a reduction over any axes; a scan along any axis |
| ``f32(a)``, ``cast(a)`` | a cast to that dtype; a cast to any |

Reductions of one pattern run over the same axes. A replacement has these too: its reductions run
over those axes, ``same(a)`` casts to the dtype of the term that is replaced, and ``position()`` is
the index along the one reduced axis.

Example: ``reduce_sum(a * c)`` → ``reduce_sum(a) * c`` takes a literal factor out of a sum. It
matches ``sum(i1) (exp(x0[i0, i1]) * 0.5)`` with a = ``exp(x0[i0, i1])`` and c = 0.5.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedInput

from hawk_xdsl.dialects.dtype import BUFFER_DTYPES, DType
from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.grammars import parser_of_grammar

SIGNS = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "==": "eq",
    "!=": "ne",
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
}

DTYPES = frozenset({*BUFFER_DTYPES, DType.I1})
"""The dtypes that a pattern can convert to: ``f32(a)``."""


@dataclass(frozen=True)
class Pattern:
    """A node of a pattern: a ``variable``, a ``number`` or a function of patterns."""

    op: str
    args: tuple["Pattern", ...] = ()
    name: str = ""
    value: float = 0.0

    @property
    def only_literals(self) -> bool:
        """Whether this variable matches literals only."""
        return self.op == "variable" and self.name.startswith("c")

    @property
    def only_tiles(self) -> bool:
        """Whether this variable matches all but literals."""
        return self.op == "variable" and self.name.startswith("t")

    def walk(self) -> Iterator["Pattern"]:
        """It and every pattern in it, in the order of the text."""
        yield self
        for arg in self.args:
            yield from arg.walk()

    @cached_property
    def variables(self) -> frozenset[str]:
        """The names of the variables in it."""
        if self.op == "variable":
            return frozenset({self.name})
        return frozenset[str]().union(*(arg.variables for arg in self.args))

    @cached_property
    def functions(self) -> frozenset[str]:
        """The functions in it."""
        own = frozenset[str]() if self.op in ("variable", "number") else frozenset({self.op})
        return own.union(*(arg.functions for arg in self.args))


class _Build(Transformer[Token, Pattern]):
    def start(self, children: list[Pattern]) -> Pattern:
        return children[0]

    def infix(self, children: list[Pattern | Token]) -> Pattern:
        left, sign, right = children
        assert isinstance(left, Pattern) and isinstance(right, Pattern)
        return Pattern(SIGNS[str(sign)], (left, right))

    def number(self, children: list[Token]) -> Pattern:
        return Pattern("number", value=float(children[0]))

    def negative(self, children: list[Pattern]) -> Pattern:
        [child] = children
        if child.op == "number":
            return Pattern("number", value=-child.value)
        return Pattern("neg", (child,))

    def call(self, children: list[Pattern | Token | None]) -> Pattern:
        args = tuple(child for child in children[1:] if isinstance(child, Pattern))
        return Pattern(str(children[0]), args)

    def variable(self, children: list[Token]) -> Pattern:
        return Pattern("variable", name=str(children[0]))


@cache
def _grammar() -> Lark:
    text = (files("hawk_xdsl.semantics") / "expression.lark").read_text()
    return parser_of_grammar(text, "expression")


@cache
def _parsed(text: str) -> Pattern:
    return _Build().transform(_grammar().parse(text))


def parse_pattern(text: str, *, file: str | None = None) -> Pattern:
    """A pattern from its text. Raises ``HawkError`` with the place of a mistake."""
    try:
        return _parsed(text)
    except UnexpectedInput as error:
        raise HawkError(
            f"expression {text!r}: unexpected input at column {error.column}", file=file
        ) from error
