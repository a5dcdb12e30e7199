"""What can be read from a store's file: kernels, entries, evidence, outcomes, specs, curations."""

import os
import sqlite3
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import platformdirs

from hawk_xdsl.errors import ReadError
from hawk_xdsl.files.boundary import reading
from hawk_xdsl.files.typed import typed
from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.knowledge_store.read_entries import parse_entries
from hawk_xdsl.knowledge_store.records import (
    Curation,
    Evidence,
    FailureRecord,
    KernelKey,
    KernelRecord,
    Outcome,
    SpecRecord,
    from_row,
)

KERNEL_KEY = (
    "spec_hash = :spec_hash AND target_hash = :target_hash "
    "AND entries_hash = :entries_hash AND verifier_hash = :verifier_hash"
)


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
            query = f"SELECT * FROM kernels WHERE {KERNEL_KEY}"
            row = self._connection.execute(query, vars(key)).fetchone()
            return None if row is None else from_row(KernelRecord, dict(row), "kernels")

    def kernels(self, spec_hash: str | None = None) -> tuple[KernelRecord, ...]:
        """All kernels kept, or those of one specification, the oldest first."""
        with self._reported():
            where = "TRUE" if spec_hash is None else "spec_hash = :spec_hash"
            query = f"SELECT * FROM kernels WHERE {where} ORDER BY created, spec_hash, target"
            rows = self._connection.execute(query, {"spec_hash": spec_hash}).fetchall()
            return tuple(from_row(KernelRecord, dict(row), "kernels") for row in rows)

    def failures(self, key: KernelKey) -> tuple[FailureRecord, ...]:
        """What failed under a key, the oldest first."""
        with self._reported():
            query = f"SELECT * FROM failures WHERE {KERNEL_KEY} ORDER BY created"
            rows = self._connection.execute(query, vars(key)).fetchall()
            return tuple(from_row(FailureRecord, dict(row), "failures") for row in rows)

    def entries(self) -> tuple[Entry, ...]:
        """The entries learned at run time, by name."""
        with self._reported():
            query = "SELECT toml, origin FROM entries ORDER BY name"
            rows = self._connection.execute(query).fetchall()
            return tuple(
                replace(entry, origin=typed(str, row["origin"], "entries.origin"))
                for row in rows
                for entry in parse_entries(typed(str, row["toml"], "entries.toml"), self._file)
            )

    def evidence(self) -> Mapping[str, Evidence]:
        """What every entry used so far has brought, by its name."""
        with self._reported():
            rows = [dict(row) for row in self._connection.execute("SELECT * FROM evidence")]
            return {
                typed(str, row.pop("name"), "evidence.name"): from_row(Evidence, row, "evidence")
                for row in rows
            }

    def outcomes(self, *, run_id: str | None = None) -> Iterator[Outcome]:
        """The recorded outcomes in the order of recording, of one run if given."""
        with self._reported():
            where = "TRUE" if run_id is None else "run_id = :run_id"
            query = f"SELECT * FROM outcomes WHERE {where} ORDER BY id"
            for row in self._connection.execute(query, {"run_id": run_id}):
                columns = dict(row)
                del columns["id"]
                yield from_row(Outcome, columns, "outcomes")

    def specs(self) -> tuple[SpecRecord, ...]:
        """The ops that were decided, as text, in the order of recording."""
        with self._reported():
            rows = self._connection.execute("SELECT * FROM specs ORDER BY rowid").fetchall()
            return tuple(from_row(SpecRecord, dict(row), "specs") for row in rows)

    def disabled(self) -> frozenset[str]:
        """The entries, of the package or learned, that pruning took out of use."""
        with self._reported():
            rows = self._connection.execute("SELECT name FROM disabled").fetchall()
            return frozenset(typed(str, row["name"], "disabled.name") for row in rows)

    def curations(self) -> tuple[Curation, ...]:
        """Every decision about entries, undone ones too, the oldest first."""
        with self._reported():
            rows = self._connection.execute("SELECT * FROM curations ORDER BY id").fetchall()
            return tuple(from_row(Curation, dict(row), "curations") for row in rows)

    def in_use(self, packaged: Iterable[Entry]) -> tuple[Entry, ...]:
        """The entries of the package, then the learned ones, without those out of use."""
        without = self.disabled()
        return tuple(e for e in (*packaged, *self.entries()) if e.name not in without)

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
        """Turns SQLite's errors, and rows that are none of ours, into one line about the file."""
        todo = "correct the row, or choose another store with HAWK_STORE"
        with reading(self._file, "the knowledge store", todo=todo):
            try:
                yield
            except sqlite3.Error as error:
                raise ReadError(self._reason(error), file=self._file) from error

    def _reason(self, error: sqlite3.Error) -> str:
        text = str(error)
        if "locked" in text:
            return f"another process kept the knowledge store locked for {self._busy_seconds:g} s"
        if "readonly" in text:
            return "the knowledge store is read-only"
        if "not a database" in text:
            return "not a knowledge store: the file is not a SQLite database"
        return f"cannot use the knowledge store: {text}"
