"""Decoding of several candidates at once under a grammar, whatever it is that scores the tokens."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from llguidance import LLMatcher, LLTokenizer
from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask
from numpy.typing import NDArray

from hawk_xdsl.errors import HawkError

Logits = NDArray[np.float32]

_LOW = -1e30  # stands for minus infinity, with which differences cannot be taken


class GrammarError(HawkError):
    """A grammar that the decoder cannot use."""


class Stop(StrEnum):
    """Why a candidate ended."""

    END = "end"  # the text is a complete sentence of the grammar
    TOKENS = "tokens"  # the token limit
    DEADLINE = "deadline"  # the time limit; where this occurs, a run is not reproducible
    GRAMMAR = "grammar"  # the grammar became too large for the decoder


@dataclass(frozen=True)
class Proposal:
    """What one candidate came to.

    ``log_likelihood`` sums, over the tokens that were chosen, the natural logarithm of their
    probability among the tokens the grammar allowed there. ``tokens`` counts those of the text,
    ``forced_tokens`` those of them that the grammar left no choice about. ``seconds`` is the time
    from the start of the whole batch.
    """

    text: str
    log_likelihood: float
    tokens: int
    forced_tokens: int
    stop: Stop
    seconds: float

    @property
    def finished(self) -> bool:
        """Whether the text is a complete sentence of the grammar."""
        return self.stop is Stop.END


@dataclass(frozen=True)
class Sampling:
    """How many candidates to decode and how; the first is greedy, the others are sampled."""

    candidates: int = 1
    max_tokens: int = 512
    seed: int = 0
    temperature: float = 0.8  # 0: only the greedy candidate


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


def decode(
    scorer: Scorer, tokenizer: LLTokenizer, grammar: str, sampling: Sampling, deadline: float
) -> list[Proposal]:
    """Decodes the candidates of a batch together.

    Args:
        scorer: the model.
        tokenizer: its vocabulary.
        grammar: in llguidance's dialect of Lark.
        sampling: how many candidates and how. Each has its own random numbers, so that it does not
            depend on how many there are.
        deadline: when to stop, on the clock of :func:`time.monotonic`.

    Returns:
        The proposals, the greedy one first.

    Raises:
        GrammarError: if the grammar is not valid.
    """
    started = time.monotonic()
    matcher = compile_grammar(grammar, tokenizer)
    count = sampling.candidates if sampling.temperature > 0.0 else min(1, sampling.candidates)
    candidates = [_Candidate(matcher.deep_copy(), tokenizer, sampling, i) for i in range(count)]
    live = [candidate for candidate in candidates if candidate.stop is None]
    logits: Logits | None = None
    if live:
        first = scorer.start(live[0].take_pending(), len(live))
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


class _Candidate:
    """One text in the making: its place in the grammar and its tokens."""

    def __init__(
        self, matcher: LLMatcher, tokenizer: LLTokenizer, sampling: Sampling, index: int
    ) -> None:
        self._matcher = matcher
        self._tokenizer = tokenizer
        self._sampling = sampling
        self._random = np.random.default_rng((sampling.seed, index)) if index > 0 else None
        self._mask = allocate_token_bitmask(1, tokenizer.vocab_size)
        self._tokens: list[int] = []
        self._pending: list[int] = []
        self._forced = 0
        self._log_likelihood = 0.0
        self.stop: Stop | None = None
        self.seconds = 0.0
        self._settle()

    def take_pending(self) -> list[int]:
        """The tokens that the model has not read yet."""
        pending, self._pending = self._pending, []
        return pending

    def advance(self, logits: Logits) -> None:
        """Chooses the next token by its scores, shape [vocabulary], and adds what it forces."""
        fill_next_token_bitmask(self._matcher, self._mask, 0)
        bits = np.unpackbits(self._mask[0].view(np.uint8), bitorder="little", count=logits.size)
        allowed = np.flatnonzero(bits)
        if self._matcher.is_error() or allowed.size == 0:
            self.stop = Stop.GRAMMAR
            return
        # A broken model may score with NaN or infinity; its choice is then as good as any.
        scores = np.nan_to_num(logits[allowed].astype(np.float64), nan=_LOW, neginf=_LOW)
        token = int(allowed[self._choose(np.clip(scores, _LOW, -_LOW))])
        self._matcher.consume_token(token)
        if token in self._tokenizer.eos_tokens:
            self.stop = Stop.END
            return
        self._append([token])
        self._settle()

    def _choose(self, scores: NDArray[np.float64]) -> int:
        """The place of the chosen score, by Gumbel's trick where it is sampled."""
        if self._random is None:
            choice = int(np.argmax(scores))
        else:
            noise = self._random.gumbel(size=scores.size)
            choice = int(np.argmax(scores / self._sampling.temperature + noise))
        peak = float(scores.max())
        total = peak + float(np.log(np.exp(scores - peak).sum()))
        self._log_likelihood += float(scores[choice]) - total
        return choice

    def _settle(self) -> None:
        """Adds the tokens that the grammar forces and sees whether the text has ended."""
        forced = self._matcher.compute_ff_tokens()
        if forced and not self._matcher.is_stopped():
            # More than the limit may be forced; such a text is not finished and is cut here.
            forced = forced[: self._sampling.max_tokens - len(self._tokens)]
            self._matcher.consume_tokens(forced)
            self._forced += len(forced)
            self._append(forced)
        if self._matcher.is_error():
            self.stop = Stop.GRAMMAR
        elif self._matcher.is_stopped():
            self.stop = Stop.END
        elif len(self._tokens) >= self._sampling.max_tokens:
            self.stop = Stop.TOKENS

    def _append(self, tokens: Sequence[int]) -> None:
        self._tokens += tokens
        self._pending += tokens

    def proposal(self) -> Proposal:
        assert self.stop is not None
        return Proposal(
            self._tokenizer.decode_str(self._tokens),
            self._log_likelihood,
            len(self._tokens),
            self._forced,
            self.stop,
            self.seconds,
        )
