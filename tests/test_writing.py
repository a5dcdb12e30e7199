"""Lines that a judge rejects are taken back while a text is written, and written otherwise."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from kernel_text_corpus import SOFTMAX
from llguidance import LLTokenizer
from llguidance.hf import from_tokenizer
from test_decoding import LATER, FixedScorer
from tiny_model import END, save_tiny_model
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

from hawk_xdsl.dialects.kernel_text import narrowed_grammar
from hawk_xdsl.dialects.kernel_text.parse import MAX_LINE
from hawk_xdsl.language_model.decoding import decode
from hawk_xdsl.language_model.line_judge import LineJudge, line_judges
from hawk_xdsl.language_model.local_model import LocalModel
from hawk_xdsl.language_model.model_files import find_model
from hawk_xdsl.language_model.sampling import LINES_BACK, REJECTIONS, Judge, Sampling, Stop
from hawk_xdsl.npu_target import load_target

pytestmark = pytest.mark.model

LETTERS = 'start: line{1,3}\nline: ("a" | "b" | "c" | "d") ("x" | "y") "\\n"\n'


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("tiny")
    save_tiny_model(directory)
    return directory


@pytest.fixture(scope="session")
def vocabulary(directory: Path) -> LLTokenizer:
    return from_tokenizer(PreTrainedTokenizerFast.from_pretrained(directory))


def forbidding(*wrong: str) -> Judge:
    def judge(lines: Sequence[str], *, ended: bool) -> str | None:
        if ended:
            return "too short" if len(lines) < 2 else None
        return f"{lines[-1]} is wrong" if lines[-1] in wrong else None

    return judge


def preferring(vocabulary: LLTokenizer, order: str) -> FixedScorer:
    """Likes the letters in this order, then to end."""
    scores = np.zeros(vocabulary.vocab_size, np.float32)
    for place, letter in enumerate(order):
        scores[vocabulary.tokenize_str(letter)] = 10.0 - place
    return FixedScorer(scores)


def test_a_rejected_line_is_written_otherwise(vocabulary: LLTokenizer) -> None:
    scorer = preferring(vocabulary, "axbycd")
    (proposal,) = decode(
        scorer, vocabulary, LETTERS, Sampling(1), LATER, lambda: forbidding("ax", "bx")
    )
    assert proposal.finished
    assert not {"ax", "bx"} & set(proposal.text.split())
    assert proposal.rejected_lines > 0 and proposal.taken_back > 0


BLOCKS = 'start: block+\nblock: "for {\\n" ("a" | "b") "\\n" "}\\n"\n'


@pytest.mark.parametrize(("early", "blocks"), [(True, 2), (False, 5)])
def test_a_text_may_end_as_soon_as_it_is_whole(
    vocabulary: LLTokenizer, early: bool, blocks: int
) -> None:
    """The judge wants two blocks; the model likes to go on, up to its tokens."""

    def judge(lines: Sequence[str], *, ended: bool) -> str | None:
        return "too short" if ended and lines.count("}") < 2 else None

    scorer = preferring(vocabulary, "fab")
    length = 5 * len(vocabulary.tokenize_str("for {\na\n}\n"))
    sampling = Sampling(1, length, ends_early=early)
    (proposal,) = decode(scorer, vocabulary, BLOCKS, sampling, LATER, lambda: judge)
    assert proposal.finished == early
    assert proposal.text.count("}") == blocks


def test_the_least_certain_choice_is_what_changes(vocabulary: LLTokenizer) -> None:
    """The choice between a and b was nearer than that between x and y."""
    scores = np.zeros(vocabulary.vocab_size, np.float32)
    for letter, score in {"a": 9.0, "b": 8.5, "x": 9.0, "y": 2.0}.items():
        scores[vocabulary.tokenize_str(letter)] = score
    (proposal,) = decode(
        FixedScorer(scores), vocabulary, LETTERS, Sampling(1), LATER, lambda: forbidding("ax")
    )
    assert proposal.text.split()[0] == "bx"


def test_the_word_that_is_complained_about_is_what_changes(vocabulary: LLTokenizer) -> None:
    """The choice between a and b was nearer, but it is not what is wrong."""
    scores = np.zeros(vocabulary.vocab_size, np.float32)
    for letter, score in {"a": 9.0, "b": 8.5, "x": 9.0, "y": 2.0}.items():
        scores[vocabulary.tokenize_str(letter)] = score

    def judge(lines: Sequence[str], *, ended: bool) -> str | None:
        return "unknown buffer `x`" if lines[-1].endswith("x") else None

    grammar = 'start: line\nline: ("a" | "b") " = vabs " ("x" | "y") "\\n"\n'
    (proposal,) = decode(
        FixedScorer(scores), vocabulary, grammar, Sampling(1), LATER, lambda: judge
    )
    assert (proposal.text, proposal.rejected_lines) == ("a = vabs y\n", 1)


def test_a_line_is_rejected_twice_and_no_more(vocabulary: LLTokenizer) -> None:
    every = [a + b for a in "abcd" for b in "xy"]
    scorer = preferring(vocabulary, "abcdxy")
    proposals = decode(scorer, vocabulary, LETTERS, Sampling(3), LATER, lambda: forbidding(*every))
    for proposal in proposals:
        assert (proposal.stop, proposal.rejected_lines) == (Stop.REJECTED, REJECTIONS)
        assert not proposal.finished and "is wrong" in proposal.reason


def test_a_line_that_leaves_no_way_on_is_given_up_too(vocabulary: LLTokenizer) -> None:
    def judge(lines: Sequence[str], *, ended: bool) -> str | None:
        return "nothing goes after ax" if len(lines) > 1 and lines[0] == "ax" else None

    scorer = preferring(vocabulary, "axbycd")
    grammar = 'start: line line\nline: ("a" | "b" | "c" | "d") ("x" | "y") "\\n"\n'
    (proposal,) = decode(scorer, vocabulary, grammar, Sampling(1), LATER, lambda: judge)
    assert proposal.finished and not proposal.text.startswith("ax")
    assert proposal.rejected_lines == REJECTIONS + 1


def test_only_so_many_lines_are_given_up(vocabulary: LLTokenizer) -> None:
    def judge(lines: Sequence[str], *, ended: bool) -> str | None:
        return "the third line is wrong" if len(lines) > 2 else None

    scorer = preferring(vocabulary, "abcdxy")
    (proposal,) = decode(scorer, vocabulary, LETTERS, Sampling(1), LATER, lambda: judge)
    assert proposal.stop is Stop.REJECTED
    assert LINES_BACK <= proposal.rejected_lines <= (REJECTIONS + 1) * (LINES_BACK + 2)


def test_a_text_may_not_end_where_the_judge_says_no(vocabulary: LLTokenizer) -> None:
    scores = np.zeros(vocabulary.vocab_size, np.float32)
    scores[vocabulary.eos_token] = 5.0
    (proposal,) = decode(
        FixedScorer(scores), vocabulary, LETTERS, Sampling(1), LATER, lambda: forbidding()
    )
    assert proposal.finished and proposal.text.count("\n") == 2
    assert proposal.rejected_lines == 1


def test_forced_text_that_is_wrong_ends_a_text(vocabulary: LLTokenizer) -> None:
    scorer = preferring(vocabulary, "")
    (proposal,) = decode(
        scorer, vocabulary, 'start: "ax\\n"\n', Sampling(1), LATER, lambda: forbidding("ax")
    )
    assert proposal.stop is Stop.REJECTED and scorer.calls == 0


def test_a_line_that_never_ends_is_rejected(vocabulary: LLTokenizer) -> None:
    """The first choice leads into a name without end, the second one does not."""
    grammar = 'start: (/a+/ | "b") "\\n"\n'
    scorer = preferring(vocabulary, "ab")
    (proposal,) = decode(
        scorer, vocabulary, grammar, Sampling(1, max_tokens=2000), LATER, lambda: forbidding()
    )
    assert proposal.rejected_lines > 0
    assert proposal.tokens + proposal.taken_back < 3 * (MAX_LINE + 2)


def test_what_was_taken_back_does_not_matter_for_what_follows(directory: Path) -> None:
    """The likelihoods are those of the final text read afresh: the cache forgets the rest."""
    model = LocalModel.load(find_model(str(directory)))
    tokenizer = AutoTokenizer.from_pretrained(directory)
    weights = AutoModelForCausalLM.from_pretrained(directory)
    grammar = 'start: ("a" | "bcde") ("x" | "yz" | "u" | "v" | "w") "\\n" ("a" | "cdef")'
    refused: list[list[str]] = []

    def first_tries() -> Judge:
        """Rejects each text's first line, once."""
        own: list[str] = []
        refused.append(own)

        def judge(lines: Sequence[str], *, ended: bool) -> str | None:
            if ended or own:
                return None
            own.append(lines[0])
            return "once more"

        return judge

    def likelihood(text: str, banned: str) -> float:
        """Of the choices in a text, in the second of which some letters were not allowed."""
        with torch.inference_mode():
            scores = weights(**tokenizer("prompt" + text, return_tensors="pt")).logits[0]
        first, rest = ("bcde", text[4:]) if text.startswith("b") else ("a", text[1:])
        total, read = 0.0, len("prompt")
        line, last = rest.split("\n")
        for part, letters in ((first, "ab"), (line, "xyuvw"), ("\n", ""), (last, "ac")):
            allowed = [c for c in letters if c not in banned or c == part[0]]
            if allowed:
                ids = tokenizer.convert_tokens_to_ids(allowed)
                total += float(scores[read - 1, ids].log_softmax(0)[allowed.index(part[0])])
            read += len(part)
        return total

    proposals = model.propose(
        "prompt", grammar, Sampling(candidates=6, temperature=4.0, seed=3), judge=first_tries
    )
    for proposal, (wrong,) in zip(proposals, refused, strict=True):
        assert (proposal.finished, proposal.rejected_lines) == (True, 1)
        assert proposal.text.split("\n")[0] != wrong
        second = wrong.removeprefix("bcde").removeprefix("a")[0]
        # Whichever of the two choices was banned, and whether the text came by there again.
        possible = [likelihood(proposal.text, banned) for banned in ("", second)]
        if proposal.text[0] != wrong[0]:
            possible.append(likelihood(proposal.text, wrong[0]))
        assert any(proposal.log_likelihood == pytest.approx(p, abs=1e-3) for p in possible)


