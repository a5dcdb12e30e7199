"""The language that a kernel model is taught: the form of texts, and their words.

A model names the words that it was taught. What the language got since, such as an instruction, is
spelled to it letter by letter where it reads it, and left out of the grammar that it writes under.
"""

import json
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from hawk_xdsl.dialects.kernel_text import grammar
from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.boundary import FILE_ERRORS, reading
from hawk_xdsl.files.typed import member, typed

FACTS_FILE = "hawk_training.json"
"""Beside the weights of a kernel model: its language, and what it was trained on."""

WORDS_FILE = "vocabulary.json"
"""The saved list of words; words are only ever added at its end."""

FORM = 1
"""What shorthand and steps are; one more as soon as the same text says something else in them."""

SPLIT = r" ?[A-Za-z_][A-Za-z0-9_]*| ?[0-9]| ?(?:\.\.|==|!=|<=|>=|->|[^\sA-Za-z0-9_])|\n\n|\s"
"""The pieces of a text: words, digits and signs, each with the blank before it."""

OTHER = "made for another language: its form is not that of now"
"""What is said of a model or of lessons whose texts say something else now."""


class LanguageError(HawkError):
    """A kernel model for another language, or one that does not say for which."""


@dataclass(frozen=True)
class Language:
    """The form of texts and the words they are written with, in the order of their tokens."""

    form: int
    words: tuple[str, ...]


def language() -> Language:
    """The language of now: the saved words, then those that the grammar has beside them.

    Raises ``HawkError`` if the saved list is damaged.
    """
    path = files("hawk_xdsl.language_model") / WORDS_FILE
    with reading(str(path), "the vocabulary"):
        saved = typed(list[str], json.loads(path.read_text(encoding="utf-8")))
    return Language(FORM, tuple(dict.fromkeys([*saved, *re.findall(r'"(\w+)"', grammar())])))


def language_of(directory: Path) -> Language:
    """The language that a kernel model was taught.

    Raises ``LanguageError`` if its texts say something else now, or it does not tell.
    """
    path = directory / FACTS_FILE
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        found = Language(member(int, facts, "form"), tuple(member(list[str], facts, "words")))
    except FILE_ERRORS as error:
        message = "not a kernel model, or a damaged one: its language is not told"
        raise LanguageError(message, file=str(path)) from error
    if found.form != FORM:
        raise LanguageError(f"{OTHER}: train anew", file=str(path))
    return found
