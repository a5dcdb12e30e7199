"""Digests of values by their content: what is equal has the same, whatever it is called."""

import hashlib
import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from enum import Enum

DIGITS = 16
"""Hexadecimal digits of a digest."""


def digest_of(value: object) -> str:
    """A digest of dataclasses, mappings, sequences, sets, enums, strings and numbers.

    Of a dataclass the fields that are compared count, of a mapping and a set the order does not.
    Raises ``TypeError`` for anything else.
    """
    text = json.dumps(_plain(value), separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return _plain(value.value)
    if value is None or isinstance(value, str | int | float):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.compare}
    if isinstance(value, Mapping):
        pairs = [[_plain(key), _plain(item)] for key, item in value.items()]
        return sorted(pairs, key=lambda pair: json.dumps(pair[0]))
    if isinstance(value, Set):
        return sorted((_plain(item) for item in value), key=json.dumps)
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    raise TypeError(f"no digest of a {type(value).__name__}")
