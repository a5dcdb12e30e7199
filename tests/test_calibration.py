"""Calibration: the fit finds what made the points, and the shipped targets are what it finds."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hawk_xdsl.dialects.npu import Scope
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.npu_target.cost_lines import Cost
from hawk_xdsl.npu_target.target_file import parse_target

ROOT = Path(__file__).parent.parent
BENCHMARKS = ROOT / "benchmarks"
TARGETS = ROOT / "hawk_xdsl" / "npu_target" / "targets"
sys.path.insert(0, str(BENCHMARKS))

from calibration import literals, places, read_points, reason, rewritten, row_of  # noqa: E402
from cost_fit import Series, fit  # noqa: E402

SIZES = np.array([1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 48, 64, 96, 128.0]) * 1024


def points_of(cost: Cost, kind: str = "move", work: np.ndarray = SIZES) -> Series:
    cycles = np.array([cost.cycles(amount) for amount in work.tolist()])
    return Series(kind, "GM_TO_UB", work, cycles, tuple(str(amount) for amount in work))


@pytest.mark.parametrize(
    "cost",
    [
        Cost(((235.0, 0.012), (26.0, 0.0215))),
        Cost(((2.1, 0.0038),)),
        Cost(((236.0, 0.0003), (0.0, 0.0179)), 16384, (225.0, 0.0)),
    ],
)
def test_a_fit_finds_the_cost_that_made_the_points(cost: Cost) -> None:
    series = points_of(cost)
    found = fit(series, chunk=cost.chunk)
    for amount, cycles in zip(series.work, series.cycles, strict=True):
        assert found.cycles(amount) == pytest.approx(cycles, rel=0.01)


def test_a_wrong_point_does_not_pull_the_others_along() -> None:
    repeats = np.arange(1.0, 16.0, 2)
    series = points_of(Cost(((3.0, 0.0), (0.0, 2.0))), "vector", repeats)
    series.cycles[2] *= 500
    found = fit(series)
    assert found.lines == ((3.0, 0.0), (0.0, 2.0))
    cycles = np.array([found.cycles(work) for work in repeats])
    assert reason(series, cycles) == "wrong in the table: 5.0 is 500 × off"


def test_a_split_copy_starts_each_chunk_anew() -> None:
    cost = Cost(((100.0, 0.01), (0.0, 0.02)), 1000, (50.0, 0.0))
    assert [cost.cycles(size) for size in (500, 1000, 1001, 3000, 20000)] == pytest.approx(
        [105, 110, 160.01, 230, 1250]
    )
    assert cost.slope == pytest.approx(0.06) and cost.latency == 100


def test_a_target_says_how_its_copies_are_split() -> None:
    text = 'base = "ascend910b1"\nname = "mine"\n[paths]\nglobal-ub = {'
    split = parse_target(f"{text} chunk = 1000, cost = [[100, 0.1, 50]] }}".encode(), "mine.toml")
    assert split.paths[Scope.GLOBAL, Scope.UB].cost == Cost(((100.0, 0.1),), 1000, (50.0,))
    for rest, message in (
        ("chunk = 1000 }", "rows of 3"),
        ("chunk = 1000, cost = [[1, -1, 0]] }", "no slope below 0"),
        ("cost = [[1, 1, 1]] }", "rows of 2"),
    ):
        with pytest.raises(Exception, match=message):
            parse_target(f"{text} {rest}".encode(), "mine.toml")


def test_the_example_in_the_documents_is_a_target() -> None:
    """As written there, it meets the aim on the points that it is about."""
    text = (ROOT / "docs" / "targets.md").read_text().split("```toml\n")[1].split("```")[0]
    target = parse_target(text.encode(), "targets.md")
    series = read_points(BENCHMARKS / "points" / "ascend910b3_measured.json", target)
    rows = [row_of(part, target, all_points=True) for part in series if places(part, target)]
    assert len(rows) == 4 and not [row.reason for row in rows if row.reason]


@pytest.mark.parametrize("name", ["ascend910b1", "ascend950"])
def test_the_shipped_target_is_the_fit(name: str) -> None:
    target = load_target(name)
    series = read_points(BENCHMARKS / "points" / f"{name}_measured.json", target)
    text = (TARGETS / f"{name}.toml").read_text()
    assert rewritten(text, literals(series, target))[0] == text


@pytest.mark.parametrize(
    ("name", "exceptions"),
    [
        (
            "ascend910b1",
            {"VMULS_FP32_FP32_FP32", "VMUL_INT16_INT16_INT16", "VNOT_UINT16_UINT16"},
        ),
        ("ascend950", set[str]()),
    ],
)
def test_all_but_the_named_series_are_within_the_aim(name: str, exceptions: set[str]) -> None:
    target = load_target(name)
    series = read_points(BENCHMARKS / "points" / f"{name}_measured.json", target)
    rows = [row_of(part, target, all_points=False) for part in series if places(part, target)]
    missed = {row.series.name: row.reason for row in rows if row.reason}
    assert missed.keys() == exceptions
    assert all(row.by_target and row.by_target.meets for row in rows if not row.reason)
    if missed:
        assert "0.239" in missed["VMULS_FP32_FP32_FP32"]
        assert "0.282" in missed["VMUL_INT16_INT16_INT16"]


def test_a_target_of_ones_own_is_calibrated_without_python(tmp_path: Path) -> None:
    """Points that a cost made, a file that has another cost: the command writes the right one."""
    true = Cost(((300.0, 0.01), (20.0, 0.03)))
    rate = [[kib, kib * 1.8e9 / 2**20 / true.cycles(kib * 1024)] for kib in range(1, 60, 2)]
    points = tmp_path / "points.json"
    points.write_text(json.dumps({"source": "my board", "move": {"GM_TO_UB": rate}}))
    mine = tmp_path / "mine.toml"
    mine.write_text(
        'base = "ascend910b1"\nname = "mine"\n\n[paths]\nglobal-ub = { cost = [[1, 1]] } # own\n'
    )
    shutil.copy(mine, tmp_path / "before.toml")
    arguments = ["--points", str(points), "--target", str(mine)]

    def run(*more: str) -> str:
        command = [sys.executable, str(BENCHMARKS / "calibration.py"), *arguments, *more]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert "mine: median ≤ 5% and p95 ≤ 15% met by 0 of 1 series of the model" in run()
    assert mine.read_text() == (tmp_path / "before.toml").read_text()
    assert "met by 1 of 1 series of the model" in run("--write")
    assert re.search(r"global-ub = \{ cost = \[\[.+\]\] \} # own", mine.read_text())
    cost = load_target(mine).paths[Scope.GLOBAL, Scope.UB].cost
    for size in (1024, 20000, 60000, 500000):
        assert cost.cycles(size) == pytest.approx(true.cycles(size), rel=0.02)
    assert "met by 1 of 1 series of the model" in run()
