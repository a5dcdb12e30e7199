"""One text in the making under a grammar, line by line: a rejected line is taken back."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
from llguidance import LLMatcher, LLTokenizer
from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask
from numpy.typing import NDArray

from hawk_xdsl.dialects.kernel_text.parse import MAX_LINE
from hawk_xdsl.language_model.shorthand_tree import places

Logits = NDArray[np.float32]

REJECTIONS = 2
"""How often a line may be rejected; at the next one the line before it is written otherwise."""

FORKS = 16
"""Of how many of its choices a text tells where another one could branch off."""

LINES_BACK = 4
"""How many good lines of a text may be given up in all; after that it ends."""

_QUOTED = re.compile(r"`([\w.+-]+)`")  # a word in a message

_LOW = -1e30  # stands for minus infinity, with which differences cannot be taken


class Stop(StrEnum):
    """Why a candidate ended."""

    END = "end"  # the text is a complete sentence of the grammar
    TOKENS = "tokens"  # the token limit
    DEADLINE = "deadline"  # the time limit; where this occurs, a run is not reproducible
    GRAMMAR = "grammar"  # the grammar became too large for the decoder
    REJECTED = "rejected"  # a line was rejected again and again


@dataclass(frozen=True)
class Fork:
    """A place where another text may branch off: after these tokens, and not with that one."""

    written: tuple[int, ...]
    instead_of: int


@dataclass(frozen=True)
class Proposal:
    """What one candidate came to.

    ``log_likelihood`` sums, over the tokens that were chosen, the natural logarithm of their
    probability among the tokens the grammar allowed there. ``tokens`` counts those of the text,
    ``forced_tokens`` those of them that the grammar left no choice about. ``seconds`` is the time
    from the start of the whole batch. ``rejected_lines`` were taken back, and with them
    ``taken_back`` tokens; ``reason`` is why the last one was rejected. ``written`` is the text as
    the model wrote it, if that was in shorthand. ``forks`` are at its most doubtful choices. The
    likelihood of a text that branches off another counts from there on.
    """

    text: str
    log_likelihood: float
    tokens: int
    forced_tokens: int
    stop: Stop
    seconds: float
    rejected_lines: int = 0
    taken_back: int = 0
    reason: str = ""
    written: str = ""
    forks: tuple[Fork, ...] = ()

    @property
    def finished(self) -> bool:
        """Whether the text is a complete sentence of the grammar."""
        return self.stop is Stop.END


@dataclass(frozen=True)
class Sampling:
    """How many candidates to decode and how; the first is greedy, the others are sampled.

    Without ``greedy`` the first is sampled too. The temperature of each is higher by ``warmer``
    than that of the one before. The first candidates branch off at ``forks``, one at each, and are
    greedy from there. Forks are of an earlier question with the same prompt: if it was the last one
    without forks, then what was read for it is not read again. A line may be rejected
    ``rejections`` times; at the next one the line before it is written otherwise, ``lines_back``
    times in all. With ``ends_early`` a text ends as soon as its blocks are closed and the judge
    finds that it may: a model that was not taught kernels goes on after a whole one.
    """

    candidates: int = 1
    max_tokens: int = 512
    seed: int = 0
    temperature: float = 0.8  # 0: only the greedy candidate
    greedy: bool = True
    warmer: float = 0.0
    forks: Sequence[Fork] = ()
    rejections: int = REJECTIONS
    lines_back: int = LINES_BACK
    ends_early: bool = False


class Judge(Protocol):
    """Says what is wrong with the lines of a text, as soon as they are written."""

    def __call__(self, lines: Sequence[str], *, ended: bool) -> str | None:
        """What is wrong with the last of these lines, or with ending after it; ``None`` if nothing.

        The lines before were found good. Lines may be shorter than in the call before: the text
        was taken back.
        """
        ...


@dataclass(frozen=True)
class _Choice:
    """A token that was chosen among others: where, and how near the best of the others came."""

    place: int
    token: int
    gap: float  # logarithm, not above zero for a greedy choice


@dataclass
class _Checkpoint:
    """A place that the text can go back to: after a good line, before a choice."""

    matcher: LLMatcher
    tokens: int
    forced: int
    log_likelihood: float
    lines: int
    logits: Logits | None = None
    choices: list[_Choice] = field(default_factory=list[_Choice])
    bans: dict[tuple[int, ...], set[int]] = field(default_factory=dict[tuple[int, ...], set[int]])
    rejections: int = 0


class Writing:
    """One text in the making: its place in the grammar and its tokens."""

    def __init__(
        self,
        matcher: LLMatcher,
        tokenizer: LLTokenizer,
        sampling: Sampling,
        index: int,
        judge: Judge | None,
    ) -> None:
        self._matcher = matcher
        self._tokenizer = tokenizer
        self._sampling = sampling
        self._fork = sampling.forks[index] if index < len(sampling.forks) else None
        likeliest = index == 0 and (sampling.greedy or sampling.temperature == 0.0)
        greedy = likeliest or self._fork is not None
        self._random = None if greedy else np.random.default_rng((sampling.seed, index))
        self._temperature = sampling.temperature + sampling.warmer * index
        self._judge = judge
        self._mask = allocate_token_bitmask(1, tokenizer.vocab_size)
        self._tokens: list[int] = []
        self._forced = 0
        self._log_likelihood = 0.0
        self._rejected_lines = 0
        self._taken_back = 0
        self._reason = ""
        self.stop: Stop | None = None
        self.seconds = 0.0
        self._lines_back = 0
        self._settle()
        self._checkpoints = [self._new_checkpoint(0)]
        if (reason := self._verdict()) is not None:
            self._reason, self.stop = reason, Stop.REJECTED

    @property
    def tokens(self) -> Sequence[int]:
        """What is written; a rejected line is taken back."""
        return self._tokens

    def advance(self, logits: Logits) -> None:
        """Chooses the next token by its scores, shape [vocabulary], and adds what it forces.

        If that completes a line which the judge rejects, the text goes back to before that line,
        or to before an earlier one, and takes another token there.
        """
        if self._checkpoints[-1].logits is None:
            self._checkpoints[-1].logits = logits.copy()
        while True:
            self._step(logits)
            if self.stop not in (None, Stop.END) or (reason := self._verdict()) is None:
                return
            self._reason = reason
            if not self._go_back(reason):
                self.stop = Stop.REJECTED
                return
            assert self._checkpoints[-1].logits is not None
            logits = self._checkpoints[-1].logits

    def _step(self, logits: Logits) -> None:
        fill_next_token_bitmask(self._matcher, self._mask, 0)
        bits = np.unpackbits(self._mask[0].view(np.uint8), bitorder="little", count=logits.size)
        allowed = np.flatnonzero(bits)
        if self._matcher.is_error() or allowed.size == 0:
            self.stop = Stop.GRAMMAR
            return
        line = self._checkpoints[-1]
        banned = line.bans.get(tuple(self._tokens[line.tokens :]))
        if banned is not None:
            allowed = allowed[~np.isin(allowed, list(banned))]
            if allowed.size == 0:
                self.stop = Stop.REJECTED
                return
        allowed = self._as_forked(allowed)
        # A broken model may score with NaN or infinity; its choice is then as good as any.
        scores = np.nan_to_num(logits[allowed].astype(np.float64), nan=_LOW, neginf=_LOW)
        token = int(allowed[self._choose(allowed, np.clip(scores, _LOW, -_LOW))])
        self._matcher.consume_token(token)
        if token in self._tokenizer.eos_tokens:
            self.stop = Stop.END
            return
        self._tokens.append(token)
        self._settle()

    def _as_forked(self, allowed: NDArray[np.intp]) -> NDArray[np.intp]:
        """What is allowed of a text that branches off another one."""
        if self._fork is None or (place := len(self._tokens)) > len(self._fork.written):
            return allowed
        if place == len(self._fork.written):
            kept = allowed[allowed != self._fork.instead_of]
        else:
            kept = allowed[allowed == self._fork.written[place]]
        return kept if kept.size else allowed

    def _choose(self, allowed: NDArray[np.intp], scores: NDArray[np.float64]) -> int:
        """The place of the chosen score, by Gumbel's trick where it is sampled."""
        if self._random is None:
            choice = int(np.argmax(scores))
        else:
            noise = self._random.gumbel(size=scores.size)
            choice = int(np.argmax(scores / self._temperature + noise))
        peak = float(scores.max())
        total = peak + float(np.log(np.exp(scores - peak).sum()))
        self._log_likelihood += float(scores[choice]) - total
        if scores.size > 1:
            others = np.delete(scores, choice)
            gap = float(others.max() - scores[choice])
            place = len(self._tokens)
            self._checkpoints[-1].choices.append(_Choice(place, int(allowed[choice]), gap))
        return choice

    def _settle(self) -> None:
        """Adds the tokens that the grammar forces and sees whether the text has ended."""
        forced = self._matcher.compute_ff_tokens()
        if forced and not self._matcher.is_stopped():
            # More than the limit may be forced; such a text is not finished and is cut here.
            forced = forced[: self._sampling.max_tokens - len(self._tokens)]
            self._matcher.consume_tokens(forced)
            self._forced += len(forced)
            self._tokens += forced
        if self._matcher.is_error():
            self.stop = Stop.GRAMMAR
        elif self._matcher.is_stopped():
            self.stop = Stop.END
        elif len(self._tokens) >= self._sampling.max_tokens:
            self.stop = Stop.TOKENS

    def _verdict(self) -> str | None:
        """What the judge says about the lines completed since the checkpoint."""
        if self._judge is None:
            return None
        *lines, begun = self._tokenizer.decode_str(self._tokens).split("\n")
        judged = self._checkpoints[-1].lines
        for count in range(judged + 1, len(lines) + 1):
            if (reason := self._judge(lines[:count], ended=False)) is not None:
                return reason
        if self.stop is Stop.END:
            return self._judge(lines, ended=True)
        if len(begun) > MAX_LINE:  # it may never end
            return f"a line has more than {MAX_LINE} characters"
        if self._sampling.ends_early and lines and not begun and self._is_whole(lines):
            self.stop = Stop.END
            return None
        if len(lines) > judged:
            self._checkpoints.append(self._new_checkpoint(len(lines)))
        return None

    def _is_whole(self, lines: Sequence[str]) -> bool:
        """Whether the text may end after its last line, which closed all blocks."""
        opened = sum(line.endswith("{") for line in lines) - sum(line == "}" for line in lines)
        if lines[-1] != "}" or opened or not self._matcher.is_accepting() or self._judge is None:
            return False
        return self._judge(lines, ended=True) is None

    def _new_checkpoint(self, lines: int) -> _Checkpoint:
        return _Checkpoint(
            self._matcher.deep_copy(), len(self._tokens), self._forced, self._log_likelihood, lines
        )

    def _go_back(self, reason: str) -> bool:
        """Back to a checkpoint, without the least certain choice; False if there is no way.

        Of the choices of a line that is rejected for a word, those of that word are the first.
        """
        accountable = self._accountable(reason)
        while (
            to := self._checkpoints[-1]
        ).rejections >= self._sampling.rejections or not to.choices:
            if len(self._checkpoints) == 1 or self._lines_back >= self._sampling.lines_back:
                return False
            self._checkpoints.pop()
            self._lines_back += 1
        choices = [choice for choice in to.choices if choice in accountable] or to.choices
        doubtful = max(choices, key=lambda choice: choice.gap)
        written = tuple(self._tokens[to.tokens : doubtful.place])
        to.bans.setdefault(written, set()).add(doubtful.token)
        to.rejections += 1
        to.choices.clear()
        self._rejected_lines += 1
        self._taken_back += len(self._tokens) - to.tokens
        del self._tokens[to.tokens :]
        self._forced, self._log_likelihood = to.forced, to.log_likelihood
        self._matcher = to.matcher.deep_copy()
        self.stop = None
        return True

    def _accountable(self, reason: str) -> list[_Choice]:
        """The choices that wrote the word in the last line that a reason puts in backticks."""
        last = self._checkpoints[-1]
        begun = self._length(last.tokens)
        found: list[tuple[int, int]] = []
        at = 0
        for number, line in enumerate(self._tokenizer.decode_str(self._tokens).split("\n")):
            if number >= last.lines:
                found += [
                    (at + start, at + end)
                    for word in _QUOTED.findall(reason)
                    for start, end in places(line, word)
                    if at + start >= begun
                ]
            at += len(line) + 1
        if not found:
            return []
        start, end = found[-1]

        def wrote(choice: _Choice) -> bool:
            return start - 1 <= self._length(choice.place) < end  # or the blank before it

        return [choice for choice in last.choices if wrote(choice)]

    def _length(self, tokens: int) -> int:
        """The characters of the first tokens."""
        return len(self._tokenizer.decode_str(self._tokens[:tokens]))

    def proposal(self) -> Proposal:
        """What became of it, once it has stopped."""
        assert self.stop is not None
        return Proposal(
            self._tokenizer.decode_str(self._tokens),
            self._log_likelihood,
            len(self._tokens),
            self._forced,
            self.stop,
            self.seconds,
            self._rejected_lines,
            self._taken_back,
            self._reason,
            forks=self._forks(),
        )

    def _forks(self) -> tuple[Fork, ...]:
        made = [choice for checkpoint in self._checkpoints for choice in checkpoint.choices]
        made.sort(key=lambda choice: -choice.gap)
        return tuple(Fork(tuple(self._tokens[: c.place]), c.token) for c in made[:FORKS])
