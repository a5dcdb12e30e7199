"""The decide loop: sources, budgets, repair, and what it does with bad models and bad entries."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from tiny_model import save_tiny_model
from undecided import SOFTMAX, elementwise, undecided
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp

from hawk_xdsl.compiler import open_decider
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import (
    AttemptVerdict,
    Entry,
    KnowledgeStore,
    Outcome,
    RetrievalMode,
    load_seed_entries,
    parse_entries,
)
from hawk_xdsl.language_model.authoring import Author
from hawk_xdsl.language_model.prompt import FailedAttempt
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.passes.npu_decide import decide_module
from hawk_xdsl.propose.decide import UndecidableError
from hawk_xdsl.propose.decision import Decision, Source
from hawk_xdsl.propose.settings import Budget, Settings, Sources
from hawk_xdsl.semantics.specification import specify

TARGET = "ascend910b1"
GELU = elementwise(
    "128x64",
    "%1 = math.erf %in : f32\n%2 = math.exp %1 : f32",
    result="%2",
)
EXP = elementwise("256x1024", "%1 = math.exp %in : f32")
WHOLE = "%n = arith.fptosi %in : f32 to i32\n    %1 = math.fpowi %in, %n : f32, i32"
POWER = elementwise("128x64", WHOLE)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("tiny")
    save_tiny_model(directory, context=4096)
    return directory


@dataclass
class Run:
    decision: Decision
    outcomes: list[Outcome]
    told: list[str]


def decide(
    text: str,
    path: Path,
    settings: Settings,
    model: Path | None = None,
    entries: Sequence[Entry] | None = None,
) -> Run:
    told: list[str] = []
    given = None if model is None else str(model)
    with open_decider(
        TARGET, settings, store=path, model=given, progress=told.append, entries=entries
    ) as decider:
        decision = decider.decide(undecided(text), "k")
    with KnowledgeStore(path) as opened:
        return Run(decision, list(opened.outcomes()), told)


def settings(sources: Sources, attempts: int = 4, tuning: int = 0) -> Settings:
    return Settings(sources, Budget(attempts, tuning, 60.0), host_fallback=True)


def test_attempts_end_at_the_first_right_kernel_and_tuning_follows(tmp_path: Path) -> None:
    run = decide(SOFTMAX, tmp_path / "s", settings(Sources.COMPOSITION, attempts=8, tuning=3))
    effort = run.decision.effort
    assert (effort.attempts, run.decision.first_right) == (1, 1)
    assert 0 <= effort.tuning <= 3
    assert len(run.outcomes) == effort.attempts + effort.tuning == effort.gate_runs
    assert run.decision.cycles is not None and effort.first_cycles is not None
    assert run.decision.cycles <= effort.first_cycles


def test_only_composition_times_texts_to_refine_their_tiles(tmp_path: Path) -> None:
    """Of an op that no rewrite is for, so that nothing else makes a difference."""
    composed = decide(EXP, tmp_path / "a", settings(Sources.COMPOSITION)).decision
    alone = decide(EXP, tmp_path / "b", settings(Sources.TEMPLATES)).decision
    assert composed.effort.timings > 0 == alone.effort.timings
    assert composed.cycles is not None and alone.cycles is not None
    assert composed.cycles <= alone.cycles


def test_a_warm_store_makes_no_attempt(tmp_path: Path) -> None:
    composition = settings(Sources.COMPOSITION)
    decide(SOFTMAX, tmp_path / "s", composition)
    warm = decide(SOFTMAX, tmp_path / "s", composition)
    assert warm.decision.source is Source.REUSED
    assert (warm.decision.attempts, warm.decision.effort.gate_runs) == (0, 1)


def test_templates_alone_do_without_rewrites(tmp_path: Path) -> None:
    """The unit has no error function: a rewrite says how to do without."""
    alone = decide(GELU, tmp_path / "a", settings(Sources.TEMPLATES))
    assert (alone.decision.source, "erf" in alone.decision.reason) == (Source.HOST, True)
    composed = decide(GELU, tmp_path / "b", settings(Sources.COMPOSITION))
    assert composed.decision.source is Source.TEMPLATE


def test_an_op_without_kernel_is_an_error_unless_it_may_stay_on_the_host(tmp_path: Path) -> None:
    wanted = replace(settings(Sources.COMPOSITION), host_fallback=False)
    with pytest.raises(UndecidableError, match="fpowi"):
        decide(POWER, tmp_path / "s", wanted)


@pytest.mark.model
def test_a_model_that_writes_garbage_leaves_records_and_no_kernel(
    tmp_path: Path, tiny: Path
) -> None:
    run = decide(SOFTMAX, tmp_path / "s", settings(Sources.MODEL), tiny)
    assert run.decision.source is Source.HOST
    assert run.outcomes
    for outcome in run.outcomes:
        assert outcome.source == "model" and outcome.tokens > 0
        assert outcome.verdict in (AttemptVerdict.UNFINISHED, AttemptVerdict.REJECTED)
        assert outcome.trap_code and outcome.prompt
    # Texts that were written and not tried cost tokens too.
    assert run.decision.effort.tokens >= sum(outcome.tokens for outcome in run.outcomes) > 0
    assert run.decision.effort.rejected_lines > 0
    # What is not complete is no attempt; what went wrong is in the next question.
    unfinished = sum(o.verdict is AttemptVerdict.UNFINISHED for o in run.outcomes)
    assert run.decision.attempts == len(run.outcomes) - unfinished
    prompts = [outcome.prompt[-1].content for outcome in run.outcomes]
    assert "This attempt failed" not in prompts[0]
    assert "This attempt failed" in prompts[-1]


@pytest.mark.model
def test_the_packaged_model_is_asked_the_same_again_for_other_texts(tmp_path: Path) -> None:
    run = decide(POWER, tmp_path / "s", settings(Sources.MODEL, attempts=8))
    tried = [outcome for outcome in run.outcomes if outcome.verdict is AttemptVerdict.REJECTED]
    assert len({outcome.prompt for outcome in run.outcomes}) == 1
    assert len({outcome.kernel_text for outcome in tried}) == len(tried) == 8
    # Its prompt has no place for entries: none is recorded as used.
    assert not any(outcome.entries for outcome in run.outcomes)


@pytest.mark.model
def test_composition_goes_first_and_the_model_is_asked_within_the_budget(
    tmp_path: Path, tiny: Path
) -> None:
    run = decide(POWER, tmp_path / "s", settings(Sources.ALL), tiny)
    first, *others = run.outcomes
    assert (first.source, first.trap_code) == ("template", "no-instruction")
    assert {outcome.source for outcome in others} == {"model"}
    # A template without its statements is what the model fills first.
    assert others[0].kernel_text.startswith("across i0 in 0..8192 step ")
    assert "whole-tiles" in others[0].entries
    assert any("asking" in line for line in run.told)


@pytest.mark.model
def test_without_retrieval_the_prompt_holds_no_entry(tmp_path: Path, tiny: Path) -> None:
    nothing = replace(settings(Sources.MODEL, attempts=1), retrieval=RetrievalMode.NONE)
    run = decide(SOFTMAX, tmp_path / "s", nothing, tiny)
    assert not any(outcome.entries for outcome in run.outcomes)
    assert "What is known" not in run.outcomes[0].prompt[-1].content
    assert "exp(a) is vexp a" not in run.outcomes[0].prompt[-1].content


def broken(monkeypatch: pytest.MonkeyPatch, fail: Callable[[int], Exception | None]) -> list[int]:
    """The model's network fails as told by the number of the call; the calls so far."""
    calls: list[int] = []
    run = torch.nn.Embedding.forward

    def forward(self: torch.nn.Embedding, input: torch.Tensor) -> torch.Tensor:
        calls.append(len(calls))
        if (error := fail(len(calls))) is not None:
            raise error
        return run(self, input)

    monkeypatch.setattr(torch.nn.Embedding, "forward", forward)
    return calls


