"""The benchmark: its statistics, its journal, what it counts as right and wrong, hanging cases."""

import json
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from typer.testing import CliRunner

from hawk_xdsl.bench.conditions import parse_condition
from hawk_xdsl.bench.figures import rows_of
from hawk_xdsl.bench.imports import Imports
from hawk_xdsl.bench.other_shapes import named_extents, other_cases
from hawk_xdsl.bench.result import CaseResult, CaseVerdict, Journal, Task
from hawk_xdsl.bench.run_options import Options
from hawk_xdsl.bench.runner import Runner
from hawk_xdsl.bench.sample import in_fair_order
from hawk_xdsl.bench.session import measure
from hawk_xdsl.bench.statistics import (
    geometric_mean_by_cluster,
    mean_by_cluster,
    share_by_cluster,
)
from hawk_xdsl.bench.study import learn
from hawk_xdsl.bench.suite import ShapeKind, Split, load_suite
from hawk_xdsl.bench.tables import write_figures
from hawk_xdsl.cli import app
from hawk_xdsl.errors import HawkError
from hawk_xdsl.executors import Failure, LocalProcesses, Opened
from hawk_xdsl.gate.gate import Gate
from hawk_xdsl.gate.gate import Verdict as GateVerdict
from hawk_xdsl.gate.trials import Trial
from hawk_xdsl.knowledge_store import Curation, KnowledgeStore, load_seed_entries
from hawk_xdsl.learning.synthesis import Synthesizer
from hawk_xdsl.propose.settings import Budget

SUITE = """
import torch
OPERATORS = []
ROWS = {"small": {"R": 8, "C": 64}, "ragged": {"R": 5, "C": 33}, "large": {"R": 64, "C": 64}}
def add(function, split="seen", family="a"):
    inputs = {"x": "float[R, C]", "y": "float[R, C]"}
    OPERATORS.append({"function": function, "family": family, "split": split,
                      "inputs": inputs, "sizes": ROWS})
def difference(x, y):
    return x - y
def product(x, y):
    return x * y
def spectrum(x, y):
    return torch.fft.rfft(x + y).real
add(difference)
add(product, "unseen", "b")
add(spectrum, "seen", "b")
"""


@pytest.fixture
def suite_file(tmp_path: Path) -> Path:
    file = tmp_path / "suite.py"
    file.write_text(SUITE)
    return file


def _no_model() -> NoReturn:
    raise AssertionError("templates ask no model")


def _runner(file: Path, folder: Path) -> Runner:
    suite = load_suite(file)
    condition = parse_condition("templates")
    cases = {case.name: case for case in suite.cases()}
    budget = Budget(attempts=2, tuning=0)
    imports = Imports(folder, file)
    return Runner(
        cases, {condition.name: condition}, imports, "ascend910b1", _no_model, None, budget
    )


def test_conditions_are_named_by_sources_retrieval_and_synthesis() -> None:
    found = parse_condition("model/syntactic+synthesis")
    assert (found.sources, found.retrieval, found.synthesis) == ("model", "syntactic", True)
    assert parse_condition("all").retrieval == "fused"
    for wrong in ("replay", "all/cosine", "", "all+learning"):
        with pytest.raises(HawkError, match="expected one of"):
            parse_condition(wrong)


def test_intervals_are_those_of_clusters() -> None:
    random = np.random.default_rng(0)
    apart = [(str(i), value) for i, value in enumerate(random.random(400) < 0.5)]
    together = [(name.rjust(3)[:2], value) for name, value in apart]
    copies = [(name, value) for name, value in apart[:40] for _ in range(10)]
    first, second, third = (share_by_cluster(v) for v in (apart, together, copies))
    assert first is not None and second is not None and third is not None
    assert first.high - first.low == pytest.approx(2 * 1.96 * 0.5 / 20, rel=0.1)
    assert second.value == first.value
    assert third.high - third.low > 2.5 * (first.high - first.low)


