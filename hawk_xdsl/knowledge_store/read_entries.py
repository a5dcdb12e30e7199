"""Reads entries from TOML strictly: what is wrong is refused with its file and line."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, NoReturn

from hawk_xdsl.errors import HawkError, ReadError
from hawk_xdsl.files.boundary import reading
from hawk_xdsl.knowledge_store.entry import Artifact, Entry, EntryKind, TileHole, Trigger
from hawk_xdsl.knowledge_store.entry_keys import ARTIFACTS, ENTRY, TABLES, TILE, TRIGGER, Key, Wrong


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
    reader = _TableReader(file, _lines(source))
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


@cache
def load_seed_entries() -> tuple[Entry, ...]:
    """The entries that come with the package, sorted by file name; they are read once."""
    folder = files("hawk_xdsl.knowledge_store") / "entries"
    found = [path for path in folder.iterdir() if path.name.endswith(".toml")]
    return load_entries(sorted(found, key=lambda path: path.name))


class _TableReader:
    """Checks tables against the format and reports the line of what is wrong."""

    def __init__(self, file: str, lines: Mapping[str, int]) -> None:
        self.file = file
        self.lines = lines

    def entry(self, table: Mapping[str, object], path: str) -> Entry:
        self.only_keys(table, (*ENTRY, *TABLES), path)
        values = self.values({key: table[key] for key in table if key not in TABLES}, ENTRY, path)
        kind: EntryKind = values["kind"]
        tiles = self.tables(table, "tile", path)
        if tiles and kind is not EntryKind.TEMPLATE:
            self.fail(f"{path}.tile[0]", f"a {kind} has no tiles, only a template has")
        named = [self.values(tile, TILE, f"{path}.tile[{i}]") for i, tile in enumerate(tiles)]
        self.distinct("tile", path, [tile["name"] for tile in named])
        trigger = self.values(self.table(table, "trigger", path), TRIGGER, f"{path}.trigger")
        artifact = self.table(table, "artifact", path)
        checked = self.values(artifact, ARTIFACTS[kind], f"{path}.artifact", f" of a {kind}")
        if kind is EntryKind.TEMPLATE and ("text" in checked) == ("strategy" in checked):
            self.fail(f"{path}.artifact", "a template has either a 'strategy' or a 'text'")
        if "strategy" in checked and "before" in checked:
            self.fail(f"{path}.artifact.before", "'before' is of a template with a 'text'")
        return Entry(
            **values,
            trigger=Trigger(**trigger),
            artifact=Artifact(**checked),
            tiles=tuple(TileHole(**tile) for tile in named),
            origin=f"{self.file}:{self.line(path)}",
        )

    def values(
        self, table: Mapping[str, object], keys: Mapping[str, Key], path: str, of: str = ""
    ) -> dict[str, Any]:
        self.only_keys(table, keys, path, of)
        for key, spec in keys.items():
            if spec.required and key not in table:
                self.fail(path, f"missing key '{key}' in {_title(path)}{of}")
        checked: dict[str, Any] = {}
        for key, value in table.items():
            try:
                checked[key] = keys[key].check(value)
            except Wrong as wrong:
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
