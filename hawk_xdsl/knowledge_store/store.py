"""The store: entries, verified kernels, outcomes and what entries brought, in one database."""

import json
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from types import TracebackType
from typing import Self

from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.typed import WrongValueError, typed
from hawk_xdsl.knowledge_store.database import StorePlace, Values, open_database
from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.knowledge_store.records import (
    Action,
    AnswerRecord,
    Curation,
    Evidence,
    FailureRecord,
    KernelKey,
    KernelRecord,
    Outcome,
    SpecRecord,
    to_row,
)
from hawk_xdsl.knowledge_store.schema import REQUIRED_TABLES, SCHEMA_VERSION, STATEMENTS
from hawk_xdsl.knowledge_store.store_view import KERNEL_KEY, StoreView, default_store
from hawk_xdsl.knowledge_store.write_entry import format_entry

KEY_FIELDS = tuple(field.name for field in fields(KernelKey))

ADD_EVIDENCE = (
    "INSERT INTO evidence VALUES (:name, :uses, :wins, :losses, :cycles_gained) "
    "ON CONFLICT (name) DO UPDATE SET uses = evidence.uses + excluded.uses, "
    "wins = evidence.wins + excluded.wins, losses = evidence.losses + excluded.losses, "
    "cycles_gained = evidence.cycles_gained + excluded.cycles_gained"
)