def test_a_model_writes_only_lines_that_build(directory: Path) -> None:
    target = load_target("ascend910b1")
    model = LocalModel.load(find_model(str(directory)))
    judge = line_judges(SOFTMAX.signature, target)
    proposals = model.propose(
        "x",
        narrowed_grammar(SOFTMAX.signature),
        Sampling(candidates=3, max_tokens=300),
        judge=judge,
    )
    assert sum(proposal.rejected_lines for proposal in proposals) > 0
    for proposal in proposals:
        lines = proposal.text.splitlines()[:-1]
        fresh = LineJudge(SOFTMAX.signature, target)
        assert fresh(lines, ended=False) is None
    assert END not in proposals[0].text


def test_likelihoods_of_given_texts_are_those_of_the_model(directory: Path) -> None:
    model = LocalModel.load(find_model(str(directory)))
    tokenizer = AutoTokenizer.from_pretrained(directory)
    weights = AutoModelForCausalLM.from_pretrained(directory)
    texts = ["a", "longer text", "b = vexp a\n"]
    for text, found in zip(texts, model.likelihoods("prompt", texts), strict=True):
        ids = tokenizer("prompt" + text, return_tensors="pt").input_ids
        with torch.inference_mode():
            scores = weights(ids).logits[0].log_softmax(-1)
        places = range(len("prompt"), ids.shape[1])
        wanted = np.mean([float(scores[i - 1, ids[0, i]]) for i in places])
        assert found == pytest.approx(wanted, abs=1e-4)
