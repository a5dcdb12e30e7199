"""Knowledge entries (trigger, rationale, artifact) and the strict TOML format they are kept in."""

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from hawk_xdsl.errors import HawkError, ReadError
from hawk_xdsl.files.boundary import reading
from hawk_xdsl.knowledge_store.error_bound import ErrorBound, error_bound

Range = tuple[float, float]

_T = TypeVar("_T")


class EntryKind(StrEnum):
    """What the artifact of an entry is."""

    TEMPLATE = "template"  # kernel text with $holes
    REWRITE = "rewrite"  # pattern → pattern over expressions
    INSTRUCTION = "instruction"  # expression pattern → kernel text statements
    RULE = "rule"  # advice; an artifact is optional


@dataclass(frozen=True)
class Trigger:
    """When an entry applies; an absent field says nothing about its aspect."""

    structure: str | None = None  # structural class of the specification
    ops: tuple[str, ...] = ()  # operators of its expressions
    dtypes: tuple[str, ...] = ()
    traps: tuple[str, ...] = ()  # stable trap codes
    bottleneck: str | None = None  # a pipe
    intensity: Range | None = None  # operations per byte of global memory, lowest and highest
    pressure: Range | None = None  # bytes wanted / bytes of the scope, lowest and highest
    results: tuple[str, ...] = ()  # dtypes one of which each result of the specification has
    operands: tuple[str, ...] = ()  # dtypes one of which the first argument of what matches has


@dataclass(frozen=True)
class Artifact:
    """The executable part: a strategy, kernel text, or a pattern and its replacement.

    A template names the ``strategy`` that makes its loop nest from a schedule, or has the ``text``
    of a kernel with holes; ``before`` is then the specification, without extents, that it is for.
    """

    text: str | None = None
    strategy: str | None = None
    before: str | None = None
    after: str | None = None
    domain: tuple[tuple[str, Range], ...] = ()  # closed range of a variable, by its name
    nan: tuple[str, ...] = ()  # variables of the domain that may be NaN besides
    outside: str | None = (
        None  # "nan": what it gives outside of its domain, so it may be used there
    )
    error: ErrorBound | None = None  # of a rewrite that approximates; without it is exact


@dataclass(frozen=True)
class Tile:
    """A tile-size hole of a template and the sizes to try, most wanted first, in elements."""

    name: str
    prefer: tuple[int, ...]


@dataclass(frozen=True)
class Entry:
    """One piece of knowledge; ``origin`` (``file:line``) does not take part in comparisons."""

    name: str
    kind: EntryKind
    rationale: str
    trigger: Trigger = Trigger()
    artifact: Artifact = Artifact()
    tiles: tuple[Tile, ...] = ()
    origin: str = field(default="", compare=False)


class _Wrong(Exception):
    """What a value must be and is not."""


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _Wrong("must be a string that is not empty")
    return value


