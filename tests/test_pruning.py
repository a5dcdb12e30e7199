"""Pruning: harm goes, repetition is merged, conflicts are settled, and all can be undone."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_model import save_tiny_model
from undecided import elementwise, undecided

from hawk_xdsl.bench.experience import experience
from hawk_xdsl.bench.imports import Imports
from hawk_xdsl.bench.suite import load_suite
from hawk_xdsl.cli import main
from hawk_xdsl.compiler import open_decider
from hawk_xdsl.ir_text import read_op
from hawk_xdsl.knowledge_store import (
    Action,
    Artifact,
    Curation,
    Entry,
    EntryKind,
    KnowledgeStore,
    TileHole,
    Trigger,
    load_entries,
    load_seed_entries,
)
from hawk_xdsl.language_model.local_model import LocalModel
from hawk_xdsl.language_model.model_files import find_model
from hawk_xdsl.learning.arbitration import arbitrate
from hawk_xdsl.learning.judgement import Judgement
from hawk_xdsl.learning.pruning import Pruner
from hawk_xdsl.learning.replay import Replay
from hawk_xdsl.learning.subsumption import Relation, relation
from hawk_xdsl.linalg.op_text import op_as_text
from hawk_xdsl.propose.settings import Budget, Settings, Sources
from hawk_xdsl.semantics.specification import specify

pytestmark = pytest.mark.corpus

TARGET = "ascend910b1"
OPS = (
    elementwise("8x16", "%0 = math.absf %in : f32\n%1 = math.exp %0 : f32"),
    elementwise("4x40", "%0 = math.absf %in : f32\n%1 = math.sqrt %0 : f32"),
)


def rewrite(name: str, before: str, after: str) -> Entry:
    return Entry(name, EntryKind.REWRITE, "Learned.", artifact=Artifact(before=before, after=after))


def decide(store: Path, ops: Sequence[str] = OPS) -> list[bool]:
    """Decides ops with what the store knows; whether each got a kernel within two attempts."""
    settings = Settings(Sources.COMPOSITION, Budget(attempts=2, tuning=0), host_fallback=True)
    with open_decider(TARGET, settings, store=store) as decider:
        found = [decider.decide(undecided(op), f"k{i}") for i, op in enumerate(ops)]
        for decision in found:
            assert decision.specification is not None
    return [decision.verdict is not None for decision in found]


def no_model() -> LocalModel:
    raise AssertionError("the gate can tell: no model is to be asked")


def pruned(store: Path, *learned: Entry, dry_run: bool = False) -> dict[str, Curation]:
    """What is done with learned entries after the ops were decided with them."""
    with KnowledgeStore(store) as opened:
        for entry in learned:
            opened.add_entry(entry)
    decide(store)
    with KnowledgeStore(store) as opened:
        done = Pruner(opened, load_seed_entries(), Replay(TARGET), no_model, dry_run=dry_run).run()
    return {curation.entry: curation for curation in done}


HARMFUL = {
    "wrong": [rewrite("bad", "abs(x)", "max(x, x * -1.001)")],
    "for some inputs only": [rewrite("bad", "abs(x)", "x + 0")],
    "endless": [rewrite("bad", "abs(x)", "abs(neg(x))")],
    "slower": [rewrite("bad", "abs(x)", "sqrt(x * x) + 0 * exp(x * 0)")],
}


@pytest.mark.parametrize("kind", HARMFUL)
def test_what_harms_is_pruned_and_comes_back_when_undone(kind: str, store: Path) -> None:
    done = pruned(store, *HARMFUL[kind])
    assert done["bad"].action is Action.PRUNE, done
    assert done["bad"].reason and "cases" in done["bad"].evidence
    with KnowledgeStore(store) as opened:
        in_use = {entry.name for entry in opened.in_use(load_seed_entries())}
        assert in_use == {entry.name for entry in load_seed_entries()}
        assert opened.undo().entry == "bad"
        assert "bad" in {entry.name for entry in opened.in_use(load_seed_entries())}


LOG10 = elementwise("8x16", "%1 = math.log10 %in : f32")


def without_log10() -> list[Entry]:
    """The package's entries as if none were about this function."""
    return [e for e in load_seed_entries() if "log10" not in (e.artifact.before or "")]


def test_what_is_of_use_is_kept(store: Path) -> None:
    with KnowledgeStore(store) as opened:
        opened.add_entry(rewrite("learned", "log10(x)", "log(x) * 0.4342944819032518"))
    decide(store, [LOG10])
    with KnowledgeStore(store) as opened:
        [done] = Pruner(opened, without_log10(), Replay(TARGET), no_model).run()
    assert (done.action, done.entry) == (Action.KEEP, "learned")


