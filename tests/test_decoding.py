"""Decoding under a grammar: with the packaged model, a tiny random one, and broken ones."""

import re
import time
from collections.abc import Sequence
from pathlib import Path

import lark
import numpy as np
import pytest
import torch
from llguidance import LLTokenizer
from llguidance.hf import from_tokenizer
from tiny_model import END, STRICT_TEMPLATE, save_tiny_model
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

from hawk_xdsl.knowledge_store.records import Message
from hawk_xdsl.language_model import loading, local_model
from hawk_xdsl.language_model.decoding import GrammarError, decode
from hawk_xdsl.language_model.kv_cache import PromptReader, repeated
from hawk_xdsl.language_model.loading import ModelError
from hawk_xdsl.language_model.local_model import LocalModel
from hawk_xdsl.language_model.model_files import SMOLLM, find_model
from hawk_xdsl.language_model.prompt import PromptTooLong
from hawk_xdsl.language_model.sampling import Logits, Sampling, Stop

pytestmark = pytest.mark.model

# Like kernel text: lines of statements, keywords and names, and a line that ends it.
LINES = r"""
start: line line? line? "store " NAME "\n"
line: NAME " = " operation " " NAME "\n"
operation: "vexp" | "vreduce max" | "vsqrt"
NAME: /[a-z][a-z0-9]{0,5}/
"""
ENDLESS = 'start: line*\nline: "e = vexp " /[a-z]/ "\\n"\n'
LONG = ENDLESS.replace("line*", "line{30}")
LETTERS = "start: /[a-z]*/\n"
ASK = [Message("user", "Write a kernel that takes the exponential of x.")]


@pytest.fixture(scope="session")
def smollm() -> LocalModel:
    return LocalModel.load(find_model(SMOLLM))


@pytest.fixture(scope="session")
def tiny_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("tiny")
    save_tiny_model(directory)
    return directory


@pytest.fixture(scope="session")
def tiny(tiny_directory: Path) -> LocalModel:
    return LocalModel.load(find_model(str(tiny_directory)))


def test_the_packaged_model_writes_sentences_of_the_grammar(smollm: LocalModel) -> None:
    proposals = smollm.propose(ASK, LINES, Sampling(candidates=2, max_tokens=60, seed=1))
    parser = lark.Lark(LINES, parser="earley")
    assert all(proposal.finished for proposal in proposals)
    for proposal in proposals:
        parser.parse(proposal.text)
        assert proposal.log_likelihood < 0
        assert 0 < proposal.forced_tokens < proposal.tokens
    again = smollm.propose(ASK, LINES, Sampling(candidates=2, max_tokens=60, seed=1))
    assert [proposal.text for proposal in again] == [proposal.text for proposal in proposals]


def test_the_same_seed_gives_the_same_texts(tiny: LocalModel) -> None:
    def texts(seed: int) -> list[str]:
        return [p.text for p in tiny.propose("abc", LINES, Sampling(candidates=4, seed=seed))]

    first = texts(1)
    assert texts(1) == first
    assert texts(2)[0] == first[0], "the first is greedy"
    assert texts(2)[1:] != first[1:]


def test_the_number_of_threads_does_not_matter(tiny: LocalModel) -> None:
    found: list[list[float]] = []
    before = torch.get_num_threads()
    try:
        for threads in (1, 4):
            torch.set_num_threads(threads)
            proposals = tiny.propose("threads " * 40, LINES, Sampling(candidates=4, seed=1))
            found.append([proposal.log_likelihood for proposal in proposals])
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert found[0] == found[1]


def test_a_candidate_does_not_depend_on_the_others(tiny: LocalModel) -> None:
    """Rows differ in length, so this fails if padding reaches attention or positions."""
    alone = tiny.propose("a prompt", LINES, Sampling(candidates=1))
    pair = tiny.propose("a prompt", LINES, Sampling(candidates=2, seed=5))
    many = tiny.propose("a prompt", LINES, Sampling(candidates=7, seed=5))
    assert len({proposal.tokens for proposal in many}) > 1
    for few in (alone, pair):
        for one, same in zip(few, many, strict=False):
            assert one.text == same.text
            assert one.log_likelihood == pytest.approx(same.log_likelihood, abs=1e-3)


