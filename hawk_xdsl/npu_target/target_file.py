"""Reads targets from TOML files and refuses what is missing, unknown or of the wrong kind."""

import tomllib
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar, cast

from xdsl.utils.str_enum import StrEnum

from hawk_xdsl.dialects.npu import Core, Pipe, Scope
from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.boundary import reading
from hawk_xdsl.npu_target.target import (
    Accuracy,
    BankSpec,
    Cost,
    CubeSpec,
    Domain,
    MatmulSpec,
    PathSpec,
    ScalarSpec,
    ScopeSpec,
    SyncSpec,
    Target,
    VectorSpec,
)

_Enum = TypeVar("_Enum", bound=StrEnum)

LARGEST = 1 << 48
"""No size, count or cost of a machine is larger; sums of them fit 64 bits."""


def available_targets() -> tuple[str, ...]:
    """The names of the targets that come with the package, sorted."""
    return tuple(sorted(Path(entry.name).stem for entry in _folder().iterdir()))


def load_target(name_or_path: str | Path) -> Target:
    """Load a target by name, or from a user's TOML file.

    Raises:
        HawkError: no such target, or the file is not a valid target; names the file and the key.
    """
    text = str(name_or_path)
    if text in available_targets():
        return _load_packaged(text)
    path = Path(name_or_path)
    if path.suffix != ".toml":
        raise HawkError(
            f"unknown target {text!r}; known: {', '.join(available_targets())}, or a .toml file"
        )
    with reading(text, "the target"):
        content = path.read_bytes()
    return parse_target(content, text)


@lru_cache
def _load_packaged(name: str) -> Target:
    entry = _folder() / f"{name}.toml"
    return parse_target(entry.read_bytes(), f"{name}.toml")


def _folder() -> Traversable:
    return resources.files("hawk_xdsl.npu_target") / "targets"


def parse_target(content: bytes, file: str) -> Target:
    """Build a target from the bytes of a TOML file; ``file`` is for error messages only.

    With ``base = "NAME"`` the file only says what differs from a target of the package.
    """
    table = _Table(_document(content, file), file, "")
    target = Target(
        name=table.text("name"),
        summary=table.text("summary"),
        calibrated=table.flag("calibrated"),
        clock_ghz=table.number("clock_ghz"),
        cores=_by_enum(table.table("cores"), Core, _Table.count),
        pipes=_by_enum(table.table("pipes"), Core, _pipes),
        scopes=_by_enum(table.table("scopes"), Scope, _scope),
        dtypes=table.texts("dtypes"),
        global_bandwidth=table.number("global_bandwidth"),
        paths=_paths(table.table("paths")),
        scalar=_scalar(table.table("scalar")),
        sync=_sync(table.table("sync")),
        vector=_vector(table.table("vector")),
        cube=_cube(table.table("cube")),
        document=content,
    )
    table.finish()
    _check_complete(target, table)
    return target


def _document(content: bytes, file: str) -> dict[str, object]:
    with reading(file, "the target"):
        document: dict[str, object] = tomllib.loads(content.decode())
    base = document.pop("base", None)
    if base is None:
        return document
    if base not in available_targets():
        known = ", ".join(available_targets())
        raise HawkError(f"base: {base!r} is none of {known}", file=file)
    entry = _folder() / f"{base}.toml"
    return _merged(_document(entry.read_bytes(), entry.name), document)


def _merged(base: dict[str, object], changes: dict[str, object]) -> dict[str, object]:
    """A document with changes: tables are merged, everything else is replaced."""
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            tables = cast(dict[str, object], old), cast(dict[str, object], value)
            merged[key] = _merged(*tables)
        else:
            merged[key] = value
    return merged


