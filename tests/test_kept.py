"""What a store keeps of an op: for which target, knowledge, verifier and budget it is an answer."""

import ast
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from undecided import elementwise, undecided
from xdsl.utils.str_enum import StrEnum

from hawk_xdsl.compiler import open_decider
from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.digest import digest_of
from hawk_xdsl.gate import gate as judging
from hawk_xdsl.gate.certificate import Certificate, Prover
from hawk_xdsl.gate.gate import Gate, Verdict
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.gate.verifier import PACKAGE, verifier_files
from hawk_xdsl.knowledge_store import (
    Entry,
    EntryKind,
    KnowledgeStore,
    load_seed_entries,
)
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.propose import decide as deciding
from hawk_xdsl.propose.decision import Decision, Source
from hawk_xdsl.propose.settings import Budget, Settings, Sources

EXP = elementwise("64x128", "%1 = math.exp %in : f32")
SEED = load_seed_entries()
NO_INSTRUCTIONS = tuple(e for e in SEED if e.kind is not EntryKind.INSTRUCTION)
RULE = Entry("a-rule", EntryKind.RULE, "Tell nobody.")
COMPOSITION = Settings(Sources.COMPOSITION, Budget(4, 0, 60.0), host_fallback=True)


@dataclass
class Run:
    decision: Decision
    attempts: int  # outcomes recorded by this compile


def decide(
    settings: Settings = COMPOSITION,
    entries: Sequence[Entry] | None = None,
    target: str = "ascend910b1",
    op: str = EXP,
) -> Run:
    with open_decider(target, settings, entries=entries) as decider:
        decision = decider.decide(undecided(op), "k")
        return Run(decision, len(list(decider.store.outcomes(run_id=decider.run_id))))


def test_a_kernel_is_kept_and_reused_with_its_schedule() -> None:
    written, reused = decide().decision, decide().decision
    assert (written.source, reused.source) == (Source.TEMPLATE, Source.REUSED)
    assert written.schedule is not None and written.schedule == reused.schedule
    for decision in (written, reused):
        assert decision.verdict is not None and decision.verdict.program is not None
        [kernel] = decision.verdict.program.kernels
        assert kernel.op.schedule == written.schedule.attribute
    older = decide(entries=[*SEED, RULE]).decision
    assert older.schedule is not None


def test_a_schedule_that_somebody_else_wrote_is_refused_in_one_line(store: Path) -> None:
    decide()
    with closing(sqlite3.connect(store)) as file, file:
        file.execute("UPDATE kernels SET schedule = 'nonsense'")
    with pytest.raises(HawkError, match=r"kernels.schedule: not a schedule: .*; correct the row"):
        decide()


