"""The parse tree of a text in shorthand: its words, where they stand, and others in their place.

What depends on words alone goes over this tree. What lines stand for, with the loops and temps
before them, is :mod:`hawk_xdsl.language_model.expansion`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from lark import Token
from lark.exceptions import UnexpectedInput

from hawk_xdsl.dialects.kernel_text.parse import canonical, tree_of
from hawk_xdsl.dialects.kernel_text.read_tree import Node, tree, word
from hawk_xdsl.language_model.shorthand_grammar import shorthand_parser

WHOLE = frozenset({"INT", "LENGTH", "NEGATIVE"})
"""The tokens that are whole numbers."""


@dataclass(frozen=True)
class ShorthandTree:
    """A text, canonical in its blanks, and its tree, whose tokens know their places in it."""

    text: str
    root: Node

    @staticmethod
    def of(text: str) -> "ShorthandTree":
        """Raises ``KernelTextError`` for a text that the grammar of the shorthand refuses."""
        text = canonical(text, shorthand_parser())
        return ShorthandTree(text, tree_of(text, shorthand_parser()))

    def with_words(self, changes: Iterable[tuple[Token, str]]) -> str:
        """The text with other words in the places of some tokens.

        ``across i0 parts 48 {`` with ``96`` for the token ``48`` is ``across i0 parts 96 {``.
        """
        text = self.text
        for token, new in sorted(changes, key=lambda change: -_start(change[0])):
            text = text[: _start(token)] + new + text[_end(token) :]
        return text


@dataclass(frozen=True)
class ShorthandLiteral:
    """A literal in shorthand: ``-1/140.0`` is ``negative``, ``inverted``, and has ``digits``."""

    digits: str
    negative: bool = False
    inverted: bool = False

    @staticmethod
    def of(literal: str) -> "ShorthandLiteral":
        """The parts of a literal that the grammar accepts."""
        unsigned = literal.removeprefix("-")
        digits = unsigned.removeprefix("1/")
        return ShorthandLiteral(digits, unsigned != literal, digits != unsigned)


def rules(node: Node, *names: str) -> list[Node]:
    """Where some rules are used below a rule, in the order of the text."""
    return [rule for rule in node.iter_subtrees_topdown() if rule.data in names]


def tokens(node: Node, *types: str) -> Iterator[Token]:
    """The tokens of some types, or all, below a rule, in the order of the text."""
    return node.scan_values(
        lambda value: isinstance(value, Token) and (not types or value.type in types)
    )


def assigned(statement: Node) -> tuple[Token, Node]:
    """What ``name = value`` assigns to, and the rule of its value."""
    name, value = statement.children
    [token] = tokens(tree(name), "NAME")
    return token, tree(value)


def mnemonic(value: Node) -> str:
    """The word that a value begins with: ``vexp``, ``vreduce``, ``load``, or a function's name."""
    match str(value.data):
        case "unary_op" | "binary_op":
            return word(value.children[0])
        case "call":
            return str(value.children[0])
        case rule:
            return rule.removesuffix("_pad")


def is_buffer(name: str) -> bool:
    """Whether texts in shorthand call a buffer so: ``b0``, or ``v0`` as the step is called."""
    return name[:1] in ("b", "v") and name[1:].isdigit()


@lru_cache(4096)
def parsed(text: str) -> Node:
    """The tree of a text, kept for the next time: what judges read line by line.

    Raises ``KernelTextError``.
    """
    return tree_of(text, shorthand_parser())


def places(line: str, wanted: str) -> list[tuple[int, int]]:
    """Where a line of kernel text or shorthand has a word: first and last character, exclusively.

    A number is found without its sign and without the ``1/`` before it. Of a line that the grammar
    refuses, only what comes before the place where it does.
    """
    found: list[tuple[int, int]] = []
    begun = shorthand_parser().parse_interactive(f"{line}\n")
    try:
        for token in begun.iter_parse():
            if wanted in (token, ShorthandLiteral.of(token).digits):
                found.append((_end(token) - len(wanted), _end(token)))
    except UnexpectedInput:
        pass
    return found


def _start(token: Token) -> int:
    assert token.start_pos is not None, "the lexer sets it"
    return token.start_pos


def _end(token: Token) -> int:
    assert token.end_pos is not None, "the lexer sets it"
    return token.end_pos