class _Table:
    """A TOML table that knows its place, and which of its keys were read."""

    def __init__(self, values: Mapping[str, object], file: str, path: str) -> None:
        self._values = dict(values)
        self._file = file
        self._path = path

    def error(self, key: str, reason: str) -> HawkError:
        """An error at a key of this table."""
        return HawkError(f"{self._path}{key}: {reason}", file=self._file)

    def unread(self) -> tuple[str, ...]:
        """The keys not read yet."""
        return tuple(self._values)

    def finish(self) -> None:
        """Raise if a key was never read."""
        for key in self._values:
            raise self.error(key, "unknown key")

    def _take(self, key: str) -> object:
        if key not in self._values:
            raise self.error(key, "missing")
        return self._values.pop(key)

    def text(self, key: str) -> str:
        """A string."""
        value = self._take(key)
        if not isinstance(value, str):
            raise self.error(key, f"expected a string, got {value!r}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings."""
        value = self._take(key)
        items = cast(list[object], value) if isinstance(value, list) else [None]
        strings = tuple(item for item in items if isinstance(item, str))
        if len(strings) != len(items):
            raise self.error(key, f"expected a list of strings, got {value!r}")
        return strings

    def flag(self, key: str) -> bool:
        """A boolean."""
        value = self._take(key)
        if not isinstance(value, bool):
            raise self.error(key, f"expected true or false, got {value!r}")
        return value

    def number(self, key: str) -> float:
        """A number, not negative."""
        return self._number(key, self._take(key), least=0)

    def count(self, key: str) -> int:
        """A whole number, at least 1."""
        value = self._take(key)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LARGEST:
            raise self.error(key, f"expected a whole number of 1 to 2^48, got {value!r:.40}")
        return value

    def _number(self, key: str, value: object, least: float) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(key, f"expected a number, got {value!r:.40}")
        if not least <= value <= LARGEST:
            raise self.error(key, f"expected a number of {least:g} to 2^48, got {value!r:.40}")
        return float(value)

    def table(self, key: str) -> "_Table":
        """A nested table."""
        value = self._take(key)
        if not isinstance(value, dict):
            raise self.error(key, f"expected a table, got {value!r}")
        return _Table(cast(dict[str, object], value), self._file, f"{self._path}{key}.")

    def optional_table(self, key: str) -> "_Table | None":
        """A nested table, or ``None`` where there is none or the value is ``false``."""
        if self._values.get(key, False) is False:
            self._values.pop(key, None)
            return None
        return self.table(key)

    def _rows(self, key: str, value: object, width: int) -> list[list[float]]:
        rows: list[list[float]] = []
        for row in cast(list[object], value) if isinstance(value, list) else [None]:
            cells = cast(list[object], row) if isinstance(row, list) else []
            if len(cells) != width:
                raise self.error(key, f"expected rows of {width} numbers, got {value!r}")
            rows.append([self._number(key, cell, least=-1e9) for cell in cells])
        if not rows or any(row[-1] < 0 for row in rows):
            raise self.error(key, "a cost needs a line, and no slope below 0")
        return rows

    def lines(self, key: str) -> Cost:
        """A cost written as ``[[head, slope], …]``."""
        return Cost(tuple((head, slope) for head, slope in self._rows(key, self._take(key), 2)))

    def chunked(self, key: str) -> Cost:
        """A cost of a path; beside a ``chunk`` it is written as ``[[head, slope, again], …]``."""
        if self._values.get("chunk", False) is False:
            self._values.pop("chunk", None)
            return self.lines(key)
        chunk, rows = self.count("chunk"), self._rows(key, self._take(key), 3)
        if any(row[1] < 0 for row in rows):
            raise self.error(key, "a cost has no slope below 0")
        return Cost(tuple((row[0], row[1]) for row in rows), chunk, tuple(row[2] for row in rows))

    def floored(self, key: str) -> Cost:
        """A cost written as ``[floor, head, slope]``."""
        ((floor, head, slope),) = self._rows(key, [self._take(key)], 3)
        return Cost(((floor, 0.0), (head, slope)))


_Value = TypeVar("_Value")


def _enum(table: _Table, key: str, kind: type[_Enum], text: str) -> _Enum:
    if text not in [member.value for member in kind]:
        raise table.error(key, f"{text!r} is none of {', '.join(kind)}")
    return kind(text)


def _by_enum(
    table: _Table, kind: type[_Enum], read: Callable[[_Table, str], _Value]
) -> dict[_Enum, _Value]:
    return {_enum(table, key, kind, key): read(table, key) for key in table.unread()}


def _pipes(table: _Table, key: str) -> tuple[Pipe, ...]:
    return tuple(_enum(table, key, Pipe, text) for text in table.texts(key))


def _scope(table: _Table, key: str) -> ScopeSpec:
    entry = table.table(key)
    core = _enum(entry, "core", Core, entry.text("core"))
    spec = ScopeSpec(core, entry.count("bytes"), entry.count("alignment"))
    entry.finish()
    return spec


def _paths(table: _Table) -> dict[tuple[Scope, Scope], PathSpec]:
    paths: dict[tuple[Scope, Scope], PathSpec] = {}
    for key in table.unread():
        ends = key.split("-")
        if len(ends) != 2:
            raise table.error(key, "expected a name like global-ub")
        source, dest = (_enum(table, key, Scope, end) for end in ends)
        entry = table.table(key)
        paths[source, dest] = PathSpec(
            pipe=_enum(entry, "pipe", Pipe, entry.text("pipe")),
            cost=entry.chunked("cost"),
            granule=entry.count("granule"),
            burst_cycles=entry.number("burst_cycles"),
            max_bursts=entry.count("max_bursts"),
            max_burst_bytes=entry.count("max_burst_bytes"),
        )
        entry.finish()
    return paths


def _scalar(table: _Table) -> ScalarSpec:
    read = _by_enum(table.table("read"), Scope, _Table.number)
    spec = ScalarSpec(table.number("issue"), table.number("operation"), read)
    table.finish()
    return spec


def _sync(table: _Table) -> SyncSpec:
    tail = _by_enum(table.table("tail"), Pipe, _Table.number)
    spec = SyncSpec(table.count("events"), table.number("flag"), table.number("barrier"), tail)
    table.finish()
    return spec


def _vector(table: _Table) -> VectorSpec:
    ops: dict[str, dict[str, Cost]] = {}
    rows = table.table("ops")
    for mnemonic in rows.unread():
        row = rows.table(mnemonic)
        ops[mnemonic] = {dtype: row.floored(dtype) for dtype in row.unread()}
    spec = VectorSpec(
        repeat_bytes=table.count("repeat_bytes"),
        block_bytes=table.count("block_bytes"),
        max_repeats=table.count("max_repeats"),
        ops=ops,
        mask_write=table.floored("mask_write"),
        mask_read=table.floored("mask_read"),
        banks=_banks(table),
        accuracy=_accuracy(table, ops),
    )
    table.finish()
    return spec


def _accuracy(
    table: _Table, ops: Mapping[str, Mapping[str, Cost]]
) -> dict[str, dict[str, Accuracy]]:
    """The table ``accuracy``: ``vrec = { f16 = 8, f32 = 8, domain = "x != 0" }``.

    A row without a number for a dtype says that its results are correctly rounded in the domain.
    """
    found: dict[str, dict[str, Accuracy]] = {}
    rows = table.optional_table("accuracy")
    for mnemonic in rows.unread() if rows is not None else ():
        assert rows is not None
        if mnemonic not in ops:
            raise rows.error(mnemonic, "no such row among the ops")
        row = rows.table(mnemonic)
        keys = row.unread()
        domain = _enum(row, "domain", Domain, row.text("domain")) if "domain" in keys else None
        found[mnemonic] = {dtype: Accuracy(None, domain) for dtype in ops[mnemonic]}
        for dtype in row.unread():
            if dtype not in ops[mnemonic]:
                raise row.error(dtype, f"{mnemonic} has no such dtype")
            found[mnemonic][dtype] = Accuracy(row.number(dtype), domain)
    return found


def _banks(table: _Table) -> BankSpec | None:
    """The table ``banks``; ``banks = false``, or nothing, for a target whose banks are unknown."""
    entry = table.optional_table("banks")
    if entry is None:
        return None
    counts = (entry.count(key) for key in ("groups", "depth", "bytes", "row_bytes"))
    spec = BankSpec(*counts)
    entry.finish()
    return spec


def _matmul(table: _Table, key: str) -> MatmulSpec:
    entry = table.table(key)
    spec = MatmulSpec(entry.text("accumulator"), entry.number("cycles"))
    entry.finish()
    return spec


def _cube(table: _Table) -> CubeSpec:
    dtypes, casts = table.table("dtypes"), table.table("casts")
    spec = CubeSpec(
        rows=table.count("rows"),
        columns=table.count("columns"),
        depth_bytes=table.count("depth_bytes"),
        fixed=table.number("fixed"),
        max_extent=table.count("max_extent"),
        dtypes={dtype: _matmul(dtypes, dtype) for dtype in dtypes.unread()},
        casts={dtype: casts.texts(dtype) for dtype in casts.unread()},
        l0a=table.lines("l0a"),
        l0b=table.lines("l0b"),
    )
    table.finish()
    return spec


def _check_complete(target: Target, table: _Table) -> None:
    """Raise unless every core has its count, pipes and scopes, and every scope a core can use."""
    for core in Core:
        if core not in target.cores or core not in target.pipes:
            raise table.error(f"cores.{core}", "cores and pipes need an entry for each kind")
    for scope in Scope:
        if scope is not Scope.GLOBAL and scope not in target.scopes:
            raise table.error(f"scopes.{scope}", "missing")
    for pipe in {pipe for pipes in target.pipes.values() for pipe in pipes}:
        if pipe not in target.sync.tail:
            raise table.error(f"sync.tail.{pipe}", "missing")
    for scope in (Scope.GLOBAL, Scope.UB):
        if scope not in target.scalar.read:
            raise table.error(f"scalar.read.{scope}", "missing")