def _name(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", value):
        raise _Wrong("must be a kebab-case string, such as 'row-softmax'")
    return value


def _identifier(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise _Wrong("must be an identifier")
    return value


def _kind(value: object) -> EntryKind:
    if not isinstance(value, str) or value not in tuple(EntryKind):
        raise _Wrong(f"must be one of {', '.join(EntryKind)}")
    return EntryKind(value)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise _Wrong("must be a list of strings that is not empty")
    return _distinct([_text(item) for item in value])


def _sizes(value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or not value:
        raise _Wrong("must be a list of sizes that is not empty")
    return _distinct([_size(item) for item in value])


def _size(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise _Wrong("must hold integers of at least 1")
    return value


def _range(value: object) -> Range:
    if isinstance(value, list) and len(value) == 2:
        low, high = value
        if _is_number(low) and _is_number(high) and 0 <= low <= high:
            return (float(low), float(high))
    raise _Wrong("must be a range [lowest, highest] of numbers of at least 0")


def _domain(value: object) -> tuple[tuple[str, Range], ...]:
    if not isinstance(value, dict) or not value:
        raise _Wrong("must be a table of ranges, such as { x = [-1e5, 1e5] }")
    return tuple((_identifier(name), _closed(ends)) for name, ends in value.items())


def _closed(value: object) -> Range:
    if isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)):
        low, high = value
        if low <= high:
            return (float(low), float(high))
    raise _Wrong("must hold ranges [lowest, highest] of numbers")


def _outside(value: object) -> str:
    if value != "nan":
        raise _Wrong("must be 'nan'")
    return "nan"


def _error(value: object) -> ErrorBound:
    bound = error_bound(value)
    if bound is None:
        raise _Wrong("must be a table of positive numbers, of absolute, relative and ulp")
    return bound


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _distinct(items: Sequence[_T]) -> tuple[_T, ...]:
    if len(set(items)) != len(items):
        raise _Wrong("names something twice")
    return tuple(items)


@dataclass(frozen=True)
class _Key:
    check: Callable[[object], object]
    required: bool = False


# The format: the keys of each table. Its tables are entry, and inside it trigger, artifact, tile.
_ENTRY = {
    "name": _Key(_name, required=True),
    "kind": _Key(_kind, required=True),
    "rationale": _Key(_text, required=True),
}
_TRIGGER = {
    "structure": _Key(_text),
    "ops": _Key(_texts),
    "dtypes": _Key(_texts),
    "traps": _Key(_texts),
    "bottleneck": _Key(_text),
    "intensity": _Key(_range),
    "pressure": _Key(_range),
    "results": _Key(_texts),
    "operands": _Key(_texts),
}
_TILE = {"name": _Key(_identifier, required=True), "prefer": _Key(_sizes, required=True)}
_PATTERNS = {"before": _Key(_text, required=True), "after": _Key(_text, required=True)}
_ARTIFACTS: Mapping[EntryKind, Mapping[str, _Key]] = {
    EntryKind.TEMPLATE: {
        "text": _Key(_text),
        "strategy": _Key(_name),
        "before": _Key(_text),
    },
    EntryKind.REWRITE: {
        **_PATTERNS,
        "domain": _Key(_domain),
        "nan": _Key(_texts),
        "outside": _Key(_outside),
        "error": _Key(_error),
    },
    EntryKind.INSTRUCTION: _PATTERNS,
    EntryKind.RULE: {key: _Key(_text) for key in ("text", "before", "after")},
}
_TABLES = ("trigger", "artifact", "tile")


def parse_entries(source: str, file: str) -> tuple[Entry, ...]:
    """Reads the ``[[entry]]`` tables of a TOML document.

    Args:
        source: the document.
        file: its name, for messages.

    Raises:
        HawkError: with the line, for what is not TOML, unknown or missing keys, values of the
            wrong form, and names used twice.
    """
    with reading(file, "the entries"):
        try:
            document = tomllib.loads(source)
        except tomllib.TOMLDecodeError as error:
            place = re.search(r"at line (\d+)", str(error))
            line = int(place[1]) if place else source.count("\n") + 1
            raise ReadError(f"not TOML: {error}", file=file, line=line) from error
    reader = _Reader(file, _lines(source))
    reader.only_keys(document, ("entry",), "")
    entries = tuple(
        reader.entry(table, f"entry[{index}]")
        for index, table in enumerate(reader.tables(document, "entry", ""))
    )
    reader.distinct("entry", "", [entry.name for entry in entries])
    return entries


def load_entries(paths: Iterable[Path | Traversable]) -> tuple[Entry, ...]:
    """Reads entry files, in the given order.

    Raises:
        HawkError: for a file that cannot be read, what :func:`parse_entries` refuses, and a name
            that two of the files use.
    """
    entries: list[Entry] = []
    seen: dict[str, Entry] = {}
    for path in paths:
        with reading(str(path), "the entries"):
            source = path.read_text(encoding="utf-8")
        for entry in parse_entries(source, str(path)):
            if entry.name in seen:
                file, _, line = entry.origin.rpartition(":")
                message = f"entry '{entry.name}' is already defined at {seen[entry.name].origin}"
                raise HawkError(message, file=file, line=int(line))
            seen[entry.name] = entry
            entries.append(entry)
    return tuple(entries)


def load_seed_entries() -> tuple[Entry, ...]:
    """The entries that come with the package, sorted by file name."""
    folder = files("hawk_xdsl.knowledge_store") / "entries"
    found = [path for path in folder.iterdir() if path.name.endswith(".toml")]
    return load_entries(sorted(found, key=lambda path: path.name))


def format_entry(entry: Entry) -> str:
    """One ``[[entry]]`` table that :func:`parse_entries` reads back as an equal entry."""
    lines = ["[[entry]]"]
    lines += _pairs(name=entry.name, kind=str(entry.kind), rationale=entry.rationale)
    for title, table in (("trigger", entry.trigger), ("artifact", entry.artifact)):
        pairs = _pairs(**vars(table))
        lines += ["[entry." + title + "]", *pairs] if pairs else []
    for tile in entry.tiles:
        lines += ["[[entry.tile]]", *_pairs(**vars(tile))]
    return "\n".join(lines) + "\n"


def _pairs(**values: object) -> list[str]:
    given = {key: value for key, value in values.items() if value not in (None, ())}
    domain = given.pop("domain", None)
    lines = [f"{key} = {_literal(value)}" for key, value in given.items()]
    if isinstance(domain, tuple):
        lines.append(f"domain = {_table(domain)}")
    return lines


def _table(pairs: Iterable[tuple[str, object]]) -> str:
    return "{ " + ", ".join(f"{key} = {_literal(value)}" for key, value in pairs) + " }"


def _literal(value: object) -> str:
    if isinstance(value, ErrorBound):
        return _table((name, size) for name, size in vars(value).items() if size)
    if isinstance(value, tuple):
        return "[" + ", ".join(_literal(item) for item in value) + "]"
    if not isinstance(value, str):
        return repr(value)
    as_lines = value.replace("\n", "").isprintable() and "'''" not in value
    if "\n" in value and as_lines and not value.endswith("'"):
        return f"'''\n{value}'''"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


class _Reader:
    """Checks tables against the format and reports the line of what is wrong."""

    def __init__(self, file: str, lines: Mapping[str, int]) -> None:
        self.file = file
        self.lines = lines

    def entry(self, table: Mapping[str, object], path: str) -> Entry:
        self.only_keys(table, (*_ENTRY, *_TABLES), path)
        values = self.values({key: table[key] for key in table if key not in _TABLES}, _ENTRY, path)
        kind: EntryKind = values["kind"]
        tiles = self.tables(table, "tile", path)
        if tiles and kind is not EntryKind.TEMPLATE:
            self.fail(f"{path}.tile[0]", f"a {kind} has no tiles, only a template has")
        named = [self.values(tile, _TILE, f"{path}.tile[{i}]") for i, tile in enumerate(tiles)]
        self.distinct("tile", path, [tile["name"] for tile in named])
        trigger = self.values(self.table(table, "trigger", path), _TRIGGER, f"{path}.trigger")
        artifact = self.table(table, "artifact", path)
        checked = self.values(artifact, _ARTIFACTS[kind], f"{path}.artifact", f" of a {kind}")
        if kind is EntryKind.TEMPLATE and ("text" in checked) == ("strategy" in checked):
            self.fail(f"{path}.artifact", "a template has either a 'strategy' or a 'text'")
        if "strategy" in checked and "before" in checked:
            self.fail(f"{path}.artifact.before", "'before' is of a template with a 'text'")
        return Entry(
            **values,
            trigger=Trigger(**trigger),
            artifact=Artifact(**checked),
            tiles=tuple(Tile(**tile) for tile in named),
            origin=f"{self.file}:{self.line(path)}",
        )

    def values(
        self, table: Mapping[str, object], keys: Mapping[str, _Key], path: str, of: str = ""
    ) -> dict[str, Any]:
        self.only_keys(table, keys, path, of)
        for key, spec in keys.items():
            if spec.required and key not in table:
                self.fail(path, f"missing key '{key}' in {_title(path)}{of}")
        checked: dict[str, Any] = {}
        for key, value in table.items():
            try:
                checked[key] = keys[key].check(value)
            except _Wrong as wrong:
                self.fail(f"{path}.{key}", f"'{key}' {wrong}")
        return checked

    def only_keys(
        self, table: Mapping[str, object], keys: Iterable[str], path: str, of: str = ""
    ) -> None:
        for key in table:
            if key not in keys:
                known = ", ".join(keys)
                message = f"unknown key '{key}' in {_title(path)}{of}; known are {known}"
                self.fail(f"{path}.{key}".lstrip("."), message)

    def table(self, parent: Mapping[str, object], key: str, path: str) -> Mapping[str, object]:
        value = parent.get(key, {})
        if not isinstance(value, dict):
            self.fail(f"{path}.{key}", f"'{key}' must be a table")
        return value

    def tables(
        self, parent: Mapping[str, object], key: str, path: str
    ) -> Sequence[Mapping[str, object]]:
        value = parent.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.fail(f"{path}.{key}".lstrip("."), f"'{key}' must be written as [[…{key}]] tables")
        return value

    def distinct(self, table: str, path: str, names: Sequence[str]) -> None:
        for index, name in enumerate(names):
            if name in names[:index]:
                where = f"{path}.{table}[{index}].name".lstrip(".")
                self.fail(where, f"{table} '{name}' is already defined in this file")

    def line(self, path: str) -> int:
        while path and path not in self.lines:
            path = path.rpartition(".")[0]
        return self.lines.get(path, 1)

    def fail(self, path: str, message: str) -> NoReturn:
        raise HawkError(message, file=self.file, line=self.line(path))


def _title(path: str) -> str:
    """How a table is written: ``entry[3].tile[0]`` is a ``[[entry.tile]]``."""
    if not path:
        return "the file"
    return "[" + re.sub(r"\[\d+\]", "", path) + "]"


_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.-]+)\s*\]")
_KEY = re.compile(r"\s*([\w-]+)\s*=")


def _lines(source: str) -> Mapping[str, int]:
    """The line of each table and key, by path (``entry[0].artifact.text``).

    The standard library's TOML reader does not keep places, so headers and keys are looked for
    outside multi-line strings.
    """
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    table, quote = "", ""
    for number, text in enumerate(source.splitlines(), start=1):
        if not quote:
            if header := _HEADER.match(text):
                table = _path_of(header[2], repeated=header[1] == "[[", counts=counts)
                lines.setdefault(table, number)
            elif key := _KEY.match(text):
                lines.setdefault(f"{table}.{key[1]}".lstrip("."), number)
        for mark in re.findall(r"'''|\"\"\"", text):
            quote = "" if quote == mark else quote or mark
    return lines


def _path_of(name: str, *, repeated: bool, counts: dict[str, int]) -> str:
    """The path of a header's table; ``counts`` says how often each repeated table was opened."""
    path = ""
    *parents, last = name.split(".")
    for part in parents:
        path = f"{path}.{part}".lstrip(".")
        if path in counts:
            path += f"[{counts[path] - 1}]"
    path = f"{path}.{last}".lstrip(".")
    if repeated:
        counts[path] = counts.get(path, 0) + 1
        path += f"[{counts[path] - 1}]"
    return path
