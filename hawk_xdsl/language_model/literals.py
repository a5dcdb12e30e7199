"""The numbers that the kernels of an op are mostly written with; a small model miscopies them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hawk_xdsl.knowledge_store import Entry
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.spelling import literal
from hawk_xdsl.semantics.terms import walk

_COMMON = ("0.0", "0.5", "1.0", "2.0")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.])")


def known_floats(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Those that the knowledge writes in rewrites and instructions, without a sign."""
    texts = [text for e in entries for text in (e.artifact.text, e.artifact.after) if text]
    found = (literal(float(number)) for text in texts for number in _NUMBER.findall(text))
    return tuple(dict.fromkeys((*_COMMON, *found)))


@dataclass(frozen=True)
class Literals:
    """What numbers a text may have: these floats, and, if any is ``whole``, all of those."""

    floats: tuple[str, ...]
    whole: bool


def likely_literals(specification: Specification, known: Sequence[str]) -> Literals:
    """The specification's floats, their reciprocals, and those that are ``known``, of both signs.

    They are spelled as kernel text and shorthand do. Where nothing is of integers, none is whole.
    """
    terms = list(walk(specification.roots))
    own = [abs(term.value) for term in terms if term.is_const]
    found = [*known, *_forms(own)]
    floats = dict.fromkeys(form for number in found for form in (number, f"-{number}"))
    whole = any(term.dtype.is_integer and term.dtype != "i1" for term in terms)
    return Literals(tuple(floats), whole)


def _forms(values: Iterable[float]) -> Iterable[str]:
    for value in values:
        text = literal(float(value))
        if text == "inf":
            continue
        yield text
        if value:
            yield from (f"1/{text}", literal(1.0 / value))
