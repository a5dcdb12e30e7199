"""Values of unknown origin (JSON, rows of a database) as typed ones, or the place that is wrong.

``typed(Row, {"name": "x", "cycles": "3"}, "rows[0]")`` raises ``WrongValueError``:
*rows[0].cycles: expected an integer, got '3'*. Types are those of annotations: scalars,
``StrEnum``, ``tuple[X, ...]``, ``list[X]``, ``Mapping[str, X]``, unions, and dataclasses of them.
"""

import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from math import isfinite
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

_T = TypeVar("_T")

LONGEST_SHOWN = 40
"""Characters of a wrong value that are shown."""


class WrongValueError(ValueError):
    """A value is missing, unknown, or not of its type; the message says where and what."""


def typed(kind: type[_T], value: object, place: str = "") -> _T:
    """The value as one of a type; ``place`` says where it is from. Raises ``WrongValueError``."""
    return cast(_T, _typed(kind, value, place))


def member(kind: type[_T], value: object, key: str, place: str = "") -> _T:
    """The value of one key of an object that may have others. Raises ``WrongValueError``."""
    where = f"{place}.{key}".lstrip(".")
    if not isinstance(value, Mapping):
        raise _wrong(place, "an object", value)
    entries = cast(Mapping[object, object], value)
    if key not in entries:
        raise WrongValueError(f"{where}: missing")
    return typed(kind, entries[key], where)


_NAMES = {str: "a string", int: "an integer", float: "a number", bool: "true or false"}


def _typed(kind: Any, value: object, place: str) -> object:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(kind), value, place)
    if origin in (tuple, list, Sequence):
        return _items(origin, get_args(kind)[0], value, place)
    if origin in (dict, Mapping):
        return _entries(get_args(kind)[1], value, place)
    if is_dataclass(kind):
        return _record(cast(type[object], kind), value, place)
    if isinstance(kind, type) and issubclass(kind, Enum):
        known = [member.value for member in kind]
        if not isinstance(value, str) or value not in known:
            raise _wrong(place, f"one of {', '.join(known)}", value)
        return kind(value)
    return _scalar(kind, value, place)


def _scalar(kind: Any, value: object, place: str) -> object:
    if kind is float and type(value) is int:
        value = _finite(value, place)
    if kind is object:
        return value
    if kind is type(None):
        if value is not None:
            raise _wrong(place, "nothing", value)
        return None
    if type(value) is not kind:
        raise _wrong(place, _NAMES[kind], value)
    if isinstance(value, float) and not isfinite(value):
        raise _wrong(place, "a finite number", value)
    return value


def _finite(value: int, place: str) -> float:
    try:
        return float(value)
    except OverflowError:
        raise WrongValueError(f"{place}: the number is too large") from None


def _one_of(kinds: Sequence[Any], value: object, place: str) -> object:
    """The first kind that takes the value; the error is that of the last which is not ``None``."""
    if value is None and type(None) in kinds:
        return None
    wrong: WrongValueError | None = None
    for kind in kinds:
        if kind is not type(None):
            try:
                return _typed(kind, value, place)
            except WrongValueError as error:
                wrong = error
    assert wrong is not None
    raise wrong


def _items(make: Any, kind: Any, value: object, place: str) -> object:
    if not isinstance(value, list | tuple):
        raise _wrong(place, "a list", value)
    items = cast(Sequence[object], value)
    read = [_typed(kind, item, f"{place}[{index}]") for index, item in enumerate(items)]
    return tuple(read) if make is tuple else read


def _entries(kind: Any, value: object, place: str) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise _wrong(place, "an object", value)
    entries = cast(Mapping[object, object], value)
    return {
        str(key): _typed(kind, item, f"{place}.{key}".lstrip(".")) for key, item in entries.items()
    }


def _record(kind: type[Any], value: object, place: str) -> object:
    if not isinstance(value, Mapping):
        raise _wrong(place, "an object", value)
    given = cast(Mapping[object, object], value)
    hints = _hints(kind)
    for key in given:
        if key not in hints:
            raise WrongValueError(
                f"{place}: unknown field {str(key)[:LONGEST_SHOWN]!r}".lstrip(": ")
            )
    values: dict[str, object] = {}
    for field in fields(kind):
        where = f"{place}.{field.name}".lstrip(".")
        if field.name in given:
            values[field.name] = _typed(hints[field.name], given[field.name], where)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise WrongValueError(f"{where}: missing")
    return kind(**values)


@cache
def _hints(kind: type[object]) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _wrong(place: str, wanted: str, value: object) -> WrongValueError:
    shown = repr(value)
    if len(shown) > LONGEST_SHOWN:
        shown = shown[:LONGEST_SHOWN] + "…"
    return WrongValueError(f"{place}: expected {wanted}, got {shown}".lstrip(": "))
