"""What can be read from a store: kernels, entries, evidence, outcomes, specs, curations."""

import os
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import platformdirs

from hawk_xdsl.errors import ReadError
from hawk_xdsl.files.boundary import reading
from hawk_xdsl.files.typed import typed
from hawk_xdsl.knowledge_store.database import Database, StorePlace, is_address
from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.knowledge_store.read_entries import parse_entries
from hawk_xdsl.knowledge_store.records import (
    AnswerKey,
    AnswerRecord,
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


def default_store() -> StorePlace:
    """The place named by the variable HAWK_STORE, or a file in the user's data directory."""
    given = os.environ.get("HAWK_STORE")
    if given:
        return given if is_address(given) else Path(given)
    return platformdirs.user_data_path("hawk-xdsl") / "knowledge.sqlite"


class StoreView:
    """What can be read from a store; as a snapshot, as it was at one moment."""

    def __init__(self, place: StorePlace, database: Database) -> None:
        self.place = place
        self._database = database

    def close(self) -> None:
        """Closes the file or connection; what was recorded is already there."""
        self._database.close()

    def get_kernel(self, key: KernelKey) -> KernelRecord | None:
        """The fastest kernel kept for a key."""
        with self._reported():
            query = f"SELECT * FROM kernels WHERE {KERNEL_KEY}"
            rows = self._database.execute(query, vars(key))
            return from_row(KernelRecord, rows[0], "kernels") if rows else None

    def kernels(self, spec_hash: str | None = None) -> tuple[KernelRecord, ...]:
        """All kernels kept, or those of one specification, the oldest first."""
        with self._reported():
            where = "TRUE" if spec_hash is None else "spec_hash = :spec_hash"
            query = f"SELECT * FROM kernels WHERE {where} ORDER BY created, spec_hash, target"
            rows = self._database.execute(query, {"spec_hash": spec_hash})
            return tuple(from_row(KernelRecord, row, "kernels") for row in rows)

    def failures(self, key: KernelKey) -> tuple[FailureRecord, ...]:
        """What failed under a key, the oldest first."""
        with self._reported():
            query = f"SELECT * FROM failures WHERE {KERNEL_KEY} ORDER BY created"
            rows = self._database.execute(query, vars(key))
            return tuple(from_row(FailureRecord, row, "failures") for row in rows)

    def answer(self, key: AnswerKey) -> AnswerRecord | None:
        """What a worker found before, of this campaign or another."""
        with self._reported():
            where = " AND ".join(f"{name} = :{name}" for name in vars(key))
            rows = self._database.execute(f"SELECT * FROM answers WHERE {where}", vars(key))
            return from_row(AnswerRecord, rows[0], "answers") if rows else None

    def answers(self) -> tuple[AnswerRecord, ...]:
        """All that campaigns found, the oldest first."""
        with self._reported():
            rows = self._database.execute("SELECT * FROM answers ORDER BY created, content_hash")
            return tuple(from_row(AnswerRecord, row, "answers") for row in rows)

    def entries(self) -> tuple[Entry, ...]:
        """The entries learned at run time, by name."""
        with self._reported():
            query = "SELECT toml, origin FROM entries ORDER BY name"
            rows = self._database.execute(query)
            return tuple(
                replace(entry, origin=typed(str, row["origin"], "entries.origin"))
                for row in rows
                for entry in parse_entries(typed(str, row["toml"], "entries.toml"), self.name)
            )

    def evidence(self) -> Mapping[str, Evidence]:
        """What every entry used so far has brought, by its name."""
        with self._reported():
            rows = self._database.execute("SELECT * FROM evidence")
            return {
                typed(str, row.pop("name"), "evidence.name"): from_row(Evidence, row, "evidence")
                for row in rows
            }

    def outcomes(self, *, run_id: str | None = None) -> Iterator[Outcome]:
        """The recorded outcomes in the order of recording, of one run if given."""
        with self._reported():
            where = "TRUE" if run_id is None else "run_id = :run_id"
            query = f"SELECT * FROM outcomes WHERE {where} ORDER BY id"
            for row in self._database.each(query, {"run_id": run_id}):
                del row["id"]
                yield from_row(Outcome, row, "outcomes")

    def specs(self) -> tuple[SpecRecord, ...]:
        """The ops that were decided, as text, in the order of recording."""
        with self._reported():
            query = "SELECT digest, label, text, op FROM specs ORDER BY number"
            rows = self._database.execute(query)
            return tuple(from_row(SpecRecord, row, "specs") for row in rows)

    def disabled(self) -> frozenset[str]:
        """The entries, of the package or learned, that pruning took out of use."""
        with self._reported():
            rows = self._database.execute("SELECT name FROM disabled")
            return frozenset(typed(str, row["name"], "disabled.name") for row in rows)

    def curations(self) -> tuple[Curation, ...]:
        """Every decision about entries, undone ones too, the oldest first."""
        with self._reported():
            rows = self._database.execute("SELECT * FROM curations ORDER BY id")
            return tuple(from_row(Curation, row, "curations") for row in rows)

    def in_use(self, packaged: Iterable[Entry]) -> tuple[Entry, ...]:
        """The entries of the package, then the learned ones, without those out of use."""
        without = self.disabled()
        return tuple(e for e in (*packaged, *self.entries()) if e.name not in without)

    @property
    def name(self) -> str:
        """The place as messages say it, without a password."""
        return self._database.name

    @contextmanager
    def _reported(self) -> Generator[None]:
        """Turns the database's errors, and rows that are none of ours, into one line about it."""
        todo = "correct the row, or choose another store with HAWK_STORE"
        with reading(self.name, "the knowledge store", todo=todo):
            try:
                yield
            except self._database.errors as error:
                raise ReadError(self._database.reason(error), file=self.name) from error
