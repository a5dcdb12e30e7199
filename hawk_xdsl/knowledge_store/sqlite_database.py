"""A store's tables in a SQLite file: for all processes of one machine."""

import sqlite3
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from hawk_xdsl.errors import ReadError
from hawk_xdsl.knowledge_store.database import Row, Values


class SqliteDatabase:
    """A connection to a file, which is made if there is none."""

    kind = "a SQLite file"
    errors = (sqlite3.Error,)

    def __init__(self, path: Path, busy_seconds: float) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None)
        except OSError as error:
            message = f"cannot make the folder of the knowledge store: {error.strerror}"
            raise ReadError(message, file=str(path)) from None
        except ValueError:  # half a character, or a zero byte
            raise ReadError("no file can have this name", file=ascii(str(path))) from None
        except sqlite3.Error as error:
            raise ReadError(self.reason(error), file=str(path)) from error
        self._connection.row_factory = sqlite3.Row

    @property
    def name(self) -> str:
        """The file."""
        return str(self._path)

    def reason(self, error: Exception) -> str:
        """SQLite's error in a few words."""
        text = str(error)
        if "locked" in text:
            return f"another process kept the knowledge store locked for {self._busy_seconds:g} s"
        if "readonly" in text:
            return "the knowledge store is read-only"
        if "not a database" in text:
            return "not a knowledge store: the file is not a SQLite database"
        return f"cannot use the knowledge store: {text}"

    def execute(self, statement: str, values: Values | None = None) -> list[Row]:
        """Runs a statement; all its rows."""
        return [dict(row) for row in self._connection.execute(statement, values or {}).fetchall()]

    def each(self, statement: str, values: Values | None = None) -> Iterator[Row]:
        """The rows of a query, read from the file when they are asked for."""
        for row in self._connection.execute(statement, values or {}):
            yield dict(row)

    def write(self, statement: str, values: Values) -> None:
        """Runs one statement that writes."""
        with self.transaction():
            self._connection.execute(statement, values)

    @contextmanager
    def transaction(self) -> Generator[None]:
        """All statements of the block or none."""
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

    def make(self, statement: str) -> None:
        """Runs a statement of the schema."""
        self._connection.execute(statement)

    def tables(self) -> set[str]:
        """The names of all tables."""
        rows = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {row["name"] for row in rows}

    def prepare_writing(self) -> None:
        """Switches to WAL; when several do so at once, SQLite refuses one in a thousand at once."""
        until = time.monotonic() + self._busy_seconds
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(0.02)
        # In WAL mode this outlives the process, however it ends, without a disk flush a write.
        self._connection.execute("PRAGMA synchronous = NORMAL")

    def pinned(self) -> "SqliteDatabase":
        """Another connection, which sees the state of this moment."""
        other = SqliteDatabase(self._path, self._busy_seconds)
        try:
            other.execute("BEGIN")
            # SQLite takes the snapshot at the first read, not at BEGIN.
            other.execute("SELECT count(*) FROM meta")
        except BaseException:
            other.close()
            raise
        return other

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()
