"""The durable store of kernels, outcomes, learned entries and evidence: one SQLite file."""

import os
import sqlite3
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import platformdirs

from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store.entry import Entry, format_entry, parse_entries
from hawk_xdsl.knowledge_store.records import (
    Evidence,
    KernelKey,
    KernelRecord,
    Outcome,
    kernel_from_row,
    outcome_from_row,
    to_row,
)

SCHEMA_VERSION = 1

# The columns of kernels and outcomes are the fields of their records.
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE entries (
  name TEXT PRIMARY KEY, toml TEXT NOT NULL, origin TEXT NOT NULL, created REAL NOT NULL);
CREATE TABLE evidence (
  name TEXT PRIMARY KEY, uses INTEGER NOT NULL, wins INTEGER NOT NULL, losses INTEGER NOT NULL,
  cycles_gained INTEGER NOT NULL);
CREATE TABLE kernels (
  spec_hash TEXT NOT NULL, target TEXT NOT NULL, verifier_version TEXT NOT NULL,
  text TEXT NOT NULL, source TEXT NOT NULL, cycles INTEGER NOT NULL, bound_cycles REAL NOT NULL,
  bottleneck TEXT NOT NULL, entries TEXT NOT NULL, created REAL NOT NULL,
  PRIMARY KEY (spec_hash, target, verifier_version));
CREATE TABLE outcomes (
  id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, time REAL NOT NULL,
  spec_hash TEXT NOT NULL, spec_text TEXT NOT NULL, target TEXT NOT NULL, verdict TEXT NOT NULL,
  source TEXT NOT NULL, kernel_text TEXT NOT NULL, prompt TEXT NOT NULL, trap_code TEXT,
  trap_message TEXT, cycles INTEGER, bottleneck TEXT, entries TEXT NOT NULL, model TEXT,
  seed INTEGER, seconds REAL NOT NULL, tokens INTEGER NOT NULL);
CREATE INDEX outcomes_run ON outcomes (run_id);
CREATE INDEX outcomes_spec ON outcomes (spec_hash, target);
"""

_KERNEL_KEY = "spec_hash = :spec_hash AND target = :target AND verifier_version = :verifier_version"


def default_store_path() -> Path:
    """The file named by the variable HAWK_STORE, or one in the user's data directory."""
    given = os.environ.get("HAWK_STORE")
    return Path(given) if given else platformdirs.user_data_path("hawk-xdsl") / "knowledge.sqlite"


class StoreView:
    """What can be read from a store; as a snapshot, as it was at one moment."""

    def __init__(self, path: Path, busy_seconds: float) -> None:
        self.path = path
        self._busy_seconds = busy_seconds
        self._connection = self._connect()

    def pin(self) -> None:
        """Makes everything read from now on the state of this moment."""
        with self._reported():
            self._connection.execute("BEGIN")
            # SQLite takes the snapshot at the first read, not at BEGIN.
            self._connection.execute("SELECT count(*) FROM meta").fetchone()

    def close(self) -> None:
        """Closes the file; what was recorded is already in it."""
        self._connection.close()

    def get_kernel(self, key: KernelKey) -> KernelRecord | None:
        """The fastest kernel kept for a key."""
        with self._reported():
            query = f"SELECT * FROM kernels WHERE {_KERNEL_KEY}"
            row = self._connection.execute(query, vars(key)).fetchone()
        return None if row is None else kernel_from_row(dict(row))

    def entries(self) -> tuple[Entry, ...]:
        """The entries learned at run time, by name."""
        with self._reported():
            query = "SELECT toml, origin FROM entries ORDER BY name"
            rows = self._connection.execute(query).fetchall()
        return tuple(
            replace(entry, origin=row["origin"])
            for row in rows
            for entry in parse_entries(row["toml"], self._file)
        )

    def evidence(self) -> Mapping[str, Evidence]:
        """What every entry used so far has brought, by its name."""
        with self._reported():
            rows = [dict(row) for row in self._connection.execute("SELECT * FROM evidence")]
        return {row.pop("name"): Evidence(**row) for row in rows}

    def outcomes(
        self, *, run_id: str | None = None, spec_hash: str | None = None
    ) -> Iterator[Outcome]:
        """The recorded outcomes in the order of recording, of one run or spec if given."""
        wanted = {"run_id": run_id, "spec_hash": spec_hash}
        given = {name: value for name, value in wanted.items() if value is not None}
        where = " AND ".join(f"{name} = :{name}" for name in given) or "TRUE"
        with self._reported():
            query = f"SELECT * FROM outcomes WHERE {where} ORDER BY id"
            for row in self._connection.execute(query, given):
                columns = dict(row)
                del columns["id"]
                yield outcome_from_row(columns)

    @property
    def _file(self) -> str:
        return str(self.path)

    def _connect(self) -> sqlite3.Connection:
        with self._reported():
            connection = sqlite3.connect(
                self.path, timeout=self._busy_seconds, isolation_level=None
            )
            connection.row_factory = sqlite3.Row
            return connection

    @contextmanager
    def _reported(self) -> Generator[None]:
        """Turns SQLite's errors into one line about the store's file."""
        try:
            yield
        except sqlite3.Error as error:
            raise HawkError(self._reason(error), file=self._file) from error

    def _reason(self, error: sqlite3.Error) -> str:
        text = str(error)
        if "locked" in text:
            return f"another process kept the knowledge store locked for {self._busy_seconds:g} s"
        if "readonly" in text:
            return "the knowledge store is read-only"
        if "not a database" in text:
            return "not a knowledge store: the file is not a SQLite database"
        return f"cannot use the knowledge store: {text}"


