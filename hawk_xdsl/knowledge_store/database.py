"""Where a store's tables are: a SQLite file of one machine, or a PostgreSQL server for several."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from hawk_xdsl.knowledge_store.records import SqlValue

Row = dict[str, object]
Values = Mapping[str, SqlValue]

StorePlace = Path | str
"""A SQLite file, or the address of a database: ``postgresql://USER@HOST:PORT/NAME``."""


class Database(Protocol):
    """One connection. Statements are in the SQL that both kinds know, with ``:name`` parameters.

    A statement outside of a transaction is committed when it returns.
    """

    @property
    def name(self) -> str:
        """The place as messages say it, without a password."""
        ...

    @property
    def kind(self) -> str:
        """What it is: ``a SQLite file``."""
        ...

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What its methods raise."""
        ...

    def reason(self, error: Exception) -> str:
        """Such an error in a few words."""
        ...

    def execute(self, statement: str, values: Values | None = None) -> list[Row]:
        """Runs a statement; all its rows."""
        ...

    def each(self, statement: str, values: Values | None = None) -> Iterator[Row]:
        """The rows of a query that may be long, one by one."""
        ...

    def write(self, statement: str, values: Values) -> None:
        """Runs one statement that writes, when it is this connection's turn."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """All statements of the block or none; those of other writers come before or after."""
        ...

    def make(self, statement: str) -> None:
        """Runs a statement of ``schema.py``, whose types are named as SQLite does."""
        ...

    def tables(self) -> set[str]:
        """The names of all tables."""
        ...

    def prepare_writing(self) -> None:
        """Done once by who opens a store to write, before it looks at the tables' versions."""
        ...

    def pinned(self) -> "Database":
        """Another connection, for reading: it sees the state of this moment."""
        ...

    def close(self) -> None:
        """Ends the connection."""
        ...


def is_address(place: StorePlace) -> bool:
    """Whether a place is the address of a server, not a file."""
    return str(place).startswith(("postgresql:", "postgres:"))


def name_of(place: StorePlace) -> str:
    """A place as messages say it, without a password."""
    if not is_address(place):
        return str(place)
    parts = urlsplit(str(place))
    user, at, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}{at}{host}", query=""))


def open_database(place: StorePlace, busy_seconds: float) -> Database:
    """A connection to a place, which waits as long for other writers.

    Raises ``HawkError`` if there is nothing to connect to, or a part that it needs is missing.
    """
    if is_address(place):
        from hawk_xdsl.knowledge_store.postgres_database import PostgresDatabase

        return PostgresDatabase(str(place), busy_seconds)
    from hawk_xdsl.knowledge_store.sqlite_database import SqliteDatabase

    return SqliteDatabase(Path(place), busy_seconds)
