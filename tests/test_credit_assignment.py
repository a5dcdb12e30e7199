"""Credit assignment: what is refused is tried again without the entries that may be wrong."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from undecided import elementwise, undecided

from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.compiler import open_decider
from hawk_xdsl.gate.gate import Gate, Verdict
from hawk_xdsl.knowledge_store import (
    Artifact,
    Entry,
    EntryKind,
    Evidence,
    KnowledgeStore,
    load_seed_entries,
)
from hawk_xdsl.propose.credit_assignment import CreditAssignment, compositions
from hawk_xdsl.propose.decision import Source
from hawk_xdsl.propose.refusal import (
    AccountablePart,
    Refusal,
    accountable_entries,
    accountable_part,
    furthest,
)
from hawk_xdsl.propose.settings import Budget, Settings, Sources
from hawk_xdsl.semantics.specification import specify

SIGMOID = "%1 = math.tanh %in : f32"


def rewrite(name: str, before: str, after: str) -> Entry:
    return Entry(name, EntryKind.REWRITE, "Learned.", artifact=Artifact(before=before, after=after))


def found(*learned: Entry, evidence: dict[str, Evidence] | None = None) -> list[tuple[str, ...]]:
    """The entries of each composition, in the order in which they are tried."""
    composer = Composer.of((*learned, *load_seed_entries()), lambda mnemonic, dtype: True)
    specification = specify(undecided(elementwise("8x16", SIGMOID)))
    names = frozenset(entry.name for entry in learned)
    return [c.entries for c in compositions(composer, specification, names, evidence or {})]


def test_a_wrong_learned_rewrite_is_done_without_at_once() -> None:
    wrong = rewrite("wrong-tanh", "tanh(x)", "x / (1 + abs(x))")
    first, second, *_ = found(wrong)
    assert "wrong-tanh" in first and "tanh-by-exp" not in first
    assert "tanh-by-exp" in second and "wrong-tanh" not in second


def test_what_never_won_comes_last() -> None:
    wrong = rewrite("wrong-tanh", "tanh(x)", "x / (1 + abs(x))")
    order = found(wrong, evidence={"wrong-tanh": Evidence(uses=3, losses=3)})
    assert "tanh-by-exp" in order[0] and "wrong-tanh" in order[-1]


def test_a_rewrite_that_leads_to_itself_is_applied_once_and_can_be_done_without() -> None:
    there = rewrite("there", "exp(x)", "neg(exp(neg(x)))")
    first, *others = found(there)
    assert "there" in first
    assert any("there" not in each and "tanh-by-exp" in each for each in others)


def test_alternatives_come_once() -> None:
    order = found()
    assert len(order) == len(set(order))


def test_a_refusal_puts_off_what_is_made_from_the_same_entries() -> None:
    credit = CreditAssignment()
    credit.refuse(("whole-tiles", "bad", "exp"), "wrong-result")
    assert credit.penalty(("whole-tiles", "bad", "exp")) == 1
    assert credit.penalty(("whole-tiles", "bad", "exp", "div")) == 1
    assert credit.penalty(("whole-tiles", "exp")) == 0


def test_tiles_that_do_not_fit_speak_against_the_template_only_in_the_end() -> None:
    credit = CreditAssignment()
    for count in (0, 0, 1):
        credit.refuse(("whole-tiles", "exp"), "capacity")
        assert credit.penalty(("whole-tiles", "exp")) == count
    assert credit.penalty(("streamed", "exp")) == 0


@pytest.mark.parametrize("code", ["core-race", "race", "runaway", "misaligned", "deadlock"])
def test_loops_that_race_never_speak_against_a_rewrite(code: str) -> None:
    made = ("whole-tiles", "good-rewrite", "exp")
    credit = CreditAssignment(frozenset({"good-rewrite"}))
    for _ in range(9):
        credit.refuse(made, code)
    # The template goes after others; a text without the rewrite is no better off.
    assert (
        credit.penalty(made)
        == credit.penalty(("whole-tiles", "exp"))
        > 0
        == credit.avoidable_penalty(made)
    )
    assert credit.penalty(("streamed", "good-rewrite", "exp")) == 0
    assert accountable_entries(made, code, credit.rewrites) == ("whole-tiles",)


def test_a_text_that_does_not_build_speaks_against_its_statements_only() -> None:
    rewrites = frozenset({"good-rewrite"})
    made = ("whole-tiles", "good-rewrite", "exp")
    assert accountable_entries(made, "syntax", rewrites) == ("whole-tiles", "exp")
    assert accountable_entries(made, "wrong-result", rewrites) == made


def test_every_trap_speaks_against_something_known() -> None:
    known = {
        "core-race": AccountablePart.LOOPS,
        "dtype": AccountablePart.STATEMENTS,
        "unproven": AccountablePart.RESULTS,
    }
    assert {code: accountable_part(code) for code in known} == known
    assert accountable_part("a code of tomorrow") is AccountablePart.RESULTS


def test_races_cost_an_entry_no_evidence(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = rewrite("good", "abs(x)", "max(x, neg(x))")
    with KnowledgeStore(store) as opened:
        opened.add_entry(good)
    codes = ["core-race", "capacity", "race", "runaway"]
    check = Gate.check

    def racing(self: Gate, text: str, *given: Any) -> Verdict:
        return Verdict(text, codes.pop(), "no order") if codes else check(self, text, *given)

    monkeypatch.setattr(Gate, "check", racing)
    op = undecided(elementwise("64x256", "%0 = math.absf %in : f32\n%1 = math.exp %0 : f32", "%1"))
    with open_decider("ascend910b1", Settings(Sources.COMPOSITION, Budget(8, 0))) as decider:
        decision = decider.decide(op, "k")
        evidence = decider.store.evidence()
    assert "good" in decision.entries and decision.attempts == 5
    assert (evidence["good"].wins, evidence["good"].losses) == (1, 0)
    assert sum(each.losses for each in evidence.values()) == 4  # of templates


def test_the_furthest_refusal_is_the_one_that_is_told() -> None:
    order = ["no-instruction", "syntax", "capacity", "core-race", "wrong-result"]
    for near, far in pairwise(order):
        told = Refusal(far, "b")
        assert furthest([Refusal(near, "a"), told, Refusal(near, "c")]) == told
    first = Refusal("race", "first")
    assert furthest([first, Refusal("race", "second")]) is first
    assert furthest([]) is None


BAD = {
    "wrong constant": rewrite("bad", "abs(x)", "max(x, x * -1.001)"),
    "right for positive inputs only": rewrite("bad", "abs(x)", "x + 0"),
    "leads to itself": rewrite("bad", "abs(x)", "neg(abs(neg(x)))"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_entry_costs_an_attempt_and_not_the_kernel(kind: str, store: Path) -> None:
    with KnowledgeStore(store) as opened:
        opened.add_entry(BAD[kind])
    settings = Settings(Sources.COMPOSITION, Budget(attempts=2, tuning=0))
    op = undecided(elementwise("8x16", "%0 = math.absf %in : f32\n%1 = math.exp %0 : f32", "%1"))
    with open_decider("ascend910b1", settings) as decider:
        decision = decider.decide(op, "k")
        evidence = decider.store.evidence().get("bad", Evidence())
    assert decision.source is Source.TEMPLATE
    assert "bad" not in decision.entries
    assert (evidence.wins, evidence.losses) == (0, 0 if kind == "does not end" else 1)
