"""Decoding of several candidates at once under a grammar, whatever it is that scores the tokens."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from llguidance import LLMatcher, LLTokenizer

from hawk_xdsl.errors import HawkError
from hawk_xdsl.generation.model.writing import Judge, Logits, Proposal, Sampling, Stop, Writing


class GrammarError(HawkError):
    """A grammar that the decoder cannot use."""


class Scorer(Protocol):
    """A language model that has read a prompt, and the rows that continue it."""

    def start(self, tokens: Sequence[int], rows: int) -> Logits | None:
        """Begins that many rows with the same tokens.

        Returns:
            The scores of the next token, shape [vocabulary]; None if the deadline passed.
        """
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
    logits: Logits | None = None
    if live:
        begun = [
            candidate.take_pending() for candidate in live
        ]  # what the grammar forces: the same
        first = scorer.start(begun[0], len(live))
        logits = None if first is None else np.tile(first, (len(live), 1))
    while live and logits is not None and time.monotonic() < deadline:
        for candidate, row in zip(live, logits, strict=True):
            candidate.advance(row)
            candidate.seconds = time.monotonic() - started
        going = [i for i, candidate in enumerate(live) if candidate.stop is None]
        if len(going) < len(live):
            scorer.keep(going)
            live = [live[i] for i in going]
        if live:
            forgotten = [candidate.take_forgotten() for candidate in live]
            if any(forgotten):
                scorer.forget(forgotten)
            logits = scorer.extend([candidate.take_pending() for candidate in live])
    for candidate in live:
        candidate.stop = Stop.DEADLINE
        candidate.seconds = time.monotonic() - started
    return [candidate.proposal() for candidate in candidates]


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
