"""Campaigns: whoever is killed, and wherever it ran, the rows are those of an undisturbed run."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from postgres_server import PostgresServer, postgres_server

from hawk_xdsl.bench.run_options import Options
from hawk_xdsl.bench.session import measure
from hawk_xdsl.executors import LocalProcesses, Workplace
from hawk_xdsl.files.code_digest import code_digest
from hawk_xdsl.frontend.mlir_import import import_mlir
from hawk_xdsl.knowledge_store import KnowledgeStore, load_seed_entries
from hawk_xdsl.pipeline import compile_program
from hawk_xdsl.propose.settings import Budget, Settings, Sources
from hawk_xdsl.training.generate import Order, generate
from hawk_xdsl.training.lesson_work import LessonWork, generate_elsewhere
from hawk_xdsl.training.recipe import Recipe
from hawk_xdsl.training.shards import shard_path

pytestmark = pytest.mark.corpus

ROOT = Path(__file__).parents[1]
SUITE = """
OPERATORS = []
ROWS = {"small": {"R": 8, "C": 64}, "ragged": {"R": 5, "C": 33}, "large": {"R": 64, "C": 64}}
def add(function):
    inputs = {"x": "float[R, C]", "y": "float[R, C]"}
    OPERATORS.append({"function": function, "family": "a", "split": "seen",
                      "inputs": inputs, "sizes": ROWS})
def difference(x, y):
    return x - y
def product(x, y):
    return x * y
add(difference)
add(product)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("suite") / "suite.py"
    file.write_text(SUITE)
    return file


def rows_of(folder: Path) -> list[dict[str, Any]]:
    """The rows of a run without the seconds, in the order of the cases."""
    lines = (folder / "results.jsonl").read_text().splitlines()
    rows = [json.loads(line) | {"seconds": 0} for line in lines]
    return sorted(rows, key=lambda row: row["case"])