class KnowledgeStore(StoreView):
    """The store, open for reading and writing; several processes may have it open at once.

    Every write is committed before its method returns, so an interrupted run loses nothing.

    Args:
        path: the SQLite file, made if there is none; :func:`default_store_path` without it.
        busy_seconds: how long to wait while another process writes.

    Raises:
        HawkError: from here and from every method, if the file is locked for longer than that,
            read-only, not a knowledge store, or of a newer schema version.
    """

    def __init__(self, path: Path | None = None, *, busy_seconds: float = 10.0) -> None:
        file = default_store_path() if path is None else path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"cannot make the folder of the knowledge store: {error.strerror}"
            raise HawkError(message, file=str(file)) from None
        super().__init__(file, busy_seconds)
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def put_kernel(self, kernel: KernelRecord) -> None:
        """Keeps a verified kernel, unless one at least as fast is kept for the same key."""
        row = to_row(kernel)
        kept = ("spec_hash", "target", "verifier_version")
        updates = ", ".join(f"{name} = excluded.{name}" for name in row if name not in kept)
        self._write(
            f"{_insert('kernels', row)} ON CONFLICT ({', '.join(kept)}) DO UPDATE SET {updates} "
            "WHERE excluded.cycles < kernels.cycles",
            row,
        )

    def drop_kernel(self, key: KernelKey) -> None:
        """Forgets a kernel, for instance one that no longer passes the gate."""
        self._write(f"DELETE FROM kernels WHERE {_KERNEL_KEY}", vars(key))

    def record_outcome(self, outcome: Outcome) -> None:
        """Appends the outcome of an attempt."""
        row = to_row(outcome)
        self._write(_insert("outcomes", row), row)

    def add_entry(self, entry: Entry) -> None:
        """Keeps an entry learned at run time; an entry of the same name is replaced."""
        row = {
            "name": entry.name,
            "toml": format_entry(entry),
            "origin": entry.origin,
            "created": time.time(),
        }
        self._write(_insert("entries", row, "OR REPLACE "), row)

    def record_use(self, name: str, *, won: bool, cycles_gained: int = 0) -> None:
        """Counts one use of an entry (of the package or learned).

        Args:
            name: the entry.
            won: whether the attempt it took part in was accepted.
            cycles_gained: by how many simulated cycles the kernel became faster.
        """
        row = {"name": name, "wins": int(won), "losses": int(not won), "gained": cycles_gained}
        self._write(
            "INSERT INTO evidence VALUES (:name, 1, :wins, :losses, :gained) "
            "ON CONFLICT (name) DO UPDATE SET uses = uses + 1, wins = wins + excluded.wins, "
            "losses = losses + excluded.losses, "
            "cycles_gained = cycles_gained + excluded.cycles_gained",
            row,
        )

    @contextmanager
    def snapshot(self) -> Generator[StoreView]:
        """A view of the store as it is now, which no later write changes, of any process.

        A compile reads from one, so that what it learns becomes visible after it.
        """
        view = StoreView(self.path, self._busy_seconds)
        try:
            view.pin()
            yield view
        finally:
            view.close()

    def _prepare(self) -> None:
        """Checks that the file is a store of this version, or makes it one."""
        with self._reported():
            # Before anything is written: the file may be somebody else's.
            if tables := self._tables():
                self._check_version(tables)
            self._use_write_ahead_log()
            # In WAL mode this outlives the process, however it ends, without a disk flush a write.
            self._connection.execute("PRAGMA synchronous = NORMAL")
            with self._transaction():
                # Another process may have made the tables meanwhile.
                if not self._tables():
                    self._make_tables()

    def _make_tables(self) -> None:
        for statement in _SCHEMA.split(";"):
            self._connection.execute(statement)
        row = {"key": "schema_version", "value": str(SCHEMA_VERSION)}
        self._connection.execute(_insert("meta", row), row)

    def _use_write_ahead_log(self) -> None:
        """Switches to WAL; when several do so at once, SQLite refuses one in a thousand at once."""
        until = time.monotonic() + self._busy_seconds
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(0.02)

    def _tables(self) -> set[str]:
        rows = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {row["name"] for row in rows}

    def _check_version(self, tables: set[str]) -> None:
        if not {"meta", "entries", "kernels", "outcomes"} <= tables:
            raise HawkError("a SQLite file, but not a knowledge store", file=self._file)
        query = "SELECT value FROM meta WHERE key = 'schema_version'"
        version = int(self._connection.execute(query).fetchone()["value"])
        if version > SCHEMA_VERSION:
            raise HawkError(
                f"the knowledge store has schema version {version}, but this hawk-xdsl knows only "
                f"{SCHEMA_VERSION}; upgrade hawk-xdsl or choose another store with HAWK_STORE",
                file=self._file,
            )

    def _write(self, statement: str, values: Mapping[str, Any]) -> None:
        with self._reported(), self._transaction():
            self._connection.execute(statement, values)

    @contextmanager
    def _transaction(self) -> Generator[None]:
        # IMMEDIATE: a writer waits for its turn at the start, where waiting is possible.
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            # Some errors, such as a full disk, have already rolled it back.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def _insert(table: str, row: Mapping[str, object], conflict: str = "") -> str:
    names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    return f"INSERT {conflict}INTO {table} ({names}) VALUES ({values})"