def test_a_text_branches_off_where_it_is_told(tiny: LocalModel, tiny_directory: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_directory)
    first = tiny.propose("a prompt", LINES)[0]
    assert len(first.forks) > 3
    others = tiny.propose("a prompt", LINES, Sampling(candidates=4, forks=first.forks[:3]))
    for fork, other in zip(first.forks, others[:3], strict=False):
        tokens, length = tuple(tokenizer.encode(other.text)), len(fork.written)
        assert tokens[:length] == fork.written == tuple(tokenizer.encode(first.text))[:length]
        assert tokenizer.encode(first.text)[length] == fork.instead_of != tokens[length]
        assert other.finished
    again = tiny.propose("a prompt", LINES, Sampling(candidates=3, forks=first.forks[:3], seed=9))
    assert [p.text for p in again] == [p.text for p in others[:3]], "they are not sampled"


def test_forks_read_neither_the_prompt_nor_what_the_first_text_read(
    tiny: LocalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    run = PromptReader.run

    def counted(reader: PromptReader, rows: Sequence[Sequence[int]], *others: object) -> Logits:
        read.append(sum(map(len, rows)))
        return run(reader, rows, *others)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(PromptReader, "run", counted)
    (first,) = tiny.propose("a prompt", LINES)
    late = sorted(first.forks, key=lambda fork: len(fork.written))[len(first.forks) // 2]
    read.clear()
    (other,) = tiny.propose("a prompt", LINES, Sampling(candidates=1, forks=[late]))
    assert 0 < sum(read) <= other.tokens - len(late.written)


def test_guessed_tokens_change_no_text_and_spare_steps(
    tiny: LocalModel, tiny_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_model, "GUESSES_ABOVE", 0)
    guessing = LocalModel.load(find_model(str(tiny_directory)))
    steps: list[int] = []
    run = PromptReader.run

    def counted(reader: PromptReader, rows: Sequence[Sequence[int]], *others: object) -> Logits:
        steps.append(len(rows))
        return run(reader, rows, *others)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(PromptReader, "run", counted)
    prompt = "vexp a\nvexp a\nvexp a\n"
    # What repeats itself is guessed: nothing but one letter can be chosen, and its end.
    again = 'start: line{12}\nline: "e = vexp " /[ab]/ " to " /[ab]/ "\\n"\n'
    for sampling in (Sampling(1), Sampling(5, temperature=0.7, seed=3)):
        steps.clear()
        wanted = tiny.propose(prompt, again, sampling)
        plain = len(steps)
        steps.clear()
        found = guessing.propose(prompt, again, sampling)
        assert [p.text for p in found] == [p.text for p in wanted]
        assert len(steps) < plain


def test_what_followed_the_last_tokens_before_is_guessed() -> None:
    assert repeated([1, 2, 3, 4, 9, 2, 3], 2) == (4, 9)
    assert repeated([1, 2, 7, 5, 1, 2, 8, 1, 2], 3) == (8, 1, 2), "the latest place"
    assert repeated([1, 2, 3, 4], 3) == ()


def test_samples_are_ever_warmer(tiny: LocalModel) -> None:
    def likelihoods(warmer: float) -> list[float]:
        options = {"candidates": 12, "greedy": False, "temperature": 0.01}
        found = tiny.propose("a prompt", LINES, Sampling(warmer=warmer, **options))
        return [p.log_likelihood / (p.tokens - p.forced_tokens) for p in found]

    cold, warm = likelihoods(0.0), likelihoods(1.0)
    assert warm[0] == pytest.approx(cold[0], abs=1e-3)
    assert sum(warm[6:]) < sum(cold[6:])


@pytest.mark.parametrize(("below", "dtype"), [(0, torch.bfloat16), (10**6, torch.float32)])
def test_a_small_model_computes_in_float32_on_a_cpu(
    below: int, dtype: torch.dtype, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_tiny_model(tmp_path)
    AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.bfloat16).save_pretrained(tmp_path)
    monkeypatch.setattr(loading, "FLOAT_BELOW", below)
    assert loading.load_weights(find_model(str(tmp_path)), "cpu").dtype == dtype


def test_likelihoods_of_a_ragged_batch_are_those_of_the_texts_alone(
    tiny: LocalModel, tiny_directory: Path
) -> None:
    """Forced parts of five tokens and early ends make rows of a batch differ as they can."""
    tokenizer = AutoTokenizer.from_pretrained(tiny_directory)
    model = AutoModelForCausalLM.from_pretrained(tiny_directory)
    choices = tokenizer.convert_tokens_to_ids(["a", "b", END])
    grammar = 'start: item{1,7}\nitem: "a" | "bcdef"\n'
    proposals = tiny.propose("prompt", grammar, Sampling(candidates=8, temperature=4.0))
    assert len({len(proposal.text) for proposal in proposals}) > 3
    for proposal in proposals:
        items = re.findall("a|bcdef", proposal.text)
        ended = [] if len(items) == 7 else [END]
        with torch.inference_mode():
            inputs = tokenizer("prompt" + proposal.text, return_tensors="pt")
            scores = model(**inputs).logits[0]
        expected, read = 0.0, len("prompt")
        for index, item in enumerate([*items, *ended]):
            allowed = choices if index else choices[:2]
            chosen = allowed.index(tokenizer.convert_tokens_to_ids(END if item == END else item[0]))
            expected += float(scores[read - 1, allowed].log_softmax(0)[chosen])
            read += len(item)
        assert proposal.log_likelihood == pytest.approx(expected, abs=1e-3)


def test_greedy_is_what_transformers_generates(tiny: LocalModel, tiny_directory: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_directory)
    model = AutoModelForCausalLM.from_pretrained(tiny_directory)
    letters = tokenizer.convert_tokens_to_ids([*"abcdefghijklmnopqrstuvwxyz", END])
    inputs = tokenizer("what comes next", return_tensors="pt")
    start = inputs.input_ids.shape[1]
    generated = model.generate(  # pyright: ignore[reportAttributeAccessIssue]
        **inputs,
        do_sample=False,
        max_new_tokens=30,
        prefix_allowed_tokens_fn=lambda batch, read: letters,
    )
    expected = tokenizer.decode(generated[0][start:], skip_special_tokens=True)
    (proposal,) = tiny.propose("what comes next", LETTERS, Sampling(candidates=1, max_tokens=30))
    assert len(expected) > 3
    assert proposal.text == expected


def test_what_was_read_before_does_not_matter(tiny: LocalModel, tiny_directory: Path) -> None:
    """A long prompt shares its start with the one before, which is not read again."""
    start = "shared " * 50
    fresh = LocalModel.load(find_model(str(tiny_directory)))
    expected = fresh.propose(start + "end", LINES, Sampling(candidates=3))
    for before in (start + "another end", start + "end", "nothing shared"):
        tiny.propose(before, LINES)
        again = tiny.propose(start + "end", LINES, Sampling(candidates=3))
        assert [p.log_likelihood for p in again] == [p.log_likelihood for p in expected]


def test_a_model_that_never_stops_is_cut_at_the_token_limit(tiny: LocalModel) -> None:
    for proposal in tiny.propose("", LONG, Sampling(candidates=3, max_tokens=40)):
        assert proposal.tokens == 40
        assert (proposal.stop, proposal.finished) == (Stop.TOKENS, False)


def test_temperature_zero_gives_the_greedy_text_only(tiny: LocalModel) -> None:
    assert len(tiny.propose("x", LINES, Sampling(candidates=4, temperature=0.0))) == 1


def test_a_prompt_longer_than_the_context_is_refused(tmp_path: Path) -> None:
    save_tiny_model(tmp_path, context=64)
    model = LocalModel.load(find_model(str(tmp_path)))
    with pytest.raises(PromptTooLong, match="has 64 tokens, more than the 63"):
        model.propose("x" * 64, LETTERS)
    (cut,) = model.propose("x" * 60, LONG, Sampling(candidates=1))
    assert (cut.stop, cut.tokens) == (Stop.TOKENS, 4)


def test_a_template_without_system_messages_gets_one_user_message(tmp_path: Path) -> None:
    save_tiny_model(tmp_path, chat_template=STRICT_TEMPLATE)
    model = LocalModel.load(find_model(str(tmp_path)))
    prompt = [Message("system", "Be brief."), Message("user", "x")]
    assert model.render(prompt) == "<user>Be brief.\n\nx"
    assert model.count(prompt) == len("<user>Be brief.\n\nx")


def test_a_grammar_error_is_one_line(tiny: LocalModel) -> None:
    with pytest.raises(GrammarError) as raised:
        tiny.propose("x", "start: nowhere\n")
    assert "nowhere" in str(raised.value) and "\n" not in str(raised.value)


def test_loading_says_what_is_wrong_in_one_line(tiny_directory: Path, tmp_path: Path) -> None:
    for path in tiny_directory.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"cut off")
    with pytest.raises(ModelError, match="cannot read the model") as raised:
        LocalModel.load(find_model(str(tmp_path)))
    assert "\n" not in str(raised.value)


class FixedScorer:
    """Scores every token by the same table, whatever came before."""

    def __init__(self, logits: Logits) -> None:
        self._logits = logits
        self._read: set[tuple[int, ...]] = set()
        self.calls = 0

    def start(self, text: Sequence[int]) -> bool:
        self.read([text])
        return True

    def read(self, texts: Sequence[Sequence[int]]) -> None:
        self.calls += 1
        assert self._read.isdisjoint(map(tuple, texts))
        self._read.update(map(tuple, texts))

    def scores_after(self, text: Sequence[int]) -> Logits | None:
        return self._logits if tuple(text) in self._read else None


@pytest.fixture(scope="session")
def vocabulary(tiny_directory: Path) -> LLTokenizer:
    return from_tokenizer(PreTrainedTokenizerFast.from_pretrained(tiny_directory))


LATER = float("inf")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
def test_garbage_scores_still_end_in_a_sentence(vocabulary: LLTokenizer, value: float) -> None:
    scorer = FixedScorer(np.full(vocabulary.vocab_size, value, np.float32))
    proposals = decode(scorer, vocabulary, LINES, Sampling(3, max_tokens=80), LATER)
    parser = lark.Lark(LINES, parser="earley")
    for proposal in proposals:
        assert np.isfinite(proposal.log_likelihood)
        if proposal.finished:
            parser.parse(proposal.text)
    assert any(proposal.finished for proposal in proposals)


def test_text_without_a_choice_asks_no_model(vocabulary: LLTokenizer) -> None:
    scorer = FixedScorer(np.zeros(vocabulary.vocab_size, np.float32))
    (proposal,) = decode(scorer, vocabulary, 'start: "e = vexp x\\n"\n', Sampling(1), LATER)
    assert (proposal.text, proposal.finished, scorer.calls) == ("e = vexp x\n", True, 0)
    assert proposal.forced_tokens == proposal.tokens
    assert proposal.log_likelihood == 0.0


def test_likelihood_counts_the_choices_only(vocabulary: LLTokenizer) -> None:
    scores = np.zeros(vocabulary.vocab_size, np.float32)
    scores[vocabulary.tokenize_str("b")] = np.log(3.0)
    grammar = 'start: ("a" | "b") " = vexp " ("c" | "d") "\\n"\n'
    (proposal,) = decode(FixedScorer(scores), vocabulary, grammar, Sampling(1), LATER)
    assert proposal.text.startswith("b = vexp ")
    assert proposal.log_likelihood == pytest.approx(np.log(3 / 4) + np.log(1 / 2))
    assert proposal.tokens - proposal.forced_tokens == 2


def test_the_model_may_end_where_the_grammar_allows_more(vocabulary: LLTokenizer) -> None:
    scores = np.zeros(vocabulary.vocab_size, np.float32)
    scores[vocabulary.eos_token] = 5.0
    (proposal,) = decode(FixedScorer(scores), vocabulary, ENDLESS, Sampling(1), LATER)
    assert (proposal.text, proposal.stop) == ("", Stop.END)


def test_the_deadline_ends_every_candidate(vocabulary: LLTokenizer) -> None:
    scorer = FixedScorer(np.zeros(vocabulary.vocab_size, np.float32))
    proposals = decode(scorer, vocabulary, LINES, Sampling(3), time.monotonic() - 1.0)
    assert [proposal.stop for proposal in proposals] == [Stop.DEADLINE] * 3


def test_a_deadline_in_the_past_reads_no_prompt(tiny: LocalModel) -> None:
    (proposal,) = tiny.propose("x" * 400, LINES, Sampling(candidates=1), deadline_seconds=-1.0)
    assert (proposal.stop, proposal.text) == (Stop.DEADLINE, "")


def test_a_candidate_that_ends_leaves_the_batch(vocabulary: LLTokenizer) -> None:
    """The rows that the model is asked for are those that still run (see FixedScorer.extend)."""
    scorer = FixedScorer(np.zeros(vocabulary.vocab_size, np.float32))
    proposals = decode(scorer, vocabulary, LINES, Sampling(6, max_tokens=200), LATER)
    assert all(proposal.finished for proposal in proposals)
    assert len({proposal.tokens for proposal in proposals}) > 1
