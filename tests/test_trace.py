"""The timeline as a file: the rules of the Trace Event Format, and what the picture must show."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from npu_model_kernels import (
    TARGET,
    alloc,
    flag,
    gm,
    kernel,
    load,
    randoms,
    set_flag,
    store,
    ub,
    unary,
    wait_flag,
)  # fmt: skip
from test_cli import EXP, failure, hawk

from hawk_xdsl.dialects.npu import Join
from hawk_xdsl.npu_target import Gap, Simulation, simulate
from hawk_xdsl.npu_target.trace import write_trace

U, G = ub(64, 64), gm(64, 64)
Row = dict[str, Any]


def two_buffers(blocks: int = 1) -> Simulation:
    """Loads and stores through two buffers in turn: flags go back and forth."""
    body = "%c0 = arith.constant 0 : index\n%c1 = arith.constant 1 : index\n"
    body += "%c3 = arith.constant 3 : index\n" + alloc("m", ub(8), 32768)
    body += "%b = npu.block_idx : index\n%z = arith.cmpi eq, %b, %c0 : index\n"
    body += set_flag("mte3", "mte2") + "scf.for %i = %c0 to %c3 step %c1 {\n" + alloc("a", U, 0)
    body += wait_flag("mte3", "mte2") + load("x", "a", G, U) + flag("mte2", "vector")
    body += unary("vexp", "a", "a", U) + flag("vector", "mte3")
    body += "scf.if %z {\n" + store("a", "y", U, G) + "npu.barrier <mte3>\n}\n"
    body += set_flag("mte3", "mte2") + "}\n" + wait_flag("mte3", "mte2")
    found = kernel(body, {"x": G}, {"y": G}, blocks=blocks)
    return simulate(found, [randoms(64, 64)], TARGET, trace=True)


def rows_of(path: Path) -> list[Row]:
    return json.loads(path.read_text())["traceEvents"]


@pytest.fixture
def rows(tmp_path: Path) -> list[Row]:
    launches = [("first", two_buffers(50)), ("second", two_buffers())]
    gaps = [Gap(None, TARGET.launch.chain), Gap(Join.BARRIER, 3420.0)]
    write_trace(launches, gaps, TARGET, tmp_path / "trace.json")
    return rows_of(tmp_path / "trace.json")


def slices(rows: list[Row], **wanted: object) -> Iterator[tuple[int, int, str]]:
    """Start and end in nanoseconds, and the name."""
    for row in rows:
        if row["ph"] == "X" and all(row[key] == value for key, value in wanted.items()):
            yield round(row["ts"] * 1000), round((row["ts"] + row["dur"]) * 1000), row["name"]


def test_every_event_has_what_the_format_asks_for(rows: list[Row]) -> None:
    for row in rows:
        assert {"ph", "name", "pid", "tid"} <= row.keys()
        assert all(isinstance(row[key], int) for key in ("pid", "tid"))
        match row["ph"]:
            case "M":
                assert row["name"] in (
                    "process_name", "process_sort_index", "thread_name", "thread_sort_index",
                ) and "args" in row  # fmt: skip
            case "X":
                assert row["ts"] >= 0 and row["dur"] > 0
            case "s" | "f":
                assert row["ts"] >= 0 and isinstance(row["id"], int) and row["cat"] == "flag"
            case other:
                raise AssertionError(other)


def test_slices_of_a_track_do_not_overlap(rows: list[Row]) -> None:
    tracks = {(row["pid"], row["tid"]) for row in rows if row["ph"] == "X"}
    assert len(tracks) == 48 * 3 + 3 + 2  # the last two are launches
    for pid, tid in tracks:
        found = sorted(slices(rows, pid=pid, tid=tid))
        for (_, end, _), (start, _, _) in pairwise(found):
            assert end <= start


def test_copies_say_what_l2_had_not(rows: list[Row]) -> None:
    loads = [row for row in rows if row["name"] == "npu.load"]
    assert loads and all(row["args"]["L2 misses"].endswith("%") for row in loads)
    assert all("L2 misses" not in row.get("args", {}) for row in rows if row["name"] == "npu.vexp")


def test_arrows_come_in_pairs_and_are_bound_to_slices(rows: list[Row]) -> None:
    starts = {row["id"]: row for row in rows if row["ph"] == "s"}
    ends = {row["id"]: row for row in rows if row["ph"] == "f"}
    assert starts.keys() == ends.keys()
    assert len(starts) == 51 * (3 * 3 + 1) == sum(row["ph"] == "s" for row in rows)
    for number, start in starts.items():
        end = ends[number]
        assert start["ts"] <= end["ts"] and start["name"] == end["name"] and end["bp"] == "e"
        assert start["pid"] == end["pid"] and start["tid"] != end["tid"]
        for row in (start, end):
            at = round(row["ts"] * 1000)
            on = slices(rows, pid=row["pid"], tid=row["tid"])
            assert any(begin <= at < stop for begin, stop, _ in on)


def test_an_arrow_leads_from_the_load_to_what_waits_for_it(rows: list[Row]) -> None:
    [vector] = {
        row["tid"] for row in rows
        if row["name"] == "thread_name" and row["args"]["name"] == "core 0 vector"
    }  # fmt: skip
    arrow = next(row for row in rows if row["ph"] == "s" and row["name"] == "mte2 to vector 0")
    loads = list(slices(rows, pid=arrow["pid"], tid=arrow["tid"], name="npu.load"))
    assert loads[0][0] <= round(arrow["ts"] * 1000) < loads[0][1]
    waits = list(slices(rows, pid=arrow["pid"], tid=vector, name="wait mte2 to vector 0"))
    exps = list(slices(rows, pid=arrow["pid"], tid=vector, name="npu.vexp"))
    assert loads[0][1] <= waits[0][1] == exps[0][0]


def test_launches_follow_each_other_in_time_of_the_clock(rows: list[Row]) -> None:
    names = {row["pid"]: row["args"]["name"] for row in rows if row["name"] == "process_name"}
    assert names == {0: "@first", 1: "@second"}
    first, second = two_buffers(50), two_buffers()
    end = max(stop for _, stop, _ in slices(rows, pid=0))
    begin = min(start for start, _, _ in slices(rows, pid=1))
    launching = TARGET.launch.chain
    length = TARGET.microseconds(launching + first.cycles) * 1000
    assert end <= length + 1 and begin >= length - 1
    whole = TARGET.microseconds(launching + 3420.0 + first.cycles + second.cycles) * 1000
    names = [name for kind in ("launch", "barrier") for *_, name in slices(rows, cat=kind)]
    assert names == ["launch @first", "barrier @second"]
    assert max(stop for _, stop, _ in slices(rows)) == pytest.approx(whole, abs=20)


def test_the_command_traces_one_kernel_or_all(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    model, out, trace = tmp_path / "exp.mlir", tmp_path / "out", tmp_path / "trace.json"
    model.write_text(EXP)
    assert hawk("compile", model, "--sources", "templates", "-o", out) == 0
    capsys.readouterr()
    assert hawk("trace", out, "-o", trace) == 0
    told = capsys.readouterr().out
    assert "of bound" in told and "mte2" in told and "global->ub 32,768" in told
    [name] = {row["args"]["name"] for row in rows_of(trace) if row["name"] == "process_name"}
    assert hawk("trace", out, "--kernel", name, "-o", trace) == 0
    assert any(row["name"] == "npu.vexp" for row in rows_of(trace))
    capsys.readouterr()
    assert f"launched: {name}" in failure(capsys, "trace", out, "-k", "@nothing", "-o", trace)