def test_certainty_is_not_claimed_where_all_agree() -> None:
    found = share_by_cluster([("a", True), ("a", True), ("b", True)])
    assert found is not None and found.value == 1.0 and found.low == pytest.approx(0.342, abs=1e-3)
    assert share_by_cluster([]) is None


def test_geometric_means_are_those_of_all_cases() -> None:
    found = geometric_mean_by_cluster([("a", 1.0), ("a", 4.0), ("b", 2.0)])
    assert found is not None and found.value == pytest.approx(2.0)
    single = mean_by_cluster([("a", 1.0), ("a", 3.0)])
    assert single is not None and (single.low, single.value, single.high) == (2.0, 2.0, 2.0)


def test_every_beginning_of_the_order_is_spread_over_strata() -> None:
    suite = load_suite(Path(__file__).parents[1] / "benchmarks" / "operators.py")
    cases = in_fair_order(suite.cases(), seed=0)
    assert sorted(c.name for c in cases) == sorted(c.name for c in suite.cases())
    assert cases == in_fair_order(suite.cases(), seed=0) != in_fair_order(suite.cases(), seed=1)
    for count in (60, 150, 300):
        begun = cases[:count]
        shapes = Counter(case.shape for case in begun)
        assert max(shapes.values()) - min(shapes.values()) <= 0.2 * count
        splits = Counter(case.operator.split for case in begun)
        assert splits[Split.UNSEEN] == pytest.approx(count * 75 / 150, rel=0.1)
        assert len({case.operator.name for case in begun}) == min(count, len(suite.operators))
    assert len({case.operator.family for case in cases[:60]}) == 17


def _result(case: str, verdict: CaseVerdict, **figures: object) -> CaseResult:
    operator, shape, dtype = case.split("/")
    plain = CaseResult("all", case, 0, operator, "f", "seen", shape, dtype, verdict)
    return replace(plain, **figures)


def test_figures_of_a_family() -> None:
    results = [
        _result("a/large/f32", CaseVerdict.RIGHT, first=True, cycles=200.0, bound=100.0, traps={}),
        _result("b/large/f32", CaseVerdict.RIGHT, first=False, cycles=800.0, bound=100.0),
        _result("b/small/f32", CaseVerdict.HOST, traps={"misaligned": 2}),
        _result("c/small/f32", CaseVerdict.WRONG),
    ]
    baseline = [replace(r, condition="templates", cycles=r.cycles * 2) for r in results[:1]]
    [row, _, *_] = rows_of(results + baseline)
    assert (row.family, row.cases, row.operators, row.wrong) == ("all", 4, 3, 1)
    shares = (row.first, row.within, row.near)
    assert [share and share.value for share in shares] == [0.25, 0.5, 0.25]
    assert row.over_bound and row.over_bound.value == pytest.approx(4.0)
    assert row.over_templates and row.over_templates.value == pytest.approx(0.5)


def test_a_case_without_kernels_has_no_ratio() -> None:
    free = _result("a/large/f32", CaseVerdict.RIGHT, first=True)
    [row, *_] = rows_of([free, replace(free, condition="templates")])
    assert (row.over_bound, row.over_templates) == (None, None)
    assert row.near is not None and row.near.value == 1.0


def test_the_journal_outlives_an_interruption(tmp_path: Path) -> None:
    journal = Journal(tmp_path, {"target": "t"})
    kept = _result("a/small/f32", CaseVerdict.RIGHT, cycles=3.5, traps={"shape": 1})
    journal.append(kept)
    with (tmp_path / "results.jsonl").open("a") as file:
        file.write('{"condition": "all", "ca')
    again = Journal(tmp_path, {"target": "t"})
    assert list(again.results()) == [kept]
    again.append(kept)
    assert len(list(again.results())) == 2
    with pytest.raises(HawkError, match="results of another target"):
        Journal(tmp_path, {"target": "u"})


