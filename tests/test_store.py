"""The knowledge store: what it keeps, for whom it is visible, and how it fails."""

import multiprocessing
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from postgres_server import PostgresServer, postgres_server

from hawk_xdsl.errors import HawkError, ReadError
from hawk_xdsl.knowledge_store.database import StorePlace, name_of
from hawk_xdsl.knowledge_store.entry import Artifact, Entry, EntryKind, Trigger
from hawk_xdsl.knowledge_store.records import (
    Action,
    AnswerRecord,
    AttemptVerdict,
    Curation,
    Evidence,
    FailureRecord,
    KernelRecord,
    Message,
    Outcome,
    SpecRecord,
)
from hawk_xdsl.knowledge_store.schema import NAMED, SCHEMA_VERSION, STATEMENTS
from hawk_xdsl.knowledge_store.store import KnowledgeStore
from hawk_xdsl.knowledge_store.store_view import default_store

KERNEL = KernelRecord(
    spec_hash="5bec",
    target_hash="910b",
    entries_hash="e1",
    verifier_hash="v1",
    target="ascend910b1",
    text="across r in 0..8 {\n}\n",
    source="template",
    cycles=900,
    bound_cycles=612.5,
    bottleneck="mte2",
    entries=("row-softmax", "halve-the-tile"),
)
OUTCOME = Outcome(
    run_id="run-1",
    spec_hash="5bec",
    spec_text="y[i] = exp(x[i])",
    target="ascend910b1",
    verdict=AttemptVerdict.REJECTED,
    source="model",
    kernel_text="e = vexp x",
    prompt=(Message("system", "Write a kernel."), Message("user", "y[i] = exp(x[i])")),
    trap_code="capacity",
    trap_message="ub needs 262144 of 196608 bytes",
    entries=("row-softmax",),
    model="tiny",
    seed=7,
    seconds=0.25,
    tokens=12,
    time=1.5e9,
)
LEARNED = Entry(
    name="learned-exp",
    kind=EntryKind.REWRITE,
    rationale="A repair that worked.",
    trigger=Trigger(traps=("capacity",)),
    artifact=Artifact(before="a\nb", after="c"),
    origin="run-1",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of a SQLite file."""
    return tmp_path / "folder" / "knowledge.sqlite"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


NUMBERS = count()


@pytest.fixture
def address(server: PostgresServer) -> str:
    """Of an empty schema of a PostgreSQL server."""
    import psycopg

    schema = f"store_{next(NUMBERS)}"
    with psycopg.connect(server.address(), autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}".encode())
    return server.address(schema)


@pytest.fixture(params=["path", "address"])
def place(request: pytest.FixtureRequest) -> StorePlace:
    """Both kinds of stores: what is promised of one is promised of the other."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def opened(place: StorePlace) -> Iterator[KnowledgeStore]:
    with KnowledgeStore(place) as opened:
        yield opened


def test_records_come_back_as_they_were(opened: KnowledgeStore, place: StorePlace) -> None:
    accepted = replace(OUTCOME, verdict=AttemptVerdict.ACCEPTED, cycles=900, bottleneck="vector")
    opened.put_kernel(KERNEL)
    opened.record_outcome(OUTCOME)
    opened.record_outcome(accepted)
    opened.add_entry(LEARNED)
    with KnowledgeStore(place) as other:
        assert other.get_kernel(KERNEL.key) == KERNEL
        assert list(other.outcomes()) == [OUTCOME, accepted]
        assert other.entries() == (LEARNED,)
        assert other.entries()[0].origin == "run-1"


def test_a_kernel_is_found_only_under_its_key(opened: KnowledgeStore) -> None:
    opened.put_kernel(KERNEL)
    for name in vars(KERNEL.key):
        assert opened.get_kernel(replace(KERNEL.key, **{name: "another"})) is None
    opened.drop_kernel(KERNEL.key)
    assert opened.get_kernel(KERNEL.key) is None


def test_the_fastest_kernel_is_kept(opened: KnowledgeStore) -> None:
    fast, slow = replace(KERNEL, cycles=800, text="fast"), replace(KERNEL, cycles=1000)
    for kernel in (KERNEL, fast, slow):
        opened.put_kernel(kernel)
    assert opened.get_kernel(KERNEL.key) == fast


def test_outcomes_are_found_by_run(opened: KnowledgeStore) -> None:
    other = replace(OUTCOME, run_id="run-2")
    opened.record_outcome(OUTCOME)
    opened.record_outcome(other)
    assert list(opened.outcomes(run_id="run-2")) == [other]
    assert list(opened.outcomes(run_id="run-3")) == []


def test_evidence_adds_up(opened: KnowledgeStore) -> None:
    opened.record_use("row-softmax", won=True, cycles_gained=50)
    opened.record_use("row-softmax", won=False, cycles_gained=-20)
    opened.record_use("halve-the-tile", won=True)
    opened.record_gain("halve-the-tile", -7)
    assert opened.evidence() == {
        "row-softmax": Evidence(uses=2, wins=1, losses=1, cycles_gained=30),
        "halve-the-tile": Evidence(uses=1, wins=1, cycles_gained=-7),
    }


def test_an_entry_learned_again_replaces_the_first(opened: KnowledgeStore) -> None:
    better = replace(LEARNED, rationale="A better one.")
    opened.add_entry(LEARNED)
    opened.add_entry(better)
    assert opened.entries() == (better,)


def test_a_snapshot_does_not_see_what_is_learned_after_it(opened: KnowledgeStore) -> None:
    with opened.snapshot() as view:
        opened.put_kernel(KERNEL)
        opened.add_entry(LEARNED)
        opened.record_use("learned-exp", won=True)
        assert view.get_kernel(KERNEL.key) is None
        assert (view.entries(), view.evidence()) == ((), {})
    with opened.snapshot() as view:
        assert view.get_kernel(KERNEL.key) == KERNEL
        assert view.entries() == (LEARNED,)


def test_an_op_is_kept_once(opened: KnowledgeStore) -> None:
    spec = SpecRecord("5bec", "exp", "y[i] = exp(x[i])", "module {}")
    opened.record_spec(spec)
    opened.record_spec(replace(spec, label="the same under another name"))
    assert opened.specs() == (spec,)


def test_an_entry_taken_out_of_use_stays_and_comes_back(opened: KnowledgeStore) -> None:
    opened.add_entry(LEARNED)
    packaged = (replace(LEARNED, name="of-the-package"),)
    pruned = [
        opened.curate(Curation(Action.PRUNE, name, "…", "harmful", "run-1"))
        for name in ("learned-exp", "of-the-package")
    ]
    assert opened.in_use(packaged) == ()
    assert opened.entries() == (LEARNED,)
    assert opened.undo(pruned[0]).entry == "learned-exp"
    assert opened.in_use(packaged) == (LEARNED,)
    assert opened.undo().entry == "of-the-package"
    assert opened.in_use(packaged) == (*packaged, LEARNED)
    assert [c.undone is None for c in opened.curations()] == [False, False]
    for wrong in (None, 1, 99):
        with pytest.raises(HawkError):
            opened.undo(wrong)


def test_a_merged_entry_leaves_its_evidence_and_takes_it_back(opened: KnowledgeStore) -> None:
    opened.record_use("kept", won=True, cycles_gained=10)
    evidence = '{"uses": 3, "wins": 2, "losses": 1, "cycles_gained": 5}'
    opened.curate(Curation(Action.MERGE, "gone", "…", "same", "run", evidence, "kept"))
    assert opened.evidence()["kept"] == Evidence(uses=4, wins=3, losses=1, cycles_gained=15)
    opened.undo()
    assert opened.evidence()["kept"] == Evidence(uses=1, wins=1, cycles_gained=10)


def test_a_store_of_version_one_becomes_one_of_this_version(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as old, old:
        for statement in STATEMENTS[0]:
            old.execute(statement)
        old.execute("INSERT INTO meta VALUES ('schema_version', '1')")
        old.execute("INSERT INTO evidence VALUES ('row-softmax', 3, 2, 1, 40)")
    with KnowledgeStore(path) as store:
        assert store.evidence() == {"row-softmax": Evidence(3, 2, 1, 40)}
        assert (store.specs(), store.disabled()) == ((), frozenset())
    with closing(sqlite3.connect(path)) as file:
        (version,) = file.execute("SELECT value FROM meta").fetchone()
    assert int(version) == SCHEMA_VERSION == len(STATEMENTS)


def test_a_kernel_of_version_two_is_kept_under_its_targets_name(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as old, old:
        for statement in (*STATEMENTS[0], *STATEMENTS[1]):
            old.execute(statement)
        old.execute("INSERT INTO meta VALUES ('schema_version', '2')")
        row = ("5bec", "mine", "4", "a text", "tiny", 900, 612.5, "mte2", '["exp"]', 1.5e9)
        old.execute(f"INSERT INTO kernels VALUES ({', '.join('?' * len(row))})", row)
    with KnowledgeStore(path) as store:
        [kept] = store.kernels("5bec")
        assert (kept.target, kept.target_hash, kept.trust) == ("mine", f"{NAMED}mine", "")
        assert (kept.text, kept.source, kept.entries) == ("a text", "tiny", ("exp",))
        assert store.kernels("another") == ()


def test_a_kernel_of_version_three_has_no_schedule(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as old, old:
        for statement in (each for version in STATEMENTS[:3] for each in version):
            old.execute(statement)
        old.execute("INSERT INTO meta VALUES ('schema_version', '3')")
        row = ("5bec", "t", "e", "v", "mine", "a text", "tiny", 900, 612.5, "mte2", "", "[]", 1.5e9)
        old.execute(f"INSERT INTO kernels VALUES ({', '.join('?' * len(row))})", row)
    with KnowledgeStore(path) as store:
        [kept] = store.kernels("5bec")
        assert (kept.text, kept.schedule) == ("a text", "")
        store.put_kernel(replace(kept, cycles=800, schedule='"whole-tiles" tile(i0 = 8)'))
        assert store.kernels("5bec")[0].schedule == '"whole-tiles" tile(i0 = 8)'


def test_failures_are_kept_apart_by_who_was_asked(opened: KnowledgeStore) -> None:
    first = FailureRecord(**vars(KERNEL.key), asked="all", attempts=8, patience=4, seconds=60.0,
                          code="race", reason="a race")  # fmt: skip
    again, other = replace(first, attempts=16), replace(first, asked="model")
    for failure in (first, other, again):
        opened.put_failure(failure)
    assert set(opened.failures(KERNEL.key)) == {again, other}
    assert opened.failures(replace(KERNEL.key, entries_hash="another")) == ()
    opened.drop_failures(KERNEL.key)
    assert opened.failures(KERNEL.key) == ()


def record_fifty(place: StorePlace, run_id: str) -> None:
    with KnowledgeStore(place) as store:
        for seed in range(50):
            store.record_outcome(replace(OUTCOME, run_id=run_id, seed=seed))
            store.record_use("shared", won=True)


def test_several_processes_make_and_fill_one_store(place: StorePlace) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=record_fifty, args=(place, f"run-{i}")) for i in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    with KnowledgeStore(place) as store:
        for i in range(3):
            assert [item.seed for item in store.outcomes(run_id=f"run-{i}")] == list(range(50))
        assert store.evidence()["shared"].uses == 150


def open_and_record_together(place: StorePlace) -> None:
    together = threading.Barrier(6)

    def open_and_record() -> None:
        together.wait()
        with KnowledgeStore(place) as store:
            store.record_outcome(OUTCOME)

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(open_and_record) for _ in range(6)]:
            done.result()
    with KnowledgeStore(place) as store:
        assert len(list(store.outcomes())) == 6


def test_a_file_is_made_once_by_all_who_open_it_at_the_same_time(tmp_path: Path) -> None:
    for attempt in range(5):
        open_and_record_together(tmp_path / f"{attempt}.sqlite")


def test_tables_are_made_once_by_all_who_open_a_database_at_the_same_time(address: str) -> None:
    open_and_record_together(address)


def test_opening_waits_for_who_has_the_file_open_first(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("PRAGMA user_version = 1")
        other.execute("BEGIN")
        other.execute("SELECT * FROM sqlite_master").fetchall()
        release = threading.Timer(0.2, other.execute, ["COMMIT"])
        release.start()
        KnowledgeStore(path, busy_seconds=5).close()
        release.join()


def record_until_killed(place: StorePlace, said: Connection) -> None:
    """Records outcome after outcome, and says of each that it is recorded."""
    with KnowledgeStore(place) as store:
        for seed in range(10**6):
            store.record_outcome(replace(OUTCOME, seed=seed))
            store.record_use("shared", won=True)
            said.send(seed)


def test_nothing_recorded_is_lost_when_the_process_is_killed(place: StorePlace) -> None:
    context = multiprocessing.get_context("spawn")
    heard, said = context.Pipe(duplex=False)
    worker = context.Process(target=record_until_killed, args=(place, said))
    worker.start()
    said.close()
    while heard.recv() < 40:
        pass
    worker.kill()
    worker.join()
    last = 40
    with suppress(EOFError):
        while True:
            last = heard.recv()
    with KnowledgeStore(place) as store:
        recorded = [outcome.seed for outcome in store.outcomes()]
        assert recorded == list(range(len(recorded))) and len(recorded) in (last + 1, last + 2)
        assert store.evidence()["shared"].uses in (len(recorded), len(recorded) - 1)


def test_nothing_recorded_is_lost_when_the_server_is_killed(
    server: PostgresServer, address: str
) -> None:
    with KnowledgeStore(address) as store:
        for seed in range(20):
            store.record_outcome(replace(OUTCOME, seed=seed))
        server.kill()
        with pytest.raises(HawkError, match="cannot use the knowledge store: ") as raised:
            store.record_outcome(OUTCOME)
        assert "secret" not in str(raised.value) and "\n" not in str(raised.value)
    with pytest.raises(HawkError, match=r"^postgresql://hawk@[\d.]+:\d+/postgres: cannot"):
        KnowledgeStore(address)
    server.start()
    with KnowledgeStore(address) as store:
        assert [outcome.seed for outcome in store.outcomes()] == list(range(20))


def test_the_path_comes_from_the_environment(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAWK_STORE", str(path))
    with KnowledgeStore() as store:
        assert store.place == path
    assert path.exists()
    monkeypatch.delenv("HAWK_STORE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert Path(default_store()).parts[-2:] == ("hawk-xdsl", "knowledge.sqlite")
    monkeypatch.setenv("HAWK_STORE", "postgresql://me@host/knowledge")
    assert default_store() == "postgresql://me@host/knowledge"


def refusal(place: StorePlace) -> str:
    """The one line that opening and writing a store ends with."""
    with pytest.raises(HawkError) as raised, KnowledgeStore(place, busy_seconds=0.1) as store:
        store.record_outcome(OUTCOME)
    assert raised.value.file == name_of(place)
    assert "\n" not in str(raised.value)
    return raised.value.message


def test_a_locked_store_is_refused(path: Path) -> None:
    KnowledgeStore(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert refusal(path) == "another process kept the knowledge store locked for 0.1 s"


def test_a_locked_table_is_refused(address: str) -> None:
    import psycopg

    KnowledgeStore(address).close()
    with psycopg.connect(address) as other:
        other.execute("LOCK TABLE outcomes")
        assert refusal(address) == "another process kept the knowledge store locked for 0.1 s"


def test_databases_that_are_no_stores_are_refused_and_left_alone(address: str) -> None:
    import psycopg

    with psycopg.connect(address) as foreign:
        foreign.execute("CREATE TABLE recipes (name TEXT)")
    assert refusal(address) == "a PostgreSQL database, but not a knowledge store"
    with psycopg.connect(address) as foreign:
        tables = foreign.execute("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema")
        assert tables.fetchone() == (1,)
    wrong = address.replace("secret", "mistaken")
    assert "password authentication failed" in refusal(wrong)


def test_a_server_without_its_driver_is_one_line(address: str) -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None; import importlib.util as u; find = u.find_spec;"
        "u.find_spec = lambda name, *a: None if name == 'psycopg' else find(name, *a);"
        "from hawk_xdsl.knowledge_store import KnowledgeStore; KnowledgeStore(sys.argv[1])"
    )
    run = subprocess.run([sys.executable, "-c", code, address], capture_output=True, text=True)
    assert run.stderr.splitlines()[-1].endswith("pip install 'hawk-xdsl[postgres]'")


def test_a_text_with_zero_bytes_is_kept_where_texts_can_have_none(address: str) -> None:
    with KnowledgeStore(address) as store:
        store.record_outcome(replace(OUTCOME, kernel_text="a\0b"))
        [kept] = store.outcomes()
        assert kept.kernel_text == "a\N{REPLACEMENT CHARACTER}b"


def test_what_is_not_a_database_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"kernels, of corn " * 100)
    assert refusal(path) == "not a knowledge store: the file is not a SQLite database"
    assert path.read_bytes() == b"kernels, of corn " * 100


def test_a_foreign_database_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as foreign:
        foreign.execute("CREATE TABLE recipes (name TEXT)")
    before = path.read_bytes()
    assert refusal(path) == "a SQLite file, but not a knowledge store"
    assert path.read_bytes() == before


def test_a_newer_store_is_refused(path: Path) -> None:
    KnowledgeStore(path).close()
    with closing(sqlite3.connect(path)) as newer, newer:
        newer.execute("UPDATE meta SET value = '99' WHERE key = 'schema_version'")
    assert refusal(path).startswith("the knowledge store has schema version 99, but this hawk-xdsl")


def test_a_folder_or_a_path_through_a_file_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path).startswith("cannot use the knowledge store: unable to open")
    (tmp_path / "file").write_text("")
    message = refusal(tmp_path / "file" / "knowledge.sqlite")
    assert message.startswith("cannot make the folder of the knowledge store")


@contextmanager
def ordinary_user() -> Generator[None]:
    """Gives up the rights of root, for whom nothing is read-only."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_read_only_store_is_refused() -> None:
    # Not in tmp_path, whose parents only their owner can enter.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "knowledge.sqlite"
        KnowledgeStore(path).close()
        path.chmod(0o444)
        path.parent.chmod(0o555)
        with ordinary_user():
            message = refusal(path)
        path.parent.chmod(0o755)
    assert message == "the knowledge store is read-only"


ANSWER = AnswerRecord(
    kind="op",
    content_hash="5bec",
    target_hash="910b",
    code_hash="c1",
    asked_hash="a1",
    verdict="accepted",
    answer="{}",
    microseconds=1.5,
)


def test_the_first_answer_is_everyones(opened: KnowledgeStore) -> None:
    opened.put_answer(ANSWER)
    opened.put_answer(replace(ANSWER, verdict="no kernel", microseconds=None))
    assert opened.answer(ANSWER.key) == ANSWER
    assert opened.answers() == (ANSWER,)
    for name in vars(ANSWER.key):
        assert opened.answer(replace(ANSWER.key, **{name: "another"})) is None


def test_what_is_learned_on_the_way_to_an_answer_counts_once(opened: KnowledgeStore) -> None:
    for _ in range(2):
        with opened.held_back() as write:
            opened.record_outcome(OUTCOME)
            opened.record_use("row-softmax", won=True)
            assert len(list(opened.outcomes())) == len(opened.answers())
            write(ANSWER)
    assert list(opened.outcomes()) == [OUTCOME]
    assert opened.evidence()["row-softmax"].uses == 1
    with suppress(ZeroDivisionError), opened.held_back():
        opened.record_outcome(OUTCOME)
        raise ZeroDivisionError
    assert list(opened.outcomes()) == [OUTCOME]
    with opened.held_back() as write:
        opened.record_outcome(OUTCOME)
        write(None)
    assert len(list(opened.outcomes())) == 2


def test_ops_keep_their_order_when_a_store_becomes_one_of_this_version(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as old, old:
        for statement in (each for version in STATEMENTS[:4] for each in version):
            old.execute(statement)
        old.execute("INSERT INTO meta VALUES ('schema_version', '4')")
        for digest in ("b", "c", "a"):
            old.execute("INSERT INTO specs VALUES (?, 'l', 't', 'o')", (digest,))
    with KnowledgeStore(path) as store:
        store.record_spec(SpecRecord("0", "l", "t", "o"))
        assert [spec.digest for spec in store.specs()] == ["b", "c", "a", "0"]


@pytest.mark.parametrize("name", ["\ud800", "a\0b"])
def test_a_store_that_no_file_can_be_is_one_line(name: str, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no file can have this name"):
        KnowledgeStore(tmp_path / name)
