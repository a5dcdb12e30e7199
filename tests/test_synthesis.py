"""Synthesis: kernels that beat composition become templates, repairs become rules."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from test_gate import NORM_KERNEL, SOFTMAX_KERNEL
from undecided import NORM, SOFTMAX, elementwise, undecided

from hawk_xdsl.cli import main
from hawk_xdsl.codegen.cost import estimate, operands_of
from hawk_xdsl.codegen.learned_template import fill
from hawk_xdsl.codegen.strategies import candidate_at, candidates
from hawk_xdsl.codegen.strategy import Request
from hawk_xdsl.compiler import open_decider
from hawk_xdsl.dialects.kernel_text import parse
from hawk_xdsl.errors import HawkError
from hawk_xdsl.gate.verifier import verifier_digest
from hawk_xdsl.knowledge_store import (
    Action,
    Artifact,
    AttemptVerdict,
    Curation,
    Entry,
    EntryKind,
    KernelRecord,
    KnowledgeStore,
    Outcome,
    SpecRecord,
    Trigger,
    load_seed_entries,
    parse_entries,
)
from hawk_xdsl.learning.derivation import UnderivableError, derived
from hawk_xdsl.learning.generalisation import readings
from hawk_xdsl.learning.repair import repairs
from hawk_xdsl.learning.replay import Replay
from hawk_xdsl.learning.synthesis import Synthesizer, other_extents
from hawk_xdsl.linalg.op_text import op_as_text
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.propose.decision import Source
from hawk_xdsl.propose.settings import Budget, Settings, Sources
from hawk_xdsl.schedule.read_schedule import schedule_of, trip_extents
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.resizing import erased, resized
from hawk_xdsl.semantics.specification import Specification, specify

TARGET = "ascend910b1"

SCALED = elementwise("8x16", "%c = arith.constant 3.0 : f32\n%1 = arith.mulf %in, %c : f32")


def no_templates() -> list[Entry]:
    """The package's entries without templates: composition finds nothing."""
    return [entry for entry in load_seed_entries() if entry.kind is not EntryKind.TEMPLATE]


def keep(store: Path, op: str, kernel: str) -> Specification:
    """Records an op and a kernel for it, as if a model had written it."""
    specification = specify(undecided(op))
    digest = specification.digest
    with KnowledgeStore(store) as opened:
        text = op_as_text(undecided(op))
        opened.record_spec(SpecRecord(digest, "op", specification.text, text))
        opened.put_kernel(
            KernelRecord(
                digest,
                load_target(TARGET).digest,
                "",
                verifier_digest(),
                TARGET,
                kernel,
                "model",
                500,
                400.0,
                "mte2",
            )
        )
    return specification


def synthesized(store: Path, packaged: Sequence[Entry]) -> tuple[Curation, ...]:
    with KnowledgeStore(store) as opened:
        return Synthesizer(opened, packaged, Replay(TARGET)).run()


@pytest.mark.parametrize(
    ("op", "kernel"), [(SOFTMAX, SOFTMAX_KERNEL), (NORM, NORM_KERNEL)], ids=["softmax", "norm"]
)
def test_a_kernel_becomes_a_template_for_other_sizes(op: str, kernel: str, store: Path) -> None:
    keep(store, op, kernel)
    [done] = synthesized(store, no_templates())
    assert done.action is Action.ADMIT, done.reason
    with KnowledgeStore(store) as opened:
        [entry] = opened.entries()
    assert "${t_r}" in (entry.artifact.text or "") and "${n1}" in (entry.artifact.text or "")
    other, specification = derived(resized(specify(undecided(op)), {"i0": 37, "i1": 29}), "other")
    settings = Settings(Sources.COMPOSITION, Budget(attempts=1, tuning=0))
    entries = [*no_templates(), entry]
    with open_decider(TARGET, settings, store=store.with_name("new"), entries=entries) as decider:
        decision = decider.decide(other, "k")
    assert (decision.source, decision.entries) == (Source.TEMPLATE, (entry.name,))
    assert specification.axes == {"i0": 37, "i1": 29}


def test_what_composition_does_as_well_is_not_learned(store: Path) -> None:
    specification = keep(store, SCALED, "across i0 in 0..128 step 64 {\n}\n")
    with KnowledgeStore(store) as opened:
        [kept] = opened.kernels()
        opened.drop_kernel(kept.key)
        opened.put_kernel(replace(kept, cycles=10**6))
    assert synthesized(store, load_seed_entries()) == ()
    assert specification.functions() == ("mul",)


