"""The mutation suite: a sample of it, and that its judge sees what the gate would have to."""

import sys
from functools import cache
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import mutants
from mutation.bench import Bench
from mutation.damage import Damage, damages
from mutation.judge import Stage
from mutation.rewording import Rewording
from mutation.subjects import Subject, written_subjects

from hawk_xdsl.dialects.npu import KernelOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.gate.gate import Gate
from hawk_xdsl.npu_target import load_target

pytestmark = pytest.mark.corpus

TARGET = load_target("ascend910b1")
SUBJECTS = {subject.family: subject for subject in written_subjects()}


@cache
def bench(family: str) -> Bench:
    return Bench(SUBJECTS[family], TARGET, 0)


def test_a_sample_of_all_kinds_and_families_has_nothing_accepted_wrong(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert mutants.main(["--written", "--count", "60", "--attacks", "0", "--jobs", "1"]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[-1] == "accepted wrong: 0"


@pytest.mark.parametrize("family", ["softmax", "two stages"])
def test_the_same_seed_gives_the_same_sample(family: str) -> None:
    benches = [bench(family)]
    assert mutants.sample(benches, 30, 1) == mutants.sample(benches, 30, 1)
    assert mutants.sample(benches, 30, 1) != mutants.sample(benches, 30, 2)


def damaged(found: Bench, damage: Damage) -> list[Stage]:
    """The stages as the gate would have them if it checked nothing."""
    stages: list[Stage] = []
    for number, stage in enumerate(found.stages):
        kernel = stage.kernel.clone()
        if number == damage.stage:
            damage.apply(list(kernel.walk()))
        stages.append(Stage(kernel, stage.reads, stage.writes))
    return stages


def of_kind(kernel: KernelOp, kind: str) -> list[Damage]:
    return [damage for damage in damages(kernel, 0) if damage.kind == kind]


@pytest.mark.parametrize(
    ("family", "kind"),
    [
        ("softmax", "drop flag"),
        ("scan", "drop barrier"),
        ("scan", "swap flag"),
        ("ragged matmul", "dropped load"),
        ("strided", "stale output"),
    ],
)
def test_the_judge_without_the_gate_agrees_with_it(family: str, kind: str) -> None:
    found = bench(family)
    damage = of_kind(found.stages[0].kernel, kind)
    trapped = []
    for one in damage:
        outcome = found.outcome(one)
        trapped.append(outcome.trap is not None)
        # Of what the gate accepts the outcome has the judge's answer already.
        unlike = outcome.difference
        if outcome.trap is not None:
            unlike = found.judge.difference(damaged(found, one))
        assert (unlike is not None) == trapped[-1], one.what
    assert any(trapped)


def test_other_event_ids_and_unused_blocks_are_equivalent() -> None:
    found = bench("softmax")
    kernel = found.stages[0].kernel
    harmless = [d for d in of_kind(kernel, "event id") if d.what.endswith("renamed 7 in stage 0")]
    harmless += [d for d in of_kind(kernel, "trip count") if "blocks instead" in d.what]
    assert harmless
    for damage in harmless:
        outcome = found.outcome(damage)
        assert (outcome.trap, outcome.difference) == (None, None), damage.what


def test_a_commutative_swap_is_equivalent_and_another_is_not() -> None:
    found = bench("elementwise")
    text = found.subject.text
    added = Rewording("operands", "", text.replace("vadd c, d", "vadd d, c"))
    subtracted = Rewording("operands", "", text.replace("vsub c, b", "vsub b, c"))
    assert found.outcome(added).trap is None and found.outcome(added).difference is None
    assert found.outcome(subtracted).trap == "wrong-result"


def test_other_bits_are_judged_by_exact_evaluation() -> None:
    found = bench("elementwise")
    text = found.subject.text
    in_turn = "c = vsub c, b\nd = vexp b\nc = vadd c, d\n"
    assert in_turn in text
    otherwise = text.replace(in_turn, "d = vexp b\nc = vadd c, d\nc = vsub c, b\n")
    outcome = found.outcome(Rewording("operands", "the sum in another order", otherwise))
    assert (outcome.trap, outcome.difference) == (None, None)
    assert outcome.rounding is not None and "differ" in outcome.rounding


def test_exact_evaluation_looks_near_the_numbers_that_were_changed() -> None:
    found = bench("elementwise")
    text = found.subject.text
    line = "c = vadd c, d"
    changed = text.replace(line, f"{line}\nc = vmin c, 1234.5")
    wrong = found.exactly(Rewording("literal", f"{line} ⏎ c = vmin c, 1234.5", changed))
    assert wrong is not None and "instead of" in wrong


@pytest.mark.parametrize("line", ["store c into y0[i:128]\n", "store e into y1[i:128]\n"])
def test_a_result_that_nothing_is_stored_to_is_a_trap(line: str) -> None:
    found = bench("cast")
    assert line in found.subject.text
    without = Rewording("stale output", "", found.subject.text.replace(line, ""))
    assert found.outcome(without).trap == "unwritten-output"


def test_a_mutant_that_is_accepted_and_differs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """One unit in the last place passes the trials' tolerance; the judge prints it."""
    monkeypatch.setattr(Gate, "_can_be_proved", False)
    found = bench("elementwise")
    text = found.subject.text.replace("2.5", "2.5000002")
    outcome = found.outcome(Rewording("literal", "", text))
    assert outcome.trap is None and outcome.rounding is not None
    assert "  1  " in mutants.table("kind", {"literal": [outcome]})


def test_a_kernel_that_the_gate_refuses_is_no_subject() -> None:
    subject = SUBJECTS["softmax"]
    wrong = Subject("softmax", subject.op, subject.text.replace("vexp", "vabs"))
    with pytest.raises(HawkError, match="refuses"):
        Bench(wrong, TARGET, 0)
