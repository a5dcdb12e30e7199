"""``hawk report --json``: ten questions about a compile are answered from its document."""

import json
from pathlib import Path
from typing import Any

import pytest
from test_cli import failure, hawk

from hawk_xdsl.files.typed import typed
from hawk_xdsl.inspection.collect import collect
from hawk_xdsl.inspection.document import NetworkDocument

NETWORK = """
func.func @main(%x: tensor<64x96xf32>, %w: tensor<96x80xf32>) -> tensor<64x80xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<64x80xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<64x80xf32>) -> tensor<64x80xf32>
  %m = linalg.matmul ins(%x, %w : tensor<64x96xf32>, tensor<96x80xf32>)
         outs(%f : tensor<64x80xf32>) -> tensor<64x80xf32>
  %s = linalg.softmax dimension(1) ins(%m : tensor<64x80xf32>)
         outs(%e : tensor<64x80xf32>) -> tensor<64x80xf32>
  return %s : tensor<64x80xf32>
}
"""
"""A product on the cube, then a softmax on the vector cores."""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("network")
    (folder / "network.mlir").write_text(NETWORK)
    out = folder / "out"
    store = ("--store", folder / "knowledge.sqlite")
    source = folder / "network.mlir"
    assert hawk("compile", source, "--sources", "composition", *store, "-q", "-o", out) == 0
    return out


@pytest.fixture(scope="module")
def document(compiled: Path) -> dict[str, Any]:
    out = compiled.parent / "document.json"
    assert hawk("report", compiled, "--json", "-o", out) == 0
    return json.loads(out.read_text())


def slowest(document: dict[str, Any]) -> dict[str, Any]:
    return max(document["launches"], key=lambda launch: launch["microseconds"])


def decision_of(document: dict[str, Any], launch: dict[str, Any]) -> dict[str, Any]:
    return document["decisions"][launch["decision"]]


def test_1_which_launch_is_the_slowest(document: dict[str, Any]) -> None:
    names = [launch["name"] for launch in document["launches"]]
    assert names == ["matmul_0", "rows_0"]
    assert slowest(document)["name"] in names
    total = sum(launch["microseconds"] for launch in document["launches"])
    assert total == pytest.approx(document["network"]["microseconds"], rel=1e-3)
    assert sum(launch["share"] for launch in document["launches"]) == pytest.approx(1, abs=1e-3)


def test_2_what_its_bottleneck_is(document: dict[str, Any]) -> None:
    for launch in document["launches"]:
        [body] = launch["bodies"]
        pipes = {pipe["pipe"]: pipe["works"] for pipe in body["pipes"]}
        assert launch["bottleneck"] == max(pipes, key=lambda pipe: pipes[pipe])
        assert body["core"] == document["kernels"][launch["kernel"]]["bodies"][0]["core"]


def test_3_why_its_kernel_is_from_this_source(document: dict[str, Any]) -> None:
    for decision in document["decisions"]:
        assert decision["source"] == "template"
        attempts = decision["attempts_made"]
        assert len(attempts) == decision["attempts"] + decision["tuning"]
        right = [each for each in attempts if each["verdict"] == "accepted"]
        chosen = min(right, key=lambda each: each["cycles"])
        assert chosen["cycles"] == decision["cycles"]
        assert chosen["text"] == decision["text"]
        assert chosen["entries"] == decision["entries"]
        assert attempts[decision["first_right"] - 1] == right[0]


def test_4_which_schedules_were_timed_and_how_long_they_took(document: dict[str, Any]) -> None:
    for decision in document["decisions"]:
        timed = {each["schedule"]: each["cycles"] for each in decision["schedules_timed"]}
        assert decision["schedule"] in timed
        finished = [cycles for cycles in timed.values() if cycles is not None]
        assert timed[decision["schedule"]] == min(finished)


def test_5_how_far_it_is_from_its_bound_and_from_the_networks(document: dict[str, Any]) -> None:
    bound = document["network"]["bound_microseconds"]
    assert document["network"]["limited_by"] == "memory"
    for launch in document["launches"]:
        assert 0 < decision_of(document, launch)["bound_share"] <= 1
        assert launch["of_network_bound"] == pytest.approx(launch["microseconds"] / bound, rel=1e-2)