class KnowledgeStore(StoreView):
    """The store, open for reading and writing; several processes may have it open at once.

    Every write is committed before its method returns, so an interrupted run loses nothing.

    Args:
        place: a SQLite file, made if there is none, or ``postgresql://USER@HOST:PORT/NAME``;
            :func:`default_store` without it.
        busy_seconds: how long to wait while another process writes.

    Raises:
        HawkError: from here and from every method, if the store is locked for longer than that,
            read-only, cannot be reached, is none, or of a newer schema version.
    """

    def __init__(self, place: StorePlace | None = None, *, busy_seconds: float = 10.0) -> None:
        chosen = default_store() if place is None else place
        super().__init__(chosen, open_database(chosen, busy_seconds))
        self._held: list[tuple[str, Values]] | None = None
        try:
            self._prepare()
        except BaseException:
            self._database.close()
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
        faster = "WHERE excluded.cycles < kernels.cycles"
        self._write(f"{_replace('kernels', row, KEY_FIELDS)} {faster}", row)

    def drop_kernel(self, key: KernelKey) -> None:
        """Forgets a kernel, for instance one that no longer passes the gate."""
        self._write(f"DELETE FROM kernels WHERE {KERNEL_KEY}", vars(key))

    def put_failure(self, failure: FailureRecord) -> None:
        """Remembers that nobody found a kernel; the last of the same who were asked counts."""
        row = to_row(failure)
        self._write(_replace("failures", row, (*KEY_FIELDS, "asked")), row)

    def drop_failures(self, key: KernelKey) -> None:
        """Forgets what failed under a key: now there is a kernel."""
        self._write(f"DELETE FROM failures WHERE {KERNEL_KEY}", vars(key))

    def record_outcome(self, outcome: Outcome) -> None:
        """Appends the outcome of an attempt."""
        row = to_row(outcome)
        self._write(_insert("outcomes", row), row)

    @contextmanager
    def held_back(self) -> Generator[Callable[[AnswerRecord | None], None]]:
        """Holds back what is written in the block; the function it gives writes all at once.

        It takes the answer that the rest was written on the way to. Where that answer is known
        already, of who was faster or of a worker that was killed after it, nothing is written: so
        a task that is computed twice counts once. Without an answer the rest is written alone.
        """
        self._held = []
        try:
            yield self._write_held
        finally:
            self._held = None

    def _write_held(self, answer: AnswerRecord | None) -> None:
        held, self._held = self._held or [], []
        with self._reported(), self._database.transaction():
            if answer is None or self._is_new(answer):
                for statement, values in held:
                    self._database.execute(statement, values)

    def put_answer(self, answer: AnswerRecord) -> None:
        """Keeps an answer, unless there is one."""
        with self._reported(), self._database.transaction():
            self._is_new(answer)

    def _is_new(self, answer: AnswerRecord) -> bool:
        row = to_row(answer)
        statement = f"{_insert('answers', row)} ON CONFLICT DO NOTHING RETURNING kind"
        return bool(self._database.execute(statement, row))

    def add_entry(self, entry: Entry) -> None:
        """Keeps an entry learned at run time; an entry of the same name is replaced."""
        row = {
            "name": entry.name,
            "toml": format_entry(entry),
            "origin": entry.origin,
            "created": time.time(),
        }
        self._write(_replace("entries", row, ("name",)), row)

    def record_spec(self, spec: SpecRecord) -> None:
        """Keeps the text of an op that is being decided, so that it can be decided again."""
        row = vars(spec)
        self._write(f"{_insert('specs', row)} ON CONFLICT DO NOTHING", row)

    def curate(self, curation: Curation) -> int:
        """Carries a decision about an entry out, logs it and returns the number it got.

        An entry that is pruned or merged is taken out of use, and stays in the store. One that is
        merged leaves its evidence to the one that it is merged into.
        """
        row = to_row(curation)
        del row["id"]
        with self._reported(), self._database.transaction():
            [made] = self._database.execute(f"{_insert('curations', row)} RETURNING id", row)
            number = typed(int, made["id"], "curations.id")
            taken = {"name": curation.entry, "curation": number}
            if curation.takes_out:
                self._database.execute(
                    f"{_insert('disabled', taken)} ON CONFLICT DO NOTHING", taken
                )
            if curation.into_entry is not None:
                self._move_evidence(curation, 1)
        return number

    def undo(self, number: int | None = None) -> Curation:
        """Takes back one decision, or the last one that stands and changed something.

        What was taken out of use is in use again; what was admitted is not in the store any more.

        Raises ``HawkError`` if there is none of that number, or it was taken back before.
        """
        standing = [c for c in self.curations() if c.undone is None]
        changes = [c for c in standing if c.takes_out or c.action is Action.ADMIT]
        found = [c for c in changes if number in (None, c.id)]
        if not found:
            raise HawkError(
                "there is no decision to undo"
                if number is None
                else f"decision {number} changed nothing, was undone or does not exist: "
                "see hawk knowledge log",
                file=self.name,
            )
        undone = replace(found[-1], undone=time.time())
        with self._reported(), self._database.transaction():
            values = {"id": undone.id, "undone": undone.undone, "entry": undone.entry}
            self._database.execute("UPDATE curations SET undone = :undone WHERE id = :id", values)
            self._database.execute("DELETE FROM disabled WHERE curation = :id", values)
            if undone.action is Action.ADMIT:
                self._database.execute("DELETE FROM entries WHERE name = :entry", values)
            if undone.into_entry is not None:
                self._move_evidence(undone, -1)
        return undone

    def _move_evidence(self, curation: Curation, sign: int) -> None:
        """Adds what a merged entry brought to the entry it went into; with -1 takes it back."""
        brought = typed(dict[str, object], json.loads(curation.evidence), "curations.evidence")
        row = {"name": curation.into_entry} | {
            key: sign * typed(int, brought.get(key, 0), f"curations.evidence.{key}")
            for key in ("uses", "wins", "losses", "cycles_gained")
        }
        self._database.execute(ADD_EVIDENCE, row)

    def record_use(self, name: str, *, won: bool, cycles_gained: int = 0) -> None:
        """Counts one use of an entry (of the package or learned).

        Args:
            name: the entry.
            won: whether the attempt it took part in was accepted.
            cycles_gained: by how many simulated cycles the kernel became faster.
        """
        brought = Evidence(1, int(won), int(not won), cycles_gained)
        self._write(ADD_EVIDENCE, {"name": name, **vars(brought)})

    def record_gain(self, name: str, cycles: int) -> None:
        """Credits an entry of which a use is recorded with simulated cycles; may be negative."""
        values = {"name": name, "cycles": cycles}
        self._write(
            "UPDATE evidence SET cycles_gained = cycles_gained + :cycles WHERE name = :name", values
        )

    @contextmanager
    def snapshot(self) -> Generator[StoreView]:
        """A view of the store as it is now, which no later write changes, of any process.

        A compile reads from one, so that what it learns becomes visible after it.
        """
        with self._reported():
            view = StoreView(self.place, self._database.pinned())
        try:
            yield view
        finally:
            view.close()

    def _prepare(self) -> None:
        """Checks that the place is a store of this version, or makes it one."""
        with self._reported():
            # Before anything is written: the file may be somebody else's.
            if tables := self._database.tables():
                self._check_version(tables)
            self._database.prepare_writing()
            if tables and self._version() == SCHEMA_VERSION:
                return
            with self._database.transaction():
                # Another process may have made the tables meanwhile.
                self._make_tables()

    def _make_tables(self) -> None:
        """Makes what this version has and the place has not."""
        found = self._version() if self._database.tables() else 0
        if found == SCHEMA_VERSION:
            return
        for statement in (each for version in STATEMENTS[found:] for each in version):
            self._database.make(statement)
        row = {"key": "schema_version", "value": str(SCHEMA_VERSION)}
        self._database.execute(_replace("meta", row, ("key",)), row)

    def _version(self) -> int:
        rows = self._database.execute("SELECT value FROM meta WHERE key = 'schema_version'")
        value = rows[0]["value"] if rows else None
        if not isinstance(value, str) or not value.isascii() or not value.isdecimal():
            raise WrongValueError(f"meta.schema_version: expected a number, got {value!r:.40}")
        return int(value[:9])

    def _check_version(self, tables: set[str]) -> None:
        if not tables >= REQUIRED_TABLES:
            raise HawkError(f"{self._database.kind}, but not a knowledge store", file=self.name)
        if (version := self._version()) > SCHEMA_VERSION:
            raise HawkError(
                f"the knowledge store has schema version {version}, but this hawk-xdsl knows only "
                f"{SCHEMA_VERSION}; upgrade hawk-xdsl or choose another store with HAWK_STORE",
                file=self.name,
            )

    def _write(self, statement: str, values: Values) -> None:
        if self._held is not None:
            self._held.append((statement, values))
            return
        with self._reported():
            self._database.write(statement, values)


def _insert(table: str, row: Mapping[str, object]) -> str:
    names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    return f"INSERT INTO {table} ({names}) VALUES ({values})"


def _replace(table: str, row: Mapping[str, object], key: Iterable[str]) -> str:
    """Inserts a row instead of one of the same key."""
    keys = tuple(key)
    updates = ", ".join(f"{name} = excluded.{name}" for name in row if name not in keys)
    return f"{_insert(table, row)} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {updates}"