@pytest.mark.model
def test_a_model_that_runs_out_of_memory_is_recorded_and_asked_for_less_once(
    tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = "[enforce fail at alloc_cpu.cpp:115] DefaultCPUAllocator: can't allocate memory"
    calls = broken(monkeypatch, lambda number: RuntimeError(message))
    run = decide(SOFTMAX, tmp_path / "s", settings(Sources.MODEL), tiny)
    assert run.decision.source is Source.HOST and "memory" in run.decision.reason
    assert [outcome.trap_code for outcome in run.outcomes] == ["model", "model"]
    assert len(calls) == 2


@pytest.mark.model
def test_an_interruption_keeps_the_records(
    tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch, lambda number: KeyboardInterrupt())  # pyright: ignore[reportArgumentType]
    with pytest.raises(KeyboardInterrupt):
        decide(POWER, tmp_path / "s", settings(Sources.ALL), tiny)
    with KnowledgeStore(tmp_path / "s") as opened:
        assert [outcome.trap_code for outcome in opened.outcomes()] == ["no-instruction"]


@pytest.mark.model
def test_an_op_too_long_for_the_context_is_recorded(tmp_path: Path) -> None:
    save_tiny_model(tmp_path / "model", context=300)
    run = decide(SOFTMAX, tmp_path / "s", settings(Sources.MODEL), tmp_path / "model")
    assert [outcome.trap_code for outcome in run.outcomes] == ["prompt-too-long"]
    assert run.decision.source is Source.HOST


@pytest.mark.model
def test_a_model_that_is_no_model_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(HawkError, match=r"no config\.json"):
        decide(SOFTMAX, tmp_path / "s", settings(Sources.MODEL), tmp_path)


TEMPLATE = """
[[entry]]
name = "broken"
kind = "template"
rationale = "A template that nobody can fill."
[entry.trigger]
structure = "tiles"
[entry.artifact]
text = "across $across {\\n$surprise\\n}"
"""

NO_EXPRESSION = """
[[entry]]
name = "nonsense"
kind = "rewrite"
rationale = "What it replaces is no expression."
[entry.artifact]
before = "exp(("
after = "x"
"""


@pytest.mark.parametrize(("toml", "code"), [(TEMPLATE, "unfilled"), (NO_EXPRESSION, None)])
def test_a_broken_entry_does_not_keep_the_others_from_working(
    tmp_path: Path, toml: str, code: str | None
) -> None:
    entries = (*parse_entries(toml, "mine.toml"), *load_seed_entries())
    run = decide(SOFTMAX, tmp_path / "s", settings(Sources.COMPOSITION), entries=entries)
    assert run.decision.source is Source.TEMPLATE
    codes = [
        outcome.trap_code
        for outcome in run.outcomes
        if outcome.verdict is not AttemptVerdict.ACCEPTED
    ]
    assert codes == ([code] if code else [])
    if code is None:
        assert any("nonsense" in line for line in run.told)


@pytest.mark.model
def test_the_same_model_store_and_seed_give_the_same_outcomes(tmp_path: Path, tiny: Path) -> None:
    texts: list[list[str]] = []
    for name in ("a", "b"):
        run = decide(POWER, tmp_path / name, settings(Sources.ALL, attempts=2), tiny)
        texts.append([outcome.kernel_text for outcome in run.outcomes])
    assert texts[0] == texts[1]


@pytest.mark.model
def test_what_is_slow_is_asked_with_the_rule_of_its_pipe(tiny: Path) -> None:
    target = load_target(TARGET)
    author = Author.load(str(tiny), load_seed_entries(), target)
    slow = FailedAttempt("text", "slow", "right, but slow", bottleneck="vector")
    rule = author.rule(slow.trap, slow.bottleneck)
    assert "vector unit" in rule
    prompt = author.prompt(specify(undecided(SOFTMAX)), replace(slow, rule=rule))
    assert "right, but slow" in prompt.messages[-1].content and rule in prompt.messages[-1].content


@pytest.mark.model
def test_a_model_is_not_asked_where_composition_finds_a_kernel(tmp_path: Path, tiny: Path) -> None:
    run = decide(SOFTMAX, tmp_path / "s", settings(Sources.ALL), tiny)
    assert run.decision.source is Source.TEMPLATE
    assert not any("asking" in line for line in run.told)


def test_what_another_grouping_decided_gets_a_symbol_that_is_free_here(tmp_path: Path) -> None:
    """A program is grouped again; one decider remembers kernels with the symbols of before."""
    small = elementwise("8x64", "%1 = math.exp %in : f32")
    modules = [module_of(small), module_of(EXP, small)]
    with open_decider(TARGET, settings(Sources.COMPOSITION), store=tmp_path / "s") as decider:
        placed = [decide_module(module, decider) for module in modules]
    assert [each.symbols for each in placed[0]] == [("elementwise",)]
    assert [each.symbols for each in placed[1]] == [("elementwise",), ("elementwise_1",)]
    for module in modules:
        module.verify()


def module_of(*texts: str) -> ModuleOp:
    """The ops of elementwise texts in one function, each of an input of its own."""
    functions = [undecided(text).parent_op() for text in texts]
    for number, function in enumerate(functions):
        assert isinstance(function, FuncOp)
        function.detach()
        function.sym_name = StringAttr(f"main{number}")
    return ModuleOp([each for each in functions if each is not None])