def test_6_whether_it_is_proved(document: dict[str, Any]) -> None:
    matmul, rows = document["decisions"]
    assert (matmul["trust"], matmul["unproved"]) == ("proved", "")
    assert 0 < matmul["proof_error"] < 1e-9
    assert set(matmul["proof_rewrites"]) <= set(matmul["entries"])
    assert (rows["trust"], rows["proof_error"]) == ("tried", None)
    assert "not a number" in rows["unproved"]  # linalg.softmax begins its maximum with one


def test_7_what_it_moves_on_which_path(document: dict[str, Any]) -> None:
    matmul, rows = document["launches"]
    assert set(rows["bytes_moved"]) == {"global->ub", "ub->global"}
    assert rows["bytes_moved"]["ub->global"] == 64 * 80 * 4
    assert "l1->l0a" in matmul["bytes_moved"] or "global->l1" in matmul["bytes_moved"]
    assert document["network"]["bytes_between"] == 2 * 64 * 80 * 4


def test_8_how_its_tiles_lie_on_the_cores(document: dict[str, Any]) -> None:
    for kernel in document["kernels"]:
        [body] = kernel["bodies"]
        tiles = body["tiles"]
        assert 1 < body["blocks"] <= body["cores"]
        assert tiles["blocks"] == body["blocks"]
        assert tiles["loops"][0]["variable"] == "i0"
        assert tiles["loops"][0]["stop"] == 64
        assert (
            f"across i0 in 0..64 step {tiles['loops'][0]['step']}"
            in decision_of(document, kernel)["text"]
        )


def test_9_who_reads_its_results(document: dict[str, Any]) -> None:
    matmul, rows = document["launches"]
    assert matmul["reads"] == [] and matmul["inputs"] == ["input 0", "input 1"]
    assert rows["reads"] == [0] and rows["inputs"] == []
    assert (matmul["writes_output"], rows["writes_output"]) == (False, True)


def test_10_how_long_each_stage_of_the_compile_took(document: dict[str, Any]) -> None:
    stages = document["network"]["stage_seconds"]
    assert list(stages)[-4:] == [
        "deciding",
        "planning memory and synchronisation",
        "writing the files",
        "running on the NPU simulator",
    ]
    assert all(seconds >= 0 for seconds in stages.values()) and stages["deciding"] > 0


def test_the_json_is_the_document(compiled: Path, document: dict[str, Any]) -> None:
    assert typed(NetworkDocument, document) == collect(compiled)


def test_without_a_run_launches_are_timed(compiled: Path, document: dict[str, Any]) -> None:
    file = compiled / "report.json"
    before = file.read_text()
    report = json.loads(before)
    del report["run"]
    file.write_text(json.dumps(report))
    try:
        timed = collect(compiled)
    finally:
        file.write_text(before)
    assert document["network"]["values_ran"] and not timed.network.values_ran
    for ran, launch in zip(document["launches"], timed.launches, strict=True):
        assert launch.cycles == pytest.approx(ran["cycles"], rel=0.05)
        assert launch.bytes_moved == ran["bytes_moved"]


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("kernels", [{}], r"kernels[0].kernel: missing"),
        ("run", {"values": 1}, "run.values: expected true or false, got 1"),
        ("vendor", [{"kernel": "k"}], "vendor[0].core: missing"),
        ("stages", {"deciding": "long"}, "stages.deciding: expected a number, got 'long'"),
    ],
)
def test_a_damaged_report_is_one_line(
    compiled: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    key: str,
    value: object,
    reason: str,
) -> None:
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    for file in compiled.iterdir():
        if file.is_file():
            (damaged / file.name).write_bytes(file.read_bytes())
    report = json.loads((damaged / "report.json").read_text())
    (damaged / "report.json").write_text(json.dumps({**report, key: value}))
    said = failure(capsys, "report", damaged, "--json")
    assert reason in said and "report.json" in said and "compile it again" in said