def test_a_case_is_right_after_planning_on_fresh_inputs(suite_file: Path, tmp_path: Path) -> None:
    runner = _runner(suite_file, tmp_path)
    found = runner.run(Task("templates", "difference/ragged/f32", 0))
    assert found.verdict is CaseVerdict.RIGHT and found.first and found.host_ops == 0
    assert found.cycles > found.bound > 0
    again = runner.run(Task("templates", "difference/ragged/f32", 0))
    assert replace(again, seconds=found.seconds) == found


def test_a_planted_wrong_kernel_is_accepted_but_wrong(
    suite_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = Gate.check
    monkeypatch.setattr(Trial, "mistake", lambda self, outputs: None)
    monkeypatch.setattr(Gate, "_can_be_proved", False)

    def planted(self: Gate, text: str, *given: Any) -> GateVerdict:
        return check(self, text.replace("vsub", "vadd"), *given)

    monkeypatch.setattr(Gate, "check", planted)
    found = _runner(suite_file, tmp_path).run(Task("templates", "difference/small/f32", 0))
    assert found.verdict is CaseVerdict.WRONG and not found.right and not found.first
    assert "elements are wrong" in found.reason
    [total, *_] = rows_of([found])
    assert total.wrong == 1 and total.within is not None and total.within.value == 0.0


def test_what_the_front_end_cannot_lower_is_kept_apart(suite_file: Path, tmp_path: Path) -> None:
    runner = _runner(suite_file, tmp_path)
    found = runner.run(Task("templates", "spectrum/small/f32", 0))
    assert found.verdict is CaseVerdict.IMPORT and found.reason
    assert runner.run(found.task).reason == found.reason


def test_a_hanging_and_a_dying_task_take_nothing_else_along(tmp_path: Path) -> None:
    def work(task: str) -> str:
        if task == "hang":
            time.sleep(60)
        if task == "die":
            raise ArithmeticError("no such number")
        return task.upper()

    tasks = ["a", "hang", "die", "b", "c"]
    found = dict(LocalProcesses(2, tmp_path).run(Opened(work), tasks, seconds=2.0))
    assert [found[name] for name in "abc"] == ["A", "B", "C"]
    assert found["hang"] == Failure(True, "not done after 2 s")
    died = found["die"]
    assert isinstance(died, Failure) and not died.timed_out
    assert "ArithmeticError: no such number (test_bench.py:" in died.reason


def test_a_run_goes_on_where_it_was(suite_file: Path, tmp_path: Path) -> None:
    def options(cases: int) -> Options:
        return Options(
            suite_file,
            tmp_path / "out",
            ("templates",),
            cases=cases,
            only=("difference", "product"),
        )

    first = measure(options(2))
    written = (tmp_path / "out" / "results.jsonl").read_text()
    second = measure(options(3))
    assert (len(first.results), len(second.results), second.left) == (2, 3, 0)
    assert (tmp_path / "out" / "results.jsonl").read_text().startswith(written)
    assert second.results[:2] == first.results
    write_figures(second, options(3))
    figures = json.loads((tmp_path / "out" / "figures.json").read_text())
    assert figures["rows"][0]["within"]["value"] == 1.0
    assert "| templates | seen | all |" in (tmp_path / "out" / "figures.md").read_text()
    assert (tmp_path / "out" / "figures.csv").read_text().startswith("condition,split,family,")


def test_synthesis_learns_from_seen_operators_only(
    suite_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(self: Synthesizer) -> tuple[Curation, ...]:
        self.store.add_entry(replace(load_seed_entries()[0], name="learned"))
        return ()

    monkeypatch.setattr(Synthesizer, "run", run)
    runner = _runner(suite_file, tmp_path)
    cases = in_fair_order(load_suite(suite_file).cases(), seed=0)
    lines: list[str] = []
    for _ in range(2):
        runner.learned.clear()
        learn(runner, "templates", cases, tmp_path, jobs=1, seconds=60.0, progress=lines.append)
        assert [entry.name for entry in runner.learned["templates"]] == ["learned"]
    assert len(lines) == 3 and lines[2] == "synthesising entries"
    with KnowledgeStore(tmp_path / "learned.templates.sqlite") as store:
        assert [spec.text.splitlines()[-1].partition(" = ")[2] for spec in store.specs()] == [
            "x0[i0] - x1[i0]"
        ]


def test_time_and_the_choice_of_cases_are_limited(suite_file: Path, tmp_path: Path) -> None:
    late = measure(Options(suite_file, tmp_path / "out", ("templates",), minutes=1e-9))
    assert (len(late.results), late.left) == (0, 18)
    seen = Options(suite_file, tmp_path / "out", ("templates",), minutes=1e-9, only=("/seen/ f32",))
    assert measure(seen).left == 6
    with pytest.raises(HawkError, match="no case matches nothing"):
        measure(Options(suite_file, tmp_path / "out", ("templates",), only=("nothing",)))


def test_other_shapes_are_in_no_suite_and_no_entry_and_always_the_same() -> None:
    suite = load_suite(Path(__file__).parents[1] / "benchmarks" / "operators.py")
    named = named_extents(load_seed_entries())
    assert {8, 64} < named
    cases = other_cases(suite, load_seed_entries(), {"add", "group_norm", "conv2d"})
    assert cases == other_cases(suite, load_seed_entries(), {"add", "group_norm", "conv2d"})
    assert len(cases) == 9
    for case in cases:
        operator, sizes = case.operator, case.operator.sizes[case.shape]
        ragged, large = operator.sizes["ragged"], operator.sizes["large"]
        assert sizes not in [operator.sizes[shape] for shape in ShapeKind]
        before = large if case.shape == "larger" else ragged
        drawn = [n for name, n in sizes.items() if n != before[name]]
        match case.shape:
            case "prime":
                assert all(n % d for n in drawn for d in range(2, n)) and len(drawn) > 1
                assert not named & {n for n in drawn if n > 8}  # below, all primes are
            case "unit":
                assert drawn.count(1) == 1
            case _:
                [more] = [(n, large[name]) for name, n in sizes.items() if n != large[name]]
                assert more[0] > more[1] and more[0] % 2 and (more[0] < 8 or more[0] not in named)
    # Groups divide their channels, whatever was drawn.
    assert all(c.operator.sizes[c.shape]["C"] % 4 == 0 for c in cases if "norm" in c.name)


def test_other_shapes_have_a_column_of_their_own() -> None:
    results = [
        _result("a/large/f32", CaseVerdict.RIGHT, first=True, cycles=200.0, bound=100.0),
        _result("a/prime/f32", CaseVerdict.RIGHT, first=True, cycles=900.0, bound=100.0),
        _result("b/unit/f16", CaseVerdict.HOST),
        _result("b/larger/f16", CaseVerdict.WRONG),
    ]
    [row, *_] = rows_of(results)
    assert row.cases == 1 and row.wrong == 1
    assert row.within and row.within.value == 1.0
    assert row.over_bound and row.over_bound.value == pytest.approx(2.0)
    assert row.others and row.others.value == pytest.approx(1 / 3)
    [plain, *_] = rows_of(results[:1])
    assert plain.others is None


def test_other_shapes_are_measured_when_asked_for(suite_file: Path, tmp_path: Path) -> None:
    plain = Options(suite_file, tmp_path / "out", ("templates",), only=("difference small/f32",))
    measured = measure(replace(plain, other_shapes=True))
    assert all(result.right for result in measured.results)
    assert measured.results[0].shape == "small"
    assert {r.shape for r in measured.results[1:]} == {"prime", "unit", "larger"}
    write_figures(measured, plain)
    figures = json.loads((tmp_path / "out" / "figures.json").read_text())
    assert (figures["rows"][0]["cases"], figures["rows"][0]["others"]["value"]) == (1, 1.0)
    assert len(measure(plain).results) == 1


def test_the_command_prints_the_figures(suite_file: Path, tmp_path: Path) -> None:
    arguments = ["bench", "--operators", str(suite_file), "--condition", "templates", "--all"]
    arguments += ["--only", "small/f32", "-o", str(tmp_path / "out"), "--failures"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "accepted but wrong: 0" in result.output
    assert "spectrum/small/f32: import" in result.output