def test_a_dry_run_changes_nothing(store: Path) -> None:
    done = pruned(store, *HARMFUL["wrong"], dry_run=True)
    assert done["bad"].action is Action.PRUNE
    with KnowledgeStore(store) as opened:
        assert (opened.disabled(), opened.curations()) == (frozenset(), ())


def test_the_same_under_another_name_is_merged(store: Path) -> None:
    first = rewrite("learned-one", "abs(x + 1)", "max(x + 1, neg(x + 1))")
    again = rewrite("learned-two", "abs(y + 1)", "max(y + 1, neg(1 + y))")
    done = pruned(store, first, again)
    assert (done["learned-two"].action, done["learned-two"].into_entry) == (
        Action.MERGE,
        "learned-one",
    )


def test_of_two_that_contradict_the_gate_proves_one_wrong(store: Path) -> None:
    wrong = rewrite("aaa-wrong", "log10(x)", "log(x) * 0.43")
    right = rewrite("right", "log10(x)", "log(x) * 0.4342944819032518")
    assert relation(wrong, right) is Relation.CONFLICT
    decide(store, [LOG10])
    with KnowledgeStore(store) as opened:
        for entry in (wrong, right):
            opened.add_entry(entry)
        first, *_ = Pruner(opened, without_log10(), Replay(TARGET), no_model).run()
    assert (first.action, first.entry) == (Action.PRUNE, "aaa-wrong")
    assert "contradicts right" in first.reason


def test_a_model_arbitrates_what_no_op_tells_apart(tmp_path: Path, store: Path) -> None:
    save_tiny_model(tmp_path / "model")
    model = LocalModel.load(find_model(str(tmp_path / "model")))
    first = rewrite("one", "unheard(x)", "x * 3")
    second = rewrite("two", "unheard(x)", "x * 2")
    with KnowledgeStore(store) as opened:
        for entry in (first, second):
            opened.add_entry(entry)
        [done] = Pruner(opened, load_seed_entries(), Replay(TARGET), lambda: model).run()
    assert done.action is Action.ARBITRATE
    assert model.name in done.reason and "contradict each other" in done.evidence


def test_what_never_won_yields_to_the_package(store: Path) -> None:
    packaged = rewrite("of-the-package", "unheard(x)", "x * 3")
    with KnowledgeStore(store) as opened:
        opened.add_entry(rewrite("learned", "unheard(x)", "x * 2"))
        entries = [*load_seed_entries(), packaged]
        [done] = Pruner(opened, entries, Replay(TARGET), no_model).run()
    assert (done.action, done.entry) == (Action.ARBITRATE, "learned")


class Fixed:
    name = "fixed"

    def likelihood(self, prompt: str, text: str) -> float:
        assert "x * 3" in prompt and "x * 2" in prompt
        return {"x * 3": -2.0, "x * 2": -1.0}[text]


def test_the_likelier_replacement_wins() -> None:
    from hawk_xdsl.knowledge_store import Evidence

    first, second = rewrite("one", "unheard(x)", "x * 3"), rewrite("two", "unheard(x)", "x * 2")
    found = arbitrate(first, second, (Evidence(), Evidence()), Fixed())
    assert (found.winner, found.loser, found.likelihoods) == (second, first, (-1.0, -2.0))


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        (("tanh(x)", "x"), ("tanh(y)", "y"), Relation.SAME),
        (("a * b", "a * b * 1"), ("x * y", "y * x * 1"), Relation.SAME),
        (("pow(x, c)", "exp(log(x) * c)"), ("pow(x, 3)", "exp(log(x) * 3)"), Relation.COVERS),
        (("pow(x, 3)", "exp(log(x) * 3)"), ("pow(x, c)", "exp(log(x) * c)"), None),
        (("tanh(x)", "x"), ("tanh(y)", "y + 1"), Relation.CONFLICT),
        (("tanh(x)", "x"), ("unheard(y)", "y"), None),
        (("reduce_sum(a * a)", "reduce_sum(a)"), ("reduce_sum(b * b)", "reduce_sum(b)"), "same"),
    ],
)
def test_entries_are_compared_up_to_names(
    first: tuple[str, str], second: tuple[str, str], wanted: Relation | None
) -> None:
    assert relation(rewrite("one", *first), rewrite("two", *second)) == wanted


SAME = Judgement(4, 4, 4, 1.0, 4, 4, 0, 0, lost=0, useful=4, instead=())