WRONG_ELSEWHERE = """
across i0 in 0..128 step 64 {
a = load x0[i0:64] into ub
b = vmul a, 3.0
store b into y0[i0:64]
}
"""


def test_a_kernel_that_is_right_by_chance_is_refused_and_not_asked_again(store: Path) -> None:
    scalar = "%c = arith.constant 128.0 : f32\n%1 = arith.mulf %in, %c : f32"
    keep(store, elementwise("8x16", scalar), WRONG_ELSEWHERE)
    [done] = synthesized(store, no_templates())
    assert done.action is Action.REFUSE
    assert synthesized(store, no_templates()) == ()
    with KnowledgeStore(store) as opened:
        assert opened.entries() == ()


def test_an_admitted_entry_is_gone_when_undone(store: Path) -> None:
    keep(store, SOFTMAX, SOFTMAX_KERNEL)
    synthesized(store, no_templates())
    with KnowledgeStore(store) as opened:
        assert opened.undo().action is Action.ADMIT
        assert opened.entries() == ()


def test_equal_numbers_are_read_in_several_ways() -> None:
    specification = specify(undecided(elementwise("8x8", "%1 = math.exp %in : f32")))
    text = "across i0 in 0..64 step 8 {\na = fill 1.0 f32[8] in ub\n}\n"
    found = [reading.text for reading in readings(text, specification)]
    assert [line.split()[4] for text in found for line in text.splitlines()[1:2]] == [
        "f32[${t_i0}]",
        "f32[8]",
    ]


def test_a_literal_that_counts_elements_becomes_a_hole() -> None:
    [first, *_] = readings(NORM_KERNEL, specify(undecided(NORM)))
    assert first.text.count("${float(1 / n1)}") == 2
    assert "1e-05" in first.text


def test_holes_are_arithmetic_and_nothing_else() -> None:
    entry = parse_entries('[[entry]]\nname = "a"\nkind = "rule"\nrationale = "r"', "file")[0]
    values = {"n0": 6, "n1": 4}
    assert fill("${n0 * n1 - 1} ${float(1 / n1)} ${2 * n0}", values, entry) == "23 0.25 12"
    for wrong in ("${n2}", "${n0 / n1}", "${n0 / 0}", "${exp(n0)}", "${max(n0, n1)}"):
        with pytest.raises(Exception, match="nothing fills"):
            fill(wrong, values, entry)
    with pytest.raises(HawkError, match="not followed by"):
        fill("a = fill 1.0 f32[$n0] in ub", values, entry)


def test_the_loops_of_a_kernel_are_its_schedule() -> None:
    text = """
    across r in 0..256 step 8 {
    for c in 0..4096 step 512 {
    a = load x0[r:8, c:512] into ub
    store a into y0[r:8, c:512]
    }
    }
    """
    written = Schedule.of("learned-kernel", {"r": 8, "c": 512}, stream={"c"})
    assert schedule_of(parse(text), "learned-kernel") == written
    assert trip_extents(parse(text)) == {"r": 256, "c": 4096}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "across r in 0..${n0} step ${t_q} {\na = load x0[r:8, 0:${n1}] into ub\n}",
            "no loop over q",
        ),
        ("across r in 0..${n0} step ${t_r} {\nnonsense\n}", "line 2 of its text: "),
    ],
)
def test_a_learned_kernel_that_is_none_is_refused_in_one_line(text: str, reason: str) -> None:
    specification = specify(undecided(SOFTMAX))
    artifact = Artifact(text=text, before=erased(specification))
    entry = Entry("mine", EntryKind.TEMPLATE, "r", Trigger(structure="kernel"), artifact)
    with pytest.raises(HawkError, match=f"template mine: .*{reason}") as refused:
        candidates(Request(entry, specification, None, load_target(TARGET)))
    assert "\n" not in str(refused.value)


def test_a_kernel_template_is_only_for_its_work(store: Path) -> None:
    keep(store, SOFTMAX, SOFTMAX_KERNEL)
    synthesized(store, no_templates())
    with KnowledgeStore(store) as opened:
        [entry] = opened.entries()
    target = load_target(TARGET)
    softmax, norm = specify(undecided(SOFTMAX)), specify(undecided(NORM))
    schedule = Schedule.of("learned-kernel", {"r": 8})
    assert candidates(Request(entry, norm, None, target)) == []
    assert candidate_at(Request(entry, norm, None, target), schedule) is None
    made = candidate_at(Request(entry, softmax, None, target), schedule)
    assert made is not None and made.text == SOFTMAX_KERNEL.lstrip()


