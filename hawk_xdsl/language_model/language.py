"""The language that a kernel model is taught: the kernel text's grammar, a vocabulary, a form."""

import hashlib
import json
from functools import cache
from importlib.resources import files
from pathlib import Path

from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.boundary import FILE_ERRORS, reading
from hawk_xdsl.files.typed import member, typed

FACTS_FILE = "hawk_training.json"
"""Beside the weights of a kernel model: what it was trained on, and for which language."""

WORDS_FILE = "vocabulary.json"
"""The saved list of words, in the order of their ids; words are only ever added at its end."""

FORM = 1
"""What shorthand and steps are; one more as soon as the same text says something else in them."""

SPLIT = r" ?[A-Za-z_][A-Za-z0-9_]*| ?[0-9]| ?(?:\.\.|==|!=|<=|>=|->|[^\sA-Za-z0-9_])|\n\n|\s"
"""The pieces of a text: words, digits and signs, each with the blank before it."""

OTHER = "made for another language (grammar, vocabulary or form)"
"""What is said of a model or of lessons for a language that is not that of now."""


ADDED_TO = frozenset({"9ccc52afab4e"})
"""Earlier languages, by fingerprint, that words were only added to: their texts are texts still."""


class LanguageError(HawkError):
    """A kernel model for another language, or one that does not say for which."""


def saved_words() -> list[str]:
    """The saved list. Raises ``HawkError`` if it is damaged."""
    path = files("hawk_xdsl.language_model") / WORDS_FILE
    with reading(str(path), "the vocabulary"):
        return typed(list[str], json.loads(path.read_text(encoding="utf-8")))


@cache
def language_fingerprint() -> str:
    """Twelve digits that change with the kernel text's grammar, the vocabulary and the form."""
    grammar = (files("hawk_xdsl.dialects.kernel_text") / "grammar.lark").read_text()
    form = [FORM] if FORM > 1 else []
    text = json.dumps([saved_words(), SPLIT, grammar, *form])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def check_language(directory: Path) -> None:
    """Raises ``LanguageError`` for a model that was made for a language that this is none of.

    A model of a language that words were added to since writes texts without them.
    """
    path = directory / FACTS_FILE
    try:
        language = member(str, json.loads(path.read_text(encoding="utf-8")), "language")
    except FILE_ERRORS as error:
        message = "not a kernel model, or a damaged one: its language is not told"
        raise LanguageError(message, file=str(path)) from error
    if language != language_fingerprint() and language not in ADDED_TO:
        raise LanguageError(f"{OTHER}: train anew", file=str(path))
