"""A function that nothing says how to compute: a model is asked, the check of entries judges."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest
from llguidance.hf import from_tokenizer
from tiny_model import save_tiny_model
from transformers import AutoTokenizer
from undecided import elementwise, undecided

from hawk_xdsl.codegen.computable_functions import computable_functions, without
from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.compiler import open_decider
from hawk_xdsl.entry_check.admission import admit
from hawk_xdsl.entry_check.edits import edited, text_of
from hawk_xdsl.entry_check.scaling import scaled
from hawk_xdsl.knowledge_store import (
    AttemptVerdict,
    Entry,
    KnowledgeStore,
    RetrievalMode,
    load_seed_entries,
)
from hawk_xdsl.knowledge_store.retrieval import Retriever
from hawk_xdsl.language_model.decoding import compile_grammar
from hawk_xdsl.language_model.loading import ModelError
from hawk_xdsl.language_model.prompt import Prompt, instruct_format
from hawk_xdsl.language_model.rewrite_question import (
    AskedFunction,
    RefusedRewrite,
    RewriteQuestion,
    is_example,
)
from hawk_xdsl.language_model.sampling import Proposal, Sampling, Stop
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.propose.decide import UndecidableError
from hawk_xdsl.propose.decision import Source
from hawk_xdsl.propose.rewrites import missing_function
from hawk_xdsl.propose.settings import Budget, Settings, Sources
from hawk_xdsl.semantics.pattern import parse_pattern
from hawk_xdsl.semantics.specification import specify

TARGET = load_target("ascend910b1")
PACKAGED = load_seed_entries()
LOG10 = elementwise("16x8", "%1 = math.log10 %in : f32")
RIGHT, WRONG = "log(x) * 0.4342944819032518", "log(x) * x"


def unknown(name: str) -> list[Entry]:
    """The packaged entries without those of a function."""
    return [e for e in PACKAGED if f"{name}(" not in f"{e.artifact.before} {e.artifact.after}"]


@dataclass
class Told:
    """Stands for an author with a general model: answers these, question by question."""

    answers: Sequence[Sequence[str]]
    name: str = "told"
    leads: bool = False
    repairs: bool = True
    model: object = field(default_factory=lambda: SimpleNamespace(prompt_format=instruct_format()))
    asked: list[RewriteQuestion] = field(default_factory=list[RewriteQuestion])

    def expressions(
        self, question: RewriteQuestion, sampling: Sampling, *, seconds: float
    ) -> list[Proposal]:
        answer = self.answers[min(len(self.asked), len(self.answers) - 1)]
        self.asked.append(question)
        return [Proposal(text, -1.0, 5, 0, Stop.END, 0.0) for text in answer]

    def prompt(self, *question: object) -> Prompt:
        raise ModelError("it was told to write no whole bodies")

    def retriever_of(self, entries: Sequence[Entry]) -> Retriever:
        return Retriever(entries, RetrievalMode.SYNTACTIC)


def decide(author: Told, store: Path, sources: Sources = Sources.ALL) -> tuple[Source, list[str]]:
    """Who decides log10 where no packaged entry knows it, and the entries the kernel is made of."""
    settings = Settings(sources, Budget(attempts=4, tuning=1))
    with KnowledgeStore(store) as opened:
        entries = (*unknown("log10"), *opened.entries())
    with open_decider("ascend910b1", settings, store=store, entries=entries) as decider:
        decider.author = lambda: author  # pyright: ignore[reportAttributeAccessIssue]
        decider.kernel_format = lambda: None
        decider.model_fingerprint = lambda: "told"
        found = decider.decide(undecided(LOG10), "k")
    return found.source, list(found.entries)


def test_what_a_model_found_is_composed_with_and_kept(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    source, entries = decide(Told([[WRONG, RIGHT]]), store)
    assert source is Source.TEMPLATE
    [found] = [name for name in entries if name.startswith("log10-found-")]
    with KnowledgeStore(store) as opened:
        [kept] = opened.entries()
        outcomes = list(opened.outcomes())
    assert (kept.name, kept.artifact.after) == (found, RIGHT)
    assert kept.artifact.error is not None and kept.artifact.error.ulp <= 2
    assert "Nothing said how to compute log10(x)" in kept.rationale
    refused = next(each for each in outcomes if each.trap_code == "rewrite")
    assert (refused.kernel_text, refused.verdict) == (WRONG, AttemptVerdict.UNFINISHED)
    assert refused.prompt and refused.prompt[-1].content.rstrip().endswith("return")
    right = next(each for each in outcomes if each.verdict is AttemptVerdict.ACCEPTED)
    assert right.prompt == refused.prompt


def test_a_later_compile_needs_no_model_for_it(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    decide(Told([[RIGHT]]), store)
    with KnowledgeStore(store) as opened:
        entries = (*unknown("log10"), *opened.entries())
    settings = Settings(Sources.COMPOSITION, fresh=True)
    with open_decider("ascend910b1", settings, store=store, entries=entries) as decider:
        found = decider.decide(undecided(LOG10), "k")
    assert found.source is Source.TEMPLATE


def test_the_second_question_says_what_was_wrong(tmp_path: Path) -> None:
    author = Told([[WRONG], [RIGHT]])
    decide(author, tmp_path / "store.sqlite")
    assert author.asked[0].failure is None
    failure = author.asked[1].failure
    assert failure is not None and failure.after == WRONG and "instead of" in failure.reason
    assert f"# {WRONG} is wrong: it gives" in author.asked[1].text


def test_wrong_answers_leave_the_op_undecided_and_the_store_without_entries(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    with pytest.raises(UndecidableError):
        author = Told([[WRONG, "x", "log(y)", "1.5", "nosuch(x)", "log(x"]])
        decide(author, store)
    with KnowledgeStore(store) as opened:
        assert not opened.entries()


def test_what_is_composed_anyway_asks_nobody() -> None:
    composer = Composer.for_target(PACKAGED, TARGET)
    assert missing_function(composer, specify(undecided(LOG10))) is None
    hidden = without(composer, ["log10"])
    assert missing_function(hidden, specify(undecided(LOG10))) == AskedFunction("log10", 1)
    power = elementwise(
        "16x8", "%c = arith.constant 3 : i32\n    %1 = math.fpowi %in, %c : f32, i32"
    )
    assert missing_function(hidden, specify(undecided(power))) is None, "of integers, too"
    names = {each.name for each in computable_functions(hidden)}
    assert "log10" not in names and {"exp", "log", "sqrt", "max"} <= names


@pytest.mark.parametrize(
    ("before", "after", "claim"),
    [
        ("log10(x)", RIGHT, "2 ulp"),
        ("tanh(x)", "1 - 2 / (exp(2 * x) + 1)", "2e-07 absolute + 8 ulp"),
    ],
)
def test_an_entry_claims_no_more_than_was_measured(before: str, after: str, claim: str) -> None:
    composer = without(Composer.for_target(PACKAGED, TARGET), [before.split("(")[0]])
    found = admit(before, after, "n", "r", composer, TARGET)
    assert found.entry is not None
    assert (str(found.entry.artifact.error), found.entry.artifact.domain) == (claim, ())


def test_what_holds_in_a_range_only_says_so() -> None:
    composer = Composer.for_target(PACKAGED, TARGET)
    # Where exp(x) overflows, and the hyperbolic sine does not yet, is a short range.
    found = admit("sinh(x)", "(exp(x) - exp(-x)) * 0.5", "n", "r", composer, TARGET)
    assert found.entry is not None
    assert found.entry.artifact.domain == (("x", (-80.0, 80.0)),)


@pytest.mark.parametrize(
    ("before", "after", "mended"),
    [
        ("sinh(x)", "exp(x) - exp(-x)", ["(exp(x) - exp(-x)) * 0.5"]),
        ("log10(x)", "log(x)", ["(log(x)) * 0.434294481903"]),
        ("log(x)", "log(x) + 1.5", ["(log(x) + 1.5) + -1.5"]),
        ("tanh(x)", "exp(x)", []),
        ("tanh(x)", "x - x", []),
    ],
)
def test_an_answer_may_lack_a_constant(before: str, after: str, mended: list[str]) -> None:
    assert list(scaled(before, after)) == mended


def test_what_lacks_a_constant_is_admitted_with_it(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    decide(Told([["log(x) / 3"]]), store)
    with KnowledgeStore(store) as opened:
        [kept] = opened.entries()
    assert kept.artifact.after == "(log(x) / 3) * 1.30288344571"


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        ("x", "instead of"),
        ("1.5", "no expression of the function's arguments"),
        ("log(y)", "no expression of the function's arguments"),
        ("log(x", "unexpected input"),
        ("nosuch(x)", "nothing says how to compute nosuch"),
    ],
)
def test_a_wrong_answer_is_refused_with_its_reason(after: str, reason: str) -> None:
    composer = without(Composer.for_target(PACKAGED, TARGET), ["log10"])
    found = admit("log10(x)", after, "n", "r", composer, TARGET)
    assert found.entry is None and reason in found.reason


def test_the_grammar_writes_only_what_is_available(tmp_path: Path) -> None:
    save_tiny_model(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    vocabulary = from_tokenizer(tokenizer, n_vocab=len(tokenizer))
    available = [AskedFunction("exp", 1), AskedFunction("max", 2), AskedFunction("select", 3)]
    question = RewriteQuestion(AskedFunction("tanh", 1), available)

    def accepts(text: str) -> bool:
        matcher = compile_grammar(question.grammar, vocabulary)
        tokens = tokenizer.encode(text, add_special_tokens=False)
        return matcher.validate_tokens(tokens) == len(tokens)

    assert accepts("1 - 2 / (exp(2.5 * x) + 1)")
    assert accepts("select(x > 0, max(x, -x), -exp(x))")
    assert not accepts("tanh(x)")
    assert not accepts("exp(y)")
    assert not accepts("log(x)")


def test_a_question_is_a_module_that_ends_before_the_expression() -> None:
    known = next(e for e in PACKAGED if e.artifact.before == "tan(x)")
    question = RewriteQuestion(
        AskedFunction("atan2", 2), [AskedFunction("exp", 1)], [known], RefusedRewrite("x", "no")
    )
    said = question.text
    assert "# exp(x)." in said and "    # x is wrong: no.\n" in said
    assert 'def tan(x):\n    """tan(x), the tangent of x"""\n    return sin(x) / cos(x)\n' in said
    assert "def atan2(x, y):\n" in said and said.endswith("\n    return")


ELEMENTARY = {"exp": 1, "log": 1, "sqrt": 1, "abs": 1, "sin": 1, "cos": 1, "floor": 1, "max": 2}


@pytest.mark.parametrize(
    ("before", "after", "edit"),
    [
        ("cosh(x)", "(exp(x) - exp(-x)) / 2", "(exp(x) + exp(neg(x))) / 2"),
        ("tan(x)", "cos(x) / sin(x)", "sin(x) / cos(x)"),
        ("ceil(x)", "-floor(x)", "neg(floor(neg(x)))"),
        ("relu(x)", "max(x, 1)", "max(x, 1 - 1)"),
        ("relu(x)", "select(x < 0, 0, x) * 2", "select(x < 0, 0, x)"),
    ],
)
def test_one_edit_of_a_near_miss_is_found(before: str, after: str, edit: str) -> None:
    assert edit in edited(before, after, ELEMENTARY, most=20)


@pytest.mark.parametrize(
    ("before", "after"), [("cosh(x)", "x + 1"), ("erf(x)", "exp(x)"), ("cosh(x)", "log(y)")]
)
def test_what_two_edits_would_take_is_left_alone(before: str, after: str) -> None:
    assert edited(before, after, ELEMENTARY) == []


def test_edits_use_only_what_is_available() -> None:
    assert edited("tan(x)", "sin(x) / sin(x)", {"sin": 1}) == []


@pytest.mark.parametrize("entry", [e for e in PACKAGED if is_example(e)], ids=lambda e: e.name)
def test_the_text_of_an_expression_parses_to_it_again(entry: Entry) -> None:
    pattern = parse_pattern(entry.artifact.after or "")
    assert parse_pattern(text_of(pattern)) == pattern


def test_what_is_edited_is_admitted_and_says_so(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    decide(Told([["log2(x) / log2(0.1)"]]), store)
    with KnowledgeStore(store) as opened:
        [kept] = opened.entries()
    assert kept.artifact.after != "log2(x) / log2(0.1)"
    assert "wrote log2(x) / log2(0.1), " in kept.rationale


def test_a_range_in_which_a_function_has_no_values_admits_nothing() -> None:
    composer = without(Composer.for_target(PACKAGED, TARGET), ["acosh"])
    # Between -1 and 1 both sides are no numbers.
    found = admit("acosh(x)", "log(x + sqrt(x * x - 1)) * 0.5", "n", "r", composer, TARGET)
    assert found.entry is None
