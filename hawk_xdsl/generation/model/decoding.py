"""Decoding of several candidates at once under a grammar, whatever it is that scores the tokens."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from llguidance import LLMatcher, LLTokenizer

from hawk_xdsl.errors import HawkError
from hawk_xdsl.generation.model.writing import Judge, Logits, Proposal, Sampling, Stop, Writing


class GrammarError(HawkError):
    """A grammar that the decoder cannot use."""


class Scorer(Protocol):
    """A language model, and rows of tokens that continue one prompt."""

    def start(self, tokens: Sequence[int]) -> bool:
        """Reads the prompt and these tokens after it; false if the deadline passed."""
        ...

    def scores_after(self, tokens: Sequence[int]) -> Logits | None:
        """The scores of the token after the prompt and these.

        Returns:
            Shape [vocabulary]; None if they are not known yet, which takes rows to find out.
        """
        ...

    def begin(self, rows: Sequence[Sequence[int]]) -> None:
        """Begins one row after each of these tokens, of which :meth:`scores_after` are known."""
        ...

    def extend(self, rows: Sequence[Sequence[int]]) -> Logits:
        """Continues each row with its own tokens, at least one.

        Returns:
            The scores of the next token of each row, shape [rows, vocabulary].
        """
        ...

    def keep(self, rows: Sequence[int]) -> None:
        """Drops all rows but these; they are numbered anew from zero."""
        ...

    def forget(self, counts: Sequence[int]) -> None:
        """Takes back so many of the last tokens of each row."""
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
    if live and scorer.start(live[0].tokens):
        for candidate in live:
            _write_what_is_known(candidate, scorer)
            candidate.seconds = time.monotonic() - started
        live = [candidate for candidate in live if candidate.stop is None]
        if live:
            scorer.begin([candidate.tokens_read for candidate in live])
        while live and time.monotonic() < deadline:
            logits = scorer.extend([candidate.take_pending() for candidate in live])
            for candidate, row in zip(live, logits, strict=True):
                candidate.advance(row)
                candidate.seconds = time.monotonic() - started
            going = [i for i, candidate in enumerate(live) if candidate.stop is None]
            if len(going) < len(live):
                scorer.keep(going)
            live = [live[i] for i in going]
            forgotten = [candidate.take_forgotten() for candidate in live]
            if any(forgotten):
                scorer.forget(forgotten)
    for candidate in live:
        candidate.stop = Stop.DEADLINE
        candidate.seconds = time.monotonic() - started
    return [candidate.proposal() for candidate in candidates]


def _write_what_is_known(candidate: Writing, scorer: Scorer) -> None:
    """Writes a text as far as the model need not be asked."""
    while candidate.stop is None:
        scores = scorer.scores_after(candidate.tokens)
        if scores is None:
            break
        candidate.take_pending()
        candidate.advance(scores)
    candidate.take_forgotten()  # no row has read it


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
