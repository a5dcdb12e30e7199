"""Asks a general model for the rewrite of one function: the prompt, the grammar of the answer."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template

from hawk_xdsl.knowledge_store.entry import Entry, EntryKind
from hawk_xdsl.knowledge_store.records import Message
from hawk_xdsl.semantics.terms import COMPARISONS

VARIABLES = ("x", "y", "z")
"""The arguments of a function that a rewrite is asked for, in order."""

LONGEST_EXAMPLE = 120
"""Characters of a rewrite that is shown as an example; longer ones are polynomials."""

_OPERATORS = frozenset({"add", "sub", "mul", "div", "select", *COMPARISONS})
"""What the grammar writes otherwise than as a function of sums."""


@dataclass(frozen=True)
class AskedFunction:
    """A function by its name and the number of its arguments; both are written ``call``."""

    name: str
    arity: int

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of its arguments."""
        return VARIABLES[: self.arity]

    @property
    def call(self) -> str:
        """As it is applied to its variables: ``atan2(x, y)``."""
        return f"{self.name}({', '.join(self.variables)})"


@dataclass(frozen=True)
class RefusedRewrite:
    """An answer and what is wrong with it, in a few words."""

    after: str
    reason: str


@dataclass(frozen=True)
class RewriteQuestion:
    """What a model is asked: a function in terms of others.

    Attributes:
        function: what is wanted.
        available: what the target computes already.
        examples: rewrites that are shown.
        failure: the last answer, if it was wrong.
    """

    function: AskedFunction
    available: Sequence[AskedFunction]
    examples: Sequence[Entry] = ()
    failure: RefusedRewrite | None = None

    @property
    def text(self) -> str:
        """The module that the model completes; it ends before the expression."""
        texts = _texts()
        shown = [
            _fill(
                texts["example"],
                before=e.artifact.before or "",
                meaning=_meaning_of_call(e.artifact.before or ""),
                after=e.artifact.after or "",
            )
            for e in self.examples
        ]
        failure = self.failure
        wrong = (
            _fill(texts["failure"], after=failure.after, reason=failure.reason)
            if failure is not None
            else ""
        )
        call = self.function.call
        asked = _fill(
            texts["asked"], call=call, meaning=meaning_in_words(self.function), failure=wrong
        )
        return _fill(
            texts["question"],
            available=", ".join(each.call for each in self.available),
            examples="\n".join(shown),
            asked=asked,
        )

    @property
    def messages(self) -> tuple[Message, ...]:
        """The same as it is recorded, and as a server is asked."""
        return (Message("user", self.text),)

    @property
    def grammar(self) -> str:
        """Expressions of what is available, in llguidance's dialect of Lark."""
        calls = [_rule(each) for each in self.available if each.name not in _OPERATORS]
        if any(each.name == "select" for each in self.available):
            calls.append('"select(" sum COMPARE sum ", " sum ", " sum ")"')
        variables = " | ".join(f'"{name}"' for name in self.function.variables)
        return "\n".join(
            [
                r'start: " "? sum "\n"?',
                'sum: product ((" + " | " - ") product)*',
                'product: unary ((" * " | " / ") unary)*',
                'unary: "-" atom | atom',
                'atom: NUMBER | variable | call | "(" sum ")"',
                f"variable: {variables}",
                f"call: {' | '.join(calls)}",
                'COMPARE: " > " | " < " | " >= " | " <= " | " == "',
                r"NUMBER: /[0-9]{1,6}(\.[0-9]{1,10})?/",
                "",
            ]
        )


def is_example(entry: Entry) -> bool:
    """Whether a rewrite says of one function of variables what it is in others, in a short line."""
    before, after = entry.artifact.before or "", entry.artifact.after or ""
    plain = re.fullmatch(r"[a-z][a-z0-9]*\([abxy](, [abxy])*\)", before)
    own = re.search(r"_|full\(|\bln\(", after)
    short = len(before) + len(after) <= LONGEST_EXAMPLE
    known = before.partition("(")[0] in _meanings()
    return entry.kind is EntryKind.REWRITE and bool(plain) and known and not own and short


def meaning_in_words(function: AskedFunction) -> str:
    """What a function is, as retrieval and the model read it."""
    return _meaning_of_call(function.call)


def _meaning_of_call(call: str) -> str:
    return _meanings().get(call.partition("(")[0], call)


def _rule(function: AskedFunction) -> str:
    sums = ' ", " '.join(["sum"] * function.arity)
    return f'"{function.name}(" {sums} ")"'


@cache
def _table() -> Mapping[str, object]:
    text = (files("hawk_xdsl.language_model") / "rewrite_prompt.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _texts() -> Mapping[str, str]:
    return {name: text for name, text in _table().items() if isinstance(text, str)}


def _meanings() -> Mapping[str, str]:
    found = _table()["meanings"]
    assert isinstance(found, dict)
    return {str(name): str(words) for name, words in found.items()}


def _fill(form: str, /, **values: str) -> str:
    return Template(form).substitute(values)