@pytest.fixture(scope="module")
def undisturbed(suite: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("undisturbed") / "out"
    measure(Options(suite, folder, ("templates",), workplace=Workplace(1)))
    return rows_of(folder)


def driver(suite: Path, folder: Path, *options: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", "from hawk_xdsl.cli import main; main()", "bench"]
    command += ["--operators", str(suite)]
    command += ["--condition", "templates", "--all", "-o", str(folder), "--jobs", "2", *options]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)


def wait_for(happens: Callable[[], object], seconds: float = 300.0) -> None:
    until = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < until
        time.sleep(0.02)


def written(folder: Path) -> int:
    file = folder / "results.jsonl"
    return file.read_bytes().count(b"\n") if file.exists() else 0


def descendants(process: int) -> list[tuple[int, str]]:
    """Every process below one, with its command line."""
    parents: dict[int, tuple[int, str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                status = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = (int(status[1]), (entry / "cmdline").read_text())
            except (FileNotFoundError, ProcessLookupError):
                continue
    found: list[tuple[int, str]] = []
    for number, (_, command) in parents.items():
        above = number
        while above in parents and above != process:
            above = parents[above][0]
        if above == process and number != process:
            found.append((number, command))
    return found


@pytest.mark.parametrize("ray", [False, True], ids=["processes", "ray"])
def test_workers_and_driver_are_killed_and_the_rows_are_those_of_an_undisturbed_run(
    suite: Path, undisturbed: list[dict[str, Any]], tmp_path: Path, ray: bool
) -> None:
    options = ("--ray", "local") if ray else ()
    running = driver(suite, tmp_path / "out", *options)
    try:
        wait_for(lambda: written(tmp_path / "out") >= 1)
        workers = [n for n, said in descendants(running.pid) if not ray or "_Server" in said]
        os.kill(workers[0], signal.SIGKILL)
        wait_for(lambda: written(tmp_path / "out") >= 3)
    finally:
        running.kill()
        running.wait()
    before = written(tmp_path / "out")
    assert before < len(undisturbed)
    assert driver(suite, tmp_path / "out", *options).wait() == 0
    assert rows_of(tmp_path / "out") == undisturbed


@pytest.mark.parametrize("kind", ["file", "server"])
def test_what_one_campaign_found_another_one_does_not_compute(
    suite: Path,
    undisturbed: list[dict[str, Any]],
    tmp_path: Path,
    kind: str,
    request: pytest.FixtureRequest,
) -> None:
    place: Path | str = tmp_path / "shared.sqlite"
    if kind == "server":
        place = request.getfixturevalue("server").address()

    def run(folder: Path) -> list[dict[str, Any]]:
        options = Options(suite, folder, ("templates",), store=place, only=("f32",))
        measure(options)
        return [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]

    first, second = (sorted(run(tmp_path / n), key=lambda r: r["case"]) for n in ("one", "two"))
    assert first == second  # the seconds too: they are those of who computed it
    assert [row | {"seconds": 0} for row in first] == [
        row for row in undisturbed if row["dtype"] == "f32"
    ]
    with KnowledgeStore(place) as store:
        answers = store.answers()
        assert len(answers) == len(first)
        assert {(each.kind, each.verdict, each.code_hash) for each in answers} == {
            ("case", "right", code_digest())
        }
        assert all(each.microseconds is not None for each in answers)


def test_lessons_of_several_processes_are_those_of_one(tmp_path: Path) -> None:
    order = Order(4, 0, {"ascend910b1": 1.0}, Recipe(elements={64: 1.0}))
    entries = load_seed_entries()
    alone = generate(order, entries, tmp_path / "alone")
    store = tmp_path / "knowledge.sqlite"
    executor = LocalProcesses(2, tmp_path)
    for name in ("together", "again"):
        work = LessonWork(order, entries, store)
        assert generate_elsewhere(work, tmp_path / name, executor) == alone
        one, other = (shard_path(tmp_path / n, 0).read_text() for n in ("alone", name))
        assert one == other
    with KnowledgeStore(store) as opened:
        answers = opened.answers()
    untaught = ("unreadable", "constant", "too long", "excluded", "repeated")
    assert len(answers) == alone.total() - sum(alone[fate] for fate in untaught)
    assert sum(each.verdict == "right" for each in answers) == alone["right"] > 0


def test_ops_decided_elsewhere_are_those_decided_here_and_count_once(tmp_path: Path) -> None:
    program = import_mlir(ROOT / "examples" / "softmax.mlir")
    settings = Settings(Sources.COMPOSITION, Budget(tuning=1, patience=0))

    def compiled(name: str, workplace: Workplace | None) -> tuple[str, list[str], list[Any]]:
        store = tmp_path / f"{name}.sqlite"
        found = compile_program(program, settings=settings, store=store, workplace=workplace)
        rows = [
            re.sub(r"seconds=[\d.e-]+", "", str(replace(row, seconds=0))) for row in found.report
        ]
        with KnowledgeStore(store) as opened:
            outcomes = [(o.verdict, o.kernel_text, o.cycles) for o in opened.outcomes()]
        return found.ir, rows, outcomes

    here = compiled("here", None)
    assert compiled("elsewhere", Workplace(1)) == here
    assert compiled("elsewhere", Workplace(1)) == here  # asked again: known, and counted once


def test_the_kernel_of_a_stored_answer_is_checked_again(tmp_path: Path) -> None:
    program = import_mlir(ROOT / "examples" / "softmax.mlir")
    settings = Settings(Sources.COMPOSITION, Budget(tuning=0, patience=0))
    store = tmp_path / "store.sqlite"

    def compiled() -> str:
        workplace = Workplace(1)
        return compile_program(program, settings=settings, store=store, workplace=workplace).ir

    before = compiled()
    with closing(sqlite3.connect(store)) as database, database:
        for table, column in (("answers", "answer"), ("kernels", "text")):
            assert database.execute(
                f"UPDATE {table} SET {column} = replace({column}, 'vsub', 'vadd')"
            ).rowcount
    assert compiled() == before