@pytest.mark.parametrize(
    ("changes", "harmful", "clear"),
    [
        ({}, False, False),
        ({"right_with": 3}, True, True),
        ({"right_with": 3, "lost": 1}, False, False),
        ({"troubles_with": 1}, True, True),
        ({"attempts_with": 6}, True, False),
        ({"cycles": 0.97}, True, False),
        ({"cycles": 0.9}, True, True),
        ({"cycles": 0.9, "cases": 2}, True, False),
        ({"cycles": 1.2, "attempts_with": 6}, False, False),
        ({"cycles": 1.2, "attempts_with": 6, "useful": 0}, True, False),
    ],
)
def test_entries_of_the_package_go_only_for_clear_harm(
    changes: dict[str, float], harmful: bool, clear: bool
) -> None:
    judgement = replace(SAME, **changes)
    assert (bool(judgement.harm), judgement.clear) == (harmful, clear)


def test_templates_are_compared_by_strategy_and_tile_sizes() -> None:
    trigger, text = Trigger(structure="contraction"), Artifact(strategy="output-stationary")
    one = Entry("one", EntryKind.TEMPLATE, "r", trigger, text)
    two = Entry("two", EntryKind.TEMPLATE, "other words", trigger, text)
    other = Entry("three", EntryKind.TEMPLATE, "r", trigger, text, (TileHole("m", (8,)),))
    assert relation(one, two) is Relation.SAME
    assert relation(one, other) is None


def test_a_recorded_op_is_read_back(store: Path) -> None:
    decide(store)
    with KnowledgeStore(store) as opened:
        specs = opened.specs()
    assert len(specs) == len(OPS)
    assert all(read_op(spec.op).label is not None for spec in specs)


MATMUL = """
npu.undecided "matmul" ins(%x : tensor<16x16xf16>) -> (tensor<16x16xf16>) {
^bb0(%a: tensor<16x16xf16>):
  %zero = arith.constant 0.0 : f16
  %e = tensor.empty() : tensor<16x16xf16>
  %f = linalg.fill ins(%zero : f16) outs(%e : tensor<16x16xf16>) -> tensor<16x16xf16>
  %m = linalg.matmul ins(%a, %a : tensor<16x16xf16>, tensor<16x16xf16>) outs(%f : tensor<16x16xf16>) -> tensor<16x16xf16>
  npu.yield %m : tensor<16x16xf16>
}
"""  # noqa: E501 (MLIR text)


def test_named_ops_are_read_back() -> None:
    op = undecided(MATMUL)
    assert specify(read_op(op_as_text(op))).text == specify(op).text


def test_the_commands_tell_and_undo(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def hawk(*words: str) -> str:
        monkeypatch.setattr("sys.argv", ["hawk", "knowledge", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code in (None, 0)
        return capsys.readouterr().out

    with KnowledgeStore(store) as opened:
        opened.add_entry(*HARMFUL["wrong"])
    decide(store)
    assert "prune bad: " in hawk("prune")
    assert "out of use" in hawk("list")
    assert "prune" in hawk("log")
    assert hawk("undo").strip() == "undone: prune bad"
    assert "out of use" not in hawk("list")


SUITE = """
import torch

def shifted(x):
    return torch.abs(x) + 1

OPERATORS = [{
    "function": shifted, "family": "elementwise", "split": "seen", "inputs": {"x": "float[R, C]"},
    "sizes": {"small": {"R": 8, "C": 16}, "ragged": {"R": 7, "C": 13}, "large": {"R": 64, "C": 64}},
    "dtypes": ("f32",),
}]
"""


def test_a_suite_is_experience_to_judge_by(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = tmp_path / "suite.py"
    suite.write_text(SUITE)
    with KnowledgeStore(store) as opened:
        opened.add_entry(*HARMFUL["wrong"])
    monkeypatch.setattr("sys.argv", ["hawk", "knowledge", "prune", "--operators", str(suite)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (None, 0)
    assert "prune bad" in capsys.readouterr().out
    cases = load_suite(suite).cases()[:1]
    tried = list(experience(cases, Imports(tmp_path / "imports", suite), TARGET, store))
    assert [(each.right, each.wrong) for each in tried] == [(True, False)]


def test_the_planted_entries_of_the_benchmark_are_entries() -> None:
    planted = load_entries([Path(__file__).parent.parent / "benchmarks" / "planted.toml"])
    assert len(planted) >= 7
    kinds = {entry.kind for entry in planted}
    assert kinds == {EntryKind.REWRITE, EntryKind.INSTRUCTION, EntryKind.TEMPLATE}
