"""Writes an entry as the TOML table that reads back as an equal one."""

import json
from collections.abc import Iterable

from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.knowledge_store.error_bound import ErrorBound


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
    given = {key: value for key, value in values.items() if value not in (None, (), False)}
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
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return repr(value)
    as_lines = value.replace("\n", "").isprintable() and "'''" not in value
    if "\n" in value and as_lines and not value.endswith("'"):
        return f"'''\n{value}'''"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
