"""The keys of the TOML format of entries, each with the check of its value."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hawk_xdsl.knowledge_store.entry import EntryKind, Range
from hawk_xdsl.knowledge_store.error_bound import ErrorBound, error_bound

_T = TypeVar("_T")


class Wrong(Exception):
    """A value of the wrong form; the message says what it must be, without naming the key."""


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Wrong("must be a string that is not empty")
    return value


def _name(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", value):
        raise Wrong("must be a kebab-case string, such as 'row-softmax'")
    return value


def _identifier(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise Wrong("must be an identifier")
    return value


def _kind(value: object) -> EntryKind:
    if not isinstance(value, str) or value not in tuple(EntryKind):
        raise Wrong(f"must be one of {', '.join(EntryKind)}")
    return EntryKind(value)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise Wrong("must be a list of strings that is not empty")
    return _distinct([_text(item) for item in value])


def _sizes(value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or not value:
        raise Wrong("must be a list of sizes that is not empty")
    return _distinct([_size(item) for item in value])


def _size(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise Wrong("must hold integers of at least 1")
    return value


def _range(value: object) -> Range:
    if isinstance(value, list) and len(value) == 2:
        low, high = value
        if _is_number(low) and _is_number(high) and 0 <= low <= high:
            return (float(low), float(high))
    raise Wrong("must be a range [lowest, highest] of numbers of at least 0")


def _domain(value: object) -> tuple[tuple[str, Range], ...]:
    if not isinstance(value, dict) or not value:
        raise Wrong("must be a table of ranges, such as { x = [-1e5, 1e5] }")
    return tuple((_identifier(name), _closed(ends)) for name, ends in value.items())


def _closed(value: object) -> Range:
    if isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)):
        low, high = value
        if low <= high:
            return (float(low), float(high))
    raise Wrong("must hold ranges [lowest, highest] of numbers")


def _outside(value: object) -> str:
    if value != "nan":
        raise Wrong("must be 'nan'")
    return "nan"


def _error(value: object) -> ErrorBound:
    bound = error_bound(value)
    if bound is None:
        raise Wrong("must be a table of positive numbers, of absolute, relative and ulp")
    return bound


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Wrong("must be true or false")
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _distinct(items: Sequence[_T]) -> tuple[_T, ...]:
    if len(set(items)) != len(items):
        raise Wrong("names something twice")
    return tuple(items)


@dataclass(frozen=True)
class Key:
    """A key of a table: ``check`` gives its value, or raises ``Wrong``."""

    check: Callable[[object], object]
    required: bool = False


# The format: the keys of each table. Its tables are entry, and inside it trigger, artifact, tile.
ENTRY = {
    "name": Key(_name, required=True),
    "kind": Key(_kind, required=True),
    "rationale": Key(_text, required=True),
}
TRIGGER = {
    "structure": Key(_text),
    "ops": Key(_texts),
    "dtypes": Key(_texts),
    "traps": Key(_texts),
    "bottleneck": Key(_text),
    "intensity": Key(_range),
    "pressure": Key(_range),
    "results": Key(_texts),
    "operands": Key(_texts),
    "lacking": Key(_texts),
}
TILE = {"name": Key(_identifier, required=True), "prefer": Key(_sizes, required=True)}
_PATTERNS = {"before": Key(_text, required=True), "after": Key(_text, required=True)}
ARTIFACTS: Mapping[EntryKind, Mapping[str, Key]] = {
    EntryKind.TEMPLATE: {
        "text": Key(_text),
        "strategy": Key(_name),
        "before": Key(_text),
    },
    EntryKind.REWRITE: {
        **_PATTERNS,
        "domain": Key(_domain),
        "nan": Key(_texts),
        "outside": Key(_outside),
        "error": Key(_error),
        "identity": Key(_flag),
        "optional": Key(_flag),
    },
    EntryKind.INSTRUCTION: _PATTERNS,
    EntryKind.RULE: {key: Key(_text) for key in ("text", "before", "after")},
}
TABLES = ("trigger", "artifact", "tile")