def test_tile_sizes_of_a_kernel_template_are_ranked_by_the_cost_walk(store: Path) -> None:
    keep(store, SOFTMAX, SOFTMAX_KERNEL)
    synthesized(store, no_templates())
    with KnowledgeStore(store) as opened:
        [entry] = opened.entries()
    specification = resized(specify(undecided(SOFTMAX)), {"i0": 4000, "i1": 33})
    target = load_target(TARGET)
    made = candidates(Request(entry, specification, None, target))
    operands = operands_of(specification).values()
    cycles = [estimate(each.syntax, operands, target) for each in made]
    assert len(set(cycles)) > 1
    assert [each.estimate for each in made] == cycles == sorted(cycles)


@pytest.mark.parametrize("op", [SOFTMAX, NORM, SCALED])
def test_an_op_at_other_extents_is_the_same_work(op: str) -> None:
    specification = specify(undecided(op))
    for extents in other_extents(specification.axes):
        _, found = derived(resized(specification, extents), "other")
        assert found.axes == extents
        assert erased(found) == erased(specification)


def test_literals_follow_the_extents_that_they_count() -> None:
    specification = specify(undecided(NORM))
    assert "/ 60.0" in specification.text
    assert "/ 11.0" in resized(specification, {"i0": 5, "i1": 11}).text


def test_what_cannot_be_said_in_linalg_is_not_derived() -> None:
    specification = specify(undecided(SOFTMAX))
    backwards = replace(specification.results[0], shape=(256, 33))
    with pytest.raises(UnderivableError):
        derived(replace(specification, results=(backwards,)), "other")


TRIED = Outcome(
    run_id="run-1",
    spec_hash="5bec",
    spec_text="…",
    target=TARGET,
    verdict=AttemptVerdict.REJECTED,
    source="model",
    kernel_text="a = load x0[0:64] into ub\nb = vexp q\nstore b into y0[0:64]\n",
    trap_code="syntax",
    trap_message="line 2: no buffer q",
)
REPAIRED = replace(
    TRIED,
    verdict=AttemptVerdict.ACCEPTED,
    kernel_text=TRIED.kernel_text.replace("q", "a"),
    cycles=9,
)


def test_a_repair_becomes_a_rule_for_its_trap() -> None:
    [rule] = repairs([TRIED, replace(TRIED, run_id="run-2"), REPAIRED])
    assert (rule.kind, rule.trigger.traps) == (EntryKind.RULE, ("syntax",))
    assert (rule.artifact.before, rule.artifact.after) == ("b = vexp q", "b = vexp a")
    assert "no buffer q" in rule.rationale


def test_the_same_repair_is_told_once_and_another_kernel_is_no_repair() -> None:
    larger = replace(TRIED, kernel_text=TRIED.kernel_text.replace("64", "128"))
    smaller = replace(REPAIRED, kernel_text=REPAIRED.kernel_text.replace("64", "32"))
    renamed = [
        replace(each, kernel_text=each.kernel_text.replace("b = ", "c = "), run_id="run-2")
        for each in (TRIED, REPAIRED)
    ]
    other = replace(REPAIRED, kernel_text="\n".join(f"c{i} = vexp a" for i in range(9)))
    assert len(list(repairs([TRIED, REPAIRED, TRIED, REPAIRED]))) == 1
    assert len(list(repairs([larger, smaller]))) == 1
    assert len(list(repairs([TRIED, REPAIRED, *renamed]))) == 1
    assert list(repairs([TRIED, other])) == []
    assert list(repairs([REPAIRED, TRIED])) == []


def test_a_compile_that_learns_tells_what_it_learned(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "op.mlir"
    source.write_text(
        "func.func @main(%x: tensor<8x16xf32>) -> tensor<8x16xf32> {\n"
        "%e = tensor.empty() : tensor<8x16xf32>\n"
        "%d = linalg.exp ins(%x : tensor<8x16xf32>) outs(%e : tensor<8x16xf32>)"
        " -> tensor<8x16xf32>\nreturn %d : tensor<8x16xf32>\n}\n"
    )
    command = ["hawk", "compile", str(source), "--sources", "composition", "--learn"]
    monkeypatch.setattr("sys.argv", [*command, "-o", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (None, 0)
    assert "entries learned" in capsys.readouterr().out