def test_a_kernel_is_not_kept_for_a_target_that_was_changed(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    head = 'base = "ascend910b1"\nname = "mine"\nsummary = "mine"\ncalibrated = false\n'
    file.write_text(head + "[scopes]\nub = { bytes = 32768 }\n")
    assert decide(target=str(file)).decision.source is Source.TEMPLATE
    assert decide(target=str(file)).decision.source is Source.REUSED
    file.write_text(head)
    assert decide(target=str(file)).decision.source is Source.TEMPLATE


def test_a_kernel_is_kept_for_what_the_target_is_and_not_for_its_name(tmp_path: Path) -> None:
    decide()
    file = tmp_path / "another.toml"
    about = 'name = "another"\nsummary = "the same"\ncalibrated = true\n'
    file.write_text(f'base = "ascend910b1"\n{about}')
    assert decide(target=str(file)).decision.source is Source.REUSED


def test_a_learned_entry_makes_what_is_kept_a_draft(store: Path) -> None:
    decide()
    with KnowledgeStore(store) as opened:
        opened.add_entry(RULE)
    again = decide()
    assert (again.decision.source, again.attempts) == (Source.TEMPLATE, 1)
    assert decide().decision.source is Source.REUSED


def test_what_nobody_else_can_write_is_kept_when_knowledge_changes() -> None:
    decide()
    left = decide(entries=NO_INSTRUCTIONS)
    assert (left.decision.source, left.decision.origin) == (Source.REUSED, "template")
    assert left.decision.attempts == 1
    assert decide(entries=NO_INSTRUCTIONS).decision.attempts == 0


def test_another_verifier_verifies_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    decide()
    monkeypatch.setattr(deciding, "verifier_digest", lambda: "another")
    assert decide().decision.source is Source.TEMPLATE


def test_a_kept_draft_that_is_refused_is_no_kernel(store: Path) -> None:
    decide()
    with KnowledgeStore(store) as opened:
        [kernel] = opened.kernels()
        wrong = replace(kernel, text=kernel.text.replace("vexp", "vabs"), entries_hash="before")
        opened.put_kernel(wrong)
        opened.drop_kernel(kernel.key)
    found = decide(entries=NO_INSTRUCTIONS)
    assert found.decision.source is Source.HOST and "wrong" in found.decision.reason


REPLAY = replace(COMPOSITION, sources=Sources.REPLAY)


def test_replay_takes_what_is_kept_whatever_was_known(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "the store has no kernel" in decide(REPLAY).decision.reason
    decide()
    assert decide(REPLAY, NO_INSTRUCTIONS).decision.source is Source.REUSED
    monkeypatch.setattr(deciding, "verifier_digest", lambda: "another")
    assert decide(REPLAY).decision.source is Source.REUSED


def test_a_kept_kernel_is_as_good_as_its_verdict_now(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert decide().decision.trust is Trust.PROVED
    with KnowledgeStore(store) as opened:
        assert [kernel.trust for kernel in opened.kernels()] == ["proved"]
    monkeypatch.setattr(Prover, "prove", lambda *_: Certificate(Trust.TRIED, "not today"))
    again = decide().decision
    assert (again.source, again.trust) == (Source.REUSED, Trust.TRIED)


def test_a_large_kept_kernel_runs_once_and_keeps_its_certificate(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide()
    monkeypatch.setattr(judging, "MOST_POINTS_AGAIN", 1)
    proofs: list[object] = []
    monkeypatch.setattr(Prover, "prove", lambda *given: proofs.append(given))
    again = decide().decision
    assert (again.source, again.trust, proofs) == (Source.REUSED, Trust.PROVED, [])
    with closing(sqlite3.connect(store)) as file, file:
        file.execute("UPDATE kernels SET text = replace(text, 'vexp', 'vabs')")
    monkeypatch.undo()
    monkeypatch.setenv("HAWK_STORE", str(store))
    monkeypatch.setattr(judging, "MOST_POINTS_AGAIN", 1)
    assert decide().decision.source is Source.TEMPLATE  # the run shows that it is another's


def test_fresh_passes_over_the_store() -> None:
    decide()
    fresh = decide(replace(COMPOSITION, fresh=True))
    assert (fresh.decision.source, fresh.attempts) == (Source.TEMPLATE, 1)
    with pytest.raises(HawkError, match="replay"):
        replace(REPLAY, fresh=True)


def test_a_failure_is_remembered() -> None:
    first = decide(entries=NO_INSTRUCTIONS)
    second = decide(entries=NO_INSTRUCTIONS)
    assert first.attempts == 1 and second.attempts == 0
    assert second.decision.remembered and not first.decision.remembered
    assert first.decision.reason in second.decision.reason
    assert "remembered" in second.decision.reason and "--fresh" in second.decision.reason


MORE = {
    "attempts": replace(COMPOSITION, budget=Budget(5, 0, 60.0)),
    "patience": replace(COMPOSITION, budget=Budget(4, 0, 60.0, patience=9)),
    "seconds": replace(COMPOSITION, budget=Budget(4, 0, 61.0)),
    "another seed": replace(COMPOSITION, seed=1),
    "others asked": replace(COMPOSITION, sources=Sources.TEMPLATES),
    "fresh": replace(COMPOSITION, fresh=True),
}


@pytest.mark.parametrize("more", MORE)
def test_a_failure_does_not_block_who_asks_for_more(more: str) -> None:
    decide(entries=NO_INSTRUCTIONS)
    assert not decide(MORE[more], NO_INSTRUCTIONS).decision.remembered
    less = replace(COMPOSITION, budget=Budget(3, 0, 1.0, patience=1))
    assert decide(less, NO_INSTRUCTIONS).decision.remembered


def test_a_failure_is_forgotten_with_other_knowledge_and_when_there_is_a_kernel(
    store: Path,
) -> None:
    decide(entries=NO_INSTRUCTIONS)
    assert decide().decision.source is Source.TEMPLATE
    # The kernel is newer than the failure: it is tried before the failure is believed.
    assert decide(entries=NO_INSTRUCTIONS).decision.source is Source.REUSED
    with KnowledgeStore(store) as opened:
        assert not any(opened.failures(kernel.key) for kernel in opened.kernels())


@pytest.mark.model
def test_what_time_ended_is_not_remembered() -> None:
    hurried = Settings(Sources.MODEL, Budget(2, 0, 1e-9), host_fallback=True)
    for _ in range(2):
        run = decide(hurried)
        assert run.decision.timed_out and not run.decision.remembered


def test_the_reason_told_is_that_of_the_attempt_that_came_furthest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verdicts = [("capacity", "too large"), ("wrong-result", "3 are wrong"), ("syntax", "no word")]

    def refuse(self: Gate, text: str, *given: object) -> Verdict:
        return Verdict(text, *(verdicts.pop(0) if verdicts else ("core-race", "a race")))

    monkeypatch.setattr(Gate, "check", refuse)
    assert decide().decision.reason == "3 are wrong"


class Letter(StrEnum):
    A = "a"


def test_digests_are_those_of_contents() -> None:
    target = load_target("ascend910b1")
    assert target.digest == replace(target, name="x", summary="y").digest
    assert target.digest != replace(target, global_bandwidth=1.0).digest
    entry = SEED[0]
    assert digest_of(entry) == digest_of(replace(entry, origin="elsewhere:3"))
    assert digest_of(entry) != digest_of(replace(entry, rationale="Another."))
    assert digest_of(SEED) != digest_of(SEED[::-1])  # the first that fits is taken
    assert digest_of({"a": 1, "b": (2,)}) == digest_of({"b": [2], Letter.A: 1})
    with pytest.raises(TypeError):
        digest_of(object())


def test_all_code_that_a_verdict_depends_on_is_in_the_verifiers_digest() -> None:
    known = set(verifier_files())
    todo = [PACKAGE / "gate/gate.py", PACKAGE / "transforms/pipeline.py"]
    seen: set[Path] = set()
    while todo:
        file = todo.pop()
        if file in seen:
            continue
        seen.add(file)
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hawk_xdsl."):
                names = [alias.name for alias in node.names]
                todo += _files_of(node.module or "", names)
    assert len(seen) > 80
    assert not {file.relative_to(PACKAGE).as_posix() for file in seen - known}


def _files_of(module: str, names: Sequence[str]) -> list[Path]:
    path = PACKAGE.joinpath(*module.split(".")[1:])
    if (file := path.with_suffix(".py")).exists():
        return [file]
    return [f for n in ("__init__", *names) if (f := path / f"{n}.py").exists()]
