"""Decoding of several candidates at once under a grammar, whatever it is that scores the tokens."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from llguidance import LLMatcher, LLTokenizer

from hawk_xdsl.errors import HawkError
from hawk_xdsl.language_model.sampling import Judge, Logits, Proposal, Sampling, Stop, Writing


class GrammarError(HawkError):
    """A grammar that the decoder cannot use."""


class Scorer(Protocol):
    """A language model and what it has read after one prompt."""

    def start(self, text: Sequence[int]) -> bool:
        """Reads the prompt and the tokens that all texts begin with; false after the deadline."""
        ...

    def read(self, texts: Sequence[Sequence[int]]) -> None:
        """Reads texts, each at once: what was read of it before is not read again."""
        ...

    def scores_after(self, text: Sequence[int]) -> Logits | None:
        """The scores of the token after a text, shape [vocabulary]; None if it was not read."""
        ...


def decode(
    scorer: Scorer,
    tokenizer: LLTokenizer,
    grammar: str,
    sampling: Sampling,
    deadline: float,
    judge: Callable[[], Judge] | None = None,
) -> list[Proposal]:
    """Decodes the candidates of a batch together.

    Args:
        scorer: the model.
        tokenizer: its vocabulary.
        grammar: in llguidance's dialect of Lark.
        sampling: how many candidates and how. Each has its own random numbers, so that it does not
            depend on how many there are.
        deadline: when to stop, on the clock of :func:`time.monotonic`.
        judge: makes a judge of the lines of one text. A line that it rejects is taken back and
            written otherwise, at most :data:`REJECTIONS` times.

    Returns:
        The proposals, the greedy one first.

    Raises:
        GrammarError: if the grammar is not valid.
    """
    started = time.monotonic()
    matcher = compile_grammar(grammar, tokenizer)
    count = sampling.candidates if sampling.temperature > 0.0 else min(1, sampling.candidates)
    candidates = [
        Writing(matcher.deep_copy(), tokenizer, sampling, i, None if judge is None else judge())
        for i in range(count)
    ]
    live = [candidate for candidate in candidates if candidate.stop is None]
    # What the grammar forces at the start is the same for all.
    begun = bool(live) and scorer.start(live[0].tokens)
    while live and begun:
        for candidate in live:
            _write_on(candidate, scorer)
            candidate.seconds = time.monotonic() - started
        live = [candidate for candidate in live if candidate.stop is None]
        if not live or time.monotonic() >= deadline:
            break
        scorer.read([candidate.tokens for candidate in live])
    for candidate in live:
        candidate.stop = Stop.DEADLINE
        candidate.seconds = time.monotonic() - started
    return [candidate.proposal() for candidate in candidates]


def _write_on(candidate: Writing, scorer: Scorer) -> None:
    """Writes a text as far as the model has read it."""
    while candidate.stop is None:
        scores = scorer.scores_after(candidate.tokens)
        if scores is None:
            return
        candidate.advance(scores)


def compile_grammar(grammar: str, tokenizer: LLTokenizer) -> LLMatcher:
    """A matcher at the start of the grammar.

    Raises:
        GrammarError: if the grammar is not valid.
    """
    matcher = LLMatcher(tokenizer, LLMatcher.grammar_from_lark(grammar), log_level=0)
    if matcher.is_error():
        reason = matcher.get_error().strip().splitlines()[0]
        raise GrammarError(f"the decoder cannot use the grammar: {reason}")
    return matcher
