"""The numbers that the kernels of an op are mostly written with; a small model miscopies them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from hawk_xdsl.codegen.learned_template import filled
from hawk_xdsl.codegen.statement_pattern import parse_statement
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.lines import parse_line
from hawk_xdsl.dialects.kernel_text.rewrite import walk as nodes
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import Entry, EntryKind
from hawk_xdsl.semantics.pattern import parse_pattern
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.spelling import literal
from hawk_xdsl.semantics.terms import walk

_COMMON = ("0.0", "0.5", "1.0", "2.0")

_SIZES = (3 << 10, 5 << 10)  # two fillings of a text's holes: what is the same in both is in none


def known_floats(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Those that the knowledge writes in rewrites and statements, without a sign."""
    found = dict.fromkeys(_COMMON)
    for entry in entries:
        with suppress(HawkError):  # whoever composes says what is wrong with it
            found |= dict.fromkeys(literal(abs(float(number))) for number in _numbers(entry))
    return tuple(text for text in found if text not in ("inf", "nan"))


def _numbers(entry: Entry) -> Iterator[float]:
    """The numbers that an entry computes with. Raises ``HawkError`` for texts of another form."""
    artifact = entry.artifact
    match entry.kind:
        case EntryKind.REWRITE if artifact.after is not None:
            parts = parse_pattern(artifact.after).walk()
            yield from (part.value for part in parts if part.op == "number")
        case EntryKind.INSTRUCTION if artifact.after is not None:
            yield from _in_syntax(parse_statement(artifact.after).value)
        case EntryKind.TEMPLATE if artifact.text is not None:
            first, second = (filled(entry, defaultdict(lambda n=size: n)) for size in _SIZES)
            kept = frozenset(_in_syntax(second))
            yield from (number for number in _in_syntax(first) if number in kept)
        case EntryKind.RULE if artifact.after is not None:
            for line in artifact.after.splitlines():
                if (node := parse_line(line)) is not None:
                    yield from _in_syntax(node)
        case _:
            pass


def _in_syntax(root: ast.Node) -> Iterator[float]:
    return (node.value for node in nodes(root) if isinstance(node, ast.Number))


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
    whole = any(term.dtype.is_integer and not term.dtype.is_condition for term in terms)
    return Literals(tuple(floats), whole)


def _forms(values: Iterable[float]) -> Iterable[str]:
    for value in values:
        text = literal(float(value))
        if text == "inf":
            continue
        yield text
        if value:
            yield from (f"1/{text}", literal(1.0 / value))
